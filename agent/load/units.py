"""Units that a campaign writes: readable by pint, and meant as they are read."""

import re
from typing import NamedTuple

from agent.core import units
from agent.load.faults import did_you_mean

_KNOWN = (
    "degC", "K", "degF", "g", "mg", "kg", "ug", "L", "mL", "uL", "mol", "mmol", "mol/L", "mmol/L",
    "mg/mL", "g/L", "mg/g", "mol/kg", "s", "min", "h", "day", "mL/min", "uL/min", "L/h", "rpm",
    "Pa", "kPa", "MPa", "bar", "mbar", "atm", "psi", "V", "mV", "A", "mA", "W", "mW", "eV", "meV",
    "eV/atom", "meV/atom", "kJ/mol", "kcal/mol", "nm", "um", "mm", "cm", "m", "angstrom", "percent",
    "ppm", "S/cm", "ohm", "Hz", "kHz", "J", "kJ", "J/g", "g/cm**3", "1/s", "degC/min", "K/min",
    "mA/cm**2", "cm**2/V/s", "GPa", "N", "dimensionless",
)  # fmt: skip
_MEANT = {
    "celsius": "degC", "degreescelsius": "degC", "degc": "degC", "kelvin": "K",
    "fahrenheit": "degF",
    "wt%": "percent", "vol%": "percent", "at%": "percent", "mol%": "percent", "a.u.": "1",
    "au": "1", "equiv": "1", "eq": "1", "eq.": "1", "equivalents": "1", "fraction": "1",
    "sec": "s", "secs": "s", "mins": "min", "hrs": "h", "none": "1", "-": "1", "unitless": "1",
    "molar": "mol/L", "cm-1": "1/cm", "s-1": "1/s", "ratio": "1", "sccm": "mL/min",
}  # fmt: skip
_TEMPERATURE = {"c": "degC", "f": "degF"}
_SOUNDS_HOT = re.compile(r"temp|(^|_)t($|_)|anneal|heat|oven|bath|celsius|calcin", re.IGNORECASE)
_ANGLE_TIMES_CHARGE = re.compile(r"(deg(rees?)?|°)[\s*]+[CFK]")
_ANGLES = frozenset({"deg", "degree", "degrees", "°"})
_SLIPS = (
    ("mol%", "mole times percent", "percent"),
    ("at%", "technical atmosphere times percent", "percent"),
    ("pH", "picohenry", "1"),
    ("W/mK", "watt per millikelvin", "W/m/K"),
    ("W/(mK)", "watt per millikelvin", "W/m/K"),
    ("a.u.", "atomic mass times year", "1"),
)
_LONGEST = 60


class Odd(NamedTuple):
    """Why a unit is not good; `fatal` if it cannot be used at all."""

    what: str
    mend: str
    fatal: bool = True


def oddity(unit: str, name: str) -> Odd | None:
    """What is wrong with `unit`, as the unit of the column `name`; None if nothing is."""
    meant = _MEANT.get(unit.replace(" ", "").casefold())
    if not units.known(unit):
        near = f"did you mean {meant!r}?" if meant else did_you_mean(unit, _KNOWN, "examples:")
        shown = unit[:_LONGEST]
        return Odd(f"{shown!r} is not a unit that can be read", near)
    if _ANGLE_TIMES_CHARGE.fullmatch(unit):
        return Odd(f"{unit!r} is read as an angle times something", f"write 'deg{unit[-1]}'")
    if unit in _ANGLES and _SOUNDS_HOT.search(name):
        return Odd(f"{unit!r} is an angle", "did you mean 'degC'?")
    if unit in ("C", "F"):
        reads = "coulomb" if unit == "C" else "farad"
        return Odd(
            f"{unit!r} is the {reads}",
            f"did you mean {_TEMPERATURE[unit.casefold()]!r}?",
            bool(_SOUNDS_HOT.search(name)),
        )
    for odd, reads, meant in _SLIPS:
        if unit == odd:
            return Odd(f"{unit!r} is read as {reads}", f"write {meant!r}", fatal=False)
    return None
