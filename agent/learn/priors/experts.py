"""Experts, weighed by their track record on this campaign: the default way of transfer."""

from functools import cached_property
from math import exp, log
from typing import Any

import numpy as np
from scipy.special import logsumexp

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.source import Source
from agent.core.transfer import Experience, Method
from agent.errors import ModelError
from agent.learn.encoding import Encoding
from agent.learn.evidence import Hyperparameters
from agent.learn.once import once
from agent.learn.posterior import Member
from agent.learn.priors.beliefs import BELIEVING, beliefs
from agent.learn.priors.expert import Expert, fit_expert, made_expert
from agent.learn.priors.given import Given
from agent.learn.priors.source import fit_source
from agent.learn.priors.transfer import Transfer, same_rows
from agent.learn.scaling import Scaling

_DOUBT = 0.25
"""Odds that the sources are right, over those before the first result, below which it is doubted."""


class Experts(Transfer):
    """A mixture: two experts believe the sources' values, as they are or upside down, one their
    lengthscales, one nothing of them.

    `omega_k ~ pi_k p(z | expert k)`: the prior weight times the evidence, which is the expert's
    track record on this campaign. A point's value is a mixture of the experts' predictions.

    Args:
        given: What they learnt from.
        scaling: The objective's unit to theirs.
        experts: In the order sources, mirrored, lengthscales, plain.
        log_weights: log omega, one an expert.
        notes: In words.
    """

    method: Method = "experts"

    def __init__(
        self,
        given: Given,
        scaling: Scaling,
        experts: tuple[Expert, ...],
        log_weights: tuple[float, ...],
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(given, scaling, notes)
        self.experts = experts
        self.log_weights = log_weights

    @property
    def weights(self) -> dict[str, float]:
        """Omega by the experts' names."""
        named = zip(self.experts, self.log_weights, strict=True)
        return {expert.belief.name: exp(weight) for expert, weight in named}

    @property
    def believed(self) -> float:
        """The weight of those that believe values, as they are or upside down."""
        return sum(weight for name, weight in self.weights.items() if name in BELIEVING)

    @property
    def contradicted(self) -> bool:
        """Whether results have made it four times less likely that the sources' values are right."""
        before = sum(one.belief.weight for one in self.experts if one.belief.sources)
        now = self.believed
        return now * (1 - before) < _DOUBT * before * (1 - now)

    @cached_property
    def coefficients(self) -> dict[str, tuple[float, float]]:
        """Posterior mean and standard deviation of each source's coefficient: of the experts that
        believe values, each by its weight.
        """
        told = zip(self.experts, self.log_weights, strict=True)
        believing = [(one, weight) for one, weight in told if one.belief.sources]
        logs = np.array([weight for _, weight in believing])
        shares = np.exp(logs - logsumexp(logs))
        pairs = np.array([one.coefficients for one, _ in believing])  # expert, source, (mean, sd)
        mean = np.tensordot(shares, pairs[..., 0], axes=1)
        second = np.tensordot(shares, pairs[..., 1] ** 2 + pairs[..., 0] ** 2, axes=1)
        deviation = np.sqrt(np.maximum(second - mean**2, 0.0))
        named = zip(self.sources, mean, deviation, strict=True)
        return {source.name: (float(m), float(d)) for source, m, d in named}

    @cached_property
    def trusted(self) -> dict[str, float]:
        """The weight of the experts that believe values, times the probability that they use this
        source.
        """
        found = dict.fromkeys((source.name for source in self.sources), 0.0)
        for expert, weight in zip(self.experts, self.log_weights, strict=True):
            for source, used in zip(expert.belief.sources, expert.used, strict=False):
                found[source.name] += exp(weight) * used
        return found

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The experts' models, with their weights."""
        named = zip(self.experts, self.log_weights, strict=True)
        return tuple(Member(weight, expert.model) for expert, weight in named)

    def learnt(self) -> dict[str, Any]:
        """Hyperparameters and evidence of each expert, and its weight."""
        return {
            "log_weights": list(self.log_weights),
            "experts": [
                {
                    "name": expert.belief.name,
                    "lengthscales": list(expert.found.lengthscales),
                    "variance": expert.found.variance,
                    "noise": expert.found.noise,
                    "evidence": expert.found.evidence,
                }
                for expert in self.experts
            ],
        }


def fit(given: Given) -> Experts:
    """The experts, fitted to the rows (there may be none yet), with their weights.

    Raises:
        ModelError: an expert could not be fitted.
    """
    scaling = given.scaling
    training = given.training(scaling)
    begun = beliefs(given.encoding.scales, given.sources, given.believed, given.experience)
    with once():
        experts = tuple(fit_expert(one, training) for one in begun)
    weights = np.log([one.weight for one in begun])
    weights += np.array([expert.found.evidence for expert in experts])
    weights -= logsumexp(weights)
    return Experts(given, scaling, experts, tuple(float(weight) for weight in weights))


def weighed(
    encoding: Encoding, rows: tuple[Row, ...], objective: Objective, source: Source
) -> float | None:
    """By how much a source makes rows more likely, in logarithms; None of one that tells nothing.

    `log (p(z | believing) / p(z | plain))`, the evidence of the experts that believe its values
    against that of the one that knows nothing of it.
    """
    try:
        models = (fit_source(encoding, source, objective),)
        made = fit(Given(encoding, rows, objective, models, (source,), Experience()))
    except ModelError:
        return None
    told = {one.belief.name: log(one.belief.weight) + one.found.evidence for one in made.experts}
    whole = log(sum(one.belief.weight for one in made.experts if one.belief.sources))
    believing = logsumexp([told["sources"], told["mirrored"]]) - whole
    plain = next(one for one in made.experts if one.belief.name == "plain")
    return float(believing - plain.found.evidence)


def restore(state: dict[str, Any], given: Given) -> Experts:
    """The mixture whose `state` was kept, from the same rows and sources, without optimisation.

    Raises:
        ReplayError: the rows are not those that it learnt from.
    """
    scaling = same_rows(state, given)
    training, learnt = given.training(scaling), state["learnt"]
    begun = beliefs(given.encoding.scales, given.sources, given.believed, given.experience)
    experts = tuple(
        made_expert(belief, training, _hyperparameters(told))
        for belief, told in zip(begun, learnt["experts"], strict=True)
    )
    weights, notes = tuple(learnt["log_weights"]), tuple(state["notes"])
    return Experts(given, scaling, experts, weights, notes)


def _hyperparameters(told: dict[str, Any]) -> Hyperparameters:
    return Hyperparameters(
        tuple(told["lengthscales"]), told["variance"], told["noise"], told["evidence"]
    )
