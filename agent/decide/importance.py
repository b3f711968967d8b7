"""How far a model's response depends on each parameter, and on two of them together."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from agent.core.importance import Importance, Part
from agent.core.seeds import derived
from agent.decide.candidates import feasible, listed, sampled
from agent.decide.informed import restored
from agent.decide.situation import Situation
from agent.decide.traded import is_traded
from agent.learn.encoding import Encoding, Table
from agent.learn.fitted import Fitted
from agent.learn.scope import seeded
from agent.learn.several import restore_several
from agent.learn.surrogate import restore

DRAWS = 256
PAIRS = 3
_SAMPLE, _MOST, _JOINT = 2048, 2048, 1500
_FEWEST = 8
_QUANTILES = (0.05, 0.5, 0.95)
_TINY = 1e-300

Which = tuple[int, ...]
"""Parameters by their numbers."""


def importance(situation: Situation, state: dict[str, Any]) -> tuple[Importance, ...]:
    """What each objective depends on, by the model that made a decision's first choice.

    Args:
        situation: What the decision started from.
        state: The fitted model as JSON.

    Raises:
        ReplayError: the rows are not those that it learnt from.
    """
    with seeded(situation.seed), torch.no_grad():
        return tuple(
            _importance(situation, name, model) for name, model in _models(situation, state)
        )


def _models(situation: Situation, state: dict[str, Any]) -> list[tuple[str, Fitted]]:
    encoding, aim, objective = situation.encoding, situation.aim, situation.objective
    if is_traded(state):
        given = [(one, situation.told_of(one)) for one in aim.objectives]
        several = restore_several(state, encoding, aim, given)
        return list(zip(aim.names, several.parts, strict=True))
    if state["kind"] == "transfer":
        return [(objective.name, restored(situation, state))]
    return [(objective.name, restore(state, encoding, situation.rows, objective))]


@dataclass(frozen=True)
class _Swaps:
    """Two samples of what can be measured, and the first with columns of the second.

    Attributes:
        encoding: Of the space.
        own: The first sample, n points.
        other: The second one.
    """

    encoding: Encoding
    own: Table
    other: Table

    @classmethod
    def of(cls, encoding: Encoding, seed: int) -> "_Swaps":
        """Samples with replacement of a space's candidates."""
        whole = listed(encoding)
        pool = sampled(encoding, _SAMPLE, seed) if whole is None else whole
        rows = np.random.default_rng(seed).integers(0, len(pool), (2, _MOST))
        return cls(encoding, pool.table.take(rows[0]), pool.table.take(rows[1]))

    def take(self, count: int) -> "_Swaps":
        """The first points of each."""
        some = slice(0, count)
        return _Swaps(self.encoding, self.own.take(some), self.other.take(some))

    def table(self, which: Which) -> Table:
        """The first sample with these parameters of the second."""
        pairs = zip(self.own.parts, self.other.parts, strict=True)
        return Table(tuple(b if at in which else a for at, (a, b) in enumerate(pairs)))

    def encoded(self, which: Which) -> Tensor:
        """The same, `n x d`."""
        return self.encoding.encoded(self.table(which))

    def good(self, which: Which) -> Tensor:
        """Where these parameters can be exchanged, one by one and together: `n`, bool."""
        found = np.ones(len(self.own), dtype=bool)
        for size in range(1, len(which) + 1):
            for some in combinations(which, size):
                found &= feasible(self.encoding, self.table(some))
        return torch.from_numpy(found)


def _importance(situation: Situation, objective: str, model: Fitted) -> Importance:
    """By samples A and B of what can be measured, and draws f from the posterior.

    With A_j the sample with parameter j of B, where that can be measured too,
    `E[(f(A) - f(A_j))^2] / 2 Var f` is the total effect of j (Jansen, 1999), and
    `E[(f(A) - f(A_j) - f(A_k) + f(A_jk))^2] / 4 Var f` what j and k do only together (Liu & Owen, 2006).
    """
    names = [one.name for one in situation.space.parameters]
    seed = derived(situation.seed, "importance")
    swaps = _Swaps.of(situation.encoding, seed)
    alone: list[Which] = [(at,) for at in range(len(names))]
    pairs: list[Which] = list(combinations(range(len(names)), 2))
    mean = {
        which: model.posterior.marginals(swaps.encoded(which))[0].unsqueeze(0)
        for which in [(), *alone, *pairs]
    }
    expected = {which: _effect(mean, which, swaps) for which in [*alone, *pairs]}
    strongest = sorted(pairs, key=lambda which: -float(expected[which].sum()))[:PAIRS]
    few = swaps.take(_JOINT // (1 + len(alone) + len(strongest)))
    drawn = _drawn(model, few, [(), *alone, *strongest], seed)
    roughly = {which: values[:, : len(few.own)] for which, values in mean.items()}
    found: list[list[Part]] = [[], []]
    for told, some in zip(found, (alone, strongest), strict=True):
        for which in some:
            effect = _effect(drawn, which, few)
            if len(effect):
                # What so few points are off by, the mean of the posterior tells: a control variate.
                off = expected[which] - _effect(roughly, which, few)
                told.append(_part(names, which, (effect + off).clamp(0.0, 1.0)))
    totals, together = (tuple(sorted(one, key=lambda part: -part.share)) for one in found)
    return Importance(objective=objective, totals=totals, pairs=together)


def _effect(values: Mapping[Which, Tensor], which: Which, swaps: _Swaps) -> Tensor:
    """The effect of one parameter or of two, in each of several functions (`draws x n`): `draws`; of
    none, where it cannot be exchanged.
    """
    good = swaps.good(which)
    if int(good.sum()) < _FEWEST:
        return torch.zeros(0)
    moved = torch.zeros(())
    for size in range(len(which) + 1):
        for some in combinations(which, size):
            moved = moved + (-1) ** size * values[some][:, good]
    spread = values[()].var(dim=1, correction=0).clamp_min(_TINY)
    effect: Tensor = moved.square().mean(dim=1) / 2 ** len(which) / spread
    return effect


def _drawn(model: Fitted, swaps: _Swaps, asked: list[Which], seed: int) -> dict[Which, Tensor]:
    """Joint draws at every exchanged sample, each member's share by its weight: `draws x n` each."""
    X = torch.cat([swaps.encoded(which) for which in asked])
    points, at = torch.unique(X, dim=0, return_inverse=True)
    random = np.random.default_rng(seed)
    posterior = model.posterior
    weights = np.array(posterior.weights)
    counts = random.multinomial(DRAWS, weights / weights.sum())
    parts = []
    for part, count in zip(posterior.parts, counts.tolist(), strict=True):
        if count:
            root = psd_safe_cholesky(part.covariance(points, points))
            normal = torch.from_numpy(random.standard_normal((count, len(points))))
            parts.append(part.marginals(points)[0] + normal @ root.T)
    values = torch.cat(parts)[:, at]
    return dict(zip(asked, torch.split(values, len(swaps.own), dim=1), strict=True))


def _part(names: list[str], which: Which, effect: Tensor) -> Part:
    low, middle, high = torch.quantile(
        effect, torch.tensor(_QUANTILES, dtype=effect.dtype)
    ).tolist()
    return Part(parameters=tuple(names[at] for at in which), share=middle, low=low, high=high)
