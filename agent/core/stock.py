"""Stocks: what experiments use of an instrument's tips, solvents and gases, and how much of it is left."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple

from pydantic import AwareDatetime, Field, field_validator

from agent.core import expressions
from agent.core.actor import Actor
from agent.core.values import Point, Value
from agent.errors import SpaceError

_SLACK = 1e-9
"""Sums of decimal amounts are off in the last digits."""

ITEM = r"^\w[\w-]*$"
"""What an item may be called: one word, as it is written on a command line."""


class Stock(Value):
    """What the operators say of one item that an instrument uses up.

    `uses` is what one experiment needs, in `unit`: a number, or a formula of its settings in the units of
    the limits, in which a comparison counts as 1 or 0.
    """

    unit: str = Field(default="1", description="unit of the level and of `uses`; '1' is a count")
    uses: float | str = Field(
        description="what one experiment uses: a number, or a formula of its settings: "
        "2 + 0.1 * volume"
    )

    @field_validator("uses", mode="after")
    @classmethod
    def _sane(cls, uses: float | str) -> float | str:
        if isinstance(uses, str):
            try:
                expressions.priced(uses)
            except SpaceError as error:
                raise ValueError(str(error)) from error
        elif not 0 <= uses < math.inf:
            raise ValueError(f"{uses:g} is no amount: at least 0")
        return uses

    @cached_property
    def tree(self) -> Any:
        """Of the formula; of a number, that."""
        return expressions.priced(str(self.uses))

    @property
    def names(self) -> frozenset[str]:
        """The parameters that the formula speaks of."""
        return expressions.names(self.tree) if isinstance(self.uses, str) else frozenset()

    def of(self, settings: Point) -> float | None:
        """What an experiment at `settings` uses; None where the formula gives no number of at least 0."""
        if not isinstance(self.uses, str):
            return self.uses
        try:
            value = float(expressions.evaluate(self.tree, settings))
        except (ArithmeticError, KeyError, TypeError, ValueError):
            return None
        return value if 0 <= value < math.inf else None

    def __str__(self) -> str:
        """As a person would write it."""
        uses = self.uses if isinstance(self.uses, str) else f"{self.uses:g}"
        return f"{uses} {shown(self.unit)}".rstrip() + " each"


class Need(NamedTuple):
    """What one experiment uses of an item; `amount` is None where that cannot be computed."""

    item: str
    amount: float | None
    unit: str


class Movement(Value):
    """What changed a level, by how much (`amount`, with its sign), and the level after it.

    Append-only, as the lines of a bank statement: `filled` adds, `counted` puts the level where a person
    saw it, `used` is taken by a job before it is sent, `returned` is given back by one that was surely
    never executed. `number` counts the movements of one item of one instrument.
    """

    id: str
    instrument: str
    item: str
    number: int = Field(ge=1)
    word: Literal["filled", "counted", "used", "returned"]
    amount: float
    level: float = Field(ge=0)
    unit: str
    job: str | None = None
    reason: str = ""
    by: Actor
    at: AwareDatetime

    def __str__(self) -> str:
        """The level as a person says it: `3 tips`, `120 mL of solvent`."""
        return said(self.level, self.unit, self.item)


class Change(NamedTuple):
    """What is about to be written of an item."""

    word: Literal["filled", "counted", "used", "returned"]
    value: float
    unit: str
    by: Actor
    at: datetime
    job: str | None = None
    reason: str = ""


def moved(instrument: str, item: str, last: Movement | None, change: Change) -> Movement:
    """The movement that follows `last` (None: nobody has counted the item yet).

    `change.value` is what is filled in, counted, used or returned: at least 0.
    """
    before = 0.0 if last is None else last.level
    sign = -1.0 if change.word == "used" else 1.0
    level = change.value if change.word == "counted" else before + sign * change.value
    level = max(_clean(level), 0.0)
    number = 1 if last is None else last.number + 1
    return Movement(
        id=f"{instrument}.{item}.{number}",
        instrument=instrument,
        item=item,
        number=number,
        word=change.word,
        amount=_clean(level - before if change.word == "counted" else sign * change.value),
        level=level,
        unit=change.unit,
        job=change.job,
        reason=change.reason,
        by=change.by,
        at=change.at,
    )


class Shortage(NamedTuple):
    """Why an experiment cannot be sent for want of something, and the command that mends it."""

    what: str
    mend: str
    instrument: str = ""

    def __str__(self) -> str:
        """Both in one line."""
        return f"{self.what}: {self.mend}"


def shortage(instrument: str, need: Need, last: Movement | None) -> Shortage | None:
    """What stands against taking a need from its level; None if nothing does.

    What is not used needs no level. What nobody has counted is not known, and not taken for enough.
    """
    count = f"athanor stock count {instrument} {need.item} AMOUNT"
    if need.amount is None:
        what = f"what it uses of {need.item} on {instrument} cannot be computed from its settings"
        mend = f"mend `uses` of {need.item} in the operators' file"
        return Shortage(what, mend, instrument)
    if need.amount == 0:
        return None
    if last is None:
        return Shortage(f"nobody has counted the {need.item} on {instrument}", count, instrument)
    if last.unit != need.unit:
        what = f"the {need.item} on {instrument} were counted in {last.unit!r}, and are now in {need.unit!r}"
        return Shortage(what, count, instrument)
    if need.amount <= last.level + _SLACK * max(1.0, last.level):
        return None
    needed = f"{need.amount:g} {shown(need.unit)}".rstrip()
    mend = f"athanor stock fill {instrument} {need.item} AMOUNT"
    return Shortage(f"{last} left on {instrument}, {needed} needed", mend, instrument)


def shortages(
    instrument: str, needs: Iterable[Need], levels: Mapping[str, Movement]
) -> tuple[Shortage, ...]:
    """Everything that an experiment wants for.

    Args:
        instrument: Which.
        needs: What the experiment uses.
        levels: Item -> its last movement.
    """
    found = (shortage(instrument, need, levels.get(need.item)) for need in needs)
    return tuple(one for one in found if one is not None)


def to_return(movements: Iterable[Movement], job: str) -> float:
    """What a job that was never executed gives back of one item, whose movements these are, in order.

    Only what it took since the item was last counted: whoever counted has seen what was not used.
    """
    owed = 0.0
    for one in movements:
        if one.word == "counted":
            owed = 0.0
        elif one.job == job:
            owed -= one.amount
    return max(_clean(owed), 0.0)


def said(amount: float, unit: str, item: str) -> str:
    """An amount of an item as a person says it: `3 tips`, `120 mL of solvent`."""
    return f"{amount:g} {shown(unit)} of {item}" if shown(unit) else f"{amount:g} {item}"


def shown(unit: str) -> str:
    """A unit as it stands behind a number: nothing for a count."""
    return "" if unit in {"", "1", "dimensionless"} else unit


def _clean(value: float) -> float:
    """Without the dust of decimal sums: 0.30000000000000004 is 0.3, and -0.0 is 0."""
    return float(f"{value:.12g}") + 0.0
