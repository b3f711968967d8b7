"""The track record: what was predicted before measuring, against what was measured."""

from collections.abc import Iterable, Sequence
from math import hypot, sqrt
from typing import ClassVar

from agent.core.decision import Decision
from agent.core.history import Row, key
from agent.core.trial import Trial
from agent.core.values import Value

_DOUBT = 5
"""Predictions as good as they say that stand beside the campaign's own: few say little."""


class Tested(Value):
    """A prediction (`sd` is of the underlying value) and the value that was measured then."""

    __test__: ClassVar[bool] = False  # pytest is not to take it for a test

    mean: float
    sd: float
    value: float


def record_of(
    decisions: Iterable[Decision], trials: Iterable[Trial], rows: Iterable[Row], objective: str
) -> tuple[Tested, ...]:
    """The predictions that were put to the test, in the order of the rows.

    Of each trial the first value counts, if the point was executed as it was predicted.
    """
    choices = {
        one.id: {key(choice.point): choice.prediction[objective] for choice in one.choices
                 if objective in choice.prediction}
        for one in decisions
    }  # fmt: skip
    made = {trial.id: trial for trial in trials if choices.get(trial.decision or "")}
    found: dict[str, Tested] = {}
    for row in rows:
        if row.objective not in {objective, ""}:
            continue
        trial = made.get(row.trial)
        if trial is None or trial.id in found or trial.decision is None:
            continue
        told = choices[trial.decision].get(key(row.point))
        if told is not None:
            found[trial.id] = Tested(mean=told[0], sd=told[1], value=row.value)
    return tuple(found.values())


def widening(record: Sequence[Tested], noise: float) -> float:
    """By how much predictions have to be widened, at least 1: `sqrt((5 + sum z^2) / (5 + n))`, with z
    how many of its deviations each was off.

    Args:
        record: Predictions that were put to the test.
        noise: Standard deviation of a reading.
    """
    off = sum(((one.value - one.mean) / hypot(one.sd, noise)) ** 2 for one in record)
    return max(1.0, sqrt((_DOUBT + off) / (_DOUBT + len(record))))
