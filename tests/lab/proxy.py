"""A wire that loses things: an HTTP proxy between the agent and the laboratory."""

import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.lab.labs import Loss
from tests.lab.losses import Losses

LATE_S = 1.0
_OWN = frozenset({"host", "connection", "content-length", "accept-encoding", "keep-alive"})
"""Headers that a proxy says anew."""


class Wire(Losses):
    """The proxy's process is the test's own; `lose` says what becomes of the next sendings.

    Args:
        url: Of the laboratory.
        sends: Whether a POST to that path has a job executed: only those are lost.
        late_s: Seconds after which a late request arrives; its sender is cut off at once.
    """

    def __init__(
        self,
        url: str,
        sends: Callable[[str], bool] = lambda path: path == "/jobs",
        late_s: float = LATE_S,
    ) -> None:
        super().__init__()
        self._to, self._sends, self._late_s = urlsplit(url), sends, late_s
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wire._carry(self)

            def do_POST(self) -> None:
                if wire._sends(self.path):
                    wire._send(self)
                else:
                    wire._carry(self)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def _send(self, handler: BaseHTTPRequestHandler) -> None:
        loss = self._begun()
        try:
            self._carry(handler, loss)
        finally:
            self._landed()

    def _carry(self, handler: BaseHTTPRequestHandler, loss: Loss | None = None) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        handler.close_connection = True
        if loss == "lost request" or len(body) < length:
            return
        if loss == "late request":
            handler.connection.close()
            time.sleep(self._late_s)
        headers = {
            name: value for name, value in handler.headers.items() if name.lower() not in _OWN
        }
        try:
            there = HTTPConnection(self._to.hostname or "", self._to.port, timeout=60)
            there.request(handler.command, handler.path, body, {**headers, "Connection": "close"})
            answer = there.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            return
        if loss is not None:
            return
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Quiet: who gave up is no news."""
