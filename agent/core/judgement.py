"""Judgement: what a person says of a trial after it has ended, and what follows for its point."""

from collections.abc import Iterable
from typing import Literal, get_args

from pydantic import AwareDatetime

from agent.core.actor import Actor
from agent.core.job import Job, Observation
from agent.core.values import Value

Cause = Literal["infeasible", "fault"]
"""Of a trial without a result. `infeasible`: its point does not work. `fault`: what happened was no
property of the point.
"""

Answer = Literal["accept", "remake"]
"""Of a result in question. `accept`: it is right. `remake`: it is to be measured again."""

Word = Cause | Answer


class Judgement(Value):
    """What a person says of a trial that has ended. Append-only; the last word holds."""

    id: str
    campaign: str
    trial: str
    word: Word
    reason: str
    by: Actor
    at: AwareDatetime


def last_words(judgements: Iterable[Judgement]) -> dict[str, Word]:
    """Trial id -> the last word on why it has no result; `judgements` are oldest first."""
    return {one.trial: one.word for one in judgements if one.word in get_args(Cause)}


def faults(judgements: Iterable[Judgement]) -> frozenset[str]:
    """The trials that say nothing of their points, by the last word on them."""
    return frozenset(trial for trial, word in last_words(judgements).items() if word == "fault")


def infeasible(
    jobs: Iterable[Job], judgements: Iterable[Judgement], observations: Iterable[Observation]
) -> frozenset[str]:
    """The trials whose points do not work.

    A person's last word counts, and without one what the jobs say. A trial of which something was
    read, a value or a bound, has worked, whatever was said of it.

    Args:
        jobs: Of the campaign, or of one trial.
        judgements: What people said, oldest first.
        observations: What was seen and is not corrected.
    """
    told = {trial for job in jobs if job.failure == "infeasible" for trial in job.trials}
    for trial, word in last_words(judgements).items():
        (told.add if word == "infeasible" else told.discard)(trial)
    return frozenset(told - {one.trial for one in observations if one.kind != "void"})
