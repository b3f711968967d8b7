"""The track record: what was predicted before measuring, against what was measured."""

from collections.abc import Iterable, Mapping, Sequence
from math import hypot, sqrt
from typing import Any, ClassVar

from pydantic import Field

from agent.core.decision import Choice, Decision
from agent.core.history import Near, Row, same
from agent.core.trial import Trial
from agent.core.values import Point, Value

_DOUBT = 5
"""Predictions as good as they say that stand beside the campaign's own: few say little."""


class Tested(Value):
    """A prediction (`sd` is of the underlying value) and the value that was measured then.

    `noise` is the standard deviation of that reading, and `trial` is whose it is. `distance` is how far
    its point was from the nearest measured one in the unit cube of the space, where that was told.
    """

    __test__: ClassVar[bool] = False  # pytest is not to take it for a test

    mean: float
    sd: float
    value: float
    noise: float = Field(default=0.0, ge=0)
    trial: str = ""
    distance: float | None = None

    @property
    def deviation(self) -> float:
        """Standard deviation of the reading, as it was predicted."""
        return hypot(self.sd, self.noise)

    @property
    def off(self) -> float:
        """How many of its deviations the value was above the mean."""
        return (self.value - self.mean) / self.deviation


def record_of(
    decisions: Iterable[Decision],
    trials: Iterable[Trial],
    rows: Iterable[Row],
    objective: str,
    near: Near = same,
) -> tuple[Tested, ...]:
    """The predictions that were put to the test, in the order of the rows.

    Of each trial the first value counts, if the point was executed near where it was predicted.
    """
    choices = {
        one.id: [choice for choice in one.choices if objective in choice.prediction]
        for one in decisions
    }
    states = {one.id: one.state for one in decisions}
    made = {trial.id: trial for trial in trials if choices.get(trial.decision or "")}
    found: dict[str, Tested] = {}
    for row in rows:
        if row.objective not in {objective, ""}:
            continue
        trial = made.get(row.trial)
        if trial is None or trial.id in found or trial.decision is None:
            continue
        choice = executed_of(choices[trial.decision], trial, row.point, near)
        if choice is not None:
            mean, sd = choice.prediction[objective]
            found[trial.id] = Tested(
                mean=mean,
                sd=sd,
                value=row.value,
                noise=_noise(states[trial.decision], objective, row.sd),
                trial=trial.id,
                distance=_distance(choice),
            )
    return tuple(found.values())


def executed_of(choices: Sequence[Choice], trial: Trial, point: Point, near: Near) -> Choice | None:
    """The choice whose prediction speaks of what was executed: that of the very point, or the trial's own where
    it was executed near that; None where it was executed elsewhere.

    Args:
        choices: Of the decision that made the trial.
        trial: Whose result it is.
        point: The settings as executed.
        near: What is near enough.
    """
    found = next((one for one in reversed(choices) if same(one.point, point)), None)
    if found is not None:
        return found
    own = next((one for one in choices if same(one.point, trial.point)), None)
    return own if own is not None and near(own.point, point) else None


def _distance(choice: Choice) -> float | None:
    near = choice.grounds.neighbours if choice.grounds else ()
    return near[0].distance if near else None


def noise_of(state: Mapping[str, Any], objective: str) -> float:
    """Standard deviation of a reading of an objective, in its unit, as a stored model has it.

    Of several experts' noises the largest; 0 where the state tells none.
    """
    part = _part(state, objective)
    learnt = part.get("learnt", part)
    told = [learnt.get("noise"), (learnt.get("noises") or [None])[-1]]
    told += [one.get("noise") for one in learnt.get("experts", ())]
    variances = [max(one) if isinstance(one, list) else one for one in told if one]
    return sqrt(max(variances, default=0.0)) * float(part.get("scale", 0.0))


def _part(state: Mapping[str, Any], objective: str) -> Mapping[str, Any]:
    # Whoever altered a state is told so by its replay, not by everything that looks at it.
    part: Mapping[str, Any] = state["parts"].get(objective, {}) if "parts" in state else state
    return part


def _noise(state: Mapping[str, Any] | None, objective: str, stated: float | None) -> float:
    """Of a reading with a stated uncertainty: that, where the model believes it, or else at least that."""
    if state is None:
        return stated or 0.0
    if stated and _part(state, objective).get("noise_known"):
        return stated
    return max(noise_of(state, objective), stated or 0.0)


def widening(record: Sequence[Tested], noise: float) -> float:
    """By how much predictions have to be widened, at least 1: `sqrt((5 + sum z^2) / (5 + n))`, with z
    how many of its deviations each was off.

    Args:
        record: Predictions that were put to the test.
        noise: Standard deviation of a reading.
    """
    return widened([(one.value - one.mean) / hypot(one.sd, noise) for one in record])


def widened(offs: Sequence[float]) -> float:
    """The same of residuals, in the deviations that were predicted."""
    squares = sum(off**2 for off in offs)
    return max(1.0, sqrt((_DOUBT + squares) / (_DOUBT + len(offs))))
