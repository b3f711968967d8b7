"""Acquisition where points may not work: what is wanted, weighed by the probability that it works."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import log

import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from torch import Tensor

from agent.core.policy import Policy
from agent.decide import fill
from agent.decide.acquisition import Score, Scorer
from agent.decide.fill import Filling
from agent.learn.feasibility import EVEN, Feasibility
from agent.learn.fitted import Fitted

Weigh = Callable[[Tensor, Tensor], Tensor]
"""Acquisition and log probability of working, each `n`, to what the two are worth together."""

_STEEP = 100.0

_FAILING = -1.0
"""What an experiment that fails is worth while nothing is measured: a deviation below the mean."""


class Weighed(AcquisitionFunction):
    """An acquisition (`b x 1 x d`) weighed by the probability that the point works."""

    def __init__(self, function: AcquisitionFunction, works: Feasibility, weigh: Weigh) -> None:
        super().__init__(function.model)
        self._function, self._works, self._weigh = function, works, weigh

    def forward(self, X: Tensor) -> Tensor:
        """The weighed acquisition of each of b points: `b`."""
        return self._weigh(self._function(X), worth_trying(self._works, X.squeeze(-2)))


def worth_trying(works: Feasibility, X: Tensor) -> Tensor:
    """The logarithm of the probability of working at `n x d`, as it counts in a choice: `n`.

    It counts once more with each failure, and below even odds so much that such a point comes only
    where no other is left. Late in a campaign an improvement near the best is many orders of
    magnitude less likely than one far away: a single factor would not keep it from what never works.
    """
    told = works.log_probability(X)
    return (1 + works.failed) * told + _STEEP * (told - log(EVEN)).clamp_max(0.0)


def weighed(one: Scorer, works: Feasibility, weigh: Weigh, *, rough: bool = True) -> Scorer:
    """A greedy step's acquisition, expected over whether the point works.

    Args:
        one: What is wanted of points that work.
        works: How likely they are to.
        weigh: How the two go together.
        rough: Whether the rough score is weighed too; one drawn at random only thins out.
    """

    def both(score: Score) -> Score:
        def scored(X: Tensor) -> Tensor:
            with torch.no_grad():
                return weigh(score(X), worth_trying(works, X))

        return scored

    return replace(
        one,
        score=both(one.score),
        rough=both(one.rough) if rough and one.rough is not None else one.rough,
        function=None if one.function is None else Weighed(one.function, works, weigh),
        filling=None if one.filling is None else partial(_filling, one.filling, works, weigh),
    )


def _filling(
    made: Callable[[Tensor], Filling], works: Feasibility, weigh: Weigh, X: Tensor
) -> Filling:
    with torch.no_grad():
        worth = worth_trying(works, X)
    return fill.Weighed(made(X), lambda wanted: weigh(wanted, worth))


def as_logarithm(wanted: Tensor, log_p: Tensor) -> Tensor:
    """Of a logarithm of an improvement: their sum (Gelbart, Snoek & Adams, 2014)."""
    return wanted + log_p


def as_deviation(wanted: Tensor, log_p: Tensor) -> Tensor:
    """Of a deviation or a variance: their product, since a failure tells no value."""
    return wanted * log_p.exp()


def weighing(policy: Policy, surrogate: Fitted) -> Weigh:
    """How a policy's acquisition and the log probability of working go together.

    A bound or a draw of the score goes by its expectation, where a failure is worth as much as the
    worst point so far.
    """
    if policy.name == "expected_improvement":
        return as_logarithm
    if policy.name in {"uncertainty", "committee"}:
        return as_deviation
    worst = _worst(surrogate)
    return lambda wanted, log_p: worst + (wanted - worst) * log_p.exp()


def _worst(surrogate: Fitted) -> float:
    X = surrogate.training.X
    if not len(X):
        return _FAILING
    with torch.no_grad():
        return float(surrogate.scaling.score(surrogate.posterior.marginals(X)[0]).min())
