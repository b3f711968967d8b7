"""What is under way: what may be sent, what waits, what holds it up, and what it uses of the budget."""

from dataclasses import dataclass
from functools import cached_property

from agent.core.budget import Spending, Use, begun, left_at, room, used
from agent.core.execution import Step
from agent.core.history import Pending
from agent.core.instrument import Hold, held_for, in_force
from agent.core.job import IN_FLIGHT, Job, JobStatus
from agent.core.lifecycle import due, sendable
from agent.core.space import SearchSpace
from agent.core.trial import OPEN, Trial, TrialStatus
from agent.standing.stored import Stored


@dataclass(frozen=True)
class UnderWay(Stored):
    """The open trials and their steps, the instruments' holds, and the budget."""

    @property
    def sendable(self) -> tuple[Trial, ...]:
        """The trials of which something could be sent, in the order in which it is tried."""
        jobs: dict[str, list[Job]] = {}
        for job in self.jobs:
            for trial in job.trials:
                jobs.setdefault(trial, []).append(job)
        return tuple(sendable(self.trials, jobs))

    def due(self, trial: Trial) -> str | None:
        """The step of a trial that comes next; None where one is under way."""
        return due(trial.steps, (job for job in self.jobs if trial.id in job.trials))

    def step_of(self, trial: Trial) -> Step | None:
        """The step that comes next, if the campaign has it."""
        return self.campaign.execution.step(self.due(trial) or "")

    @cached_property
    def begun(self) -> tuple[Trial, ...]:
        """The open trials whose sample was made: they are finished, whatever else ends."""
        made = {trial for job in self.jobs_in(JobStatus.DONE) for trial in job.trials}
        return tuple(one for one in self.of(*OPEN) if one.id in made)

    def unsent(self) -> tuple[Trial, ...]:
        """The trials that wait for a review or to be sent, and of which nothing was made yet."""
        begun = {one.id for one in self.begun}
        waiting = self.of(TrialStatus.PROPOSED, TrialStatus.APPROVED)
        return tuple(one for one in waiting if one.id not in begun)

    @property
    def in_flight(self) -> tuple[Job, ...]:
        """The jobs that may be going on at an instrument."""
        return self.jobs_in(*IN_FLIGHT)

    @property
    def pending(self) -> tuple[Pending, ...]:
        """The points that may still bring a result."""
        found = ((trial.id, self.point_of(trial.id)) for trial in self.of(*OPEN))
        return tuple(
            Pending(trial=trial, point=point) for trial, point in found if point is not None
        )

    @property
    def held(self) -> Hold | None:
        """The hold that keeps a step from being done: all of its instruments are held; None if there is none."""
        for holds in self.campaign.execution.by_step(self.hold_of):
            if all(holds):
                return holds[0]
        return None

    def hold_of(self, instrument: str) -> Hold | None:
        """The hold that keeps an instrument from taking anything; None if there is none."""
        return in_force(self.words.get(instrument, ()), self.now)

    @cached_property
    def use(self) -> Use:
        """What has been used of the budget."""
        words = self.campaign.execution.by_step(lambda name: self.words.get(name, ()))
        held = held_for(words, begun(self.jobs), self.now)
        return used(self.jobs, self.now, held, self.promised)

    @cached_property
    def promised(self) -> float:
        """What the steps cost that trials which have begun have still to take."""
        return self.campaign.promised(self.of(*OPEN), self.effective, self.jobs)

    @property
    def slots(self) -> int:
        """How many more trials may be opened now: by concurrency, and by the budget's room."""
        open_now = len(self.of(*OPEN))
        free = self.campaign.policy.concurrency - open_now
        left = room(self.campaign.budget, self.use)
        unreserved = len(self.unsent())
        return max(free if left is None else min(free, left - unreserved), 0)

    def spending(self, space: SearchSpace) -> Spending | None:
        """What the next decision may spend; None where every experiment costs the same.

        Args:
            space: The campaign's, with its pools.
        """
        waiting = [self.effective[one.id].point for one in self.unsent()]
        return self.campaign.spending(space, self.use.cost, left_at(self.jobs), waiting)
