"""Numbers for people: as fine as they are known, with a true minus, powers of ten, and units."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median

from agent.core.compositions import CompositionParameter
from agent.core.parameters import ContinuousParameter
from agent.core.space import Parameter
from agent.core.values import Scalar
from agent.core.worded import significant

_UNITS = {"1": "", "dimensionless": "", "degC": "°C", "degF": "°F", "percent": "%"}
_HYPHEN = re.compile(r"(?<![\w.)\]-])-(?=\d)")
_POWER = re.compile(r"(?:\*\*|\^)(-?\d+)(?![\d.])")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FINENESS = 200
"""A span of values is shown in at least this many steps."""


@dataclass(frozen=True)
class Digits:
    """How the values of one quantity are written: decimals behind one common power of ten."""

    decimals: int = 0
    exponent: int = 0

    def __call__(self, value: float) -> str:
        """`value` with its power of ten: `−1.270`, `1.27×10⁻¹²`."""
        return self.bare(value / self.power) + self.times

    def bare(self, scaled: float) -> str:
        """A value that is already divided by the power of ten."""
        return minus(f"{scaled:.{self.decimals}f}")

    def showing(self, value: float) -> "Digits":
        """These, with up to two decimals more so that three digits of `value` are seen."""
        if not value:
            return self
        wanted = 2 - math.floor(math.log10(abs(value / self.power)))
        return replace(self, decimals=max(self.decimals, min(wanted, self.decimals + 2)))

    @property
    def power(self) -> float:
        """The common power of ten."""
        return float(f"1e{self.exponent}")

    @property
    def times(self) -> str:
        """`×10⁻¹²`, or nothing."""
        return f"×10{raised(self.exponent)}" if self.exponent else ""


def digits_for(values: Iterable[float], sds: Iterable[float] = ()) -> Digits:
    """Digits that suit `values`: two of their uncertainty, or else a two-hundredth of the span."""
    known = list(values)
    largest = max((abs(value) for value in known), default=0.0)
    exponent = 0
    if largest and not 1e-3 <= largest < 1e6:
        exponent = max(math.floor(math.log10(largest)), -300)
    power = float(f"1e{exponent}")
    scaled = [value / power for value in known]
    uncertain = [sd / power for sd in sds if sd > 0]
    if uncertain:
        finest = median(uncertain) / 10
    else:
        span = max(scaled, default=0.0) - min(scaled, default=0.0)
        finest = min(span or abs(largest / power) or 1.0, 1e300) / _FINENESS
    return Digits(min(max(-math.floor(math.log10(max(finest, 1e-9))), 0), 6), exponent)


def number(value: float, quantum: float) -> str:
    """`value` to the step `quantum`, in powers of ten where it would be long."""
    last = int(Decimal(f"{quantum:.6g}").normalize().as_tuple().exponent)
    size = math.floor(math.log10(abs(value))) if value else 0
    if last < -6 or abs(value) >= 1e7:
        return brief(value, max(size - last, 0) + 1) if value else "0"
    return minus(f"{value:.{max(-last, 0)}f}")


def brief(value: float, digits: int = 4) -> str:
    """`value` to some significant digits: for numbers whose fineness nobody has stated."""
    mantissa, _, exponent = significant(value, min(digits, 15)).partition("e")
    power = f"×10{raised(int(exponent))}" if exponent else ""
    return minus(mantissa) + power


def setting(parameter: Parameter, value: Scalar) -> str:
    """A setting, as fine as its parameter can be set."""
    if isinstance(value, str):
        return value
    match parameter:
        case ContinuousParameter(scale="log"):
            return brief(float(value), parameter.digits or 3)
        case ContinuousParameter():
            fine = min(parameter.step, _last_place(parameter.low, parameter.step))
            return number(float(value), fine)
        case CompositionParameter():
            return number(float(value), parameter.step)
    return minus(str(value)) if isinstance(value, int) else brief(float(value), 6)


def _last_place(low: float, step: float) -> float:
    """The place of the last digit of `low`, if it is not absurdly fine beside the step."""
    place = 10.0 ** int(Decimal(str(low)).normalize().as_tuple().exponent)
    return place if place >= step / 1000 else step


def true_minus(sentence: str) -> str:
    """A sentence with a true minus before its numbers."""
    return _HYPHEN.sub("−", sentence)


def unit(name: str) -> str:
    """A unit as people write it (g/cm³); nothing for a dimensionless one."""
    return _POWER.sub(lambda found: found[1].translate(_RAISED), _UNITS.get(name, name))


def with_unit(text: str, name: str) -> str:
    """A number and its unit, which stay on one line."""
    shown = unit(name)
    return f"{text}\u00a0{shown}" if shown else text


def minus(text: str) -> str:
    """The number's text with a true minus; a zero never has one."""
    if text.startswith("-") and not text.strip("-0."):
        text = text[1:]
    return text.replace("-", "−")


def raised(exponent: int) -> str:
    """The digits of an exponent, raised."""
    return str(exponent).translate(_RAISED)


def count(n: int, one: str, many: str = "") -> str:
    """`1 job`, `2 jobs`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}".replace(",", "\u202f")
