"""Calibration: whether predictions that were made before measuring are as good as they said."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from math import exp, sqrt
from statistics import NormalDist, StatisticsError, correlation, fmean, stdev
from typing import Literal

from pydantic import Field

from agent.core.record import Tested, widened
from agent.core.sequential import changed, scaled, shifted
from agent.core.values import Value

Fault = Literal["drifting", "biased", "overconfident", "underconfident"]
Verdict = Literal["too few", "calibrated"] | Fault

LEVELS = (50, 80, 95)
"""Of the intervals that are looked at, in per cent."""

ENOUGH = 10
"""With fewer predictions nothing is said in their favour."""

RATE = 0.05
"""Of campaigns with nothing wrong, at most this share is ever told of a fault, for each objective."""

ALARM = 4 / RATE
"""What an e-value has to exceed: there are four faults, each with a quarter of the rate."""

WINDOW = 8
"""Predictions that a point of the learning curve looks back on."""

_TOO_SMALL, _TOO_LARGE = (1.25, 1.5, 2.0, 3.0, 4.0), (0.8, 0.65, 0.5, 0.35, 0.25)
_MOST = 1e9
_Z95 = NormalDist().inv_cdf(0.975)


class Coverage(Value):
    """How many values were inside their interval of a `level` in per cent.

    `low` and `high` are 95 % limits of the share that would be inside in the long run.
    """

    level: int
    inside: int
    of: int
    low: float
    high: float


class Drift(Value):
    """Since how many results residuals are others than before, and what they are now on average."""

    last: int
    residual: float


class Inputs(Value):
    """How far points were from the nearest one that was measured before them, in the unit cube of the
    space: the mean over the last eight, and over those before. Far from it a model extrapolates.
    """

    before: float
    last: float


class Calibration(Value):
    """What the results have shown of the predictions that were made for them.

    Attributes:
        objective: Its name.
        tested: How many predictions were put to the test.
        coverage: Of intervals for a reading.
        bias: Mean of the residuals, each in the deviations that were predicted: 0 is right.
        spread: Root mean square of them: 1 is right, more is too sure.
        widened: What deviations are to be multiplied by, as `widening` has it: 1 where they are large enough.
        rank: Spearman's (1904) correlation of predictions with values; None where either is constant.
        rmse: Root mean square error, in the unit of the objective.
        mae: Mean absolute error.
        varied: Standard deviation of the measured values: what a constant would be off by.
        curve: Root mean square error of the last eight, after each result.
        drift: Where residuals are likeliest to have changed, if that is beyond chance.
        inputs: Where points are chosen now, and were before; None where there are no more than eight, or
            decisions did not tell.
        evidence: E-value of each fault: above 80, it is told.
        faults: Those that are beyond chance, the gravest first.
        verdict: The first of them; without one, whether there are enough to say so.
    """

    objective: str
    tested: int = Field(ge=1)
    coverage: tuple[Coverage, ...]
    bias: float
    spread: float
    widened: float
    rank: float | None
    rmse: float
    mae: float
    varied: float
    curve: tuple[float, ...]
    drift: Drift | None
    inputs: Inputs | None
    evidence: dict[Fault, float]
    faults: tuple[Fault, ...]
    verdict: Verdict


def calibration(objective: str, record: Sequence[Tested]) -> Calibration | None:
    """The calibration of an objective's predictions; None where none was put to the test.

    Args:
        objective: Its name.
        record: Predictions with the values that were measured then, in order.
    """
    if not record:
        return None
    offs = [one.off for one in record]
    told = evidence(offs)
    faults = tuple(name for name, one in told.items() if one > ALARM)
    errors = [one.value - one.mean for one in record]
    since = errors[changed(offs).before :]
    values = [one.value for one in record]
    return Calibration(
        objective=objective,
        tested=len(record),
        coverage=tuple(_coverage(offs, level) for level in LEVELS),
        bias=fmean(offs),
        spread=_root_mean_square(offs),
        widened=widened(offs),
        rank=spearman([one.mean for one in record], values),
        rmse=_root_mean_square(errors),
        mae=fmean(map(abs, errors)),
        varied=stdev(values) if len(values) > 1 else 0.0,
        curve=tuple(
            _root_mean_square(errors[max(0, n - WINDOW) : n]) for n in range(1, len(errors) + 1)
        ),
        drift=Drift(last=len(since), residual=fmean(since)) if "drifting" in faults else None,
        inputs=_inputs([one.distance for one in record if one.distance is not None]),
        evidence=told,
        faults=faults,
        verdict=faults[0] if faults else "calibrated" if len(record) >= ENOUGH else "too few",
    )


def far(level: float) -> float:
    """Deviations on either side of the mean that hold `level` per cent of a normal distribution."""
    return NormalDist().inv_cdf(0.5 + level / 200)


def evidence(offs: Sequence[float]) -> dict[Fault, float]:
    """How much speaks for each fault, as an e-value: the gravest first.

    They are tested anew after each result, so each test is one that allows for it
    (`agent.core.sequential`): too large and too small deviations against being right, a bias and a
    drift whatever the deviations are.

    Args:
        offs: Residuals, in the deviations that were predicted.
    """
    return {
        "drifting": _plain(changed(offs).log_e),
        "biased": _plain(shifted(offs)),
        "overconfident": _plain(scaled(offs, _TOO_SMALL)),
        "underconfident": _plain(scaled(offs, _TOO_LARGE)),
    }


def wilson(inside: int, of: int) -> tuple[float, float]:
    """95 % limits of a share of which `inside` of `of` were seen (Wilson, 1927)."""
    z2 = _Z95**2
    middle = (inside + z2 / 2) / (of + z2)
    half = _Z95 * sqrt(inside * (of - inside) / of + z2 / 4) / (of + z2)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def spearman(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The correlation of ranks, equal values sharing theirs; None where either is constant."""
    try:
        return correlation(_ranks(one), _ranks(other))
    except StatisticsError:
        return None


def _coverage(offs: Sequence[float], level: int) -> Coverage:
    inside = sum(abs(one) <= far(level) for one in offs)
    low, high = wilson(inside, len(offs))
    return Coverage(level=level, inside=inside, of=len(offs), low=low, high=high)


def _inputs(distances: Sequence[float]) -> Inputs | None:
    if len(distances) <= WINDOW:
        return None
    return Inputs(before=fmean(distances[:-WINDOW]), last=fmean(distances[-WINDOW:]))


def _ranks(values: Sequence[float]) -> list[float]:
    ordered, times = sorted(values), Counter(values)
    return [bisect_left(ordered, one) + (times[one] - 1) / 2 for one in values]


def _root_mean_square(values: Sequence[float]) -> float:
    return sqrt(fmean(one * one for one in values))


def _plain(log_e: float) -> float:
    """An e-value as it is told: nobody asks how much more than a thousand million it is."""
    return _MOST if log_e > 20.0 else min(exp(log_e), _MOST)
