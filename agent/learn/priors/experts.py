"""The experts: Gaussian processes of the campaign's own rows that believe the sources or do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import torch
from botorch.models import SingleTaskGP
from botorch.settings import validate_input_scaling
from gpytorch.kernels import Kernel
from gpytorch.means import Mean
from torch import Tensor

from agent.learn.evidence import Believed, Hyperparameters, LogNormal, Rows
from agent.learn.kernel import TiedMatern, noise, squared_distances
from agent.learn.posterior import Posterior
from agent.learn.priors.source import SourceModel
from agent.learn.surrogate import Training

OFFSET_VARIANCE = 1.0
"""Prior variance of the offset between a source's units and the campaign's."""

COEFFICIENT, COEFFICIENT_VARIANCE = 0.8, 0.36
"""Prior of a source's coefficient, for one source; its sign is free (Kennedy & O'Hagan, 2000, with
the coefficient integrated out).
"""

SHORTEST_TAKEN, LONGEST_TAKEN = 0.03, 20.0
"""Lengthscales of sources beyond these say only that a column does much, or nothing."""


@dataclass(frozen=True)
class Coefficients:
    """The prior of the sources' coefficients: independent, `mean` and `variance` each."""

    mean: float
    variance: float

    @classmethod
    def among(cls, count: int) -> "Coefficients":
        """The prior where there are `count` sources: together they explain about as much as one."""
        return cls(COEFFICIENT / count, COEFFICIENT_VARIANCE / sqrt(count))


class SourcesMean(Mean):  # type: ignore[misc]
    """`mu(x) = E[w] sum_s m_s(x)`: what the sources together make expect."""

    def __init__(self, sources: Sequence[SourceModel], prior: Coefficients) -> None:
        super().__init__()
        self.sources = tuple(sources)
        self.prior = prior

    def forward(self, X: Tensor) -> Tensor:
        """At each of `… x n x d`: `… x n`."""
        total = torch.stack([one.marginal_mean(X) for one in self.sources]).sum(0)
        return self.prior.mean * total


class SourcesKernel(Kernel):  # type: ignore[misc]
    r"""The covariance of an offset, of the sources' coefficients, and of what the sources do not know.

    `k(x, x') = c + v sum_s m_s(x) m_s(x') + (E[w]^2 + v) sum_s c_s(x, x') + variance * Matérn(x, x')`,
    where m_s and c_s are the posterior mean and covariance of source s. The coefficients are
    integrated out: one may be near zero or negative.

    Args:
        sources: None for a model that knows nothing of them.
        prior: Of the coefficients.
        learnt: The part that is learnt of the campaign's own rows.
        variance: Of that part.
    """

    def __init__(
        self,
        sources: Sequence[SourceModel],
        prior: Coefficients | None,
        learnt: TiedMatern,
        variance: float,
    ) -> None:
        super().__init__()
        self.sources = tuple(sources)
        self.prior = prior
        self.learnt = learnt
        self.variance = variance

    def known(self, x1: Tensor, x2: Tensor, diag: bool = False) -> Tensor:
        """All but what is learnt: `… x n x m`, or its diagonal."""
        offset = torch.tensor(OFFSET_VARIANCE, dtype=torch.float64)
        if self.prior is None:
            shape = x1.shape[:-1] if diag else (*x1.shape[:-1], x2.shape[-2])
            return offset.expand(shape)
        own = self.prior.mean**2 + self.prior.variance
        total = offset
        for source in self.sources:
            left, right = source.marginal_mean(x1), source.marginal_mean(x2)
            if diag:
                total = total + self.prior.variance * left * right + own * source.variance(x1)
            else:
                shared = left.unsqueeze(-1) * right.unsqueeze(-2)
                total = total + self.prior.variance * shared + own * source.covariance(x1, x2)
        return total

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """The covariance of `… x n x d` with `… x m x d`: `… x n x m`, or its diagonal."""
        learnt: Tensor = self.learnt.forward(x1, x2, diag=diag, **params)
        return self.known(x1, x2, diag) + self.variance * learnt


@dataclass(frozen=True)
class Belief:
    """What an expert believes before it has seen a row of the campaign.

    Attributes:
        name: `sources`, `lengthscales` or `plain`.
        sources: The sources whose values it believes.
        hyperparameters: Priors of what it learns.
    """

    name: str
    sources: tuple[SourceModel, ...]
    hyperparameters: Believed

    @property
    def coefficients(self) -> Coefficients | None:
        """The prior of the sources' coefficients; None if it believes no values."""
        return Coefficients.among(len(self.sources)) if self.sources else None


def beliefs(scales: Sequence[int], sources: Sequence[SourceModel]) -> tuple[Belief, ...]:
    """The three experts: the sources' values, their lengthscales only, and nothing of them.

    Args:
        scales: The number of the lengthscale of each column.
        sources: The fitted sources.
    """
    count = max(scales) + 1
    plain = LogNormal(sqrt(2) + log(count) / 2, sqrt(3))
    taken = LogNormal(_centres(scales, sources), 0.5)
    free = LogNormal(0.0, 0.5)
    return (
        Belief("sources", tuple(sources), Believed(taken, LogNormal(log(0.35), 1.0))),
        Belief("lengthscales", (), Believed(taken, free)),
        Belief("plain", (), Believed(plain, free)),
    )


def _centres(scales: Sequence[int], sources: Sequence[SourceModel]) -> tuple[float, ...]:
    """The mean logarithm of the sources' lengthscales, for each scale; the plain centre where no
    source knows it.
    """
    count = max(scales) + 1
    told: list[list[float]] = [[] for _ in range(count)]
    for source in sources:
        for scale, own in {
            (scales[c], s) for c, s in zip(source.columns, source.scales, strict=True)
        }:
            length = min(max(source.lengthscales[own], SHORTEST_TAKEN), LONGEST_TAKEN)
            told[scale].append(log(length))
    plain = sqrt(2) + log(count) / 2 - 3.0 + 0.25
    return tuple(float(np.mean(some)) if some else plain for some in told)


@dataclass(frozen=True)
class Expert:
    """One expert, fitted to the campaign's rows.

    Attributes:
        belief: What it started from.
        found: Its hyperparameters, and the evidence: its track record on this campaign, since the
            log marginal likelihood is the sum of its one-step-ahead predictions.
        model: The Gaussian process, in standardised units.
    """

    belief: Belief
    found: Hyperparameters
    model: SingleTaskGP

    @property
    def posterior(self) -> Posterior:
        """Marginals of the model, nothing pending."""
        return Posterior(self.model)


def fit_expert(belief: Belief, training: Training) -> Expert:
    """The expert at the largest posterior density of its hyperparameters.

    Raises:
        ModelError: the evidence is nowhere finite.
    """
    kernel = _kernel(belief, training, 1.0)
    X = training.X
    with torch.no_grad():
        known = kernel.known(X, X).numpy().copy()
        expected = _mean(belief)(X).numpy() if belief.sources else np.zeros(len(X))
    rows = Rows(
        squared_distances(X.numpy(), X.numpy(), training.scales),
        training.z.numpy() - expected,
        known,
        None if training.variance is None else training.variance.numpy(),
    )
    return made_expert(belief, training, rows.most_likely(belief.hyperparameters))


def made_expert(belief: Belief, training: Training, found: Hyperparameters) -> Expert:
    """The expert at given hyperparameters, without optimisation."""
    kernel = _kernel(belief, training, found.variance)
    kernel.learnt.set(torch.tensor(found.lengthscales, dtype=torch.float64))
    fixed = training.variance
    with validate_input_scaling(False):
        model = SingleTaskGP(
            training.X,
            training.z.unsqueeze(-1),
            train_Yvar=None if fixed is None else fixed.unsqueeze(-1),
            likelihood=noise() if fixed is None else None,
            covar_module=kernel,
            mean_module=_mean(belief) if belief.sources else None,
            outcome_transform=None,
        ).to(training.X)
    if not belief.sources:
        model.mean_module.constant.data.fill_(0.0)
    if fixed is None:
        model.likelihood.noise_covar.raw_noise.data.fill_(found.noise)
    model.eval()
    model.requires_grad_(False)
    return Expert(belief, found, model)


def _kernel(belief: Belief, training: Training, variance: float) -> SourcesKernel:
    return SourcesKernel(belief.sources, belief.coefficients, TiedMatern(training.scales), variance)


def _mean(belief: Belief) -> SourcesMean:
    return SourcesMean(belief.sources, Coefficients.among(len(belief.sources)))
