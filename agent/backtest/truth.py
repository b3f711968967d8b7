"""What is true of a campaign: its adapter with every noise turned off, and the population to find.

A back-test judges by true values, never by the noisy readings that the agent saw.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any, Literal

import torch
from torch.quasirandom import SobolEngine

from agent.backtest.metrics import top
from agent.backtest.yardstick import FrontShare, Values, Yardstick, yardstick
from agent.core.actor import Process
from agent.core.adapter import Adapter, Handle
from agent.core.campaign import Campaign
from agent.core.history import TARGET, Effective, key
from agent.core.job import Job
from agent.core.pools import Pool
from agent.core.space import SearchSpace
from agent.core.trial import Trial
from agent.core.values import Point
from agent.decide.candidates import feasible, listed, sampled
from agent.dispatch.plans import plan_for
from agent.errors import AdapterError
from agent.learn.encoding import Encoding

MakeAdapter = Callable[[Campaign], Adapter]
"""Makes the adapter that a campaign names; importable by name, to reach other processes."""

Kind = Literal["listed", "recorded", "sampled"]

SAMPLE = 2**13
"""Points of the Sobol sample that stands for a space that cannot be listed."""

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
NOBODY = Process(host="backtest", boot="", pid=0, started="")

_SEED = 5
_NEAR, _POLISHES, _POLISHED = 1024, 4, 5
_QUIET = ("noise_sd", "failure_rate", "delay_s")
"""Settings of a simulated instrument whose default is: none of it."""


@dataclass(frozen=True, eq=False)
class Case:
    """A campaign with its pools, as it travels to other processes."""

    campaign: Campaign
    blobs: Mapping[str, bytes] = field(repr=False)
    pools: Mapping[str, Pool] = field(repr=False)

    @property
    def space(self) -> SearchSpace:
        """The campaign's space with its pools."""
        return self.campaign.space.bound(dict(self.pools))


def with_settings(campaign: Campaign, adapter: Adapter, wanted: Mapping[str, Any]) -> Campaign:
    """The campaign with those of the `wanted` settings that its adapter has."""
    known = {name: value for name, value in wanted.items() if name in adapter.Settings.model_fields}
    settings = {**campaign.execution.settings, **known}
    execution = campaign.execution.model_copy(update={"settings": settings})
    return campaign.model_copy(update={"execution": execution})


def quiet(campaign: Campaign, adapter: Adapter) -> Campaign:
    """The campaign whose adapter tells the truth: the mean of replicates, no noise, no failures."""
    fields = adapter.Settings.model_fields
    none = {
        name: fields[name].get_default(call_default_factory=True)
        for name in _QUIET
        if name in fields
    }
    return with_settings(campaign, adapter, {**none, "replicates": "mean"})


class Oracle:
    """Answers with the true value at a point; each is asked for once."""

    def __init__(self, case: Case, make_adapter: MakeAdapter) -> None:
        if case.campaign.execution.steps:
            raise AdapterError(
                f"{case.campaign.name} has several steps: it cannot be back-tested like this",
                "give a copy of its file one adapter that answers for all of them, as table does",
            )
        self._campaign = quiet(case.campaign, make_adapter(case.campaign))
        self._adapter, self._space = make_adapter(self._campaign), case.space
        self._known: dict[object, tuple[Point, Values] | None] = {}
        if self._adapter.capabilities().effect != "pure":
            raise AdapterError(
                f"{case.campaign.execution.target} has a physical effect: it cannot be back-tested",
                "back-test the campaign against a table or a function",
            )

    def ask(self, point: Point) -> tuple[Point, Values] | None:
        """Where the answer was really taken, and the true values there; None if there is none."""
        name = key(point)
        if name not in self._known:
            self._known[name] = self._asked(point)
        return self._known[name]

    def _asked(self, point: Point) -> tuple[Point, Values] | None:
        outcome = self._adapter.collect(*self._job(point))
        names, at, values = self._campaign.aim.names, point, dict[str, float]()
        for one in outcome.measurements:
            if one.objective in names and one.value is not None:
                told = {k: v for k, v in (one.executed or {}).items() if k in point}
                at, values[one.objective] = {**point, **told}, one.value
        return (at, values) if values else None

    def _job(self, point: Point) -> tuple[Job, Handle]:
        settings = self._space.settings(point)
        trial = Trial(
            id="truth-T0001",
            campaign="truth",
            number=1,
            revision=1,
            batch=0,
            fidelity=TARGET,
            point=point,
            settings=settings,
            at=EPOCH,
        )
        plan = plan_for(trial, Effective(point=point, settings=settings), self._campaign)
        job = Job(
            id="truth-T0001.1.1",
            campaign="truth",
            trials=(trial.id,),
            plans=(plan,),
            approvals=(),
            step=plan.step,
            instrument=plan.instrument,
            attempt=1,
            sender=NOBODY,
            fence=1,
            intended_at=EPOCH,
        )
        handle = self._adapter.prepare(job)
        self._adapter.start(job, handle, handle.update)
        return job, handle


@dataclass(frozen=True)
class Experiment:
    """One started experiment: the point as executed and its readings, each with its objective; no
    point if it failed.
    """

    point: Point | None
    readings: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Population:
    """What there is to find. `merits` maps each point (by `history.key`) to how good it is by itself;
    the other numbers are of all that is measured together, as the yardstick has it.
    """

    kind: Kind
    merits: Mapping[object, float]
    yardstick: Yardstick
    best: float
    median: float
    top1: float
    top5: float

    @property
    def winners(self) -> frozenset[object]:
        """The best 5 % of a countable population, ties included, or its front; empty for a sample."""
        if self.kind == "sampled":
            return frozenset()
        least = 1.0 if isinstance(self.yardstick, FrontShare) else self.top5
        return frozenset(name for name, merit in self.merits.items() if merit >= least)


def population(case: Case, oracle: Oracle) -> Population:
    """Every point that the oracle answers; of a space that cannot be listed, a Sobol sample.

    Where answers are taken at other points than were asked for (a table that is matched by the
    nearest row), those points, each once, are the population. The best possible value of a sampled
    space is looked for around the sample's best, in shrinking steps. Of a front all is in shares of
    its hypervolume: the best is 1, and `top1` and `top5` are 99 and 95 %.

    Raises:
        AdapterError: the oracle answers nowhere, or nowhere as it is required.
    """
    encoding = Encoding.of(case.space)
    answers, kind = everywhere(case, oracle)
    aim = case.campaign.aim
    measure = yardstick(aim, [values for _, values in answers.values()])
    told = {name: (at, measure.merit(values)) for name, (at, values) in answers.items()}
    merits = {name: merit for name, (_, merit) in told.items() if merit is not None}
    if not merits:
        raise AdapterError(
            f"{case.campaign.name}: the adapter answers at no point of the space"
            + (", or nowhere as it is required" if aim.required else ""),
            "compare the columns and units of its table with the campaign's parameters",
        )
    if aim.fronted:
        return Population(kind, merits, measure, 1.0, 0.0, 0.99, 0.95)
    values = list(merits.values())
    best = max(values)
    if kind == "sampled":
        places = [(at, merit) for at, merit in told.values() if merit is not None]
        best = _polished(encoding, oracle, places, measure)
    ends = (median(values), top(values, 0.01), top(values, 0.05))
    return Population(kind, merits, measure, best, *ends)


def everywhere(case: Case, oracle: Oracle) -> tuple[dict[object, tuple[Point, Values]], Kind]:
    """What is true where, by point: over every point, or a Sobol sample of a space that cannot be listed;
    and which of the two, or that answers are taken at other points than were asked for.
    """
    encoding = Encoding.of(case.space)
    every = listed(encoding)
    points = every.encoding.points(every.table) if every is not None else _sobol(encoding)
    answers, moved = _answers(points, oracle)
    if moved:
        return answers, "recorded"
    return answers, "sampled" if every is None else "listed"


def _answers(
    points: Iterable[Point], oracle: Oracle
) -> tuple[dict[object, tuple[Point, Values]], bool]:
    """What is true where, by point; and whether any answer was taken elsewhere than asked."""
    found: dict[object, tuple[Point, Values]] = {}
    moved = False
    for point in points:
        answer = oracle.ask(point)
        if answer is not None:
            name = key(answer[0])
            moved = moved or name != key(point)
            found[name] = answer
    return found, moved


def _sobol(encoding: Encoding) -> list[Point]:
    engine = SobolEngine(encoding.cube, True, _SEED)  # type: ignore[no-untyped-call]
    drawn = engine.draw(SAMPLE, dtype=torch.float64)
    table = encoding.spread(drawn.numpy())
    return encoding.points(table.take(feasible(encoding, table)))


def _polished(
    encoding: Encoding,
    oracle: Oracle,
    answers: Sequence[tuple[Point, float]],
    measure: Yardstick,
) -> float:
    leaders = sorted(answers, key=lambda one: one[1], reverse=True)[:_POLISHED]
    for turn in range(_POLISHES):
        near = sampled(encoding, _NEAR, _SEED + turn, [point for point, _ in leaders])
        more, _ = _answers(near.encoding.points(near.table), oracle)
        told = [(at, measure.merit(values)) for at, values in more.values()]
        fresh = [(at, merit) for at, merit in told if merit is not None]
        leaders = sorted([*leaders, *fresh], key=lambda one: one[1], reverse=True)[:_POLISHED]
    return leaders[0][1]
