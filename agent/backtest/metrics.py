"""The figures of a back-test: pure functions of curves and counts, each with its formula.

A curve holds one number after each experiment. Scores are higher-is-better (`Objective.score`);
a score is None before anything was found.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent.backtest.result import Curve, Factor, Figure

Floats = NDArray[np.float64]

_RESAMPLES = 2000
_SEED = 20260101
_LIMITS = (2.5, 97.5)


def top(scores: Sequence[float], fraction: float) -> float:
    """The score of the k-th best, k = max(1, round(fraction n)): what the top `fraction` reach."""
    count = max(1, round(fraction * len(scores)))
    return sorted(scores, reverse=True)[count - 1]


def best_so_far(scores: Sequence[float | None]) -> list[float | None]:
    """The best score up to each experiment; an experiment that brought nothing is None."""
    found: list[float | None] = []
    best: float | None = None
    for score in scores:
        if score is not None and (best is None or score > best):
            best = score
        found.append(best)
    return found


def regret(curve: Sequence[float | None], best: float, median: float) -> list[float]:
    """Normalised simple regret: (best possible - found) / (best possible - median), within [0, 1].

    1 is as good as the population's median point (or nothing found yet), 0 is the best possible.
    """
    span = best - median
    return [
        1.0 if score is None else min(max((best - score) / span, 0.0), 1.0) if span > 0 else 0.0
        for score in curve
    ]


def experiments_to(curve: Sequence[float | None], threshold: float, budget: int) -> int:
    """Experiments until the curve reaches `threshold`; budget + 1 if it never does."""
    for number, score in enumerate(curve[:budget], start=1):
        if score is not None and score >= threshold:
            return number
    return budget + 1


def to_final(
    policy: Sequence[Sequence[float]], reference: Sequence[Sequence[float]], budget: int
) -> Figure:
    """Experiments until the mean error of a policy is for good as low as that of the reference at its
    end; budget + 1 if it never is. The limits resample the seeds in pairs.

    Args:
        policy: Errors after each experiment, one curve a seed.
        reference: The same, of the same seeds.
        budget: How long the curves are.
    """
    ours, theirs = (np.asarray(side, dtype=np.float64) for side in (policy, reference))
    weights = _weights(len(ours))
    drawn = _for_good(weights @ ours, weights @ theirs[:, -1], budget)
    (value,) = _for_good(ours.mean(axis=0)[None], theirs[:, -1].mean()[None], budget)
    low, high = np.percentile(drawn, _LIMITS)
    return Figure(value=float(value), low=float(low), high=float(high))


def _for_good(curves: Floats, thresholds: Floats, budget: int) -> NDArray[np.int64]:
    """After how many experiments each curve (`m x budget`) stays at or below its threshold, `m`."""
    above = curves > thresholds[:, None]
    last = budget - np.argmax(above[:, ::-1], axis=1)
    found: NDArray[np.int64] = np.where(above.any(axis=1), last + 1, 1)
    return found


def area(regrets: Sequence[float]) -> float:
    """Area under a curve of regrets or errors over the budget: its mean over the experiments."""
    return float(np.mean(regrets))


def filled(curve: Sequence[float | None], budget: int) -> list[float | None]:
    """The curve, `budget` long: a run that ended early has what it had."""
    last = curve[-1] if curve else None
    return [*curve[:budget], *([last] * (budget - len(curve)))]


def mean_curve(curves: Sequence[Sequence[float]]) -> Curve:
    """Mean of the curves (`seeds x experiments`) with its bootstrap band over the seeds."""
    table = np.asarray(curves, dtype=np.float64)
    means = _weights(len(table)) @ table
    low, high = np.percentile(means, _LIMITS, axis=0)
    return Curve(mean=_told(table.mean(axis=0)), low=_told(low), high=_told(high))


def mean_figure(values: Sequence[float]) -> Figure:
    """Mean of one number for each seed, with its bootstrap limits."""
    row = np.asarray(values, dtype=np.float64)
    low, high = np.percentile(_weights(len(row)) @ row, _LIMITS)
    return Figure(value=float(row.mean()), low=float(low), high=float(high))


def acceleration(reference: Sequence[int], policy: Sequence[int], budget: int) -> Factor | None:
    """Acceleration factor AF(y) = n_ref(y) / n(y), both as medians over paired seeds.

    n(y) is the number of experiments after which the best value found is as good as y. The median
    of n(y) is where the median of the best-so-far curves crosses y, which is how the source takes
    it. A miss counts as budget + 1: where the median run of one side missed, the factor is a bound;
    where both missed, there is none. The limits resample the seeds in pairs.

    Source: Adesiji, Wang, Kuo & Brown, Digital Discovery 5, 14 (2026), doi:10.1039/D5DD00337G.
    """
    counts = np.asarray([reference, policy], dtype=np.float64)
    medians = np.median(counts, axis=1)
    missed_reference, missed_policy = (bool(median > budget) for median in medians)
    if missed_reference and missed_policy:
        return None
    drawn = np.median(counts[:, _draws(counts.shape[1])], axis=2)
    low, high = np.percentile(drawn[0] / drawn[1], _LIMITS)
    return Factor(
        value=float(medians[0] / medians[1]),
        low=float(low),
        high=float(high),
        bound="at least" if missed_reference else "at most" if missed_policy else "",
    )


def enhancement(
    reference: Sequence[Sequence[float | None]],
    policy: Sequence[Sequence[float | None]],
    *,
    maximised: bool,
) -> list[float | None]:
    """Enhancement factor EF(n) = y(n) / y_ref(n), of the medians over seeds of the best found.

    Where the objective is minimised the ratio is turned over, so that above 1 is better. It means
    nothing, and is None, where a median is not above 0 or not every seed has found something.

    Source: Adesiji, Wang, Kuo & Brown, Digital Discovery 5, 14 (2026), doi:10.1039/D5DD00337G:
    random search starts at the median of the space, so that EF is at most the contrast max/median.
    """
    ours, theirs = _medians(policy), _medians(reference)
    over, under = (ours, theirs) if maximised else (theirs, ours)
    return [
        a / b if a is not None and b is not None and a > 0 and b > 0 else None
        for a, b in zip(over, under, strict=True)
    ]


def peak(curve: Sequence[float | None]) -> tuple[float | None, int | None]:
    """The highest number of a curve, and after how many experiments it is first reached."""
    known = [(value, -at) for at, value in enumerate(curve, start=1) if value is not None]
    if not known:
        return None, None
    value, at = max(known)
    return value, -at


def _medians(curves: Sequence[Sequence[float | None]]) -> list[float | None]:
    return [
        None if any(value is None for value in values) else float(np.median(np.asarray(values)))
        for values in zip(*curves, strict=True)
    ]


def _draws(count: int) -> NDArray[np.int64]:
    """Which seeds each resample has, `resamples x count`; always the same ones."""
    return np.random.default_rng(_SEED).integers(0, count, (_RESAMPLES, count))


def _weights(count: int) -> Floats:
    """The share of each seed in each resample, `resamples x count`."""
    drawn = _draws(count)
    shares = np.zeros((_RESAMPLES, count))
    np.add.at(shares, (np.arange(_RESAMPLES)[:, None], drawn), 1.0 / count)
    return shares


def _told(row: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in row)
