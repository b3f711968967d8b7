"""What is true of a campaign: its adapter with every noise turned off, and the population to find.

A back-test judges by true values, never by the noisy readings that the agent saw.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any, Literal

import torch
from torch.quasirandom import SobolEngine

from agent.backtest.metrics import top
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
        self._campaign = quiet(case.campaign, make_adapter(case.campaign))
        self._adapter, self._space = make_adapter(self._campaign), case.space
        self._known: dict[object, tuple[Point, float] | None] = {}
        if self._adapter.capabilities().effect != "pure":
            raise AdapterError(
                f"{case.campaign.execution.target} has a physical effect: it cannot be back-tested",
                "back-test the campaign against a table or a function",
            )

    def ask(self, point: Point) -> tuple[Point, float] | None:
        """Where the answer was really taken, and the true value there; None if there is none."""
        name = key(point)
        if name not in self._known:
            self._known[name] = self._asked(point)
        return self._known[name]

    def _asked(self, point: Point) -> tuple[Point, float] | None:
        outcome = self._adapter.collect(*self._job(point))
        objective = self._campaign.objective.name
        for one in outcome.measurements:
            if one.objective == objective and one.value is not None:
                told = {k: v for k, v in (one.executed or {}).items() if k in point}
                return {**point, **told}, one.value
        return None

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
class Population:
    """What there is to find. `scores` maps each point (by `history.key`) to its true score."""

    kind: Literal["listed", "recorded", "sampled"]
    scores: Mapping[object, float]
    best: float
    median: float
    top1: float
    top5: float

    @property
    def winners(self) -> frozenset[object]:
        """The best 5 % of a countable population, ties included; empty for a sample."""
        if self.kind == "sampled":
            return frozenset()
        return frozenset(name for name, score in self.scores.items() if score >= self.top5)


def population(case: Case, oracle: Oracle) -> Population:
    """Every point that the oracle answers; of a space that cannot be listed, a Sobol sample.

    Where answers are taken at other points than were asked for (a table that is matched by the
    nearest row), those points, each once, are the population. The best possible value of a sampled
    space is looked for around the sample's best, in shrinking steps.

    Raises:
        AdapterError: the oracle answers nowhere.
    """
    score = case.campaign.objective.score
    encoding = Encoding.of(case.space)
    every = listed(encoding)
    points = every.encoding.points(every.table) if every is not None else _sobol(encoding)
    answers, moved = _answers(points, oracle, score)
    if not answers:
        raise AdapterError(
            f"{case.campaign.name}: the adapter answers at no point of the space",
            "compare the columns and units of its table with the campaign's parameters",
        )
    scores = {name: value for name, (_, value) in answers.items()}
    values = list(scores.values())
    kind: Literal["listed", "recorded", "sampled"] = "listed"
    if moved:
        kind = "recorded"
    elif every is None:
        kind = "sampled"
    best = _polished(encoding, oracle, answers, score) if kind == "sampled" else max(values)
    return Population(kind, scores, best, median(values), top(values, 0.01), top(values, 0.05))


def _answers(
    points: Iterable[Point], oracle: Oracle, score: Callable[[float], float]
) -> tuple[dict[object, tuple[Point, float]], bool]:
    found: dict[object, tuple[Point, float]] = {}
    moved = False
    for point in points:
        answer = oracle.ask(point)
        if answer is not None:
            at, value = answer
            name = key(at)
            moved = moved or name != key(point)
            found[name] = (at, score(value))
    return found, moved


def _sobol(encoding: Encoding) -> list[Point]:
    engine = SobolEngine(encoding.cube, True, _SEED)  # type: ignore[no-untyped-call]
    drawn = engine.draw(SAMPLE, dtype=torch.float64)
    table = encoding.spread(drawn.numpy())
    return encoding.points(table.take(feasible(encoding, table)))


def _polished(
    encoding: Encoding,
    oracle: Oracle,
    answers: Mapping[object, tuple[Point, float]],
    score: Callable[[float], float],
) -> float:
    leaders = sorted(answers.values(), key=lambda one: one[1], reverse=True)[:_POLISHED]
    for turn in range(_POLISHES):
        near = sampled(encoding, _NEAR, _SEED + turn, [point for point, _ in leaders])
        more, _ = _answers(near.encoding.points(near.table), oracle, score)
        leaders = sorted([*leaders, *more.values()], key=lambda one: one[1], reverse=True)
        leaders = leaders[:_POLISHED]
    return leaders[0][1]
