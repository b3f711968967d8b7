"""What a decision starts from: all that is known, and what follows from it at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from agent.core.aim import Aim, TradeOff
from agent.core.budget import Spending
from agent.core.confirming import Confirming
from agent.core.constraints import Constraint
from agent.core.decision import Choice
from agent.core.front import Known, front, known
from agent.core.history import Bound, Pending, Row, key
from agent.core.objective import Objective
from agent.core.outlook import Outlook
from agent.core.policy import Policy
from agent.core.record import Tested
from agent.core.source import Source
from agent.core.space import SearchSpace
from agent.core.stop import Stop
from agent.core.values import Point
from agent.decide import designs, explain
from agent.decide.candidates import Taken
from agent.learn.encoding import Encoding
from agent.learn.feasibility import Feasibility, fit_feasibility, restore_feasibility
from agent.learn.training import usable


@dataclass(frozen=True)
class Situation:
    """All that a decision may depend on.

    Attributes:
        space: What may be varied, with its pools.
        objective: What is wanted; of several objectives the first.
        policy: How to choose.
        rows: Measured values of every objective, in their order.
        pending: Open trials; always pending points of the acquisition.
        barred: Points that may not come again (rejected, infeasible).
        sources: What was known before the campaign.
        silent: Names of those sources that this decision is not to ask: the guard has switched them off.
        bounds: Readings of every objective of which only a limit is known, in their order.
        infeasible: Points that did not work: they are barred too, and teach where others may not.
        remakes: Trials whose results are in question, and that are to be made again.
        confirming: What there is to know of confirming the winner; None where nobody asks for it.
        places: Trial id -> the point that it is a sample of, of the campaign's own trials.
        classifier: State of the model of what works, where it is to be restored and not fitted.
        remembered: What was fitted of sources before, by key: it saves time, and may be left out.
        stop: When it is enough.
        outlooks: What was left to gain by the decisions before, as `latest` has it.
        record: Earlier predictions, and what was measured then.
        also: The other objectives, where there are several.
        trade_off: How one objective is given up for another.
        spending: What may be spent, where experiments differ in what they cost.
        leeway: Those of the space's constraints that are the operators'.
        sample: One that comes by, and is to be asked for or let pass; None where points are chosen.
        held: Settings that every point of the batch has; empty where they may differ.
        seed: Of this decision.
        started: How many trials there are, whatever became of them.
    """

    space: SearchSpace
    objective: Objective
    policy: Policy
    rows: tuple[Row, ...] = ()
    pending: tuple[Pending, ...] = ()
    barred: tuple[Point, ...] = ()
    sources: tuple[Source, ...] = ()
    silent: tuple[str, ...] = ()
    remembered: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    bounds: tuple[Bound, ...] = field(default=(), kw_only=True)
    infeasible: tuple[Point, ...] = field(default=(), kw_only=True)
    remakes: tuple[Pending, ...] = field(default=(), kw_only=True)
    confirming: Confirming | None = field(default=None, kw_only=True)
    places: Mapping[str, Point] = field(default_factory=dict, kw_only=True)
    classifier: Mapping[str, Any] | None = field(default=None, kw_only=True)
    stop: Stop = field(default=Stop(), kw_only=True)
    outlooks: tuple[Outlook, ...] = field(default=(), kw_only=True)
    record: tuple[Tested, ...] = field(default=(), kw_only=True)
    also: tuple[Objective, ...] = field(default=(), kw_only=True)
    trade_off: TradeOff = field(default="pareto", kw_only=True)
    spending: Spending | None = field(default=None, kw_only=True)
    leeway: tuple[Constraint, ...] = field(default=(), kw_only=True)
    sample: Point | None = field(default=None, kw_only=True)
    held: Point = field(default_factory=dict, kw_only=True)
    seed: int = field(kw_only=True)
    started: int = field(kw_only=True)

    @cached_property
    def encoding(self) -> Encoding:
        """Of the space."""
        return Encoding.of(self.space)

    @cached_property
    def aim(self) -> Aim:
        """All objectives together."""
        return Aim(objectives=(self.objective, *self.also), trade_off=self.trade_off)

    @cached_property
    def feasibility(self) -> Feasibility | None:
        """How likely each point is to work; None where nothing has failed, or it is not to be learnt.

        Raises:
            ReplayError: it is to be restored, and the points are not those that it learnt from.
        """
        if not self.infeasible or self.policy.failures == "bar":
            return None
        worked = [one.point for one in (*self.usable, *self.usable_bounds)]
        if self.classifier is not None:
            return restore_feasibility(self.classifier, self.encoding, worked, self.infeasible)
        return fit_feasibility(self.encoding, worked, self.infeasible)

    @property
    def informed(self) -> bool:
        """Whether there are sources, and the policy takes them in."""
        takes = self.policy.strategy == "athanor" and self.policy.transfer.method != "none"
        return bool(self.sources) and takes

    @property
    def asked(self) -> tuple[Source, ...]:
        """The sources that this decision asks."""
        return tuple(one for one in self.sources if one.name not in self.silent)

    @cached_property
    def usable(self) -> tuple[Row, ...]:
        """The rows whose settings mean something in this space."""
        return usable(self.encoding, self.rows)[1]

    @cached_property
    def usable_bounds(self) -> tuple[Bound, ...]:
        """The bounds whose settings mean something in this space."""
        return usable(self.encoding, self.bounds)[1]

    def told_of(self, objective: Objective) -> tuple[Row, ...]:
        """The usable rows of one objective."""
        if self.aim.single:
            return self.usable
        return tuple(row for row in self.usable if row.objective == objective.name)

    def bounds_of(self, objective: Objective) -> tuple[Bound, ...]:
        """The usable bounds of one objective."""
        if self.aim.single:
            return self.usable_bounds
        return tuple(one for one in self.usable_bounds if one.objective == objective.name)

    @property
    def measured(self) -> int:
        """How many usable rows and bounds there are, of the objective that has most."""
        return max(len(self.told_of(one)) + len(self.bounds_of(one)) for one in self.aim.objectives)

    @cached_property
    def known(self) -> tuple[Known, ...]:
        """The measured points, with the mean of each objective."""
        return tuple(known(self.usable))

    @cached_property
    def leading(self) -> list[Point]:
        """Up to three points that are best so far; of a front its ends and its middle; none where no
        value is better than another.
        """
        if self.aim.learning:
            return []
        if self.aim.single:
            ranked = sorted(self.usable, key=lambda row: -self.objective.score(row.value))
            return [row.point for row in ranked[:3]]
        best = front(self.known, self.aim)
        places = sorted({0, len(best) // 2, len(best) - 1}) if best else []
        along = sorted(best, key=lambda one: self.aim.worth(one.values))
        return [along[place].point for place in places]

    @cached_property
    def taken(self) -> Taken:
        """Every point that may not come again as a new one."""
        measured = [one.point for one in (*self.rows, *self.bounds)]
        open_points = [one.point for one in self.pending]
        return Taken(self.encoding, [*measured, *open_points, *self.barred])

    @cached_property
    def size(self) -> int:
        """How many experiments the initial design has."""
        return designs.size(self.policy.initial)

    @property
    def initial(self) -> bool:
        """Whether the initial design goes on.

        It does until as many points are measured or open as it has, but not for ever: after twice
        as many trials the model takes over, whatever became of them. Without two different
        measured points there is nothing to model, and it goes on in any case; of several objectives
        each counts. With sources there is none: they tell where to begin.
        """
        if self.informed:
            return False
        known = self.measured + len(self.pending)
        if known < self.size and self.started < 2 * self.size:
            return True
        rows = (self.told_of(one) for one in self.aim.objectives)
        return any(len({key(row.point) for row in one}) < 2 for one in rows)

    def shared_of(self, point: Point) -> Point:
        """Of a point what a batch shares."""
        names = self.policy.shared
        columns = [c for one in self.space.parameters if one.name in names for c in one.columns]
        return {column: point[column] for column in columns}

    def in_flight(self, chosen: list[Point]) -> Tensor:
        """Open and chosen points, `m x d`: the pending points of the acquisition."""
        X = self.encoding.encode([*(one.point for one in self.pending), *chosen])
        return X[torch.isfinite(X).all(dim=1)]

    def replicates(self, count: int) -> list[Choice]:
        """Up to `count` points to measure again: results in question first, then those that were not
        yet measured as often as the policy declares.
        """
        wanted = self.policy.replicates
        remade = [_remade(one) for one in self.remakes]
        if wanted == 1:
            return remade[:count]
        trials: dict[tuple[tuple[str, str], ...], dict[str, Point]] = {}
        measured = [(one.trial, one.point) for one in (*self.usable, *self.usable_bounds)]
        for trial, at in measured + [(one.trial, one.point) for one in self.pending]:
            trials.setdefault(key(at), {})[trial] = at
        barred = {key(point) for point in self.barred}
        found = []
        for name, of in trials.items():
            first, point = next(iter(of.items()))
            if name in barred or len(of) >= wanted or point not in self.space:
                continue
            found += [
                Choice(
                    point=point,
                    acquisition="replicate",
                    why=explain.of_replicate(first, times, wanted),
                    replicate_of=first,
                )
                for times in range(len(of), wanted)
            ]
        return [*remade, *found][:count]


def _remade(one: Pending) -> Choice:
    why = explain.of_remake(one.trial)
    return Choice(point=one.point, acquisition="replicate", why=why, replicate_of=one.trial)
