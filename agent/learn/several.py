"""A surrogate for each of several objectives, as one: rows in, one posterior out."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from botorch.models.model import ModelList
from torch import Tensor

from agent.core.aim import LEAST, Aim, ends
from agent.core.front import reference
from agent.core.history import Bound, Row
from agent.core.objective import Objective
from agent.core.seeds import derived
from agent.core.values import Point
from agent.learn.encoding import Encoding
from agent.learn.posterior import Marginals, posterior_of
from agent.learn.scaling import Scaling
from agent.learn.surrogate import Surrogate, fit, restore

KIND = "several"
"""Of a state as JSON."""

Given = Sequence[tuple[Objective, Sequence[Row]]]
"""Each objective with its rows."""


@dataclass(frozen=True)
class Several:
    """Independent surrogates, one an objective, over one space.

    Objectives may have been measured at different points: of a point where one is not known yet,
    its surrogate says what it may be.

    Attributes:
        aim: What is wanted.
        parts: The surrogates, in the aim's order.
    """

    aim: Aim
    parts: tuple[Surrogate, ...]

    @cached_property
    def model(self) -> ModelList:
        """All of them as one model of BoTorch's, each in its own standardised units."""
        return ModelList(*(part.model for part in self.parts))

    @cached_property
    def measured(self) -> Tensor:
        """Every point where at least one objective was measured, `n x d`."""
        points: Tensor = torch.unique(torch.cat([part.training.X for part in self.parts]), dim=0)
        return points

    @property
    def notes(self) -> tuple[str, ...]:
        """Of each surrogate, with the objective's name."""
        pairs = zip(self.aim.names, self.parts, strict=True)
        return tuple(f"{name}: {note}" for name, part in pairs for note in part.notes)

    @cached_property
    def posteriors(self) -> tuple[Marginals, ...]:
        """Of each objective, nothing pending."""
        return tuple(posterior_of(part.model) for part in self.parts)

    def marginals(self, X: Tensor, pending: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each objective at `n x d`, standardised: two `n x k`."""
        posteriors = (posterior_of(part.model, pending) for part in self.parts)
        pairs = [posterior.marginals(X) for posterior in posteriors]
        means, deviations = zip(*pairs, strict=True)
        return torch.stack(means, dim=-1), torch.stack(deviations, dim=-1)

    def predict(self, points: Sequence[Point]) -> list[dict[str, tuple[float, float]]]:
        """Mean and standard deviation of each objective at each point, in its unit."""
        told = [part.predict(points) for part in self.parts]
        return [dict(zip(self.aim.names, one, strict=True)) for one in zip(*told, strict=True)]

    def worth(self, z: Tensor) -> Tensor:
        """How good standardised values `... x k` are, higher is better: `... x m`.

        m counts the coordinates of the front; where a point is worth one number, m is 1. Of a front
        and of one wanted objective it is standardised, a desirability is not.
        """
        wanted = [
            (one, part.scaling, z[..., at])
            for at, (one, part) in enumerate(zip(self.aim.objectives, self.parts, strict=True))
            if not one.required
        ]
        scores = [scaling.score(values) for _, scaling, values in wanted]
        if self.aim.fronted or len(wanted) == 1:
            return torch.stack(scores, dim=-1)
        total, logs = sum(one.weight for one, _, _ in wanted), torch.zeros(z.shape[:-1]).to(z)
        for (one, scaling, _), score in zip(wanted, scores, strict=True):
            low, high = ends(one)
            base = 0.0 if scaling.ranged else scaling.sign * scaling.shift
            share = (base + scaling.scale * score - low) / (high - low)
            logs = logs + one.weight / total * share.clamp(LEAST, 1.0).log()
        return logs.exp().unsqueeze(-1)

    def beyond(self, z: Tensor) -> Tensor:
        """How far standardised values `... x k` are outside what is required: `... x c`; below 0 is
        inside.
        """
        found = [
            torch.maximum(part.scaling.low - z[..., at], z[..., at] - part.scaling.high)
            for at, (one, part) in enumerate(zip(self.aim.objectives, self.parts, strict=True))
            if one.required
        ]
        return torch.stack(found, dim=-1) if found else z[..., :0]

    def permitted(self, mean: Tensor, sd: Tensor) -> Tensor:
        """Log probability that all that is required holds, of marginals `... x k`: `...`."""
        total = torch.zeros(mean.shape[:-1]).to(mean)
        for at, (one, part) in enumerate(zip(self.aim.objectives, self.parts, strict=True)):
            if one.required:
                total = total + _log_inside(mean[..., at], sd[..., at], part.scaling)
        return total

    @cached_property
    def reference(self) -> Tensor:
        """From which point on a front counts, in the units of `worth`: `m`."""
        with torch.no_grad():
            worths = self.worth(self.best_guess).tolist()
        wanted = [
            (one, part)
            for one, part in zip(self.aim.objectives, self.parts, strict=True)
            if not one.required
        ]
        given = [
            None if one.worst is None else _score(part.scaling, one.worst) for one, part in wanted
        ]
        found = reference([tuple(one) for one in worths], given)
        return torch.tensor(found, dtype=torch.float64)

    @cached_property
    def best_guess(self) -> Tensor:
        """Posterior means at measured points, `n x k`: of those that are likely to be permitted, where
        there are any.
        """
        with torch.no_grad():
            mean, _ = self.marginals(self.measured)
            inside = (self.beyond(mean) <= 0).all(dim=-1)
        return mean[inside] if bool(inside.any()) else mean

    def state(self) -> dict[str, Any]:
        """Everything that restoring it needs beside the rows, as JSON."""
        parts = {name: part.state() for name, part in zip(self.aim.names, self.parts, strict=True)}
        state: dict[str, Any] = {"kind": KIND, "parts": parts}
        return {**state, "reference": self.reference.tolist()} if self.aim.fronted else state


def fit_several(
    encoding: Encoding, aim: Aim, given: Given, seed: int, bounds: Sequence[Bound] = ()
) -> Several:
    """A surrogate for each objective, from the rows and the bounds that it has.

    Raises:
        ModelError: an objective has no row that can be used, or cannot be fitted.
    """
    return Several(
        aim,
        tuple(
            fit(encoding, rows, one, derived(seed, one.name), bounds=_of(bounds, one))
            for one, rows in given
        ),
    )


def restore_several(
    state: Mapping[str, Any],
    encoding: Encoding,
    aim: Aim,
    given: Given,
    bounds: Sequence[Bound] = (),
) -> Several:
    """The surrogates whose `state` was kept, from the same rows and bounds, without optimisation.

    Raises:
        ReplayError: the rows are not those that they learnt from.
    """
    parts = (
        restore(state["parts"][one.name], encoding, rows, one, _of(bounds, one))
        for one, rows in given
    )
    return Several(aim, tuple(parts))


def _of(bounds: Sequence[Bound], objective: Objective) -> tuple[Bound, ...]:
    return tuple(one for one in bounds if one.objective == objective.name)


def _log_inside(mean: Tensor, sd: Tensor, scaling: Scaling) -> Tensor:
    """Log probability that a normal value is within the range that is wanted of it."""
    log_below: Callable[[Tensor], Tensor] = torch.special.log_ndtr
    if math.isinf(scaling.low):
        return log_below((scaling.high - mean) / sd)
    if math.isinf(scaling.high):
        return log_below((mean - scaling.low) / sd)
    low, high = (scaling.low - mean) / sd, (scaling.high - mean) / sd
    # In the lower tail the difference of two probabilities keeps its digits.
    low, high = torch.where(low > 0, -high, low), torch.where(low > 0, -low, high)
    nearer = log_below(high)
    return nearer + torch.log(-torch.expm1((log_below(low) - nearer).clamp_max(-1e-14)))


def _score(scaling: Scaling, value: float) -> float:
    """How good a value of an objective is, standardised."""
    return float(scaling.score(scaling.standardised([value]))[0])
