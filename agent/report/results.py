"""What came of the trials: the results in order, with the best after each, and predictions put to the test."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean
from typing import Literal

from agent.core.history import COUNTED_ROLES, OWN, key
from agent.core.job import Observation
from agent.core.trial import Trial, TrialStatus
from agent.report.view import Mark, View

Z95 = 1.96
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Outcome:
    """One result in the order in which they came: a value, a bound, void, or a failure."""

    kind: Literal["value", "bound", "void", "failed"]
    at: datetime
    trial: Trial
    words: str
    mark: Mark | None = None
    low: float | None = None
    high: float | None = None
    best: float | None = None


@dataclass(frozen=True)
class Check:
    """A prediction made before measuring, and the mean of what was then measured.

    `sd` holds the measurement's own uncertainty too, where it was `stated`.
    """

    trial: Trial
    mean: float
    sd: float
    measured: float
    stated: bool

    @property
    def inside(self) -> bool:
        """Whether the measured value is within the 95 % interval."""
        return abs(self.measured - self.mean) <= Z95 * self.sd


def outcomes(view: View) -> tuple[Outcome, ...]:
    """The campaign's own results in the order in which they came, with the best after each."""
    found: list[Outcome] = []
    for trial in view.standing.trials:
        if trial.origin == OWN and trial.role in COUNTED_ROLES:
            found += (_seen(view, trial, one) for one in view.measured.get(trial.id, ()))
            if trial.status is TrialStatus.FAILED:
                found.append(_failed(view, trial))
    found.sort(key=lambda outcome: (outcome.at, outcome.trial.number))
    return _with_best(view, found)


def _seen(view: View, trial: Trial, one: Observation) -> Outcome:
    mark, name = view.marks.get(one.id), view.name(trial)
    if mark is not None:
        return Outcome("value", one.at, trial, view.tip(mark), mark)
    if one.kind == "bound" and trial.status is not TrialStatus.VOIDED:
        return Outcome(
            "bound", one.at, trial, f"{name}: {view.seen(one)}", low=one.low, high=one.high
        )
    if any(one.id in question.rows for question in view.standing.questions):
        return Outcome(
            "void", one.at, trial, f"{name}: {view.seen(one)} is in question, not learnt"
        )
    return Outcome("void", one.at, trial, f"{name}: void, {one.void or 'declared so by a person'}")


def _failed(view: View, trial: Trial) -> Outcome:
    jobs = view.jobs.get(trial.id)
    last = jobs[-1] if jobs else None
    at = (last.ended_at or last.intended_at) if last else trial.at
    kind = (last.failure or last.status) if last else "no job"
    words = f"{view.name(trial)}: failed ({kind.replace('_', ' ')})"
    return Outcome("failed", at, trial, words)


def _with_best(view: View, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    values: dict[object, list[float]] = {}
    means: dict[object, float] = {}
    best: float | None = None
    found = []
    for outcome in outcomes:
        if outcome.mark is not None:
            place = key({name: outcome.mark.point[name] for name in outcome.trial.point})
            values.setdefault(place, []).append(outcome.mark.value)
            again, means[place] = place in means, fmean(values[place])
            # A point measured again may have lost its lead; a new one only meets the leader.
            rivals = means.values() if again or best is None else (best, means[place])
            best = max(rivals, key=view.objective.score)
        found.append(replace(outcome, best=best))
    return tuple(found)


def checks(view: View) -> tuple[Check, ...]:
    """Every prediction that was put to the test, in the order of the trials.

    A stated uncertainty of the measurement widens the interval. Left out: points that a review
    edited, for which nothing was predicted.
    """
    by_trial: dict[str, list[Mark]] = {}
    for mark in view.marks.values():
        by_trial.setdefault(mark.trial.id, []).append(mark)
    found = []
    for trial in view.standing.trials:
        proposal, marks = view.proposals.get(trial.id), by_trial.get(trial.id)
        prediction = proposal.prediction.get(view.objective.name) if proposal else None
        if prediction is None or not marks or view.edited(trial):
            continue
        own = math.sqrt(sum(mark.sd**2 for mark in marks if mark.sd)) / len(marks)
        sd, stated = math.hypot(prediction.sd, own), all(mark.sd for mark in marks)
        mean = fmean(mark.value for mark in marks)
        found.append(Check(trial, prediction.mean, sd, mean, stated))
    return tuple(found)
