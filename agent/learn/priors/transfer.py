"""The surrogate with transfer priors: experts, weighed by their track record on this campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log, sqrt
from typing import Any

import numpy as np
import torch
from scipy.special import logsumexp

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.source import Source, Trust
from agent.errors import ReplayError
from agent.learn.encoding import Encoding
from agent.learn.evidence import Hyperparameters
from agent.learn.fitted import Fitted
from agent.learn.posterior import Member
from agent.learn.priors.experts import Expert, beliefs, fit_expert, made_expert
from agent.learn.priors.source import SourceModel, restore_source
from agent.learn.scaling import Scaling
from agent.learn.surrogate import Training, hash_of, usable

BELIEVED: dict[Trust, float] = {"same": 0.8, "similar": 0.65, "simulation": 0.5, "maybe": 0.3}
"""Weight of the expert that believes the sources, before the campaign has a row of its own."""

_ROWS_WORTH = 4.0
"""How many rows of the campaign the sources' spread counts for in its scale."""


@dataclass(frozen=True)
class Transfer(Fitted):
    """A mixture of experts: one believes the sources' values, one their lengthscales, one neither.

    `omega_k ~ pi_k p(z | expert k)`: the prior weight times the evidence, which is the expert's
    track record on this campaign. A point's value is a mixture of the experts' predictions.

    Attributes:
        encoding: Lab units to tensors.
        scaling: The objective's unit to the units of the experts.
        training: The campaign's rows as the experts see them.
        sources: The fitted sources.
        experts: In the order sources, lengthscales, plain.
        log_weights: log omega, one an expert.
        rows: The rows that they learnt from.
        notes: In words.
    """

    encoding: Encoding
    scaling: Scaling
    training: Training
    sources: tuple[SourceModel, ...]
    experts: tuple[Expert, ...]
    log_weights: tuple[float, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> dict[str, float]:
        """Omega by the experts' names; they sum to one."""
        named = zip(self.experts, self.log_weights, strict=True)
        return {expert.belief.name: exp(weight) for expert, weight in named}

    @cached_property
    def coefficients(self) -> dict[str, tuple[float, float]]:
        """Posterior mean and standard deviation of each source's coefficient, by its name.

        For z with prior mean mu, covariance K and features m_s: `E[w_s] + v m_s' K^-1 (z - mu)` and
        `v - v^2 m_s' K^-1 m_s`.
        """
        expert = self.experts[0]
        prior, X = expert.belief.coefficients, self.training.X
        if prior is None:
            return {}
        with torch.no_grad():
            noise = expert.model.likelihood.noise.expand(len(X))
            covariance = expert.model.covar_module(X).to_dense() + torch.diag(noise)
            features = torch.stack([one.marginal_mean(X) for one in self.sources], dim=1)
            left = (self.training.z - expert.model.mean_module(X)).unsqueeze(-1)
            solved = torch.linalg.solve(covariance, torch.cat([left, features], dim=1))
            moved = prior.variance * features.T @ solved[:, 0]
            known = prior.variance**2 * (features * solved[:, 1:]).sum(0)
        return {
            source.name: (
                prior.mean + float(moved[at]),
                sqrt(max(prior.variance - float(known[at]), 0.0)),
            )
            for at, source in enumerate(self.sources)
        }

    @property
    def members(self) -> tuple[Member, ...]:
        """The experts' models, with their weights."""
        named = zip(self.experts, self.log_weights, strict=True)
        return tuple(Member(weight, expert.model) for expert, weight in named)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs beside rows and sources, as JSON."""
        return {
            "kind": "transfer",
            "sources": [source.state() for source in self.sources],
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
            "log_weights": list(self.log_weights),
            "coefficients": {name: list(pair) for name, pair in self.coefficients.items()},
            "shift": self.scaling.shift,
            "scale": self.scaling.scale,
            "rows_sha256": hash_of(self.rows),
            "notes": list(self.notes),
        }


def fit_transfer(
    encoding: Encoding,
    rows: Sequence[Row],
    objective: Objective,
    sources: Sequence[SourceModel],
    believed: Sequence[Source],
) -> Transfer:
    """The experts, fitted to `rows` (there may be none yet), with their weights.

    Args:
        encoding: Of the campaign's space.
        rows: Measured values, in the objective's unit.
        objective: What is wanted.
        sources: The sources' models.
        believed: The sources themselves: how much they are trusted.

    Raises:
        ModelError: an expert could not be fitted.
    """
    X, kept = usable(encoding, rows)
    scaling = _scaling([row.value for row in kept], objective, sources, believed)
    training = Training.of(encoding, scaling, X, kept)
    experts = tuple(fit_expert(one, training) for one in beliefs(encoding.scales, sources))
    trust = max(BELIEVED[source.trust] for source in believed)
    prior = np.log([trust, (1 - trust) / 2, (1 - trust) / 2])
    weights = prior + np.array([expert.found.evidence for expert in experts])
    weights -= logsumexp(weights)
    told = tuple(float(weight) for weight in weights)
    return Transfer(encoding, scaling, training, tuple(sources), experts, told, kept)


def restore_transfer(
    state: dict[str, Any],
    encoding: Encoding,
    rows: Sequence[Row],
    objective: Objective,
    believed: Sequence[Source],
) -> Transfer:
    """The mixture whose `state` was kept, from the same rows and sources, without optimisation.

    Raises:
        ReplayError: the rows or the sources are not those that it learnt from.
    """
    X, kept = usable(encoding, rows)
    if hash_of(kept) != state["rows_sha256"]:
        raise ReplayError(
            "these are not the rows that the surrogate learnt from",
            "a row was altered, added or taken away since",
        )
    pairs = zip(state["sources"], believed, strict=True)
    sources = tuple(restore_source(one, encoding, source, objective) for one, source in pairs)
    scaling = Scaling.known(state["shift"], state["scale"], objective)
    training = Training.of(encoding, scaling, X, kept)
    experts = tuple(
        made_expert(belief, training, _hyperparameters(told))
        for belief, told in zip(beliefs(encoding.scales, sources), state["experts"], strict=True)
    )
    weights, notes = tuple(state["log_weights"]), tuple(state["notes"])
    return Transfer(encoding, scaling, training, sources, experts, weights, kept, notes)


def _hyperparameters(told: dict[str, Any]) -> Hyperparameters:
    return Hyperparameters(
        tuple(told["lengthscales"]), told["variance"], told["noise"], told["evidence"]
    )


def _scaling(
    values: Sequence[float],
    objective: Objective,
    sources: Sequence[SourceModel],
    believed: Sequence[Source],
) -> Scaling:
    """Units of the campaign: where the sources' values are, and how far they spread.

    `s^2 = (nu s0^2 + sum (y - mean y)^2) / (nu + n - 1)`: a few values of its own would tell the
    scale badly. Sources in other units tell only that there is a scale.
    """
    y = np.array(values, dtype=float)
    same = [one for one, source in zip(sources, believed, strict=True) if source.comparable]
    if not same:
        return Scaling.of(values, objective) if len(y) > 1 else Scaling.known(0.0, 1.0, objective)
    centre = float(np.mean([one.mean for one in same]))
    spread = exp(float(np.mean([log(one.deviation) for one in same])))
    own = float(((y - y.mean()) ** 2).sum()) if len(y) else 0.0
    variance = (_ROWS_WORTH * spread**2 + own) / (_ROWS_WORTH + max(len(y) - 1, 0))
    return Scaling.known(centre, sqrt(variance), objective)
