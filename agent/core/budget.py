"""Budget: what a campaign may spend, what an experiment costs, and what counts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from agent.core import expressions
from agent.core.job import Job, JobStatus
from agent.core.trial import Trial
from agent.core.values import Point, Value, later
from agent.errors import SpaceError

BEFORE = "_before"
"""What a changeover calls the setting of the experiment before: `temperature_before`."""

_SLACK = 1e-9
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class Duration(Value):
    """A span of time with its unit."""

    limit: float = Field(gt=0, le=1e6)
    unit: Literal["s", "min", "h", "d"] = "h"

    @property
    def seconds(self) -> float:
        """The span in seconds."""
        return self.limit * _SECONDS[self.unit]

    def __str__(self) -> str:
        """`8 h`."""
        return f"{self.limit:g} {self.unit}"


class Cost(Value):
    """A limit on cost. What counts: each started execution at `per_experiment`, or at what the
    adapter says that it really cost.
    """

    limit: float = Field(gt=0)
    unit: str = Field(description="EUR, h of beam time, mg of catalyst …")
    steps: dict[str, float | str] = later(
        {},
        description="where an experiment has several steps: what each costs besides, a number or a formula "
        "of the settings",
    )
    per_experiment: float | None = Field(
        default=None, gt=0, description="reserved when an experiment is dispatched"
    )
    formula: str | None = later(
        None,
        description="in place of per_experiment: what an experiment costs, by its settings; a "
        "comparison counts as 1 or 0",
    )
    changeover: str | None = later(
        None,
        description="what it costs besides to go from the settings of the experiment before to these: "
        "0.02 * abs(temperature - temperature_before) + 10 * (base != base_before)",
    )

    @model_validator(mode="after")
    def _told(self) -> "Cost":
        if self.per_experiment is not None and self.formula is not None:
            raise ValueError("give either per_experiment or formula")
        if self.per_experiment is None and self.formula is None and not self.steps:
            raise ValueError("give either per_experiment or formula, or what the steps cost")
        for name, price in self.steps.items():
            if isinstance(price, float) and not 0 <= price < math.inf:
                raise ValueError(f"the step {name!r} costs {price:g}: it costs at least 0")
        try:
            for text in filter(
                None, (self.formula, self.changeover, *map(str, self.steps.values()))
            ):
                expressions.priced(text)
        except SpaceError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def flat(self) -> bool:
        """Whether every experiment costs the same."""
        formulas = any(isinstance(one, str) for one in self.steps.values())
        return self.formula is None and self.changeover is None and not formulas

    @property
    def each(self) -> float | None:
        """What every experiment costs, with all of its steps; None where that depends on the settings."""
        return self.of({}) if self.flat else None

    @cached_property
    def tree(self) -> Any:
        """Of the formula; of one price, the number."""
        return expressions.priced(self.formula or str(self.per_experiment or 0.0))

    @cached_property
    def stepping(self) -> dict[str, Any]:
        """Step -> the tree of what it costs besides."""
        return {name: expressions.priced(str(one)) for name, one in self.steps.items()}

    @cached_property
    def changing(self) -> Any:
        """Of the changeover; None where a change costs nothing."""
        return None if self.changeover is None else expressions.priced(self.changeover)

    @property
    def names(self) -> frozenset[str]:
        """The columns that the cost depends on."""
        changed = frozenset() if self.changing is None else expressions.names(self.changing)
        now = {name.removesuffix(BEFORE) for name in changed}
        steps = (expressions.names(one) for one in self.stepping.values())
        return expressions.names(self.tree).union(now, *steps)

    def of(self, settings: Point) -> float:
        """What an experiment at `settings` (with the columns of its pools) costs, with all of its steps.

        Where the formula gives no positive number it is the whole limit: nothing is cheap by accident.
        """
        base = self._base(settings)
        steps = sum(self.of_step(name, settings) for name in self.steps)
        return base + steps if base + steps > 0 else self.limit

    def of_step(self, step: str, settings: Point) -> float:
        """What a step costs besides. Where its formula gives no number of at least 0 it is the whole limit."""
        if step not in self.steps:
            return 0.0
        value = _number(self.stepping[step], settings)
        return self.limit if value is None or value < 0 else value

    def _base(self, settings: Point) -> float:
        if self.formula is None:
            return self.per_experiment or 0.0
        value = _number(self.tree, settings)
        return self.limit if value is None or value <= 0 else value

    def change(self, before: Point, settings: Point) -> float:
        """What it costs to go from the settings `before` to `settings`, each with the columns of its pools.

        Where the formula gives no number of at least 0 it is the whole limit.
        """
        if self.changing is None:
            return 0.0
        value = _number(self.changing, {**settings, **earlier(before)})
        return self.limit if value is None or value < 0 else value

    def fits(self, cost: float, left: float) -> bool:
        """Whether so much is left, but for the dust of sums."""
        return cost <= left + _SLACK * self.limit


def _number(tree: Any, settings: Point) -> float | None:
    """What a formula gives; None where that is no finite number."""
    try:
        value = float(expressions.evaluate(tree, settings))
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def earlier(settings: Point) -> Point:
    """Settings by the names that they have in a changeover: `temperature_before`."""
    return {f"{name}{BEFORE}": value for name, value in settings.items()}


class Spending(Value):
    """What a decision may spend, where experiments differ in what they cost.

    Attributes:
        cost: The limit and the formulas.
        left: What is neither used nor reserved nor promised to a proposal.
        present: The settings that the instrument will be left at by what was decided before, as they are
            spelled out for it; empty where that is not known.
        home: Those that it has to come to in the end, where money is kept for that; else empty.
    """

    cost: Cost
    left: float
    present: Point = Field(default_factory=dict)
    home: Point = Field(default_factory=dict)

    @property
    def share(self) -> float:
        """Which part of the limit is left, 0 to 1."""
        return min(max(self.left / self.cost.limit, 0.0), 1.0)


class Budget(Value):
    """What may be spent. At least one limit.

    `experiments` counts each started execution: failed and unknown ones too, refused ones not; of an
    experiment of several steps the first. `wall_time` runs from the first dispatch, but not while the instrument
    is held.
    """

    experiments: int | None = Field(default=None, ge=1)
    cost: Cost | None = None
    wall_time: Duration | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "Budget":
        if self.experiments is None and self.cost is None and self.wall_time is None:
            raise ValueError("give at least one of experiments, cost, wall_time")
        return self


class Use(Value):
    """What has been used of a budget."""

    experiments: int
    cost: float
    seconds: float


def counts(job: Job) -> bool:
    """Whether a job counts as a started experiment: not if it is certain that nothing was executed."""
    withdrawn = job.status is JobStatus.CANCELLED and job.started_at is None
    return job.status is not JobStatus.REFUSED and not withdrawn


def begins(job: Job) -> bool:
    """Whether a job that counts is the first step of an experiment: later ones begin none."""
    return counts(job) and job.stage == 1


def begun(jobs: Iterable[Job]) -> datetime | None:
    """When the first job that counts was intended."""
    return min((job.intended_at for job in jobs if counts(job)), default=None)


def used(jobs: Sequence[Job], now: datetime, held: float = 0.0, promised: float = 0.0) -> Use:
    """What the jobs have used: number, cost, and seconds since the first of them was intended.

    Args:
        jobs: Of the campaign.
        now: When.
        held: Seconds since then in which nothing could be sent, since an instrument was held.
        promised: What the steps cost that experiments which have begun have still to take.
    """
    counted = [job for job in jobs if counts(job)]
    seconds = (now - (begun(counted) or now)).total_seconds() - held
    cost = sum(job.cost for job in counted) + promised
    return Use(experiments=sum(map(begins, counted)), cost=cost, seconds=max(seconds, 0.0))


def promised(
    cost: Cost | None, trials: Iterable[Trial], jobs: Iterable[Job], settings: Mapping[str, Point]
) -> float:
    """What the steps cost that experiments which have begun have still to take.

    Args:
        cost: The budget's.
        trials: Those that are open.
        jobs: Of the campaign.
        settings: Trial -> its settings, with the columns of its pools.
    """
    if cost is None or not cost.steps:
        return 0.0
    taken: dict[str, set[str]] = {}
    for job in jobs:
        if counts(job):
            for trial in job.trials:
                # What failed and may be repeated costs anew.
                held = taken.setdefault(trial, set())
                held.update(() if job.status is JobStatus.FAILED else (job.step,))
    return sum(
        cost.of_step(step, settings[trial.id])
        for trial in trials
        if trial.id in taken
        for step in trial.steps
        if step not in taken[trial.id]
    )


def left_at(jobs: Iterable[Job]) -> Point:
    """The settings that the last job that counts has left its instrument at, as they were sent, of each step;
    empty where there was none.
    """
    sent = {job.stage: job.plans[-1].settings() for job in jobs if counts(job)}
    return {name: value for stage in sorted(sent) for name, value in sent[stage].items()}


def spent(budget: Budget, use: Use) -> str | None:
    """Which limit leaves no room for another experiment, in words; None if there is room."""
    if budget.experiments is not None and use.experiments >= budget.experiments:
        return f"{use.experiments} of {budget.experiments} experiments are started"
    if budget.cost is not None and _nothing_left(budget.cost, use.cost):
        return f"{use.cost:g} of {budget.cost.limit:g} {budget.cost.unit} are spent or reserved"
    if budget.wall_time is not None and use.seconds >= budget.wall_time.seconds:
        return f"the wall time of {budget.wall_time} is over"
    return None


def affordable(budget: Budget) -> int | None:
    """How many experiments the budget can pay for; None if that is not known before."""
    limits = [] if budget.experiments is None else [budget.experiments]
    if budget.cost is not None and budget.cost.each is not None:
        ratio = budget.cost.limit / budget.cost.each * (1 + _SLACK)
        limits.append(int(min(ratio, 1e9)))
    return min(limits, default=None)


def room(budget: Budget, use: Use) -> int | None:
    """How many more experiments the budget has room for; None if it does not count them.

    Where the cost depends on the settings, it does not tell how many: `Spending` says what is left.
    """
    if spent(budget, use):
        return 0
    rooms: list[int] = []
    if budget.experiments is not None:
        rooms.append(budget.experiments - use.experiments)
    if budget.cost is not None and budget.cost.each is not None:
        left = budget.cost.limit * (1 + _SLACK) - use.cost
        rooms.append(int(left / budget.cost.each))
    return min(rooms, default=None)


def _nothing_left(cost: Cost, used: float) -> bool:
    least = cost.each if cost.flat else cost.per_experiment
    if least is None:
        return used >= cost.limit * (1 - _SLACK)
    return used + least > cost.limit * (1 + _SLACK)
