"""Units, parsed by pint. °C is absolute, a difference differs, and nothing is assumed of an unlabelled number."""

import re
import tokenize
from functools import cache

import pint

from agent.errors import IngestError

_ALIASES = {
    "°C": "degC",
    "℃": "degC",
    "°F": "degF",
    "%": "percent",
    "": "dimensionless",
    "1": "dimensionless",
}

_AREA = re.compile(r"\b([cdmµnk]?m|um|angstrom)([23])\b")
"""cm3 and m2, as they are written everywhere."""

_LONGEST = 60
_POWER = re.compile(r"(\*\*|\^)\s*-?\d{1,2}(\.\d{1,2})?(?![\d.*^])")
_WORD = re.compile(r"[^\W\d]\w*")
_REST = re.compile(r"[1\s*/().·%°-]*")

_UNREADABLE = (
    pint.PintError, tokenize.TokenError, ArithmeticError, AssertionError, AttributeError, LookupError,
    RecursionError, SyntaxError, TypeError, ValueError,
)  # fmt: skip

_COUNTED = ("atom", "site", "formula_unit", "droplet", "cell")

_MONEY = ("EUR", "USD", "GBP", "CHF", "JPY", "CNY", "KRW", "INR", "CAD", "AUD", "SEK", "DKK", "NOK")
"""Each is a kind of its own: what one is in another changes by the day."""


@cache
def registry() -> "pint.UnitRegistry[float]":
    """The one registry of the process."""
    units: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=False)
    for counted in _COUNTED:
        units.define(f"{counted} = 1 * count")
    for currency in _MONEY:
        units.define(f"{currency} = [{currency.lower()}]")
    return units


@cache
def known(unit: str) -> bool:
    """Whether pint can read `unit`."""
    if not _plain(unit):
        return False
    try:
        registry().parse_units(_spelt(unit))
    except _UNREADABLE:
        return False
    return True


def _spelt(unit: str) -> str:
    """`unit` as pint reads it."""
    return _AREA.sub(r"\1**\2", _ALIASES.get(unit, unit))


def _plain(unit: str) -> bool:
    """Whether it may be handed to pint, which would compute a tower of powers."""
    if len(unit) > _LONGEST or "\n" in unit:
        return False
    rest = _WORD.sub("", _POWER.sub("", unit))
    return _REST.fullmatch(re.sub(r"[^\x00-\x7f]", "", rest)) is not None


def convert(value: float, source: str, target: str) -> float:
    """`value`, an absolute reading in `source`, in `target`.

    Raises:
        IngestError: a unit is not known, or the two measure different things.
    """
    if source == target:
        return value
    return _convert(value, source, target, difference=False)


def convert_difference(value: float, source: str, target: str) -> float:
    """`value`, a difference (an uncertainty) in `source`, in `target`: 1 K is 1 delta °C.

    Raises:
        IngestError: a unit is not known, or the two measure different things.
    """
    if source == target:
        return value
    return _convert(value, source, target, difference=True)


def _convert(value: float, source: str, target: str, *, difference: bool) -> float:
    for unit in (source, target):
        if not known(unit):
            raise IngestError(
                f"{unit!r} is not a unit", "write it as pint reads it, like mg/mL or degC"
            )
    units = registry()
    quantity = units.Quantity(value, _spelt(source))
    goal = units.parse_units(_spelt(target))
    try:
        converted = float(quantity.to(goal).magnitude)
        if difference:
            converted -= float(units.Quantity(0.0, quantity.units).to(goal).magnitude)
        # 5900 kg/m³ are 5.9 g/cm³, and not 5.900000000000001.
        return float(f"{converted:.15g}")
    except (pint.PintError, ValueError) as error:
        raise IngestError(
            f"{source!r} cannot be converted to {target!r}",
            f"they are units of different things: give it in {target or '1'}, or in a unit of that kind",
        ) from error
