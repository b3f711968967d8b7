"""A MADSci node's words in ours: what its actions take, how they ended, and whether it is ready."""

from collections.abc import Mapping
from typing import Any

from adapters.madsci.node import ActionDefinition, History, NodeInfo, NodeStatus
from adapters.signature import Signature
from agent.core.adapter import Health, Outcome
from agent.core.trial import Plan

BARE = "json_result"
"""The place of a result that is not made of names: a bare number, or a list."""

_NUMBERS = {"float": "a number", "int": "a whole number"}


def argument_reasons(info: NodeInfo, action: str, args: Mapping[str, Any]) -> list[str]:
    """Reasons against sending `args`, by what the node says of its action.

    A node drops an argument that it does not know without a word, and takes the default instead. So
    what is misspelt has to be found here.
    """
    if action not in info.actions:
        known = ", ".join(sorted(info.actions))
        return [f"the node has no action '{action}' (known: {known})"]
    told = info.actions[action]
    reasons = [f"'{action}' takes no argument '{name}'" for name in args if name not in told.args]
    reasons += _missing(action, told, args)
    for name, value in args.items():
        kind = told.args[name].argument_type if name in told.args else ""
        if kind in _NUMBERS and not _is_number(value, whole=kind == "int"):
            reasons.append(f"the argument '{name}' is {_NUMBERS[kind]}, not {value!r}")
        elif kind == "str" and not isinstance(value, str):
            reasons.append(f"the argument '{name}' is a text, not {value!r}")
    return reasons


def answer_of(result: Any) -> Mapping[str, Any]:
    """An action's result as names with values.

    An action that returns a model of several fields answers with a list of one-name parts (madsci 0.8).
    """
    if isinstance(result, Mapping):
        return result
    if isinstance(result, list) and result and all(isinstance(part, Mapping) for part in result):
        return {name: value for part in result for name, value in part.items()}
    return {BARE: result}


def outcome_of(plan: Plan, history: History, signature: Signature) -> Outcome:
    """What an ended action's history says of its plan."""
    status, fault = history.status, history.fault
    told = fault.message or f"the node says '{status}'"
    if history.never_ran:
        return Outcome(state="lost", message=f"it was not executed: {told}")
    if not history.whole:
        return Outcome(
            state="lost", message=f"it {status}, and the node cannot say with what result"
        )
    if status == "succeeded":
        answer = answer_of(history.lines[-1].json_result)
        return signature.outcome(plan, answer)
    if status == "cancelled":
        return Outcome(state="cancelled", message=fault.message or "")
    if status == "unknown":
        return Outcome(
            state="lost", message=f"it ran, and the node cannot say how it ended: {told}"
        )
    code = fault.error_type or status
    return Outcome(state="failed", failure="unclassified", code=code, message=told)


def health_of(status: NodeStatus, url: str) -> Health:
    """A node's health. Its own description says "Node is ready" of one that was stopped."""
    last = status.errors[-1].message if status.errors else None
    mend = f"put it right, then reset the node (POST {url.rstrip('/')}/admin/reset)"
    if status.errored:
        return Health(state="faulted", reason=f"{last or 'the node is in error'}: {mend}")
    if status.stopped:
        return Health(state="faulted", reason=f"the node was stopped: {mend}")
    if status.disconnected:
        return Health(state="unreachable", reason="the node has lost its device, or its workcell")
    if status.waiting_for_config:
        names = ", ".join(sorted(status.waiting_for_config))
        return Health(state="faulted", reason=f"the node waits to be told: {names}")
    if status.locked:
        return Health(state="locked", reason="the node is locked: whoever locked it unlocks it")
    if status.paused:
        return Health(state="locked", reason="the node is paused: whoever paused it resumes it")
    if status.busy:
        running = ", ".join(sorted(status.running_actions)) or "an action"
        return Health(state="busy", reason=f"the node is at work on {running}")
    if status.initializing:
        return Health(state="busy", reason="the node is starting")
    if not status.ready:
        return Health(state="faulted", reason="the node says that it is not ready, and not why")
    return Health(state="ready")


def _missing(action: str, told: ActionDefinition, args: Mapping[str, Any]) -> list[str]:
    needed = [name for name, one in told.args.items() if one.required and name not in args]
    reasons = [f"'{action}' needs the argument '{name}'" for name in needed]
    for kind, named in (("a file", told.files), ("a location", told.locations)):
        wanted = [name for name, one in named.items() if one.required]
        reasons += [f"'{action}' needs {kind} '{name}', which is not sent" for name in wanted]
    return reasons


def _is_number(value: Any, *, whole: bool) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (not whole or float(value).is_integer())
