"""Requests to a Bluesky HTTP server, and what its answers mean.

The server answers a refusal with status 200 and `"success": false`, and a manager that does not answer
with 408. Here the first is `Refused`, the second `Unreachable`.
"""

import time
from collections.abc import Callable
from typing import Any

import httpx

from agent.errors import Refused, Unreachable

PAUSE_S = 0.1
"""Seconds between two questions to a server that is being waited for."""

_REJECTED = frozenset({401, 403, 404, 405, 422})
"""Statuses that the HTTP server gives by itself, before the manager hears of anything."""


class NotConnected(Unreachable):
    """There was no connection, so the request cannot have arrived."""


class Http:
    """One server; every call is a request on a connection of its own.

    Args:
        url: Address of the HTTP server.
        api_key: Its API key; none for a server that is open to everybody.
        timeout_s: How long one answer may take, in seconds.
        transport: Carries the requests.
    """

    def __init__(
        self, url: str, api_key: str | None, timeout_s: float, transport: httpx.BaseTransport | None
    ) -> None:
        self._url = f"{url.rstrip('/')}/api"
        self._headers = {} if api_key is None else {"Authorization": f"ApiKey {api_key}"}
        self._timeout_s = timeout_s
        self._transport = transport or httpx.HTTPTransport(
            limits=httpx.Limits(max_keepalive_connections=0)
        )

    def ask(self, path: str, **content: Any) -> dict[str, Any]:
        """What the server says there; changes nothing.

        Raises:
            Unreachable: no answer, or one that says nothing.
        """
        try:
            return self._request("GET", path, content)
        except Refused as refusal:
            raise Unreachable(refusal.message, refusal.hint) from refusal

    def say(self, path: str, **content: Any) -> dict[str, Any]:
        """Ask for something to be done; what the server answers when it has agreed.

        Raises:
            Refused: the server has not done it.
            Unreachable: no answer; it may have done it.
        """
        return self._request("POST", path, content)

    def until(
        self,
        ask: Callable[[], dict[str, Any]],
        holds: Callable[[dict[str, Any]], bool],
        deadline_s: float,
    ) -> dict[str, Any] | None:
        """Ask again until something holds; the answer then, or None if the deadline came first.

        Raises:
            Unreachable: no answer.
        """
        deadline = time.monotonic() + deadline_s
        while not holds(told := ask()):
            if time.monotonic() > deadline:
                return None
            time.sleep(PAUSE_S)
        return told

    def _request(self, method: str, path: str, content: dict[str, Any]) -> dict[str, Any]:
        with httpx.Client(transport=_Lent(self._transport), timeout=self._timeout_s) as client:
            try:
                answer = client.request(
                    method, f"{self._url}{path}", json=content or None, headers=self._headers
                )
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise NotConnected(f"no connection to {self._url}: {error}") from error
            except httpx.HTTPError as error:
                raise Unreachable(f"{path} was not answered: {error or type(error)}") from error
        if answer.status_code in _REJECTED:
            hint = "see the API key" if answer.status_code in {401, 403} else ""
            raise Refused(f"{path}: status {answer.status_code}: {_detail(answer)}", hint)
        if answer.status_code == httpx.codes.REQUEST_TIMEOUT:
            raise Unreachable("the RE manager does not answer its HTTP server", "is it running?")
        if not answer.is_success:
            raise Unreachable(f"{path}: status {answer.status_code}: {_detail(answer)}")
        try:
            told: dict[str, Any] = answer.json()
        except ValueError as error:
            raise Unreachable(f"{path}: an answer that is no JSON: {answer.text[:80]}") from error
        if told.get("success") is False:
            raise Refused(f"{path}: {one_line(told.get('msg', ''))}")
        return told


class _Lent(httpx.BaseTransport):
    """A transport that outlives the client that uses it."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


def one_line(text: str) -> str:
    """A message of several lines as one."""
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def _detail(answer: httpx.Response) -> str:
    return one_line(answer.text)[:200]
