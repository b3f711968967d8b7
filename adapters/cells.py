"""What people write into a cell: a number, a bound, or void with its reason; and how text goes out.

One grammar for recorded tables and for run sheets: `12.5`, `1e-3`, `<0.5`, `>= 3`, `void: spilt`.
"""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from agent.core.values import Scalar

BLANK = frozenset({"", "na", "n/a", "nan", "null", "-"})
"""Cells (in lower case) that say nothing."""

_BOUND = re.compile(r"^(<=|>=|<|>|≤|≥)\s*(.+)$")
_VOID = re.compile(r"^void\s*(?::\s*(.*))?$", re.IGNORECASE | re.DOTALL)
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+(?:[eE][+-]?\d+)?$")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Reading(NamedTuple):
    """One cell: exactly one of a value, a bound (`low` or `high`) and a void reason."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    void: str | None = None


def number(text: str, *, decimal_comma: bool = False) -> float:
    """The finite number that `text` says.

    Args:
        text: The cell.
        decimal_comma: Whether `3,14` may be read as 3.14.

    Raises:
        ValueError: it is no finite number; the message is for the one who wrote it.
    """
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    if _DECIMAL_COMMA.match(plain):
        if not decimal_comma:
            raise ValueError(f"'{text}' has a comma: write a decimal point, no thousands separator")
        plain = plain.replace(",", ".")
    try:
        parsed = float(plain)
    except ValueError:
        raise ValueError(
            f"'{text}' is not a number: write only the number, a bound such as <0.5, or 'void: why'"
        ) from None
    # Python reads 1_000, which no person means as a number in a table.
    if not math.isfinite(parsed) or "_" in plain:
        raise ValueError(f"'{text}' is not a finite number")
    return parsed


def is_blank(text: str) -> bool:
    """Whether a cell says nothing."""
    return text.strip().lower() in BLANK


def reading(
    text: str, *, decimal_comma: bool = False, classes: Sequence[str] = ()
) -> Reading | None:
    """What a result cell says; nothing if it is blank. Of a class, its number.

    Args:
        text: The cell.
        decimal_comma: Whether `3,14` may be read as 3.14.
        classes: The names of the classes, where one of them is to be read.

    Raises:
        ValueError: it cannot be understood; the message is for the one who wrote it.
    """
    cell = text.strip()
    if cell in classes:
        return Reading(value=float(list(classes).index(cell)))
    if is_blank(cell):
        return None
    if void := _VOID.match(cell):
        return Reading(void=(void[1] or "").strip() or "no reason given")
    if classes:
        raise ValueError(f"'{cell}' is none of the classes {', '.join(classes)}")
    if bound := _BOUND.match(cell):
        limit = number(bound[2], decimal_comma=decimal_comma)
        return Reading(high=limit) if bound[1] in {"<", "<=", "≤"} else Reading(low=limit)
    return Reading(value=number(cell, decimal_comma=decimal_comma))


def written(value: Scalar) -> str:
    """A setting as it goes into a sheet: numbers plainly, text that a spreadsheet cannot run.

    A leading apostrophe marks text that would else be taken for a formula (CSV injection).
    """
    if not isinstance(value, str):
        return repr(value)
    return f"'{value}" if value.startswith(_FORMULA) else value


def unwritten(text: str) -> str:
    """The text that `written` put into a cell."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
