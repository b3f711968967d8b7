"""A laboratory in memory: an instrument that does as it is told, a clock turned by hand, people."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import sin
from typing import Any, Literal

from pydantic import BaseModel

from agent.core.actor import Actor, Process
from agent.core.adapter import (
    Adapter,
    Cancellation,
    Capabilities,
    Handle,
    Health,
    Measurement,
    Note,
    Outcome,
    Sighting,
)
from agent.core.campaign import Campaign
from agent.core.job import Job, JobStatus
from agent.core.operators import Operators
from agent.core.register import CampaignStatus
from agent.core.source import TransferPrior
from agent.core.trial import Plan, Review, Trial, TrialStatus
from agent.core.values import Point
from agent.data.store import Store
from agent.dispatch.reviewing import Verdict, review
from agent.enrol import enrol
from agent.errors import Refused, Unreachable
from agent.lab import Lab
from agent.load import Resolved
from agent.loop import Round, rounds
from agent.resolved import campaign_of, space_of
from agent.standing import Standing, stand

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ANNA = Actor(kind="person", name="anna")
HERE = Process(host="here", boot="b", pid=1, started="1")
THERE = Process(host="there", boot="b", pid=1, started="1")
INSTRUMENT = "bench"
SIGNED = {"by": "the operators", "at": "2026-03-01"}

Word = Literal["approve", "edit", "reject"]


class HandClock:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def measured(settings: Point) -> float:
    """What the instrument measures by default."""
    return sum(sin(float(v)) + float(v) for v in settings.values() if not isinstance(v, str))


@dataclass
class Instrument:
    """An instrument and its adapter. `executed` is its own count: key -> executions.

    Tests put functions in the place of `starting`, `ending`, `against` and `state`; an exception in
    `broken` is raised by the verb of that name.
    """

    clock: HandClock
    effect: Literal["pure", "physical"] = "physical"
    person: bool = True
    lookup: Literal["sure", "best_effort", "none"] = "sure"
    parallel: int = 8
    seconds: float = 0.0
    starting: Callable[[Job], Literal["answer", "refuse", "lost before", "lost after"]] = (
        lambda job: "answer"
    )
    ending: Callable[[Job], Outcome | None] = lambda job: None
    against: Callable[[Plan], tuple[str, ...]] = lambda plan: ()
    state: Callable[[], Health] = lambda: Health(state="ready")
    silence: Exception = field(default_factory=lambda: Unreachable("the answer was lost"))
    broken: dict[str, Exception] = field(default_factory=dict)
    executed: Counter[str] = field(default_factory=Counter)
    sent: dict[str, Point] = field(default_factory=dict)
    begun: dict[str, datetime] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)

    Settings = BaseModel

    def _asked(self, verb: str) -> None:
        if verb in self.broken:
            raise self.broken[verb]

    def capabilities(self) -> Capabilities:
        self._asked("capabilities")
        return Capabilities(
            effect=self.effect, lookup=self.lookup, parallel=self.parallel, person=self.person
        )

    def health(self) -> Health:
        self._asked("health")
        return self.state()

    def check(self, plan: Plan) -> tuple[str, ...]:
        self._asked("check")
        return self.against(plan)

    def prepare(self, job: Job) -> Handle:
        self._asked("prepare")
        return {"key": job.id}

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        self._asked("start")
        how = self.starting(job)
        if how == "refuse" or job.id in self.voided:
            raise Refused("not today")
        if how == "lost before":
            raise Unreachable("the line is dead")
        self.executed[job.id] += 1
        self.sent[job.id] = job.plans[0].settings()
        self.begun[job.id] = self.clock.now()
        if how == "lost after":
            raise self.silence
        note({**handle, "noted": True})

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        self._asked("find")
        if self.lookup == "none":
            return Sighting(state="absent", sure=False, reason="it keeps no list")
        if job.id in self.executed:
            return Sighting(state="running", handle={"key": job.id})
        if self.lookup == "sure":
            self.voided.add(job.id)
        return Sighting(state="absent", sure=self.lookup == "sure")

    def collect(self, job: Job, handle: Handle) -> Outcome:
        self._asked("collect")
        if (self.clock.now() - self.begun[job.id]).total_seconds() < self.seconds:
            return Outcome(state="running")
        return self.ending(job) or done(job)

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        return "unconfirmed"

    def emergency_stop(self) -> None:
        """Nothing moves."""


def done(job: Job, value: float | None = None, **more: Any) -> Outcome:
    """The outcome of a job that measured everything that it was asked for."""
    given = measured(job.plans[0].settings()) if value is None and not more else value
    return Outcome(state="done", measurements=readings(job, value=given, **more))


def readings(job: Job, *objectives: str, **more: Any) -> tuple[Measurement, ...]:
    """A reading of each objective (of these, if any is named), with what is said of it."""
    plan = job.plans[0]
    return tuple(
        Measurement(**{"trial": plan.trial, "objective": name, "unit": unit, **more})
        for name, unit in plan.objectives.items()
        if not objectives or name in objectives
    )


def failed(kind: str = "instrument") -> Outcome:
    """The outcome of a job that failed."""
    return Outcome(state="failed", failure=kind, message="it broke")  # type: ignore[arg-type]


def campaign(**more: Any) -> Campaign:
    """A campaign of the instrument: four experiments at random, without reviews. Its winner is not
    confirmed unless `stop: confirm` says so, or `confirm=None` leaves it to what is usual.
    """
    stop = {"confirm": more.pop("confirm", 0), **more.pop("stop", {})}
    given: dict[str, Any] = {
        "name": "world",
        "parameters": [
            {"name": "x", "type": "continuous", "low": 0, "high": 10, "unit": "mm"},
            {"name": "y", "type": "continuous", "low": 0, "high": 10, "unit": "mm"},
        ],
        "objectives": [{"name": "mass", "unit": "mg", "goal": "maximise"}],
        "budget": {"experiments": 4},
        "policy": {"name": "random", "initial": {"size": 2}},
        "execution": {"adapter": INSTRUMENT},
        "review": {"mode": "none"},
    }
    return Campaign.model_validate({**given, **more, "stop": stop})


@dataclass
class World:
    """One campaign with everything round it."""

    lab: Lab
    instrument: Any
    clock: HandClock
    name: str = "world"

    @property
    def store(self) -> Store:
        return self.lab.store

    @property
    def standing(self) -> Standing:
        return stand(self.store, self.name, self.clock.now())

    @property
    def id(self) -> str:
        return self.store.entry(self.name).id

    @property
    def campaign(self) -> Campaign:
        return campaign_of(self.store, self.id)

    def rounds(self, ttl_s: float = 30.0) -> Iterator[Round]:
        """The rounds, under a lease of its own; nobody's heart beats."""
        return rounds(self.lab, self.name, ttl_s=ttl_s, heartbeat=False)

    def run(
        self, most: int = 400, watch: Callable[[Round], None] = lambda _: None, patience: int = 60
    ) -> Round:
        """Rounds until the campaign has ended, or only a person can go on, or it has waited in vain
        `patience` times; the last one.

        Raises:
            AssertionError: there was no end to it.
        """
        waited = 0
        for number, last in enumerate(self.rounds()):
            watch(last)
            waited = waited + 1 if last.state == "waiting" else 0
            if last.person or last.state in {"finished", "stopped"} or waited >= patience:
                return last
            assert number < most, f"no end after {most} rounds: {last}"
            if last.state == "waiting":
                self.clock.sleep(1.0)
        raise AssertionError("a campaign without rounds")

    def revise(self, changed: Campaign) -> None:
        """Enter a changed campaign file."""
        enrol(self.store, Resolved(changed, ""), ANNA, self.clock.now(), lambda *_: True)

    def say(self, status: CampaignStatus, reason: str = "") -> None:
        """What a person says of the campaign."""
        with self.store.write(ANNA, self.clock.now()) as tx:
            tx.set_status(self.id, status, reason)

    def review(self, trial: Trial, verdict: Word, edit: Point | None = None) -> Review:
        """What a person says of a proposal."""
        now = campaign_of(self.store, trial.campaign)
        space = space_of(self.store, now)
        said = Verdict(verdict, ANNA, ("so",), edit)
        limits_of, at = self.lab.limits_of, self.clock.now()
        return review(self.store, trial, now, said, at, space=space, limits_of=limits_of)

    def allow(self, **rules: Any) -> None:
        """What the operators say of the instrument from now on."""
        signed = {"signed": SIGNED} if "limits" in rules else {}
        said = Operators.model_validate({"instruments": {INSTRUMENT: {**rules, **signed}}})
        self.lab = replace(self.lab, limits={INSTRUMENT: said.in_force(INSTRUMENT)})

    def review_all(self, verdict: Word) -> list[Trial]:
        """A person says the same of every proposal."""
        waiting = self.store.trials(self.id, TrialStatus.PROPOSED)
        for trial in waiting:
            self.review(trial, verdict)
        return waiting

    def resolve(self, job: Job, fate: JobStatus) -> None:
        """A person says what became of a job in doubt."""
        now = campaign_of(self.store, job.campaign)
        with self.store.write(ANNA, self.clock.now()) as tx:
            tx.move_job(job.id, fate, message="looked")
            for trial in job.trials:
                tx.settle(trial, now.settling)

    def elsewhere(self, me: Process = THERE) -> "World":
        """The same world, for another process."""
        return replace(self, lab=replace(self.lab, me=me))

    def jobs(self, *statuses: JobStatus) -> list[Job]:
        return self.store.jobs(self.id, *statuses)

    def trials(self, *statuses: TrialStatus) -> list[Trial]:
        return self.store.trials(self.id, *statuses)

    def verify(self) -> int:
        """How many lines the journal has, when its chain holds."""
        return self.store.verify(self.id)


def world(
    store: Store,
    clock: HandClock,
    instrument: Adapter | None = None,
    me: Process = HERE,
    **changes: Any,
) -> World:
    """A registered campaign (`changes` are of `campaign`), and a laboratory that is released for
    running without reviews.
    """
    made = campaign(**changes)
    there = instrument or Instrument(clock)
    lab = Lab(store, {INSTRUMENT: there}, clock, me, unattended=frozenset({INSTRUMENT}))
    found = World(lab, there, clock, made.name)
    found.revise(made)
    return found


FURNACE, READER = "furnace", "reader"


def route(*furnaces: str, **reading: Any) -> dict[str, Any]:
    """An execution in two steps: a sample is annealed in one of these furnaces, and then read."""
    named = {"instruments": {one: {} for one in furnaces}} if furnaces else {"instrument": FURNACE}
    return {
        "steps": [
            {"name": "anneal", "adapter": "any", **named},
            {"name": "read", "adapter": "any", "instrument": READER, "parameters": [], **reading},
        ]
    }


def workshop(
    store: Store, clock: HandClock, instruments: dict[str, Instrument], **changes: Any
) -> World:
    """A registered campaign whose experiments have several steps, and a laboratory of these instruments that
    is released for running without reviews.
    """
    made = campaign(**{"execution": route(), **changes})
    lab = Lab(store, instruments, clock, HERE, unattended=frozenset(instruments))
    found = World(lab, instruments, clock, made.name)
    found.revise(made)
    return found


LEARNING = {"initial": {"size": 3}}


def followed(store: Store, clock: HandClock, **more: object) -> World:
    """A campaign that takes an earlier one, which has ended, as its prior."""
    world(store, clock, name="first", budget={"experiments": 8}).run()
    priors = [TransferPrior(campaign="first", trust="same")]
    return world(store, clock, name="second", policy=LEARNING, priors=priors, **more)
