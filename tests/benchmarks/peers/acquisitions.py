"""Other acquisitions on the very surrogate of ours: what would be gained by asking it for something else.

Each is exact on a table's points, without an optimiser, and takes no failures into account: they are for
made-up landscapes (`run.py --development 3 --methods athanor "athanor, closed" …`).
"""

from collections.abc import Callable
from functools import partial
from math import log

import torch
from torch import Tensor

from agent.core.history import Row
from agent.core.seeds import derived
from agent.decide.acquisition import expected_improvement
from agent.learn.encoding import Encoding
from agent.learn.posterior import posterior_of
from agent.learn.surrogate import Surrogate, fit
from tests.benchmarks.peers.play import Asked

Wanted = Callable[[Surrogate, Tensor, Tensor, int], Tensor]
"""A surrogate, measured points `m x d`, free points `n x d` and a seed: how much each is wanted, `n`."""

_FEW = 150
"""Points that costly acquisitions look at: the best by expected improvement."""


def suggest(wanted: Wanted, asked: Asked) -> int:
    """The free point that is wanted most."""
    problem, left = asked.contest.problem, asked.left
    encoding = Encoding.of(problem.space)
    rows = tuple(
        Row(id=str(number), trial=str(number), point=problem.points[at], value=value)
        for number, (at, value) in enumerate(asked.measured)
    )
    surrogate = fit(encoding, rows, problem.objective, derived(asked.seed, "fit"))
    X = encoding.encode([problem.points[at] for at in left])
    with torch.no_grad():
        values = wanted(surrogate, surrogate.training.X, X, asked.seed)
    return left[int(values.argmax())]


def closed(surrogate: Surrogate, known: Tensor, X: Tensor, seed: int, wide: float = 1.0) -> Tensor:
    """Expected improvement over the best posterior mean, with deviations `wide` times as large."""
    del seed
    posterior = posterior_of(surrogate.model)
    mean, sd = posterior.marginals(X)
    best = float(posterior.marginals(known)[0].max())
    return expected_improvement(surrogate.scaling, mean, wide * sd, best)


def bound(surrogate: Surrogate, known: Tensor, X: Tensor, seed: int, times: float) -> Tensor:
    """Upper confidence bound, so many deviations above the mean."""
    del known, seed
    mean, sd = posterior_of(surrogate.model).marginals(X)
    return mean + times * sd


def probability(surrogate: Surrogate, known: Tensor, X: Tensor, seed: int) -> Tensor:
    """Probability of improvement by a tenth of the deviation of the values (Kushner, 1964)."""
    del seed
    posterior = posterior_of(surrogate.model)
    mean, sd = posterior.marginals(X)
    best = posterior.marginals(known)[0].max()
    return torch.special.log_ndtr((mean - best - 0.1) / sd)


def entropy(surrogate: Surrogate, known: Tensor, X: Tensor, seed: int) -> Tensor:
    """Max-value entropy search, 16 maxima from a Gumbel fit (Wang & Jegelka, 2017)."""
    posterior = posterior_of(surrogate.model)
    mean, sd = posterior.marginals(X)
    best = float(posterior.marginals(known)[0].max())

    def quantile(share: float) -> float:
        low, high = float(mean.max()) - 5 * float(sd.max()), float((mean + 6 * sd).max())
        for _ in range(40):
            middle = (low + high) / 2
            below = torch.special.log_ndtr((middle - mean) / sd).sum() < log(share)
            low, high = (middle, high) if below else (low, middle)
        return (low + high) / 2

    first, second, third = (quantile(share) for share in (0.25, 0.5, 0.75))
    scale = max((third - first) / (log(log(4)) - log(log(4 / 3))), 1e-6)
    place = second + scale * log(log(2))
    drawn = torch.rand(16, generator=torch.Generator().manual_seed(seed), dtype=mean.dtype)
    maxima = (place - scale * (-drawn.log()).log()).clamp_min(best + 1e-3)
    gamma = (maxima - mean.unsqueeze(1)) / sd.unsqueeze(1)
    log_cdf = torch.special.log_ndtr(gamma)
    density = torch.exp(-gamma.square() / 2 - log_cdf) / (2 * torch.pi) ** 0.5
    return (gamma * density / 2 - log_cdf).mean(dim=1)


def knowledge(surrogate: Surrogate, known: Tensor, X: Tensor, seed: int) -> Tensor:
    """Knowledge gradient among the most promising points (Frazier, Powell & Dayanik, 2009)."""
    few, values = _promising(surrogate, known, X, seed)
    posterior = posterior_of(surrogate.model)
    mean, sd = posterior.marginals(X[few])
    shared = posterior.covariance(X[few], X[few])
    steps = shared / (sd.square() + posterior.noise).sqrt()
    nodes = torch.special.ndtri((torch.arange(15, dtype=mean.dtype) + 0.5) / 15)
    futures = mean.unsqueeze(1).unsqueeze(2) + steps.unsqueeze(2) * nodes
    values[few] = 1.0 + futures.amax(dim=0).mean(dim=1) - mean.max()
    return values


def maximality(surrogate: Surrogate, known: Tensor, X: Tensor, seed: int) -> Tensor:
    """How often each of the most promising points is the best one of 512 joint draws."""
    few, values = _promising(surrogate, known, X, seed)
    posterior = posterior_of(surrogate.model)
    mean, _ = posterior.marginals(X[few])
    shared = posterior.covariance(X[few], X[few])
    root = torch.linalg.cholesky(shared + 1e-6 * torch.eye(len(few), dtype=mean.dtype))
    generator = torch.Generator().manual_seed(seed)
    normal = torch.randn(len(few), 512, generator=generator, dtype=mean.dtype)
    wins = (mean.unsqueeze(1) + root @ normal).argmax(dim=0)
    values[few] = 1.0 + torch.bincount(wins, minlength=len(few)).to(mean.dtype)
    return values


def _promising(surrogate: Surrogate, known: Tensor, X: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Their places, and values below 0 for all the others: `m`, `n`."""
    gains = closed(surrogate, known, X, seed)
    few = gains.argsort(descending=True, stable=True)[:_FEW]
    return few, torch.full_like(gains, -1.0)


by_closed = partial(suggest, closed)
by_narrow = partial(suggest, partial(closed, wide=0.7))
by_wide = partial(suggest, partial(closed, wide=1.4))
by_bound_1 = partial(suggest, partial(bound, times=1.0))
by_bound_2 = partial(suggest, partial(bound, times=2.0))
by_probability = partial(suggest, probability)
by_entropy = partial(suggest, entropy)
by_knowledge = partial(suggest, knowledge)
by_maximality = partial(suggest, maximality)
