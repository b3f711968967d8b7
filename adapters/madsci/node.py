"""What a MADSci node says, and what its words mean. Measured on madsci-node-module 0.8.1."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

RAN = frozenset({"running", "paused", "succeeded"})
"""What an action's history holds once its code was called. `failed` and `not_ready` alone do not say so."""

_NOT_EXECUTED = frozenset({"failed", "not_ready"})
_ENDED = _NOT_EXECUTED | {"succeeded", "cancelled"}


class _Open(BaseModel):
    """Part of an answer: newer nodes may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Fault(_Open):
    """One error that a node tells of."""

    message: str | None = None
    error_type: str | None = None


class NodeStatus(_Open):
    """What `/status` says. `errors` are all that there ever were: a reset does not clear them."""

    ready: bool
    busy: bool = False
    paused: bool = False
    locked: bool = False
    stopped: bool = False
    errored: bool = False
    disconnected: bool = False
    initializing: bool = False
    errors: tuple[Fault, ...] = ()
    running_actions: frozenset[str] = frozenset()
    waiting_for_config: frozenset[str] = frozenset()


class ArgumentDefinition(_Open):
    """One argument of an action; `argument_type` is Python's name of its type."""

    argument_type: str = ""
    required: bool = False


class ActionDefinition(_Open):
    """What an action takes."""

    args: dict[str, ArgumentDefinition] = {}
    files: dict[str, ArgumentDefinition] = {}
    locations: dict[str, ArgumentDefinition] = {}


class NodeInfo(_Open):
    """What `/info` says. Without a registry the node's id is a new one after each restart."""

    node_name: str
    node_id: str = ""
    module_name: str = ""
    module_version: str = ""
    actions: dict[str, ActionDefinition]


class ActionResult(_Open):
    """One line of an action's history."""

    status: str
    errors: tuple[Fault, ...] = ()
    json_result: Any = None


class History(NamedTuple):
    """What a node remembers of one action, oldest line first; no line if it does not know it.

    `whole` is False where the node fails to tell its history, and only its status is known.
    `document` is the history as the node told it.
    """

    lines: tuple[ActionResult, ...] = ()
    document: tuple[Mapping[str, Any], ...] = ()
    whole: bool = True

    @property
    def status(self) -> str:
        """The latest status; `unknown` also where there is none."""
        return self.lines[-1].status if self.lines else "unknown"

    @property
    def ran(self) -> bool:
        """Whether the action's code was called, as far as the history tells."""
        return any(line.status in RAN for line in self.lines)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in _ENDED or (self.ran and self.status == "unknown")

    @property
    def never_ran(self) -> bool:
        """Whether it is certain that nothing was executed, and that this action never will be.

        The node took the action up, which it does once, and its code was not called: the node was not
        ready, or it could not read the arguments. An action that *itself* answers `not_ready` has run.
        """
        return self.whole and self.status in _NOT_EXECUTED and not self.ran

    @property
    def fault(self) -> Fault:
        """The last error of the last line."""
        errors = self.lines[-1].errors if self.lines else ()
        return errors[-1] if errors else Fault()


class Taken(NamedTuple):
    """What became of a command: `done`, or why not; `offered` is False where a node has no such command."""

    done: bool
    offered: bool = True
    why: str = ""
