"""Cross-validation for few points: how far off a model is within what was measured, and beyond it.

The measure is that of Dalmau, Sigman & Alegre-Requena (2025), made for 18 to 44 points: the mean of an
error of interpolation (repeated five-fold) and one of extrapolation (five-fold sorted by the value, the
worse of both ends). Whatever a model does to rows it does within the fold; all readings at a point
are in one fold.
"""

from collections.abc import Callable, Sequence
from statistics import fmean, stdev

import numpy as np

from agent.core.calibration import spearman
from agent.core.history import Row, key
from agent.core.seeds import derived
from agent.core.validation import Errors
from agent.errors import ModelError

FOLDS = 5
TIMES = 10
ENOUGH = 2 * FOLDS
"""Points that have to be measured: an end of fewer than two says nothing."""

MOST = 60
"""Points up to which each is left out once, too."""

Predictor = Callable[[Sequence[Row], Sequence[Row]], Sequence[float]]
"""Rows to learn from, and rows whose values it is not to look at: a prediction of each of these."""

Points = Sequence[tuple[Row, ...]]
"""All readings at each point."""


def points_of(rows: Sequence[Row]) -> Points:
    """The readings at each point, in the order of their first ones."""
    found: dict[object, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row.point), []).append(row)
    return [tuple(own) for own in found.values()]


def errors(
    name: str, predictor: Predictor, rows: Sequence[Row], seed: int, times: int = TIMES
) -> Errors:
    """How far off a model is at points that it was not shown.

    Args:
        name: Of the model.
        predictor: The model.
        rows: Readings of one objective.
        seed: Of which points are held out together.
        times: How often the points are divided at random, twice at least.

    Raises:
        ModelError: fewer than ten different points were measured.
    """
    points = points_of(rows)
    if len(points) < ENOUGH:
        raise ModelError(
            f"{len(points)} measured points are too few to hold some out",
            f"it takes {ENOUGH} different ones",
        )
    repeated = [
        _held_out(predictor, points, _shuffled(len(points), derived(seed, "folds", time)))
        for time in range(times)
    ]
    inner = [_error(pairs) for pairs in repeated]
    ordered = sorted(range(len(points)), key=lambda at: _mean(points[at]))
    parts = [part.tolist() for part in np.array_split(np.array(ordered), FOLDS)]
    outer = [_error(_held_out(predictor, points, [part])) for part in (parts[0], parts[-1])]
    alone = None
    if len(points) <= MOST:
        alone = _held_out(predictor, points, [[at] for at in range(len(points))])
    return Errors(
        model=name,
        interpolation=fmean(inner),
        spread=stdev(inner),
        extrapolation=max(outer),
        left_out=_error(alone) if alone else None,
        rank=spearman(*map(list, zip(*alone, strict=True))) if alone else None,
    )


def _shuffled(count: int, seed: int) -> list[list[int]]:
    """The points in five parts of nearly one size."""
    order = np.random.default_rng(seed).permutation(count)
    return [sorted(part.tolist()) for part in np.array_split(order, FOLDS)]


def _held_out(
    predictor: Predictor, points: Points, parts: Sequence[Sequence[int]]
) -> list[tuple[float, float]]:
    """Predictions of each part from all other points, with what was measured."""
    found: list[tuple[float, float]] = []
    for part in parts:
        held = set(part)
        known = [row for at, own in enumerate(points) if at not in held for row in own]
        asked = [row for at in part for row in points[at]]
        told = predictor(known, asked)
        found += zip(told, (row.value for row in asked), strict=True)
    return found


def _error(pairs: Sequence[tuple[float, float]]) -> float:
    return float(np.sqrt(np.mean([(told - value) ** 2 for told, value in pairs])))


def _mean(rows: Sequence[Row]) -> float:
    return fmean(row.value for row in rows)
