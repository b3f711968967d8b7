"""How a campaign stands: everything that the store knows of it, read at one moment, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from agent.core.budget import Spending, Use, begun, left_at, promised, room, used
from agent.core.calibration import Calibration, calibration
from agent.core.campaign import Campaign
from agent.core.decision import Decision
from agent.core.dosing import Dosing, dosings
from agent.core.execution import Step
from agent.core.front import Known, Worth, front, hypervolume, known, reference
from agent.core.guard import Watch, watches_of
from agent.core.history import (
    OWN,
    TARGET,
    Best,
    Bound,
    Effective,
    Pending,
    Row,
    best,
    bounds_of,
    current,
    effective,
    key,
    row_of,
    rows_of,
)
from agent.core.instrument import Hold, held_for, in_force
from agent.core.job import IN_FLIGHT, Job, JobStatus, Observation
from agent.core.judgement import Judgement, faults, infeasible
from agent.core.lifecycle import due
from agent.core.objective import Objective
from agent.core.outlook import Outlook, latest
from agent.core.question import Question, questions
from agent.core.record import Tested, record_of
from agent.core.register import Entry
from agent.core.replicates import Scatters, places_of, scatters
from agent.core.space import SearchSpace
from agent.core.trial import OPEN, Review, Trial, TrialStatus
from agent.core.values import Point
from agent.data.store import Store
from agent.resolved import campaign_of

_AGAIN = 2
"""Failed experiments at a point after which it is not asked for again, whatever the failure was."""


@dataclass(frozen=True)
class Standing:
    """A campaign at one moment. Made anew each time: nothing of it is carried in memory."""

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

    @property
    def held(self) -> Hold | None:
        """The hold that keeps a step from being done: all of its instruments are held; None if there is none."""
        for step in self.campaign.execution.order:
            holds = [self.hold_of(one.instrument) for one in step.stations]
            if all(holds):
                return holds[0]
        return None

    def hold_of(self, instrument: str) -> Hold | None:
        """The hold that keeps an instrument from taking anything; None if there is none."""
        return in_force(self.words.get(instrument, ()), self.now)

    @cached_property
    def effective(self) -> dict[str, Effective]:
        """Trial id -> what is really to be done, after edits."""
        return effective(self.trials, self.reviews)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows that teach: the campaign's own, and imported ones; in the present space."""
        completed = (
            (row, self.campaign.space.completed(row.point)) for row in self._rows(own=False)
        )
        return tuple(row.model_copy(update={"point": point}) for row, point in completed if point)

    @cached_property
    def bounds(self) -> tuple[Bound, ...]:
        """The bounds that teach beside the rows, in the present space."""
        completed = ((one, self.campaign.space.completed(one.point)) for one in self._bounds)
        return tuple(one.model_copy(update={"point": point}) for one, point in completed if point)

    @cached_property
    def _bounds(self) -> tuple[Bound, ...]:
        return bounds_of(self.trials, self.observations, self.campaign.objectives, self.effective)

    @property
    def learnt(self) -> tuple[str, ...]:
        """The ids of what a decision learns from: rows, then bounds."""
        return tuple(one.id for one in (*self.rows, *self.bounds))

    @cached_property
    def own_rows(self) -> tuple[Row, ...]:
        """The rows that count for best, stop and report."""
        return self._rows(own=True)

    def own_rows_of(self, objective: Objective) -> tuple[Row, ...]:
        """Of `own_rows` those of one objective."""
        return tuple(row for row in self.own_rows if row.objective == objective.name)

    @cached_property
    def places(self) -> dict[str, Point]:
        """Trial id -> the point that it is a sample of, of the campaign's own trials."""
        return places_of(self.trials, self.effective, self.campaign.space)

    def scatters_of(self, objective: Objective) -> Scatters:
        """What readings of one sample scatter by, and what samples made anew do; classes have no width."""
        if objective.classed:
            return Scatters()
        return scatters(self.own_rows_of(objective), self.places)

    @cached_property
    def known(self) -> tuple[Known, ...]:
        """The measured points of `own_rows`, with the mean of each objective; of one that is required, a
        bound may stand for it.
        """
        own = {one.id for one in self.trials if one.origin == OWN}
        bounds = [one for one in self._bounds if one.trial in own]
        return known(self.own_rows, bounds, self.campaign.aim.required)

    @cached_property
    def front(self) -> tuple[Known, ...]:
        """The points that none is better than; of one objective the best one; none where no value is
        better than another.
        """
        if self.campaign.aim.learning:
            return ()
        return front(self.known, self.campaign.aim)

    def rows_at(self, fidelity: str) -> tuple[Row, ...]:
        """All rows of the first objective at a fidelity, imported ones too: what another campaign may
        learn from.
        """
        name = self.campaign.objective.name
        return tuple(
            row for row in self._rows(own=False, fidelity=fidelity) if row.objective == name
        )

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The results that are kept and not learnt, until it is settled whether they are right."""
        seen = {
            one.id: row
            for one in self.observations
            if (row := row_of(one, self.effective[one.trial].point))
        }
        rule = self.campaign.policy.in_question
        near = self.campaign.space.near
        return questions(
            self.trials, self.measured, seen, self.decisions, self.judgements, rule, near
        )

    @cached_property
    def measured(self) -> tuple[Row, ...]:
        """The campaign's own values, those in question too."""
        return self._every_row(own=True)

    @property
    def remakes(self) -> tuple[Pending, ...]:
        """The trials that the agent is to make again now, and where."""
        found = {}
        for one in self.questions:
            point = self.campaign.space.completed(self.effective[one.trial].point)
            if one.due and point is not None:
                found[one.trial] = Pending(trial=one.trial, point=point)
        return tuple(found.values())

    @property
    def remaking(self) -> bool:
        """Whether a result in question is being made again, or is about to be."""
        return bool(self.remakes) or any(one.remaking for one in self.questions)

    def _rows(self, *, own: bool, fidelity: str = TARGET) -> tuple[Row, ...]:
        rows = self._every_row(own=own, fidelity=fidelity)
        if fidelity != TARGET:
            return rows
        held = {row for one in self.questions for row in one.rows}
        return tuple(row for row in rows if row.id not in held)

    def _every_row(self, *, own: bool, fidelity: str = TARGET) -> tuple[Row, ...]:
        """The rows that count, those in question too."""
        return rows_of(
            self.trials,
            self.observations,
            self.campaign.objectives,
            self.effective,
            own=own,
            fidelity=fidelity,
        )

    @cached_property
    def reference(self) -> Worth | None:
        """From which point on the front counts; None where there is no front yet."""
        aim = self.campaign.aim
        worths = [aim.worth(one.values) for one in self.known if aim.complete(one.values)]
        if not aim.fronted or not worths:
            return None
        given = [None if one.worst is None else one.score(one.worst) for one in aim.wanted]
        return reference(worths, given)

    @property
    def hypervolume(self) -> float | None:
        """How much the front dominates beyond its reference, in the product of the objectives' units."""
        if self.reference is None:
            return None
        worths = [self.campaign.aim.worth(one.values) for one in self.front]
        return hypervolume(worths, self.reference)

    @cached_property
    def best(self) -> Best | None:
        """The best point so far, by the mean of its values; None where there is no one best point."""
        aim = self.campaign.aim
        if aim.learning:
            return None
        if aim.single:
            return best(self.own_rows, self.campaign.objective)
        if aim.fronted or not self.front:
            return None
        (one,) = self.front
        worth = one.values[aim.wanted[0].name] if len(aim.wanted) == 1 else aim.worth(one.values)[0]
        return Best(trial=one.trial, point=one.point, value=worth, rows=one.rows)

    @cached_property
    def dosing(self) -> tuple[Dosing, ...]:
        """How settings come out as executed, where that is worth telling."""
        return dosings(self.campaign.space.parameters, self.observations, self.effective)

    @cached_property
    def use(self) -> Use:
        """What has been used of the budget."""
        order = self.campaign.execution.order
        steps = [[self.words.get(one.instrument, ()) for one in step.stations] for step in order]
        held = held_for(steps, begun(self.jobs), self.now)
        return used(self.jobs, self.now, held, self.promised)

    @cached_property
    def begun(self) -> tuple[Trial, ...]:
        """The open trials whose sample was made: they are finished, whatever else ends."""
        made = {trial for job in self.jobs_in(JobStatus.DONE) for trial in job.trials}
        return tuple(one for one in self.of(*OPEN) if one.id in made)

    @property
    def sendable(self) -> tuple[Trial, ...]:
        """The trials of which something could be sent: approved ones, and those between two steps, which come
        first: their samples wait.
        """
        between = [one for one in self.of(TrialStatus.IN_PROGRESS) if self.due(one)]
        return (*between, *self.of(TrialStatus.APPROVED))

    def due(self, trial: Trial) -> str | None:
        """The step of a trial that comes next; None where one is under way."""
        return due(trial.steps, (job for job in self.jobs if trial.id in job.trials))

    def step_of(self, trial: Trial) -> Step | None:
        """The step that comes next, if the campaign has it."""
        return self.campaign.execution.step(self.due(trial) or "")

    @cached_property
    def promised(self) -> float:
        """What the steps cost that trials which have begun have still to take."""
        settings = {one.id: self.effective[one.id].settings for one in self.of(*OPEN)}
        return promised(self.campaign.budget.cost, self.of(*OPEN), self.jobs, settings)

    def unsent(self) -> tuple[Trial, ...]:
        """The trials that wait for a review or to be sent, and of which nothing was made yet."""
        begun = {one.id for one in self.begun}
        waiting = self.of(TrialStatus.PROPOSED, TrialStatus.APPROVED)
        return tuple(one for one in waiting if one.id not in begun)

    def of(self, *statuses: TrialStatus) -> tuple[Trial, ...]:
        """The trials in one of `statuses`, in order."""
        return tuple(trial for trial in self.trials if trial.status in statuses)

    def jobs_in(self, *statuses: JobStatus) -> tuple[Job, ...]:
        """The jobs in one of `statuses`, in order."""
        return tuple(job for job in self.jobs if job.status in statuses)

    @property
    def in_flight(self) -> tuple[Job, ...]:
        """The jobs that may be going on at an instrument."""
        return self.jobs_in(*IN_FLIGHT)

    @property
    def pending(self) -> tuple[Pending, ...]:
        """The points that may still bring a result."""
        found = []
        for trial in self.of(*OPEN):
            point = self.campaign.space.completed(self.effective[trial.id].point)
            if point is not None:
                found.append(Pending(trial=trial.id, point=point))
        return tuple(found)

    @cached_property
    def barred(self) -> tuple[Point, ...]:
        """Points that may not be asked for again: rejected, infeasible, twice without a value, or with a
        result in question.
        """
        failures: dict[object, int] = {}
        told = {one.trial for one in (*self._every_row(own=False), *self._bounds)}
        nothing = faults(self.judgements)
        found = []
        for trial in self.trials:
            point = self.effective[trial.id].point
            void = trial.status in {TrialStatus.DONE, TrialStatus.PARTIAL} and trial.id not in told
            if (trial.status is TrialStatus.FAILED or void) and trial.id not in nothing:
                failures[key(point)] = failures.get(key(point), 0) + 1
            again = failures.get(key(point), 0) >= _AGAIN
            if trial.status is TrialStatus.REJECTED or trial.id in self._infeasible or again:
                found.append(point)
        # Executed elsewhere than planned: the row stands there, and the plan is not to come again.
        for row in self._rows(own=False):
            planned = self.effective[row.trial].point
            if self.campaign.policy.replicates == 1 and key(planned) != key(row.point):
                found.append(planned)
        return (*found, *(self.effective[one.trial].point for one in self.questions))

    @cached_property
    def infeasible(self) -> tuple[Point, ...]:
        """Points that do not work: a job said so, or a person. No other failure says anything of one."""
        found = []
        for trial in self.trials:
            if trial.id in self._infeasible and trial.status is not TrialStatus.VOIDED:
                point = self.campaign.space.completed(self.effective[trial.id].point)
                found += [] if point is None else [point]
        return tuple(found)

    @cached_property
    def _infeasible(self) -> frozenset[str]:
        return infeasible(self.jobs, self.judgements, current(self.observations))

    @cached_property
    def watches(self) -> dict[str, Watch]:
        """What the guard knows of each prior, by its name."""
        return watches_of(self.campaign, self.decisions)

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """What was left to gain by the last decisions of this revision, as `latest` has it."""
        same = [one for one in self.decisions if one.revision == self.revision]
        return latest([one.outlook for one in same])

    @property
    def record(self) -> tuple[Tested, ...]:
        """The predictions of the first objective that were put to the test."""
        name = self.campaign.objective.name
        near = self.campaign.space.near
        return record_of(self.decisions, self.trials, self.rows, name, near)

    def tested(self, objective: Objective) -> tuple[Tested, ...]:
        """The predictions of one objective that were put to the test, in the space as it was then;
        without those whose results are in question.
        """
        near = self.campaign.space.near
        return record_of(self.decisions, self.trials, self.own_rows, objective.name, near)

    @cached_property
    def calibrations(self) -> tuple[Calibration, ...]:
        """What results have shown of the predictions of each objective that has some."""
        names = ((one.name, self.tested(one)) for one in self.campaign.objectives)
        found = (calibration(name, tested) for name, tested in names)
        return tuple(one for one in found if one is not None)

    @property
    def started(self) -> int:
        """How many trials the campaign has made itself, whatever became of them."""
        return sum(trial.origin == OWN for trial in self.trials)

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


def stand(store: Store, campaign: str, now: datetime) -> Standing:
    """Read how the campaign (by name or id) stands.

    Raises:
        NotFound: the store has no such campaign.
    """
    entry = store.entry(campaign)
    found = campaign_of(store, entry.id)
    return Standing(
        entry=entry,
        revision=store.latest(entry.id),
        campaign=found,
        trials=tuple(store.trials(entry.id)),
        reviews=tuple(store.reviews(entry.id)),
        jobs=tuple(store.jobs(entry.id)),
        observations=tuple(store.observations(entry.id)),
        decisions=tuple(store.decisions(entry.id)),
        now=now,
        judgements=tuple(store.judgements(entry.id)),
        words={name: tuple(store.holds(name)) for name in found.execution.instruments_named},
    )
