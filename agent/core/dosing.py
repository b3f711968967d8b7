"""Settings as executed beside those that were asked for: systematic errors of dosing, and random ones."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import atan, cos, exp, log, pi, sin, sqrt
from statistics import fmean, median

from agent.core.compositions import CompositionParameter
from agent.core.history import Effective, current
from agent.core.job import Observation
from agent.core.parameters import (
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
    same,
)
from agent.core.space import Parameter
from agent.core.values import Value
from agent.core.worded import figures

CHANCE = 1e-3
"""An error is said to be systematic where chance would bring as much in less than one case in so many."""

_FEWEST, _FEWEST_SLOPE = 4, 6
_FEWEST_SLIPS, _SLIP = 10, 8.0
"""Of fewer pairs, or at fewer robust standard deviations, what is left of chance alone would be on a line."""
_DUST = 1e-9
_MOST = 200
"""The last executions that are looked at: an instrument is calibrated anew at times."""

Pair = tuple[float, float]
"""What was asked for, and what was executed."""


class Dosing(Value):
    """How one column's settings come out: `executed - asked = offset + slope * (asked - centre) + e`.

    On a logarithmic scale all of it is of natural logarithms. `offset_se` and `slope_se` are standard
    errors, `sd` is the standard deviation of e. `slope` is None where the error does not change with
    what is asked; `systematic` says whether `offset` or `slope` is beyond chance.

    Attributes:
        column: Of a point.
        unit: Of the parameter.
        logarithmic: Whether errors are factors.
        pairs: How many executions it is learnt from; `slips` others were left out.
        low: The least that was asked for.
        high: The most.
    """

    column: str
    unit: str
    logarithmic: bool
    pairs: int
    slips: int
    low: float
    high: float
    centre: float
    offset: float
    offset_se: float
    slope: float | None
    slope_se: float | None
    sd: float
    systematic: bool

    def error(self, asked: float) -> tuple[float, float]:
        """The systematic error at a setting, with its standard error; logarithms on such a scale."""
        away = (log(asked) if self.logarithmic else asked) - self.centre
        error, variance = self.offset, self.offset_se**2
        if self.slope is not None and self.slope_se is not None:
            error, variance = error + self.slope * away, variance + (self.slope_se * away) ** 2
        return error, sqrt(variance)

    @property
    def words(self) -> str:
        """`temperature comes out 1.8 ± 0.2 K lower than asked, give or take 0.5 K (12 executions)`."""
        if not self.systematic:
            told = "comes out as asked"
        elif self.slope is None:
            told = f"comes out {self._off(self.low)} than asked"
        else:
            at = [
                f"{self._off(end)} than asked at {self._asked(end)}"
                for end in (self.low, self.high)
            ]
            told = f"comes out {at[0]}, {at[1]}"
        spread = self._size(self.sd, None)
        slips = "1 slip" if self.slips == 1 else f"{self.slips} slips"
        left_out = f", {slips} left out" if self.slips else ""
        return f"{self.column} {told}, give or take {spread} ({self.pairs} executions{left_out})"

    def _off(self, asked: float) -> str:
        error, se = self.error(asked)
        return f"{self._size(abs(error), se, lower=error < 0)} {'lower' if error < 0 else 'higher'}"

    def _size(self, size: float, se: float | None, *, lower: bool = False) -> str:
        """An error as people write it: a difference in the unit, or a share of what was asked."""
        unit = {"degC": "K", "degF": "Δ°F", "1": ""}.get(self.unit, self.unit)
        # What floats lose on their way is no scatter.
        dust = _DUST * (1.0 if self.logarithmic else max(abs(self.low), abs(self.high)))
        size, se = (size if size > dust else 0.0), (None if se is None or se <= dust else se)
        if self.logarithmic:
            unit = "%"
            size = 100 * (1 - exp(-size) if lower else exp(size) - 1)
            se = None if se is None else 100 * se * (1 - size / 100 if lower else 1 + size / 100)
        return f"{f'{size:.2g}' if se is None else figures(size, se)} {unit}".strip()

    def _asked(self, asked: float) -> str:
        return f"{asked:.6g} {'' if self.unit == '1' else self.unit}".strip()


def dosings(
    parameters: Iterable[Parameter],
    observations: Iterable[Observation],
    plans: Mapping[str, Effective],
) -> tuple[Dosing, ...]:
    """What is worth telling of each column of numbers: a systematic error, or a scatter that is wider
    than the step in which the column can be set.

    Args:
        parameters: Of the campaign's space.
        observations: Its observations; those that a newer one corrects are left out.
        plans: Trial id -> what was really to be done, from `effective`.
    """
    told = _pairs(observations, plans)
    found = []
    for parameter in parameters:
        step = _step(parameter)
        if step is None:
            continue
        for column in parameter.columns:
            one = dosing(column, parameter, told.get(column, ()))
            if one is not None and (one.systematic or one.sd > step):
                found.append(one)
    return tuple(found)


def dosing(column: str, parameter: Parameter, pairs: Sequence[Pair]) -> Dosing | None:
    """What executions tell of one column; None where they are too few.

    Least squares of the error against what was asked. Of ten and more, pairs farther off than eight robust
    standard deviations are slips, not errors of dosing, and left out. The slope is kept where it is beyond
    chance (t-test), and the offset is tested in the same way.

    Args:
        column: Its name.
        parameter: Its parameter.
        pairs: What was asked for and what was executed, in the parameter's unit.
    """
    logarithmic = isinstance(parameter, ContinuousParameter) and parameter.scale == "log"
    good = [one for one in pairs if not logarithmic or min(one) > 0][-_MOST:]
    if len(good) < _FEWEST:
        return None
    x = [log(asked) if logarithmic else asked for asked, _ in good]
    error = [
        0.0 if same(asked, done) else (log(done / asked) if logarithmic else done - asked)
        for asked, done in good
    ]
    kept = _without_slips(x, error)
    if len(kept) < _FEWEST:
        return None
    x, error = [x[row] for row in kept], [error[row] for row in kept]
    centre, offset = fmean(x), fmean(error)
    slope, slope_se = _slope(x, error)
    if slope_se is None or _p(slope or 0.0, slope_se, len(x) - 2) >= CHANCE:
        slope = slope_se = None
    taken = 1 if slope is None else 2
    left = [e - offset - (slope or 0.0) * (at - centre) for e, at in zip(error, x, strict=True)]
    sd = sqrt(sum(e * e for e in left) / (len(x) - taken))
    se = sd / sqrt(len(x))
    asked = [good[row][0] for row in kept]
    return Dosing(
        column=column,
        unit=parameter.unit,
        logarithmic=logarithmic,
        pairs=len(kept),
        slips=len(good) - len(kept),
        low=min(asked),
        high=max(asked),
        centre=centre,
        offset=offset,
        offset_se=se,
        slope=slope,
        slope_se=slope_se,
        sd=sd,
        systematic=slope is not None or _p(offset, se, len(x) - taken) < CHANCE,
    )


def _pairs(
    observations: Iterable[Observation], plans: Mapping[str, Effective]
) -> dict[str, list[Pair]]:
    """Column -> one pair for each execution, however many readings it brought."""
    found: dict[str, list[Pair]] = {}
    seen: set[tuple[str, str | None]] = set()
    for one in current(observations):
        if not one.executed or (one.trial, one.job) in seen or one.trial not in plans:
            continue
        seen.add((one.trial, one.job))
        point = plans[one.trial].point
        for name, done in one.executed.items():
            asked = point.get(name)
            if isinstance(asked, (int, float)) and isinstance(done, (int, float)):
                found.setdefault(name, []).append((float(asked), float(done)))
    return found


def _step(parameter: Parameter) -> float | None:
    """How finely a column can be set; None of names and candidates."""
    match parameter:
        case ContinuousParameter(scale="log"):
            return float(10.0 ** (1 - (parameter.digits or 3)))
        case ContinuousParameter() | CompositionParameter():
            return parameter.step
        case DiscreteParameter() | IntegerParameter():
            levels = parameter.values
            return float(min(high - low for low, high in pairwise(levels))) / 10
    return None


def _without_slips(x: Sequence[float], error: Sequence[float]) -> list[int]:
    """The pairs that are not far off the line through the others (Theil, 1950; Sen, 1968)."""
    every = range(len(x))
    if len(x) < _FEWEST_SLIPS:
        return list(every)
    rises = [
        (error[b] - error[a]) / (x[b] - x[a]) for a in every for b in every if x[b] - x[a] > 1e-12
    ]
    slope = median(rises) if rises else 0.0
    left = [e - slope * at for e, at in zip(error, x, strict=True)]
    middle = median(left)
    robust = 1.4826 * median(abs(e - middle) for e in left)
    if robust == 0.0:
        return list(every)
    return [row for row in every if abs(left[row] - middle) <= _SLIP * robust]


def _slope(x: Sequence[float], error: Sequence[float]) -> tuple[float | None, float | None]:
    """Slope by least squares with its standard error; None of too few."""
    if len(x) < _FEWEST_SLOPE or len(set(x)) < 3:
        return None, None
    centre, offset = fmean(x), fmean(error)
    square = sum((at - centre) ** 2 for at in x)
    slope = sum((at - centre) * (e - offset) for at, e in zip(x, error, strict=True)) / square
    left = [e - offset - slope * (at - centre) for at, e in zip(x, error, strict=True)]
    return slope, sqrt(sum(e * e for e in left) / (len(x) - 2) / square)


def _p(estimate: float, se: float, freedom: int) -> float:
    """How often chance brings as large an estimate, either way: Student's t of `freedom` degrees, by
    its finite series (Abramowitz & Stegun, 1964, 26.7.3 and 26.7.4).
    """
    if estimate == 0.0:
        return 1.0
    if se == 0.0:
        return 0.0
    angle = atan(abs(estimate) / se / sqrt(freedom))
    c, s = cos(angle), sin(angle)
    odd = freedom % 2
    term, total = (c if odd else 1.0), 0.0
    for k in range(freedom // 2):
        total += term
        term *= c * c * (2 * k + 1 + odd) / (2 * k + 2 + odd)
    return 1.0 - ((angle + s * total) * 2 / pi if odd else s * total)
