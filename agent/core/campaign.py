"""Campaign: the whole plan as one frozen value."""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from agent.core.aim import Aim, TradeOff
from agent.core.budget import Budget, Duration, Spending, promised
from agent.core.constraints import Constraint
from agent.core.execution import Execution, Step
from agent.core.history import Effective
from agent.core.job import Job
from agent.core.lifecycle import Settling
from agent.core.objective import Objective
from agent.core.policy import Policy
from agent.core.pools import PoolColumn
from agent.core.source import TransferPrior
from agent.core.space import Parameter, SearchSpace
from agent.core.stop import Stop
from agent.core.trial import Trial
from agent.core.values import Point, Value, later

CampaignName = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)


class Quantity(Value):
    """A value of the campaign's context: a number with a unit, or a text."""

    value: float | int | str
    unit: str = ""


class ReviewRule(Value):
    """Whether people review before dispatch, and how long a proposal may wait."""

    mode: Literal["none", "required"]
    expires: Duration | None = Field(
        default=None, description="a proposal that waits longer expires"
    )


class Campaign(Value):
    """Space, objectives, budget, policy, execution, review, context and one seed.

    Resolved by `agent.load`: pools are references to blobs, paths are absolute.
    """

    name: str = CampaignName
    description: str = ""
    parameters: tuple[Parameter, ...] = Field(min_length=1)
    constraints: tuple[Constraint, ...] = ()
    objectives: tuple[Objective, ...] = Field(min_length=1)
    trade_off: TradeOff = later(
        "pareto",
        description="of several objectives. pareto: the front of points that none is better than; "
        "desirability: one number, by each objective's worst, ideal and weight",
    )
    priors: tuple[TransferPrior, ...] = Field(
        default=(), description="what other data know: earlier campaigns, tables, simulations"
    )
    context: dict[str, Quantity] = Field(default_factory=dict)
    budget: Budget
    stop: Stop = Stop()
    policy: Policy = Policy()
    execution: Execution
    review: ReviewRule | None = Field(
        default=None,
        description="none or required; default: required where the adapter's effect is physical",
    )
    seed: int = Field(default=0, ge=0, lt=2**31)
    asked_for: str | None = Field(
        default=None,
        description="made by the loader: the campaign that asks it first, as an oracle",
    )

    @property
    def space(self) -> SearchSpace:
        """What may be varied; bind the pools before asking for candidates."""
        return SearchSpace(parameters=self.parameters, constraints=self.constraints)

    @property
    def objective(self) -> Objective:
        """The objective that is optimised; of several, the first."""
        return self.objectives[0]

    @property
    def aim(self) -> Aim:
        """All objectives together."""
        return Aim(objectives=self.objectives, trade_off=self.trade_off)

    @property
    def priced(self) -> bool:
        """Whether experiments differ in what they cost."""
        return self.budget.cost is not None and not self.budget.cost.flat

    def price(self, space: SearchSpace, point: Point, before: Point | None = None) -> float:
        """What an experiment at a point costs, with the changeover; 0 where no cost is counted.

        Args:
            space: The campaign's, with its pools.
            point: It may be of an older revision.
            before: The settings that the instrument is left at, spelled out; empty or None where that is
                not known, and a change costs nothing.
        """
        return sum(self.prices(space, point, before).values())

    def prices(
        self, space: SearchSpace, point: Point, before: Point | None = None
    ) -> dict[str, float]:
        """Step -> what it costs; the first bears what the experiment costs by itself, and the changeover.

        Args:
            space: The campaign's, with its pools.
            point: It may be of an older revision.
            before: As for `price`.
        """
        cost = self.budget.cost
        if cost is None:
            return dict.fromkeys(self.execution.names, 0.0)
        completed = space.completed(point) if self.priced else None
        settings: Point = {} if completed is None else space.spelled(completed)
        found = {name: cost.of_step(name, settings) for name in self.execution.names}
        change = cost.change(before, settings) if before else 0.0
        later = sum(list(found.values())[1:])
        return {**found, self.execution.names[0]: cost.of(settings) + change - later}

    def promised(
        self, trials: Iterable[Trial], plans: Mapping[str, Effective], jobs: Iterable[Job]
    ) -> float:
        """What the steps cost that experiments which have begun have still to take.

        Args:
            trials: Those that are open.
            plans: Trial -> what is really to be done.
            jobs: Of the campaign.
        """
        trials = list(trials)
        # A parameter that was added since has the value that it names for older rows.
        settings = {
            one.id: plans[one.id].settings | (self.space.completed(plans[one.id].point) or {})
            for one in trials
        }
        return promised(self.budget.cost, trials, jobs, settings)

    def spending(
        self, space: SearchSpace, used: float, present: Point, waiting: Iterable[Point]
    ) -> Spending | None:
        """What a decision may spend; None where every experiment costs the same.

        Args:
            space: The campaign's, with its pools.
            used: What is used or reserved.
            present: The settings that the instrument is left at, spelled out; empty if not known.
            waiting: Points that are promised, in the order in which they will be sent.
        """
        cost = self.budget.cost
        if cost is None or not self.priced:
            return None
        left = cost.limit - used
        for point in waiting:
            left -= self.price(space, point, present)
            completed = space.completed(point)
            present = present if completed is None else space.spelled(completed)
        return Spending(cost=cost, left=left, present=present if cost.changeover else {})

    def measured_in(self, step: Step) -> tuple[Objective, ...]:
        """The objectives that a step measures."""
        if step.objectives is not None:
            return tuple(one for one in self.objectives if one.name in step.objectives)
        if step.name != self.execution.names[-1]:
            return ()
        elsewhere = {name for one in self.execution.order for name in one.objectives or ()}
        return tuple(one for one in self.objectives if one.name not in elsewhere)

    @property
    def settling(self) -> Settling:
        """What is to be known of it to say where a trial stands."""
        return Settling(self.aim.names, self.execution.attempts, self.execution.repeatable)

    @property
    def pools(self) -> dict[str, str]:
        """Parameter name -> sha256 of its pool's blob."""
        return {
            p.name: p.pool.sha256 for p in self.parameters if isinstance(p, PoolColumn) and p.pool
        }

    @property
    def sources(self) -> tuple[str, ...]:
        """sha256 of each source's blob, in the order of the priors."""
        return tuple(prior.source.sha256 for prior in self.priors if prior.source)
