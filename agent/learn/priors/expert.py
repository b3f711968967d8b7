"""The experts: Gaussian processes of the campaign's own rows that believe the sources or do not."""

from dataclasses import dataclass
from functools import cached_property
from math import exp, log, sqrt

import numpy as np
import torch
from botorch.models import SingleTaskGP

from agent.learn.evidence import Hyperparameters, Rows
from agent.learn.kernel import TiedMatern, squared_distances
from agent.learn.posterior import Posterior
from agent.learn.priors.beliefs import Belief
from agent.learn.priors.kernels import SourcesKernel, SourcesMean
from agent.learn.priors.process import process
from agent.learn.training import Training

_SURE, _LARGEST = 1e-6, 500.0
_AGAINST = log(0.25)
"""Odds, before there are rows, that a source has nothing to say: one to four."""


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

    @cached_property
    def coefficients(self) -> tuple[tuple[float, float], ...]:
        """Posterior mean and standard deviation of each source's coefficient.

        For z with prior mean mu, covariance K and features m_s: `E[w_s] + v m_s' K^-1 (z - mu)` and
        `v - v^2 m_s' K^-1 m_s`.
        """
        prior, X = self.belief.coefficients, self.model.train_inputs[0]
        if prior is None:
            return ()
        with torch.no_grad():
            noise = self.model.likelihood.noise.expand(len(X))
            covariance = self.model.covar_module(X).to_dense() + torch.diag(noise)
            features = torch.stack([one.marginal_mean(X) for one in self.belief.sources], dim=1)
            left = (self.model.train_targets - self.model.mean_module(X)).unsqueeze(-1)
            solved = torch.linalg.solve(covariance, torch.cat([left, features], dim=1))
            moved = prior.variance * features.T @ solved[:, 0]
            known = prior.variance**2 * (features * solved[:, 1:]).sum(0)
        return tuple(
            (mean + float(moved[at]), sqrt(max(prior.variance - float(known[at]), 0.0)))
            for at, mean in enumerate(prior.means)
        )

    @property
    def used(self) -> tuple[float, ...]:
        """The probability of each source that its coefficient is not zero.

        The odds against it change by `p(w_s = 0 | z) / p(w_s = 0)`, the evidence for leaving it out
        (Dickey, 1971).
        """
        prior = self.belief.coefficients
        if prior is None:
            return ()
        at_zero = [
            _log_normal(0.0, mean, max(deviation, _SURE))
            - _log_normal(0.0, before, sqrt(prior.variance))
            for (mean, deviation), before in zip(self.coefficients, prior.means, strict=True)
        ]
        return tuple(1 / (1 + exp(min(one + _AGAINST, _LARGEST))) for one in at_zero)


def _log_normal(at: float, mean: float, deviation: float) -> float:
    return -(((at - mean) / deviation) ** 2) / 2 - log(deviation)


def fit_expert(belief: Belief, training: Training) -> Expert:
    """The expert at the largest posterior density of its hyperparameters.

    Raises:
        ModelError: the evidence is nowhere finite.
    """
    kernel = _kernel(belief, training, 1.0)
    X = training.X
    with torch.no_grad():
        known = kernel.known(X, X).numpy().copy()
        mean = _mean(belief)
        expected = np.zeros(len(X)) if mean is None else mean(X).numpy()
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
    return Expert(belief, found, process(training, _mean(belief), kernel, found.noise))


def _kernel(belief: Belief, training: Training, variance: float) -> SourcesKernel:
    return SourcesKernel(belief.sources, belief.coefficients, TiedMatern(training.scales), variance)


def _mean(belief: Belief) -> SourcesMean | None:
    return None if belief.coefficients is None else SourcesMean(belief.sources, belief.coefficients)
