"""What points cost: which can be paid for, and what is promised for the money.

With c the cost of a point and a the acquisition, what counts is `a / c`, in logarithms `log a - log c`:
expected improvement per unit of cost (Snoek, Larochelle & Adams, 2012). It may ask for cheap points too
long; cooled, it is `a / c^b`, where b is the part of the limit that is left (Lee, Eriksson, Perrone &
Seeger, 2020).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from numpy.typing import NDArray
from torch import Tensor

from agent.core import expressions
from agent.core.budget import Cost, Spending
from agent.core.decision import Choice
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide.candidates import COLUMNS, Candidates
from agent.decide.route import Route
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding

_LOGARITHMS, _RATIOS = frozenset({"expected_improvement"}), frozenset({"uncertainty", "committee"})
_TENSORS: dict[str, Callable[..., Any]] = {
    "min": lambda *v: reduce(torch.minimum, map(torch.as_tensor, v)),
    "max": lambda *v: reduce(torch.maximum, map(torch.as_tensor, v)),
    "abs": lambda v: torch.as_tensor(v).abs(), "sqrt": lambda v: torch.as_tensor(v).sqrt(),
    "exp": lambda v: torch.as_tensor(v).exp(), "log": lambda v: torch.as_tensor(v).log(),
    "log10": lambda v: torch.as_tensor(v).log10(), "sin": lambda v: torch.as_tensor(v).sin(),
    "cos": lambda v: torch.as_tensor(v).cos(), "tanh": lambda v: torch.as_tensor(v).tanh(),
}  # fmt: skip


@dataclass(frozen=True)
class Prices:
    """What points cost, and what is left while a batch is chosen.

    Attributes:
        space: Whose points.
        spending: The formulas and what was left before the batch; None where all cost the same.
        left: What is left now.
        route: The order in which what was chosen is to be executed; None where a change costs nothing.
        power: Of the cost, that an acquisition is divided by.
        logarithmic: Whether the acquisition is a logarithm.
    """

    space: SearchSpace
    spending: Spending | None
    left: float = 0.0
    route: Route | None = None
    power: float = 0.0
    logarithmic: bool = True

    @classmethod
    def of(cls, situation: Situation) -> "Prices":
        """At the start of a decision."""
        spending, policy = situation.spending, situation.policy
        if spending is None:
            return cls(situation.space, None)
        wanted = policy.per_cost != "never" and policy.name in _LOGARITHMS | _RATIOS
        cooled = spending.share if policy.per_cost == "cooled" else 1.0
        power = cooled if wanted else 0.0
        route, logarithmic = Route.of(spending), policy.name in _LOGARITHMS
        return cls(situation.space, spending, spending.left, route, power, logarithmic)

    @property
    def weighing(self) -> bool:
        """Whether costs take part in the choice."""
        return self.power > 0

    def price(self, point: Point) -> float:
        """What an experiment at a point costs, with the change that it takes; 0 where all cost the same."""
        if self.spending is None:
            return 0.0
        settings = self.space.spelled(point)
        price = self.spending.cost.of(settings)
        return price if self.route is None else price + self.route.detour(settings)

    def after(self, point: Point) -> "Prices":
        """From then on the cost of `point` is spoken for."""
        route = self.route and self.route.through(self.space.spelled(point))
        return replace(self, left=self.left - self.price(point), route=route)

    def done(self, point: Point) -> "Prices":
        """The same once `point` is executed: the next change starts from there."""
        route = self.route and self.route.at(self.space.spelled(point))
        return replace(self, left=self.left - self.price(point), route=route)

    def affords(self, point: Point) -> bool:
        """Whether enough is left for the point."""
        return self.spending is None or self.spending.cost.fits(self.price(point), self.left)

    def payable(self, pool: Candidates) -> NDArray[np.bool_]:
        """For which of n candidates enough is left."""
        if self.spending is None:
            return np.ones(len(pool), dtype=bool)
        fits: NDArray[np.bool_] = self.prices(pool) <= self.left + 1e-9 * self.spending.cost.limit
        return fits

    def prices(self, pool: Candidates) -> NDArray[np.float64]:
        """What each of n candidates costs."""
        if self.spending is None:
            return np.zeros(len(pool))
        cost = self.spending.cost
        columns = pool.encoding.lab(pool.table, cost.names)

        def told(tree: Any) -> NDArray[np.float64]:
            found = np.asarray(expressions.evaluate(tree, columns, COLUMNS), dtype=float)
            return np.broadcast_to(found, len(pool))

        with np.errstate(all="ignore"):
            priced: NDArray[np.float64] = _total(cost, told, np.where, cost.limit)
            if self.route is not None:
                more = np.asarray(self.route.detours(columns, COLUMNS), dtype=float)
                priced = priced + np.where(np.isfinite(more), np.maximum(more, 0.0), cost.limit)
        return priced

    def weighed(self, values: Tensor, pool: Candidates) -> Tensor:
        """An acquisition of n candidates for what they cost, `n`."""
        if not self.weighing:
            return values
        return self.combined(values, self.power * torch.from_numpy(self.prices(pool)).log())

    def combined(self, values: Tensor, logs: Tensor) -> Tensor:
        """An acquisition and the logarithms of costs, each `n`, as they count together."""
        return values - logs if self.logarithmic else values * (-logs).exp()

    def logs(self, points: Sequence[Point]) -> Tensor | None:
        """The logarithms of what n points cost, as they count; None where they do not."""
        if not self.weighing:
            return None
        told = [math.log(self.price(point)) for point in points]
        return self.power * torch.tensor(told, dtype=torch.float64)

    def ahead(self, point: Point, design: Tensor) -> float | None:
        """By how much a point is cheaper than a typical one of a design (`k x d`), in logarithms as
        they count; 0 if it is not, None where costs take no part.
        """
        if not self.weighing:
            return None
        encoding = Encoding.of(self.space)
        typical = np.median(
            np.log(self.prices(Candidates(encoding, encoding.rounded(design), design)))
        )
        return max(self.power * (float(typical) - math.log(self.price(point))), 0.0)

    def afforded(self, choices: Iterable[Choice]) -> tuple[Choice, ...]:
        """Those choices that can be paid for in this order, each with what it costs."""
        prices, found = self, []
        for one in choices:
            if prices.affords(one.point):
                why = f"{one.why}{prices.worded(one.point)}"
                found.append(one.model_copy(update={"why": why}))
                prices = prices.done(one.point)
        return tuple(found)

    def payable_of(self, choices: Iterable[Choice]) -> tuple[Choice, ...]:
        """Those choices that can be paid for, whatever their order will be."""
        prices, found = self, []
        for one in choices:
            if prices.affords(one.point):
                found.append(one)
                prices = prices.after(one.point)
        return tuple(found)

    def worded(self, point: Point) -> str:
        """What an experiment at a point costs, to follow its reasons; "" where all cost the same."""
        if self.spending is None:
            return ""
        settings, unit = self.space.spelled(point), self.spending.cost.unit
        more = 0.0 if self.route is None else self.route.step(settings)
        change = f", {more:.4g} of it for the change of settings" if more else ""
        price = self.spending.cost.of(settings) + more
        return f"; costs {price:.4g} of {self.left:.4g} {unit} left{change}"

    def along(self, function: AcquisitionFunction, few: Candidates) -> AcquisitionFunction:
        """An acquisition for what points cost, to be followed uphill; of choices as they stand."""
        return _PerCost(function, self, few.encoding) if self.weighing else function


class _PerCost(AcquisitionFunction):
    """An acquisition (`b x 1 x d`) for what points cost, with its gradient."""

    def __init__(self, function: AcquisitionFunction, prices: Prices, encoding: Any) -> None:
        super().__init__(function.model)
        self._function, self._prices, self._encoding = function, prices, encoding

    def forward(self, X: Tensor) -> Tensor:
        """The acquisition of each of b points: `b`."""
        values = self._function(X)
        logs = self._prices.power * self._logs(X.squeeze(-2))
        return self._prices.combined(values, logs)

    def _logs(self, x: Tensor) -> Tensor:
        """The logarithm of what n points (`n x d`) cost, differentiable in numbers on linear scales."""
        spending = self._prices.spending
        if spending is None:
            return x.new_zeros(len(x))
        cost, encoding = spending.cost, self._encoding
        columns: dict[str, Any] = encoding.lab(encoding.rounded(x), cost.names)
        for name in cost.names & encoding.affine.keys():
            column, offset, slope = encoding.affine[name]
            columns[name] = offset + slope * x[:, column]
        columns, most = _as_tensors(columns), x.new_full((len(x),), cost.limit)
        told: Tensor = _total(
            cost,
            lambda tree: _tensor(expressions.evaluate(tree, columns, _TENSORS), most),
            torch.where,
            most,
        )
        if self._prices.route is not None:
            more = _tensor(self._prices.route.detours(columns, _TENSORS), most)
            told = told + torch.where(torch.isfinite(more), more.clamp_min(0.0), most)
        return told.log()


def _total(cost: Cost, told: Callable[[Any], Any], where: Callable[..., Any], most: Any) -> Any:
    """What experiments cost with all of their steps, as `Cost.of` has it, of arrays or tensors.

    Args:
        cost: The formulas.
        told: What a tree gives, for each experiment.
        where: Of arrays, or of tensors.
        most: The limit: what counts where a formula gives no price.
    """
    base = told(cost.tree)
    if cost.formula is not None:
        base = where((base > 0) & (base < math.inf), base, most)
    for tree in cost.stepping.values():
        step = told(tree)
        base = base + where((step >= 0) & (step < math.inf), step, most)
    return where(base > 0, base, most)


def _tensor(told: Any, like: Tensor) -> Tensor:
    return torch.as_tensor(told, dtype=like.dtype).expand(len(like))


class _Names:
    """A column of names that compares as tensors do."""

    def __init__(self, names: NDArray[Any]) -> None:
        self._names = names

    def __eq__(self, other: object) -> Any:
        return torch.from_numpy(np.asarray(self._names == other))

    def __ne__(self, other: object) -> Any:
        return torch.from_numpy(np.asarray(self._names != other))

    __hash__ = None  # type: ignore[assignment]


def _as_tensors(columns: dict[str, Any]) -> dict[str, Any]:
    """Columns as tensors are computed with; tensors stay as they are."""
    arrays = {name: one for name, one in columns.items() if isinstance(one, np.ndarray)}
    told = {
        name: torch.from_numpy(one.astype(float)) if one.dtype.kind in "fiu" else _Names(one)
        for name, one in arrays.items()
    }
    return {**columns, **told}
