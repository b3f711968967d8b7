"""What points cost: which can be paid for, and what is promised for the money.

With c the cost of a point and a the acquisition, what counts is `a / c`, in logarithms `log a - log c`:
expected improvement per unit of cost (Snoek, Larochelle & Adams, 2012). It may ask for cheap points too
long; cooled, it is `a / c^b`, where b is the part of the limit that is left (Lee, Eriksson, Perrone &
Seeger, 2020).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from numpy.typing import NDArray
from torch import Tensor

from agent.core import expressions
from agent.core.budget import Spending
from agent.core.decision import Choice
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide.candidates import COLUMNS, Candidates
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


@dataclass
class Prices:
    """What points cost, and what is left while a batch is chosen.

    Attributes:
        space: Whose points.
        spending: The formula and what was left before the batch; None where all cost the same.
        left: What is left now.
        power: Of the cost, that an acquisition is divided by.
        logarithmic: Whether the acquisition is a logarithm.
    """

    space: SearchSpace
    spending: Spending | None
    left: float = 0.0
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
        return cls(situation.space, spending, spending.left, power, policy.name in _LOGARITHMS)

    @property
    def weighing(self) -> bool:
        """Whether costs take part in the choice."""
        return self.power > 0

    def price(self, point: Point) -> float:
        """What an experiment at a point costs; 0 where all cost the same."""
        if self.spending is None:
            return 0.0
        return self.spending.cost.of(self.space.spelled(point))

    def pay(self, point: Point) -> None:
        """From now on the cost of `point` is spoken for."""
        self.left -= self.price(point)

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
        with np.errstate(all="ignore"):
            told = np.asarray(expressions.evaluate(cost.tree, columns, COLUMNS), dtype=float)
        told = np.broadcast_to(told, len(pool))
        priced: NDArray[np.float64] = np.where(np.isfinite(told) & (told > 0), told, cost.limit)
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
        """Those choices that can be paid for one after the other, each with what it costs."""
        if self.spending is None:
            return tuple(choices)
        found, unit = [], self.spending.cost.unit
        for one in choices:
            if self.affords(one.point):
                price = f"costs {self.price(one.point):.4g} of {self.left:.4g} {unit} left"
                found.append(one.model_copy(update={"why": f"{one.why}; {price}"}))
                self.pay(one.point)
        return tuple(found)

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
        told = expressions.evaluate(cost.tree, _as_tensors(columns), _TENSORS)
        told = torch.as_tensor(told, dtype=x.dtype).expand(len(x))
        logs: Tensor = torch.where(told > 0, told, torch.full_like(told, cost.limit)).log()
        return logs


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
