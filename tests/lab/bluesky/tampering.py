"""An HTTP transport on which requests and replies get lost, and things happen in between."""

from collections.abc import Callable

import httpx


class Tampered(httpx.BaseTransport):
    """Carries requests to the real server, and does at some paths what it was told, once each.

    Args:
        before: Path -> what happens before a request goes there.
        after: Path -> what happens before its reply is handed on. Either may raise.
    """

    def __init__(
        self,
        before: dict[str, Callable[[], object]] | None = None,
        after: dict[str, Callable[[], object]] | None = None,
    ) -> None:
        self._before, self._after = dict(before or {}), dict(after or {})
        self._real = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api")
        if happens := self._before.pop(path, None):
            happens()
        answer = self._real.handle_request(request)
        if happens := self._after.pop(path, None):
            answer.read()
            happens()
        return answer


def lost() -> None:
    """Nothing comes back.

    Raises:
        httpx.ReadTimeout: always.
    """
    raise httpx.ReadTimeout("no reply")


def cut() -> None:
    """There is no connection.

    Raises:
        httpx.ConnectError: always.
    """
    raise httpx.ConnectError("no route")
