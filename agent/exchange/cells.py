"""Cells and headers: how numbers, bounds, texts and units are written into a table and read from it."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from agent.core.objective import Objective
from agent.exchange.values import Reading

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADER = re.compile(r"^(.*?)\s*\[([^\[\]]*)\]$", re.DOTALL)
_BOUND = re.compile(r"^(<=|>=|<|>|≤|≥)\s*(.+)$")
_VOID = re.compile(r"^void\s*(?::\s*(.*))?$", re.IGNORECASE | re.DOTALL)
_BETWEEN = " | "
"""What stands between the classes of readings that differ."""

_BLANK = frozenset({"", "na", "n/a", "nan", "none", "null", "-"})

Cell = str | float | int | None
"""What a table holds: text, a number, or nothing."""


class Header(NamedTuple):
    """A header taken apart; `unit` is None where there are no brackets."""

    name: str
    unit: str | None


def header(name: str, unit: str) -> str:
    """`temperature [degC]`; without a unit, the name alone."""
    return f"{name} [{unit}]" if unit else name


def parted(text: str) -> Header:
    """The name and the unit of a header."""
    found = _HEADER.match(text.strip())
    return Header(found[1].strip(), found[2].strip()) if found else Header(text.strip(), None)


def escaped(text: str) -> str:
    """Text that a spreadsheet does not run: an apostrophe before what begins like a formula."""
    return f"'{text}" if _runs(text) else text


def unescaped(text: str) -> str:
    """The text that `escaped` was given."""
    return text[1:] if text.startswith("'") and _runs(text[1:]) else text


def _runs(text: str) -> bool:
    return text.lstrip("'").startswith(_FORMULA)


def is_blank(cell: Cell) -> bool:
    """Whether a cell of numbers says nothing."""
    if isinstance(cell, str):
        return cell.strip().lower() in _BLANK
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def number(cell: Cell) -> float:
    """The finite number in a cell.

    Raises:
        ValueError: it holds none; the message is for the one who wrote it.
    """
    text = str(cell).strip().replace("\N{MINUS SIGN}", "-")
    try:
        parsed = float(text)
    except ValueError:
        mend = ": write a decimal point" if "," in text else ""
        raise ValueError(f"{text!r} is not a number{mend}") from None
    # Python reads 1_000, which no person means as a number in a table.
    if not math.isfinite(parsed) or "_" in text:
        raise ValueError(f"{text!r} is not a finite number")
    return parsed


def reading(objective: str, cell: Cell) -> Reading | None:
    """What a result cell says: `12.5`, `<0.5`, `>= 3`, `0.1 to 0.5`, `void: spilt`; None if blank.

    Raises:
        ValueError: it cannot be understood.
    """
    if is_blank(cell):
        return None
    text = str(cell).strip()
    if void := _VOID.match(text):
        return Reading(objective, void=(void[1] or "").strip() or "no reason given")
    if bound := _BOUND.match(text):
        limit = number(bound[2])
        above = bound[1] in {">", ">=", "≥"}
        return Reading(objective, low=limit) if above else Reading(objective, high=limit)
    low, between, high = text.partition(" to ")
    if between:
        return Reading(objective, low=number(low), high=number(high))
    return Reading(objective, value=number(text))


def bound(low: float | None, high: float | None) -> str:
    """A censored result as `reading` reads it."""
    if low is not None and high is not None:
        return f"{low!r} to {high!r}"
    return f">= {low!r}" if low is not None else f"<= {high!r}"


def labels(objective: Objective, values: Sequence[float]) -> str | None:
    """Readings of a class by its name, once where all agree: `cubic`, `cubic | melt`; None of none."""
    names = [objective.label(value) for value in values]
    if not names:
        return None
    return names[0] if len(set(names)) == 1 else _BETWEEN.join(names)


def labelled_readings(objective: Objective, cell: Cell) -> tuple[Reading, ...]:
    """What a cell of classes says, as `labels` writes it; void, or nothing. A class may be told by its
    number, too: so it stood in tables of earlier versions.

    Raises:
        ValueError: a name is none of the classes.
    """
    text = "" if cell is None else str(cell).strip()
    for names in ([text], text.split(_BETWEEN)):
        if set(names) <= set(objective.classes):
            numbers = (float(objective.classes.index(name)) for name in names)
            return tuple(Reading(objective.name, value=number) for number in numbers)
    if is_blank(cell):
        return ()
    if void := _VOID.match(text):
        return (Reading(objective.name, void=(void[1] or "").strip() or "no reason given"),)
    try:
        told = number(cell)
    except ValueError:
        told = -1.0
    if not objective.is_class(told):
        raise ValueError(f"{text!r} is none of the classes {', '.join(objective.classes)}")
    return (Reading(objective.name, value=told),)
