"""What an import would do, before it does anything."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from agent.core.trial import Role
from agent.core.values import Point
from agent.errors import Fault

_SHOWN = 8


class Matched(NamedTuple):
    """A column of the file that is used: its header, what it is, and its unit there and here."""

    header: str
    name: str
    source: str
    target: str

    def __str__(self) -> str:
        """`T [K] is temperature, converted from K to degC`."""
        changed = f", converted from {self.source} to {self.target}"
        return f"{self.header} is {self.name}" + (changed if self.source != self.target else "")


class Reading(NamedTuple):
    """One result in the objective's unit: exactly one of a value, a bound (low, high), void.

    `sd` is the standard uncertainty of the value.
    """

    objective: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    void: str | None = None
    sd: float | None = None


@dataclass(frozen=True)
class ImportRow:
    """A row that fits. `number` counts the file's rows from 1, without the headings.

    `point` can be sent; `executed` is what was really set, where that is finer or was told apart.
    `leak` is an open trial at the same point: its result would be known before it is measured.
    """

    number: int
    point: Point
    readings: tuple[Reading, ...]
    executed: Point | None = None
    role: Role = "candidate"
    fidelity: str = "target"
    leak: str | None = None


class Taken(NamedTuple):
    """A row that is there already, and the trial that has it."""

    number: int
    trial: str


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do: a dry run, to be looked at and then applied.

    Attributes:
        campaign: Id of the campaign.
        revision: Its revision that the rows were compared with.
        file: The file's name.
        sha256: Of its bytes.
        matched: The columns that are used.
        unused: The headers that are not.
        rows: The rows that fit.
        duplicates: The rows that are there already.
        faults: What is wrong with columns and rows; the rows named do not come in.
    """

    campaign: str
    revision: int
    file: str
    sha256: str
    media: str
    content: bytes = field(repr=False)
    matched: tuple[Matched, ...] = ()
    unused: tuple[str, ...] = ()
    rows: tuple[ImportRow, ...] = ()
    duplicates: tuple[Taken, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def origin(self) -> str:
        """The origin of what comes in: `imported:runs.csv#1a2b3c4d`."""
        return f"imported:{self.file}#{self.sha256[:8]}"

    @property
    def leaks(self) -> tuple[ImportRow, ...]:
        """The rows at points of open trials."""
        return tuple(row for row in self.rows if row.leak)

    def lines(self) -> tuple[str, ...]:
        """The plan for people, a sentence a line."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[str]:
        yield from (str(one) for one in self.matched)
        if self.unused:
            yield f"not used: {', '.join(self.unused)}"
        yield f"{_rows(len(self.rows))} to take in, {len(self.duplicates)} there already"
        for row in self.leaks[:_SHOWN]:
            yield f"row {row.number} is at the point of {row.leak}, which is still open"
        yield from (str(fault) for fault in self.faults[:_SHOWN])
        hidden = max(len(self.leaks) - _SHOWN, 0) + max(len(self.faults) - _SHOWN, 0)
        if hidden:
            yield f"and {hidden} more of these"


Kind = Literal["setting", "executed", "value", "sd", "n", "note", "role", "fidelity", "in question"]
"""What a column of a file can be to an import."""


def _rows(count: int) -> str:
    return f"{count} row" + ("" if count == 1 else "s")
