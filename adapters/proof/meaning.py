"""What the end of a test means for its promise."""

from typing import Any

import pytest

from agent.core.harmless import State
from agent.errors import BudgetSpent, Unreachable

_MOST_LINES = 6


def meaning(call: "pytest.CallInfo[Any]") -> tuple[State, str]:
    """The state that a test's end stands for, and why."""
    if call.excinfo is None:
        return "kept", ""
    if isinstance(call.excinfo.value, pytest.skip.Exception | Unreachable | BudgetSpent):
        return "not tried", str(call.excinfo.value)
    return "not kept", said_of(call)


def said_of(call: "pytest.CallInfo[Any]") -> str:
    """What an assertion saw, or what was raised."""
    if call.excinfo is None:
        return ""
    error = call.excinfo.value
    said = str(error) if isinstance(error, pytest.fail.Exception) else call.excinfo.exconly()
    lines = said.removeprefix("AssertionError: ").strip().splitlines()
    return "\n".join(lines[:_MOST_LINES])
