"""What an instrument's failures mean, by the table of the people who know it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field, model_validator

from agent.core.adapter import Outcome
from agent.core.job import FailureKind
from agent.core.values import Value

_READ = 10_000
"""Characters of a message that are looked at."""


class FailureLine(Value):
    """One line of the table: an instrument's own words -> the kind of failure.

    Of `code` (exact), `message` (contained in what it says) and `pattern` (a regular expression that is
    found in it), all that are given must fit.
    """

    code: str | None = Field(
        default=None, min_length=1, description="the instrument's name of the failure, exactly"
    )
    message: str | None = Field(
        default=None, min_length=1, description="a text that the message contains"
    )
    pattern: str | None = Field(
        default=None, min_length=1, description="a regular expression that is found in the message"
    )
    kind: FailureKind = Field(description="what such a failure is")
    reason: str = Field(default="", description="why, in the operators' words")

    @model_validator(mode="after")
    def _sane(self) -> "FailureLine":
        if not (self.code or self.message or self.pattern):
            raise ValueError("it fits nothing: give code, message or pattern")
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ValueError(f"{self.pattern!r} is no regular expression: {error}") from error
        return self

    def fits(self, code: str, message: str) -> bool:
        """Whether it is about a failure of this code and this message."""
        told = message[:_READ]
        return (
            self.code in (None, code)
            and (self.message is None or self.message in told)
            and (self.pattern is None or re.search(self.pattern, told) is not None)
        )

    def __str__(self) -> str:
        """What it looks for."""
        sought = (("code", self.code), ("message", self.message), ("pattern", self.pattern))
        return ", ".join(f"{name} {value}" for name, value in sought if value is not None)


class Classified(NamedTuple):
    """What a table says of a failure: the kind, and by which line (from 1)."""

    kind: FailureKind
    number: int
    line: FailureLine

    def __str__(self) -> str:
        """`line 2 of the operators' failures (code E7): the melt froze`."""
        why = f": {self.line.reason}" if self.line.reason else ""
        return f"line {self.number} of the operators' failures ({self.line}){why}"


def classified(outcome: Outcome, table: Sequence[FailureLine]) -> Classified | None:
    """What the first line that fits says of a failed outcome; None if none does, or nothing failed.

    An adapter's own kind stands where this is None; what neither knows is unclassified.
    """
    if outcome.state != "failed":
        return None
    for number, line in enumerate(table, start=1):
        if line.fits(outcome.code, outcome.message):
            return Classified(line.kind, number, line)
    return None
