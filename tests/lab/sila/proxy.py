"""A line between client and server that loses what it is told to lose: bytes, not messages."""

import socket
import threading
from types import TracebackType


class Line:
    """A TCP proxy. `lose` is told by what the bytes to the server contain; what has been lost stays lost.

    Args:
        port: The server's port.
    """

    def __init__(self, port: int) -> None:
        self._server = port
        self._marked: bytes | None = None
        self._also_request = False
        self.lost = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, marked: str, *, request: bool) -> None:
        """Once bytes to the server contain `marked`, lose all answers; and those bytes too, if `request`."""
        self._marked, self._also_request = marked.encode(), request
        self.lost.clear()

    def mend(self) -> None:
        """Lose nothing on the connections that are made from now on."""
        self._marked = None
        self.lost.clear()

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
                if to_server and self._marked is not None and self._marked in content:
                    deaf.set()
                    self.lost.set()
                    if self._also_request:
                        continue
                if to_server or not deaf.is_set():
                    try:
                        target.sendall(content)
                    except OSError:
                        return

    def __enter__(self) -> "Line":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""
