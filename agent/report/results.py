"""What came of the trials: the results in order, with the best after each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean
from typing import Literal

from agent.core.history import COUNTED_ROLES, OWN, key
from agent.core.job import Observation
from agent.core.trial import Trial, TrialStatus
from agent.report.view import Mark, View


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
            if not view.objective.learning:
                best = max(rivals, key=view.objective.score)
        found.append(replace(outcome, best=best))
    return tuple(found)
