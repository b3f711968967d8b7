"""How far a model's response depends on each parameter, and on two of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

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
PAIRS, ALONE = 3, 8
_SAMPLE, _MOST, _DRAWN, _JOINT = 2048, 2048, 8192, 1500
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
        several = restore_several(state, encoding, aim, given, situation.usable_bounds)
        return list(zip(aim.names, several.parts, strict=True))
    if state["kind"] == "transfer":
        return [(objective.name, restored(situation, state))]
    told = (encoding, situation.rows, objective, situation.bounds)
    return [(objective.name, restore(state, *told))]


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
        """The halves of one scrambled Sobol sequence (Saltelli et al., 2010), where enough of both can be
        measured; otherwise, and where compositions are listed, candidates drawn with replacement.
        """
        whole = listed(encoding)
        if whole is None or not encoding.compositions:
            engine = SobolEngine(2 * encoding.cube, True, seed)  # type: ignore[no-untyped-call]
            cube = engine.draw(_MOST, dtype=torch.float64).numpy()
            own, other = (encoding.spread(half) for half in np.split(cube, 2, axis=1))
            good = feasible(encoding, own) & feasible(encoding, other)
            if good.sum() >= _MOST // 4:
                return cls(encoding, own.take(good), other.take(good))
        pool = sampled(encoding, _SAMPLE, seed) if whole is None else whole
        rows = np.random.default_rng(seed).integers(0, len(pool), (2, _DRAWN))
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

    def good(self, asked: Iterable[Which]) -> Tensor:
        """Where every one of these exchanges can be measured: `n`, bool."""
        found = np.ones(len(self.own), dtype=bool)
        for which in asked:
            found &= feasible(self.encoding, self.table(which))
        return torch.from_numpy(found)


@dataclass(frozen=True)
class _Effect:
    """What one parameter does, or two: `E[(sum_u sign_u f(A_u))^2] / (terms * Var f)`.

    Attributes:
        of: The parameters.
        signs: Each exchange u with its sign.
        rest: Whether the exchanges are of all the other parameters: the share is what these leave.
    """

    of: Which
    signs: Mapping[Which, int]
    rest: bool = False

    @classmethod
    def total(cls, at: int) -> "_Effect":
        """Of a parameter, alone and with others: `f(A) - f(A_j)` (Jansen, 1999)."""
        return cls((at,), {(): 1, (at,): -1})

    @classmethod
    def alone(cls, at: int, count: int) -> "_Effect":
        """Of a parameter by itself: what is left when all `count` but it are exchanged."""
        others = tuple(one for one in range(count) if one != at)
        return cls((at,), {(): 1, others: -1} if others else {}, rest=True)

    @classmethod
    def together(cls, one: int, other: int) -> "_Effect":
        """Of two only together: `f(A) - f(A_j) - f(A_k) + f(A_jk)` (Liu & Owen, 2006)."""
        return cls((one, other), {(): 1, (one,): -1, (other,): -1, (one, other): 1})

    def shares(self, values: Mapping[Which, Tensor], swaps: _Swaps) -> Tensor:
        """The effect in each of several functions (`draws x n`), `draws`; none where too few exchanges
        can be measured.
        """
        spread = values[()].var(dim=1, correction=0).clamp_min(_TINY)
        good = swaps.good(self.signs)
        if int(good.sum()) < _FEWEST:
            return spread[:0]
        moved = torch.zeros_like(values[()][:, good])
        for which, sign in self.signs.items():
            moved = moved + sign * values[which][:, good]
        share = moved.square().mean(dim=1) / max(len(self.signs), 1) / spread
        return 1 - share if self.rest else share


def _importance(situation: Situation, objective: str, model: Fitted) -> Importance:
    """By samples A and B of what can be measured, and draws f from the posterior.

    A_u is the sample A with the parameters u of B, where that can be measured too.
    """
    names = [one.name for one in situation.space.parameters]
    seed, count = derived(situation.seed, "importance"), len(names)
    swaps = _Swaps.of(situation.encoding, seed)
    mean: dict[Which, Tensor] = {}

    def strongest(effects: Iterable[_Effect], most: int) -> list[_Effect]:
        return sorted(effects, key=lambda one: -float(expected(one).sum()))[:most]

    def expected(effect: _Effect) -> Tensor:
        for which in {(), *effect.signs} - set(mean):
            mean[which] = model.posterior.marginals(swaps.encoded(which))[0].unsqueeze(0)
        return effect.shares(mean, swaps)

    totals = strongest((_Effect.total(at) for at in range(count)), count)
    alone = [_Effect.alone(one.of[0], count) for one in totals[:ALONE]]
    pairs = strongest((_Effect.together(*two) for two in combinations(range(count), 2)), PAIRS)
    asked = sorted({which for one in (*totals, *alone, *pairs) for which in ((), *one.signs)})
    few = swaps.take(_JOINT // len(asked))
    drawn = _drawn(model, few, asked, seed)

    def told(effects: Sequence[_Effect]) -> tuple[Part, ...]:
        found = []
        for one in effects:
            shares, whole = one.shares(drawn, few), expected(one)
            if len(shares):
                # What so few points are off by, the mean of the posterior tells: a control variate.
                roughly = {which: mean[which][:, : len(few.own)] for which in ((), *one.signs)}
                found.append(_part(names, one.of, shares + whole - one.shares(roughly, few)))
        return tuple(sorted(found, key=lambda part: -part.share))

    return Importance(
        objective=objective, totals=told(totals), alone=told(alone), pairs=told(pairs)
    )


def _drawn(model: Fitted, swaps: _Swaps, asked: list[Which], seed: int) -> dict[Which, Tensor]:
    """Joint draws at every exchanged sample, each member's share by its weight: `draws x n` each."""
    X = torch.cat([swaps.encoded(which) for which in asked])
    points, at = torch.unique(X, dim=0, return_inverse=True)
    values = model.posterior.draws(points, DRAWS, seed)[:, at]
    return dict(zip(asked, torch.split(values, len(swaps.own), dim=1), strict=True))


def _part(names: list[str], which: Which, effect: Tensor) -> Part:
    at = torch.tensor(_QUANTILES, dtype=effect.dtype)
    low, middle, high = torch.quantile(effect.clamp(0.0, 1.0), at).tolist()
    return Part(parameters=tuple(names[at] for at in which), share=middle, low=low, high=high)
