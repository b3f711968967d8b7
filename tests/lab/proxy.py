"""A wire that loses things: an HTTP proxy between the agent and the laboratory."""

import threading
import time
from collections import Counter, deque
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Loss = Literal["lost request", "lost reply", "late request"]
"""A sending that never arrives; one whose answer never does; one that arrives after its sender gave up."""

LATE_S = 1.0


class Wire:
    """The proxy's process is the test's own; `lose` says what becomes of the next sendings.

    Args:
        url: Of the laboratory.
    """

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._losses: deque[Loss] = deque()
        self._lock = threading.Lock()
        self.lost: Counter[Loss] = Counter()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wire._pass(self, None)

            def do_POST(self) -> None:
                wire._pass(self, wire._next() if self.path == "/jobs" else None)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def lose(self, loss: Loss) -> None:
        """What becomes of the next sending that nothing is said of yet."""
        with self._lock:
            self._losses.append(loss)

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def _next(self) -> Loss | None:
        with self._lock:
            loss = self._losses.popleft() if self._losses else None
            if loss:
                self.lost[loss] += 1
            return loss

    def _pass(self, handler: BaseHTTPRequestHandler, loss: Loss | None) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        handler.close_connection = True
        if loss == "lost request":
            return
        if loss == "late request":
            handler.connection.close()
            time.sleep(LATE_S)
        try:
            there = HTTPConnection(self._to.hostname or "", self._to.port, timeout=60)
            there.request(handler.command, handler.path, body, {"Connection": "close"})
            answer = there.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            return
        if loss is not None:
            return
        handler.send_response(answer.status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Quiet: who gave up is no news."""
