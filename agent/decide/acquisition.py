"""Acquisition: how much each point is wanted, for every policy.

All in the standardised units of the surrogate, higher is better. Points in flight are always part
of it: they count as measured, with a result that is not known yet.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.objective import GenericMCObjective
from botorch.models.model import Model
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from agent.core.policy import Policy
from agent.core.seeds import derived
from agent.decide.fill import Conditioned, Filling, JointDraws, Paths
from agent.learn.committee import Committee
from agent.learn.fitted import Fitted
from agent.learn.once import once
from agent.learn.posterior import CHUNK, Marginals, Mixture, posterior_of
from agent.learn.scaling import Scaling

MC_SAMPLES = 128
_MC_CHUNK = 256
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(24)
NODES = torch.from_numpy(_NODES)
WEIGHTS = torch.from_numpy(_WEIGHTS / _WEIGHTS.sum())

Score = Callable[[Tensor], Tensor]
"""`n x d` -> `n`."""


@dataclass(frozen=True)
class Scorer:
    """One greedy step's acquisition.

    Attributes:
        score: The acquisition of `n x d` points, together.
        rough: A cheap score that keeps the best of many; None where `score` is cheap itself.
        function: The acquisition for BoTorch's optimisers, where it has a gradient.
        most: How many points `score` may be asked for at once.
        filling: Of `n x d` candidates, to fill a large batch from; None where there is no cheap way.
    """

    score: Score
    rough: Score | None = None
    function: AcquisitionFunction | None = None
    most: int = 10**9
    filling: Callable[[Tensor], Filling] | None = None


class Marginal(AcquisitionFunction):
    """An acquisition that needs only the mean and standard deviation at a point (`b x 1 x d`)."""

    def __init__(
        self, model: Model, posterior: Mixture, value: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        super().__init__(model)
        self._posterior = posterior
        self._value = value

    def forward(self, X: Tensor) -> Tensor:
        """The acquisition of each of b points: `b`."""
        return self._value(*self._posterior.marginals(X.squeeze(-2)))


class VarianceReduction(AcquisitionFunction):
    """By how much the mean variance over a design falls when a point is measured (Cohn, 1996).

    `sum_k omega_k mean_z cov_k(x, z)^2 / (var_k(x) + noise_k)`: of a mixture, the mean over its
    members. What they disagree about is not counted.

    Args:
        model: For BoTorch.
        posterior: With points in flight.
        design: The points that count, `m x d`.
    """

    def __init__(self, model: Model, posterior: Mixture, design: Tensor) -> None:
        super().__init__(model)
        self._parts = tuple(zip(posterior.weights, posterior.parts, strict=True))
        self._design = design

    def forward(self, X: Tensor) -> Tensor:
        """The acquisition of each of b points (`b x 1 x d`): `b`."""
        x = X.squeeze(-2)
        total = torch.zeros(len(x)).to(x)
        for weight, part in self._parts:
            shared = part.covariance(x, self._design).square().mean(dim=1)
            total = total + weight * shared / (part.marginals(x)[1].square() + part.noise)
        return total


class MixedImprovement(AcquisitionFunction):
    """Log expected improvement of a mixture, exactly: `log sum_k omega_k EI_k(x)`.

    Each member's improvement is over the best of its own posterior means at measured points and
    points in flight.
    """

    def __init__(self, surrogate: Fitted, pending: Tensor) -> None:
        super().__init__(surrogate.model)
        mixture = Mixture(surrogate.members, pending)
        self._scaling = surrogate.scaling
        self._parts, self._log_weights = mixture.parts, mixture.log_weights
        X = torch.cat([surrogate.training.X, pending])
        self._best = [_best(surrogate.scaling, part, X) for part in self._parts]

    def forward(self, X: Tensor) -> Tensor:
        """The acquisition of each of b points (`b x 1 x d`): `b`."""
        x = X.squeeze(-2)
        parts = zip(self._log_weights, self._parts, self._best, strict=True)
        with once():
            logs = [
                weight + expected_improvement(self._scaling, *part.marginals(x), best)
                for weight, part, best in parts
            ]
        return torch.logsumexp(torch.stack(logs), dim=0)


def _best(scaling: Scaling, posterior: Marginals | Mixture, X: Tensor) -> float:
    """The best score of a posterior mean at `n x d`; 0, in standardised units, without any point."""
    if not len(X):
        return 0.0
    return float(scaling.score(posterior.marginals(X)[0]).max())


def scorer(policy: Policy, surrogate: Fitted, pending: Tensor, seed: int, design: Tensor) -> Scorer:
    """The acquisition of a policy with `pending` points (`m x d`) in flight.

    Args:
        policy: Which one, and its numbers.
        surrogate: Rows in, posterior out.
        pending: In flight, waiting for a review, or chosen before in this batch.
        seed: Of samplers, draws and bootstraps.
        design: Points over which variance is integrated, `k x d`.
    """
    return replace(
        _scorer(policy, surrogate, pending, seed, design),
        filling=_filling(policy, surrogate, pending, seed),
    )


def _filling(
    policy: Policy, surrogate: Fitted, pending: Tensor, seed: int
) -> Callable[[Tensor], Filling] | None:
    """How a large batch is filled, of those policies that have a cheap way."""
    scaling, beta = surrogate.scaling, policy.beta
    spread = policy.name == "uncertainty" and policy.criterion == "standard_deviation"
    if policy.name == "expected_improvement":
        return lambda X: JointDraws(surrogate, X, pending, seed)
    if policy.name == "thompson":
        return lambda X: Paths(surrogate, X, derived(seed, len(pending)))
    if policy.name == "ucb" or spread:

        def value(mean: Tensor, sd: Tensor) -> Tensor:
            return sd if spread else upper_bound(scaling, mean, sd, beta)

        return lambda X: Conditioned(Mixture(surrogate.members, pending), X, value)
    return None


def _scorer(
    policy: Policy, surrogate: Fitted, pending: Tensor, seed: int, design: Tensor
) -> Scorer:
    scaling = surrogate.scaling
    match policy.name:
        # Before there are rows there is no noisy baseline: the closed form is over the mean.
        case "expected_improvement" if len(surrogate.members) > 1 or not len(surrogate.training.X):
            return _of(MixedImprovement(surrogate, pending), CHUNK)
        case "expected_improvement":
            return _improvement(surrogate, pending, seed)
        case "committee":
            return Scorer(Committee(surrogate, pending, derived(seed, "committee")).variance)
        case "thompson":
            posterior = surrogate.posterior
            spread = derived(seed, "thompson", len(pending))
            return Scorer(
                lambda X: scaling.score(posterior.draw(X, spread)),
                rough=lambda X: torch.from_numpy(np.random.default_rng(spread).random(len(X))),
                most=2000,
            )
    posterior = Mixture(surrogate.members, pending)
    if policy.name == "uncertainty" and policy.criterion == "integrated_variance":
        return _of(VarianceReduction(surrogate.model, posterior, design), chunk=4096)
    if policy.name == "uncertainty":
        return _of(Marginal(surrogate.model, posterior, lambda mean, sd: sd), chunk=10**9)  # noqa: ARG005
    beta = policy.beta

    def bound(mean: Tensor, sd: Tensor) -> Tensor:
        return upper_bound(scaling, mean, sd, beta)

    return _of(Marginal(surrogate.model, posterior, bound), chunk=10**5)


def expected_improvement(scaling: Scaling, mean: Tensor, sd: Tensor, best: float) -> Tensor:
    """`log E[max(score(z) - best, 0)]` where z is normal: closed form, or Gauss-Hermite sums.

    Args:
        scaling: Says what z is worth.
        mean: Of z, `n`.
        sd: Of z, `n`.
        best: The score to beat.
    """
    if not scaling.ranged:
        return sd.log() + log_h((mean - best) / sd)
    gain = (_scores(scaling, mean, sd) - best).clamp_min(0) @ WEIGHTS
    return gain.clamp_min(1e-300).log()


def upper_bound(scaling: Scaling, mean: Tensor, sd: Tensor, beta: float) -> Tensor:
    """Upper confidence bound of the score: its mean plus `sqrt(beta)` standard deviations.

    Args:
        scaling: Says what z is worth.
        mean: Of z, `n`.
        sd: Of z, `n`.
        beta: Srinivas, Krause, Kakade & Seeger (2010).
    """
    if not scaling.ranged:
        return mean + math.sqrt(beta) * sd
    scores = _scores(scaling, mean, sd)
    middle = scores @ WEIGHTS
    variance = (scores - middle.unsqueeze(-1)).square() @ WEIGHTS
    return middle + math.sqrt(beta) * variance.clamp_min(1e-12).sqrt()


def nearest(X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor]:
    """How far the nearest of `m x d` is from each of `n x d`, and which it is: two `n`.

    Where there is none it is infinitely far.
    """
    if not len(Z):
        return X.new_full((len(X),), torch.inf), torch.zeros(len(X), dtype=torch.long)
    # torch's quick way for more than 25 rows is off by 1e-8: equal points would not be equal.
    far = torch.cdist(X, Z, compute_mode="donot_use_mm_for_euclid_dist")
    found = far.min(dim=1)
    return found.values, found.indices


def incumbent(surrogate: Fitted, pending: Tensor) -> float:
    """The best score of the posterior mean over measured points and points in flight."""
    X = torch.cat([surrogate.training.X, pending])
    return _best(surrogate.scaling, surrogate.posterior, X)


def _improvement(surrogate: Fitted, pending: Tensor, seed: int) -> Scorer:
    """Log noisy expected improvement (Ament, Daulton, Eriksson, Balandat & Bakshy, 2023)."""
    scaling = surrogate.scaling
    baseline = torch.unique(surrogate.training.X, dim=0)

    def scored(samples: Tensor, X: Tensor | None = None) -> Tensor:
        del X
        return scaling.score(samples[..., 0])

    # A replicate in flight would stand twice in one joint covariance.
    fresh = torch.unique(pending, dim=0)
    fresh = fresh[(nearest(fresh, baseline)[0] > 1e-9)]
    function = qLogNoisyExpectedImprovement(
        surrogate.model,
        X_baseline=baseline,
        sampler=SobolQMCNormalSampler(torch.Size([MC_SAMPLES]), seed=derived(seed, "sampler")),
        objective=GenericMCObjective(scored) if scaling.ranged else None,
        X_pending=fresh if len(fresh) else None,
        prune_baseline=True,
    )
    posterior, best = posterior_of(surrogate.model, pending), incumbent(surrogate, pending)

    def rough(X: Tensor) -> Tensor:
        return expected_improvement(scaling, *posterior.marginals(X), best)

    return Scorer(_of(function, _MC_CHUNK).score, rough, function)


def _of(function: AcquisitionFunction, chunk: int) -> Scorer:
    def score(X: Tensor) -> Tensor:
        with torch.no_grad(), once():
            return torch.cat([function(part.unsqueeze(1)) for part in torch.split(X, chunk)])

    return Scorer(score, function=function)


def _scores(scaling: Scaling, mean: Tensor, sd: Tensor) -> Tensor:
    """The score at the nodes of a Gauss-Hermite sum: `n x 24`."""
    return scaling.score(mean.unsqueeze(-1) + sd.unsqueeze(-1) * NODES)


def log_h(u: Tensor) -> Tensor:
    """`log(phi(u) + u Phi(u))`, also far below zero, where it falls as `log phi(u) - 2 log |u|`."""
    log_phi = -u.square() / 2 - math.log(2 * math.pi) / 2
    near = (log_phi.exp() + u * torch.special.ndtr(u)).clamp_min(1e-300).log()
    below = u.clamp_max(-1.0)
    ratio = math.sqrt(math.pi / 2) * torch.special.erfcx(-below / math.sqrt(2))
    tail = torch.where(below > -1e3, torch.log1p(below * ratio), -2 * (-below).log())
    return torch.where(u > -1.0, near, log_phi + tail)
