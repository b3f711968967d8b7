"""One run: the very loop that runs a laboratory, on a store in memory and a simulated clock."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.backtest.exam import Exam, errors
from agent.backtest.truth import EPOCH, Case, Experiment, MakeAdapter, with_settings
from agent.core.actor import Actor
from agent.core.budget import counts
from agent.core.campaign import Campaign
from agent.core.history import Row
from agent.core.register import Entry, Revision
from agent.core.seeds import derived
from agent.core.stop import Stop
from agent.data.store import Store
from agent.dispatch.process import this_process
from agent.errors import AthanorError
from agent.lab import Lab
from agent.learn.encoding import Encoding
from agent.loop import rounds
from agent.standing import Standing, stand
from agent.variant import variant

_ID = "bktest"
_BY = Actor(kind="person", name="backtest")
_FOREVER_S = 1e9
_MOST_WAITS = 10_000
"""Looks at something that never comes, after which the run is given up."""


class SimulatedClock:
    """A clock that only sleeping moves: waiting costs no time."""

    def __init__(self, start: datetime = EPOCH) -> None:
        self._now = start

    def now(self) -> datetime:
        """The simulated time."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Return at once, `seconds` later."""
        self._now += timedelta(seconds=seconds)


@dataclass(frozen=True, eq=False)
class Task:
    """One run to do: a campaign, a policy and a seed; `budget` in experiments, if it is another; what it
    is asked at its end, where it is to know a response.
    """

    case: Case
    policy: str
    seed: int
    budget: int | None = None
    exam: Exam | None = None


@dataclass(frozen=True)
class Trace:
    """What a run measured, in the order in which it was started, and how it ended; `errors` are those of
    its exam, after each experiment.
    """

    policy: str
    seed: int
    experiments: tuple[Experiment, ...]
    ended: str
    seconds: float
    errors: tuple[float, ...] = ()


def prepared(task: Task, make_adapter: MakeAdapter) -> Campaign:
    """The campaign as this run has it.

    Seeds are derived from the run's seed alone, so every policy meets the same initial design and
    the same noise at the same trial and point. Reviews, delays and the stop rules that look at
    results are off: the curves are compared at equal numbers of experiments.
    """
    campaign = task.case.campaign
    seed = derived(campaign.seed, "backtest", task.seed)
    adapter = make_adapter(campaign)
    campaign = with_settings(campaign, adapter, {"seed": derived(seed, "adapter"), "delay_s": 0.0})
    budget = campaign.budget
    if task.budget is not None:
        budget = budget.model_copy(update={"experiments": task.budget})
    return campaign.model_copy(
        update={
            "policy": variant(campaign.policy, task.policy),
            "seed": seed,
            "budget": budget,
            "review": None,
            "stop": Stop(idle_rounds=campaign.stop.idle_rounds),
        }
    )


def trace(task: Task, make_adapter: MakeAdapter) -> Trace:
    """Run the loop until the campaign ends; what it measured.

    Raises:
        AthanorError: it waits for a person, or for something that never comes.
    """
    begun = time.perf_counter()
    campaign = prepared(task, make_adapter)
    with Store.open("sqlite://") as store:
        clock = SimulatedClock()
        _register(store, campaign, task.case, clock.now())
        adapters = {campaign.execution.target: make_adapter(campaign)}
        ended = _run(Lab(store, adapters, clock, this_process()), campaign)
        standing = stand(store, _ID, clock.now())
    seconds = time.perf_counter() - begun
    made = _experiments(standing)
    told = (
        errors(task.exam, Encoding.of(task.case.space), campaign.objective, made)
        if task.exam
        else ()
    )
    return Trace(task.policy, task.seed, made, ended, seconds, told)


def _register(store: Store, campaign: Campaign, case: Case, now: datetime) -> None:
    document = campaign.model_dump(mode="json")
    revision = Revision(
        campaign=_ID, number=1, document=document, source="", diff=(), by=_BY, at=now
    )
    with store.write(_BY, now) as tx:
        for content in case.blobs.values():
            tx.put_blob(content, "application/json")
        tx.register(Entry(id=_ID, name=campaign.name, at=now), revision)


def _run(lab: Lab, campaign: Campaign) -> str:
    waits = 0
    for result in rounds(lab, _ID, ttl_s=_FOREVER_S, heartbeat=False):
        if result.state in {"finished", "stopped"}:
            return result.reason
        waits = 0 if result.state == "progressed" else waits + 1
        if result.person or waits > _MOST_WAITS:
            raise AthanorError(
                f"the run waits without end {result.reason}",
                "back-test against an adapter that answers by itself",
            )
        if waits:
            lab.clock.sleep(campaign.execution.poll.seconds)
    return ""


def _experiments(standing: Standing) -> tuple[Experiment, ...]:
    job_of = {one.id: one.job for one in standing.observations}
    seen: dict[str | None, list[Row]] = {}
    for row in standing.measured:
        seen.setdefault(job_of[row.id], []).append(row)
    return tuple(
        Experiment(seen[job.id][0].point, tuple((row.objective, row.value) for row in seen[job.id]))
        if job.id in seen
        else Experiment(None)
        for job in standing.jobs
        if counts(job)
    )
