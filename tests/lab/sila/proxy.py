"""A line between client and server that loses what it is told to lose: bytes, not messages."""

import socket
import threading
import time
from types import TracebackType

from tests.lab.losses import Losses

LATE_S = 3.0
_SETTLED_S = 0.5
"""Seconds after which a server has taken in what has arrived."""


class Line(Losses):
    """A TCP proxy. It knows a sending by bytes that only a sending contains. Once it is lost, no answer comes on
    its connection any more.

    Args:
        port: The server's port.
        sends: What the bytes of a sending contain, one or the other.
        late_s: Seconds after which a late request arrives: later than its sender's deadline.
    """

    def __init__(self, port: int, sends: tuple[bytes, ...], late_s: float = LATE_S) -> None:
        super().__init__()
        self._server, self._sends, self._late_s = port, sends, late_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server))
            except OSError:
                client.close()
                continue
            deaf = threading.Event()
            for source, target, to_server in ((client, server, True), (server, client, False)):
                given = (source, target, deaf, to_server)
                threading.Thread(target=self._carry, args=given, daemon=True).start()

    def _carry(
        self, source: socket.socket, target: socket.socket, deaf: threading.Event, to_server: bool
    ) -> None:
        with source, target:
            while content := _received(source):
                sends = to_server and any(mark in content for mark in self._sends)
                loss = self._begun() if sends else None
                try:
                    if loss is not None:
                        deaf.set()
                    if loss != "lost request" and (to_server or not deaf.is_set()):
                        self._pass(target, content, late=loss == "late request")
                except OSError:
                    return
                finally:
                    if sends:
                        self._landed()

    def _pass(self, target: socket.socket, content: bytes, *, late: bool) -> None:
        if late:
            time.sleep(self._late_s)
        target.sendall(content)
        if late:
            time.sleep(_SETTLED_S)

    def __enter__(self) -> "Line":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""
