"""Asks a MADSci node over REST. Measured on madsci-node-module 0.8.1.

An action has two phases: it is created, which has no effect, and started, which a node does at most
once for each action id. What it remembers of an action, it remembers in memory.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, RootModel, ValidationError

from adapters.madsci.node import ActionResult, Fault, History, NodeInfo, NodeStatus, Taken
from agent.errors import AdapterError, Refused, Unreachable

_HINTS = {
    401: "see `headers` in the settings",
    403: "see `headers` in the settings",
    429: "the node's rate limit is too low for its callers",
}
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


class _Created(BaseModel):
    action_id: str


class _Command(BaseModel):
    success: bool
    errors: tuple[Fault, ...] = ()


class _Histories(RootModel[dict[str, tuple[ActionResult, ...]]]):
    """Action id -> its history."""


class Node:
    """Asks a node. Each request has a connection of its own: one that was kept open may have died since.

    Args:
        url: Its address, with the path before its routes, if there is one.
        headers: Sent with every request.
        timeout_s: Seconds for which each part of an answer is waited for.
        transport: What carries the requests; by default the network.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url
        self._client = httpx.Client(
            base_url=url,
            headers=dict(headers),
            timeout=timeout_s,
            transport=transport
            or httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0)),
        )

    def status(self) -> NodeStatus:
        """Whether it is ready, and why not.

        Raises:
            Unreachable: it does not say.
        """
        return _read(self._ask("GET", "status"), NodeStatus)

    def info(self) -> NodeInfo:
        """What it is, and what its actions take.

        Raises:
            Unreachable: it does not say.
        """
        return _read(self._ask("GET", "info"), NodeInfo)

    def create(self, name: str, args: Mapping[str, Any]) -> str:
        """Create an action, which has no effect; the id that it is started by.

        Raises:
            Refused: the node does not take it, or does not answer. An action of which nobody knows the
                id is never started.
        """
        try:
            answer = self._ask("POST", f"action/{quote(name, safe='')}", json={"args": dict(args)})
            if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
                raise Refused(
                    f"{self.url} does not take it: {_complaints(answer)}", "edit the trial"
                )
            return _read(answer, _Created).action_id
        except Unreachable as silence:
            raise Refused(f"no action was created: {silence.message}", silence.hint) from silence

    def start(self, name: str, action: str) -> str:
        """Start an action, once; the status that the node answers with, or "" where it says nothing clear.

        Only what says that it runs or ran is to be believed: a node that is asked again answers `failed`
        for an action that succeeded.

        Raises:
            Refused: the request never left, or the node's limiter turned it away.
        """
        path = f"action/{quote(name, safe='')}/{quote(action, safe='')}/start"
        try:
            answer = self._client.post(path)
        except _NEVER_LEFT as error:
            raise Refused(f"{self.url} cannot be reached: {_told(error)}") from error
        except httpx.RequestError:
            return ""
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Refused(f"{self.url} takes no more requests now", "raise its rate limit")
        try:
            return _read(answer, ActionResult).status
        except Unreachable:
            return ""

    def history(self, action: str) -> History:
        """What it remembers of an action.

        Raises:
            Unreachable: it does not say.
        """
        answer = self._ask("GET", "action", params={"action_id": action})
        if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            # A result that JSON cannot hold: the node fails to tell it, for ever.
            status = _said(self._ask("GET", f"action/{quote(action, safe='')}/status"))
            if status != "unknown":
                return History((ActionResult(status=str(status)),), whole=False)
        lines = _read(answer, _Histories).root.get(action, ())
        if [line.status for line in lines] == ["unknown"]:
            return History()
        return History(lines, tuple(answer.json().get(action, ())))

    def command(self, name: str) -> Taken:
        """Send an administrative command.

        Raises:
            Unreachable: no answer, or none that tells what became of it.
        """
        answer = self._ask("POST", f"admin/{name}")
        if answer.status_code in {404, 405, 422}:
            return Taken(done=False, offered=False, why=f"it has no '{name}'")
        told = _read(answer, _Command)
        fault = told.errors[-1] if told.errors else Fault()
        offered = fault.error_type != "AdminCommandNotImplemented"
        return Taken(
            told.success, offered or told.success, fault.message or f"'{name}' did not succeed"
        )

    def stop(self) -> None:
        """`safety_stop`, or `cancel` where the node has none; then lock it, so that nothing more starts.

        Raises:
            AdapterError: the node took neither, or its own stop failed.
            Unreachable: it does not answer.
        """
        try:
            stopped = self.command("safety_stop")
        except Unreachable:
            # A stop that hangs must not keep the lesser one waiting.
            with suppress(Unreachable):
                self.command("cancel")
            raise
        cancelled = Taken(done=False) if stopped.done else self.command("cancel")
        locked = Taken(done=False)
        with suppress(Unreachable):
            locked = self.command("lock")
        if stopped.done or (cancelled.done and not stopped.offered):
            return
        told = "; ".join(one.why for one in (stopped, cancelled) if not one.done)
        done = [name for name, one in (("cancel", cancelled), ("lock", locked)) if one.done]
        also = f"; it took {' and '.join(done)}" if done else ""
        raise AdapterError(f"{self.url} did not stop: {told}{also}", "go to the instrument")

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **more)
        except httpx.RequestError as error:
            raise Unreachable(
                f"{self.url} does not answer: {_told(error)}",
                "is the node running, is the address right?",
            ) from error


_Answer = TypeVar("_Answer", bound=BaseModel)


def _read(answer: httpx.Response, model: type[_Answer]) -> _Answer:
    said = _said(answer)
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise Unreachable(
            f"{answer.url} answers as no MADSci node does: {error.errors()[0]['msg']}",
            "is the address right?",
        ) from error


def _said(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise Unreachable(
            f"{answer.url} says {answer.status_code}: {answer.text[:200]}",
            _HINTS.get(answer.status_code, ""),
        )
    try:
        return answer.json()
    except ValueError as error:
        raise Unreachable(
            f"{answer.url} does not answer in JSON", "is the address right?"
        ) from error


def _complaints(answer: httpx.Response) -> str:
    """What a 422 has against the arguments."""
    try:
        faults = [(fault["loc"], fault["msg"]) for fault in answer.json()["detail"]]
        return "; ".join(f"{'.'.join(map(str, where[2:]))}: {what}" for where, what in faults)
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]


def _told(error: httpx.RequestError) -> str:
    return str(error) or type(error).__name__
