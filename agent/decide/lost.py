"""Why a candidate lost: how much of its lower acquisition is due to what."""

from collections.abc import Callable
from itertools import product
from math import factorial
from typing import NamedTuple

import torch
from torch import Tensor

from agent.core.policy import Policy
from agent.decide.acquisition import expected_improvement, incumbent, upper_bound
from agent.decide.feasible import Weigh, as_deviation, as_logarithm
from agent.decide.several import ExpectedGain
from agent.learn.fitted import Fitted
from agent.learn.several import Several

PARTS = ("exploit", "explore", "in_flight", "feasible")

Wanted = Callable[[Tensor, Tensor], Tensor]
"""Means and deviations, `n` or `n x k`, to an acquisition in closed form, `n`."""

_DUST = 1e-9


class Told(NamedTuple):
    """What an acquisition in closed form takes of the chosen point and of those that lost.

    Attributes:
        mean: `1 + r`, or `1 + r x k` of k objectives, the chosen point first.
        sd: The same, nothing in flight.
        left: What points in flight leave of the deviations: factors, the same.
        works: How the probability of working counts, `1 + r`; None where nothing has failed.
        price: The logarithm of what the points cost, as it counts, `1 + r`; None where it does not.
    """

    mean: Tensor
    sd: Tensor
    left: Tensor
    works: Tensor | None
    price: Tensor | None = None


def lost(
    wanted: Wanted | None, told: Told, weigh: Weigh | None, per_cost: Weigh | None = None
) -> list[dict[str, float]]:
    """For each of r candidates, which parts its acquisition is lower by, summing to one.

    The Shapley values (1953) of the changes from the candidate to the chosen point: its mean, its
    deviation, what those in flight leave of that, the probability that it works, and its cost. What speaks for
    the candidate is left out; empty where nothing speaks against it.

    Args:
        wanted: The acquisition; None where the policy has none in closed form.
        told: What it takes.
        weigh: How it goes together with what works; None where nothing has failed.
        per_cost: How it goes together with what points cost; None where they cost the same.
    """
    count = len(told.mean) - 1
    if wanted is None or not count:
        return [{} for _ in range(count)]
    parts = PARTS if told.price is None else (*PARTS, "cost")
    with_part = torch.tensor(list(product([False, True], repeat=len(parts))))
    candidate = torch.arange(1, count + 1).repeat_interleave(len(with_part))
    # Of which point each part is taken: the chosen one (0), or the candidate.
    of = torch.where(with_part.repeat(count, 1), 0, candidate.unsqueeze(-1))
    values = wanted(told.mean[of[:, 0]], told.sd[of[:, 1]] * told.left[of[:, 2]])
    if told.works is not None and weigh is not None:
        values = weigh(values, told.works[of[:, 3]])
    if told.price is not None and per_cost is not None:
        values = per_cost(values, told.price[of[:, 4]])
    shares = values.reshape(count, -1) @ _shapley(with_part).T
    return [_normalised(parts, one) for one in shares.tolist()]


def wanted_of(policy: Policy, surrogate: Fitted, in_flight: Tensor) -> Wanted | None:
    """A policy's acquisition in closed form, if it has one.

    Args:
        policy: Which one, and its numbers.
        surrogate: Its model.
        in_flight: Points that counted as measured, `m x d`.
    """
    scaling = surrogate.scaling
    match policy.name:
        case "expected_improvement":
            top = incumbent(surrogate, in_flight)
            return lambda mean, sd: expected_improvement(scaling, mean, sd, top)
        case "ucb":
            return lambda mean, sd: upper_bound(scaling, mean, sd, policy.beta)
        case "uncertainty" if policy.criterion == "standard_deviation":
            return lambda mean, sd: sd  # noqa: ARG005
    return None


def wanted_of_several(
    policy: Policy, surrogates: Several, in_flight: Tensor, seed: int
) -> tuple[Wanted, Weigh]:
    """The same for several objectives, whose policies all have one, and how that is weighed."""
    if policy.name == "uncertainty":
        return (lambda mean, sd: sd.square().mean(dim=-1).sqrt()), as_deviation  # noqa: ARG005
    gain = ExpectedGain(surrogates, in_flight, seed, draws=0)
    return (lambda mean, sd: gain.gain(mean.unsqueeze(1), sd)), as_logarithm


def _shapley(with_part: Tensor) -> Tensor:
    """What each part's value is of the values of all subsets: `parts x subsets`."""
    parts = with_part.shape[1]
    rows = []
    for part in range(parts):
        others = with_part.sum(dim=1) - with_part[:, part].long()
        weights = [
            factorial(size) * factorial(parts - 1 - size) / factorial(parts)
            for size in others.tolist()
        ]
        sign = torch.where(with_part[:, part], 1.0, -1.0).double()
        rows.append(sign * torch.tensor(weights, dtype=torch.float64))
    return torch.stack(rows)


def _normalised(parts: tuple[str, ...], shares: list[float]) -> dict[str, float]:
    against = {name: share for name, share in zip(parts, shares, strict=True) if share > _DUST}
    total = sum(against.values())
    return {name: share / total for name, share in against.items()}
