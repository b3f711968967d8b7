"""What the store has of a campaign, read at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from agent.core.campaign import Campaign
from agent.core.decision import Decision
from agent.core.history import OWN, Effective, effective
from agent.core.instrument import Hold
from agent.core.job import Job, JobStatus, Observation
from agent.core.judgement import Judgement
from agent.core.register import Entry
from agent.core.trial import Review, Trial, TrialStatus
from agent.core.values import Point


@dataclass(frozen=True)
class Stored:
    """The campaign's records, and what each of its trials really is."""

    entry: Entry
    revision: int
    campaign: Campaign
    trials: tuple[Trial, ...]
    reviews: tuple[Review, ...]
    jobs: tuple[Job, ...]
    observations: tuple[Observation, ...]
    decisions: tuple[Decision, ...]
    now: datetime
    judgements: tuple[Judgement, ...] = ()
    words: Mapping[str, tuple[Hold, ...]] = field(default_factory=dict)

    @cached_property
    def effective(self) -> dict[str, Effective]:
        """Trial id -> what is really to be done, after edits."""
        return effective(self.trials, self.reviews)

    def point_of(self, trial: str) -> Point | None:
        """The effective point of a trial, by its id, in the present space; None where it has no place there."""
        return self.campaign.space.completed(self.effective[trial].point)

    def of(self, *statuses: TrialStatus) -> tuple[Trial, ...]:
        """The trials in one of `statuses`, in order."""
        return tuple(trial for trial in self.trials if trial.status in statuses)

    def jobs_in(self, *statuses: JobStatus) -> tuple[Job, ...]:
        """The jobs in one of `statuses`, in order."""
        return tuple(job for job in self.jobs if job.status in statuses)

    @property
    def started(self) -> int:
        """How many trials the campaign has made itself, whatever became of them."""
        return sum(trial.origin == OWN for trial in self.trials)
