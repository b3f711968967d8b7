"""Choosing with a model: the best of every candidate, one after the other."""

from collections.abc import Callable, Iterator
from math import isfinite
from typing import NamedTuple

import numpy as np
import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from torch import Tensor

from agent.core.grounds import MOST
from agent.core.seeds import derived
from agent.core.values import Point
from agent.decide.acquisition import Scorer, nearest, scorer
from agent.decide.candidates import Candidates, Taken, holding, listed, sampled, with_held
from agent.decide.costs import Prices
from agent.decide.feasible import weighed, weighing
from agent.decide.filled import Filled
from agent.decide.polish import followed, neighbours
from agent.decide.situation import Situation
from agent.learn.fitted import Fitted

Scoring = Callable[[Tensor, Tensor], Scorer]
"""Points in flight (`m x d`) and a design (`k x d`) to a greedy step's acquisition."""

_SHORTLIST_FROM, _SHORTLIST = 2000, 1000
"""Of a pool of more than 2,000, the 1,000 best by the closed form go on to Monte Carlo: the two
rank alike but for the incumbent, which is noisy for the one and not for the other."""

_SAMPLE, _FEW = 2048, 192
_STARTS = 5
_INTEGRATED = 256
_MOVES = 12
EVERY = 10**9
_WHOLE, _FIRST = 8, 4
_FILLED_FROM = 1000
_AROUND = 512
_APART = 0.05
"""From which distance on two points are different choices, in diagonals of the cube."""


class Chosen(NamedTuple):
    """A point with its acquisition, what was in flight (`m x d`), and what else there was.

    `others` are the next best, with their acquisitions: apart from the point and from each other;
    `prices` is what they cost then, where that counts.
    """

    point: Point
    score: float
    in_flight: Tensor
    others: tuple[tuple[Point, float], ...] = ()
    prices: Prices | None = None


def anew(batch: int) -> int:
    """How many points of a batch are chosen with the whole acquisition anew: every one of up to 8, of
    more the first 4.
    """
    return EVERY if batch <= _WHOLE else _FIRST


def scoring(situation: Situation, surrogate: Fitted) -> Scoring:
    """The policy's acquisition with a model, weighed by what is likely to work."""

    def made(in_flight: Tensor, design: Tensor) -> Scorer:
        policy, works = situation.policy, situation.feasibility
        one = scorer(policy, surrogate, in_flight, situation.seed, design)
        if works is None:
            return one
        weigh = weighing(policy, surrogate)
        return weighed(one, works, weigh, rough=policy.name != "thompson")

    return made


class Chooser:
    """Sequentially greedy choice: each point is chosen with those before it in flight.

    Of a large batch only the first points are chosen with the whole acquisition anew; the rest is
    filled from one set of candidates (`agent/decide/fill.py`), if the policy has a way to.

    Args:
        situation: What the decision starts from.
        scoring: How much each point is wanted.
        chosen: Points chosen before in this decision (replicates).
        first: So many points are chosen with the whole acquisition anew, before the rest is filled.

    Attributes:
        design: Up to 256 random candidates, `k x d`: what is typical, and where variance counts.
        prices: What points cost, and what is left.
    """

    def __init__(
        self, situation: Situation, scoring: Scoring, chosen: list[Point], first: int = EVERY
    ) -> None:
        self._situation = situation
        self._first = first
        self._filled: Filled | None = None
        self._scoring = scoring
        self._chosen = list(chosen)
        self._taken = Taken(situation.encoding, [*situation.taken.points, *chosen])
        whole = listed(situation.encoding)
        self._exact = whole is not None
        pool = self._sample() if whole is None else whole
        self._pool = with_held(pool, situation.held, exact=self._exact)
        # A mask and not a smaller pool: a copy of a large one for each choice would double it.
        self._free = self._pool.free(self._taken.points)
        self.prices = Prices.of(situation)
        for point in chosen:
            self.prices = self.prices.after(point)
        self._free &= self.prices.payable(self._pool)
        random = np.random.default_rng(derived(situation.seed, "integrated"))
        few = random.permutation(np.flatnonzero(self._free))[:_INTEGRATED]
        self.design = self._pool.X[np.sort(few)]

    @property
    def candidates(self) -> Tensor:
        """What can be asked for, or a sample of it, with what was chosen: `n x d`."""
        chosen = self._situation.encoding.encode(self._chosen)
        return torch.cat([self._pool.X[torch.from_numpy(self._free)], chosen])

    @property
    def space(self) -> Tensor:
        """What there is, measured points too, or a sample of it: `n x d`."""
        return self._pool.X

    @property
    def taken(self) -> Taken:
        """The points that may not be chosen any more."""
        return self._taken

    def choices(self, count: int) -> Iterator[Chosen]:
        """Up to `count` points, best first."""
        for _ in range(count):
            best = self.choose()
            if best is None:
                return
            self.take(best.point)
            yield best

    def choose(self) -> Chosen | None:
        """The best point; None if no point is left."""
        if not self._free.any():
            return None
        in_flight = self._situation.in_flight(self._chosen)
        if self._filled is not None and (chosen := self._from(self._filled, in_flight)):
            return chosen
        one = self._scoring(in_flight, self.design)
        if self._first <= 0 and one.filling is not None:
            few = self._fillers(one)
            self._filled = Filled(few, one.filling(few.X))
            return self._from(self._filled, in_flight)
        found = self._best(one)
        if not found:
            return None
        return Chosen(*found[0], in_flight, tuple(found[1:]), self.prices)

    def take(self, point: Point) -> None:
        """From now on `point` is in flight, and may not be chosen."""
        self._first -= 1
        if self._filled is not None:
            self._filled.take(point)
        self._chosen.append(point)
        self._taken.add(point)
        self.prices = self.prices.after(point)
        self._free &= self._pool.free([point]) & self.prices.payable(self._pool)

    def acquisition(self, points: list[Point]) -> list[float]:
        """The first step's acquisition at `points`; of a joint draw, where the policy is one."""
        one = self._scoring(self._situation.in_flight(self._chosen), self.design)
        encoding = self._situation.encoding
        table = encoding.table(points)
        X = encoding.encoded(table)
        if one.most >= 10**9:
            values = self.prices.weighed(one.score(X), Candidates(encoding, table, X))
            return [float(value) for value in values]
        pool = self._shortlisted(one)
        far, which = nearest(X, pool.X)
        drawn = one.score(pool.X)[which]
        # A point that stands twice in a joint draw would change the draw: only others are added.
        if bool((far > 1e-9).any()):
            others = one.score(torch.cat([pool.X, X[far > 1e-9]]))
            drawn[far > 1e-9] = others[len(pool) :]
        return [float(value) for value in drawn]

    def _sample(self) -> Candidates:
        situation = self._situation
        seed = derived(situation.seed, "sample")
        return sampled(situation.encoding, _SAMPLE, seed, situation.leading)

    def _best(self, one: Scorer) -> list[tuple[Point, float]]:
        """The best point that can be chosen, and the next best ones, apart from each other."""
        few = self._shortlisted(one)
        if not self._exact and one.rough is not None and one.function is not None:
            few = _top(few, self.prices.weighed(one.rough(few.X), few), _FEW)
        values = self._scored(one, few)
        if not self._exact and one.function is not None:
            few, values = self._polished(few, values, one, self.prices.along(one.function, few))
        found: list[tuple[Point, float]] = []
        near = torch.zeros(len(few), dtype=torch.bool)
        for at in torch.argsort(values, descending=True, stable=True).tolist():
            if near[at]:
                continue
            point, value = few.point(at), float(values[at])
            if not self._possible(point):
                continue
            if found and not isfinite(value):
                break
            found.append((point, value))
            if len(found) > MOST:
                break
            near |= _distances(few.X, at) <= _least(few)
        return found

    def _fillers(self, one: Scorer) -> Candidates:
        """The candidates that the rest of a batch is filled from."""
        pool = self._pool.take(self._free)
        if not self._exact:
            situation, seed = self._situation, derived(self._situation.seed, "fillers")
            around = sampled(situation.encoding, _AROUND, seed, [*situation.leading, *self._chosen])
            around = with_held(around, situation.held, exact=False)
            around = around.without(self._taken.points)
            table = pool.table.joined(around.table)
            pool = Candidates(pool.encoding, table, torch.cat([pool.X, around.X]))
        rough = one.score if one.most >= 10**9 and one.rough is None else one.rough
        if len(pool) <= _FILLED_FROM or rough is None:
            return pool
        return _top(pool, self.prices.weighed(rough(pool.X), pool), _FILLED_FROM)

    def _from(self, filled: Filled, in_flight: Tensor) -> Chosen | None:
        """The best of those candidates that a batch is filled from."""
        for point, value in filled.best(self.prices):
            if self._possible(point):
                return Chosen(point, value, in_flight, prices=self.prices)
        return None

    def _shortlisted(self, one: Scorer) -> Candidates:
        """Those that `one` is to score: all, or of very many the best by its rough score."""
        count = int(self._free.sum())
        if one.rough is None or count <= min(_SHORTLIST_FROM, one.most):
            return self._pool if count == len(self._pool) else self._pool.take(self._free)
        values = self.prices.weighed(one.rough(self._pool.X), self._pool)
        values[~torch.from_numpy(self._free)] = -torch.inf
        return _top(self._pool, values, min(_SHORTLIST, one.most))

    def _polished(
        self, few: Candidates, values: Tensor, one: Scorer, function: AcquisitionFunction
    ) -> tuple[Candidates, Tensor]:
        """The candidates, with what was found uphill of the best and apart from each other."""
        encoding = few.encoding
        held = self._situation.held
        uphill = holding(encoding, followed(few.take(_apart(few, values)), function), held)
        found = few.table.joined(uphill)
        few = Candidates(encoding, found, encoding.encoded(found))
        values = torch.cat([values, self._scored(one, few, len(values))])
        if (
            bool(encoding.smooth.all())
            and not encoding.compositions
            and not encoding.space.constraints
        ):
            return few, values
        moved = few.take([int(self._allowed(few, values).argmax())])
        value, steps = float(self._scored(one, moved)), 0
        while steps < _MOVES:
            near = with_held(neighbours(moved, 0, self._taken), held, exact=False)
            if not len(near):
                break
            scores = self._scored(one, near)
            if float(scores.max()) <= value:
                break
            moved, value, steps = near.take([int(scores.argmax())]), float(scores.max()), steps + 1
        last = holding(encoding, followed(moved, function), held) if steps else moved.table
        table = few.table.joined(moved.table, last)
        few = Candidates(encoding, table, encoding.encoded(table))
        return few, torch.cat([values, self._scored(one, few, len(values))])

    def _scored(self, one: Scorer, few: Candidates, after: int = 0) -> Tensor:
        """The acquisition, by what the points cost, of those after the first so many."""
        if len(few) <= after:
            return few.X.new_zeros(0)
        if not self.prices.weighing:
            return one.score(few.X[after:])
        rest = few.take(slice(after, None))
        return self.prices.weighed(one.score(rest.X), rest)

    def _possible(self, point: Point) -> bool:
        """Whether the point is new, in the space, and can be paid for."""
        new = point not in self._taken and point in self._situation.space
        return new and self.prices.affords(point)

    def _allowed(self, few: Candidates, values: Tensor) -> Tensor:
        """The values, with those of points that cannot be chosen at minus infinity."""
        order = torch.argsort(values, descending=True, stable=True).tolist()
        values = values.clone()
        for at in order:
            if self._possible(few.point(at)):
                break
            values[at] = -torch.inf
        return values


def _top(pool: Candidates, values: Tensor, count: int) -> Candidates:
    """The best `count` in their canonical order; the first of equals."""
    if len(pool) <= count:
        return pool
    order = torch.argsort(values, descending=True, stable=True)[:count]
    return pool.take(order.sort().values.numpy())


def _apart(few: Candidates, values: Tensor) -> list[int]:
    """The best candidates that are at least a twentieth of the cube's diagonal apart."""
    least = _least(few)
    chosen: list[int] = []
    for at in torch.argsort(values, descending=True, stable=True).tolist():
        if len(chosen) == _STARTS:
            break
        if not chosen or float(torch.cdist(few.X[at : at + 1], few.X[chosen]).min()) > least:
            chosen.append(at)
    return chosen


def _least(few: Candidates) -> float:
    return float(_APART * few.X.shape[1] ** 0.5)


def _distances(X: Tensor, at: int) -> Tensor:
    """Of each of `n x d` to one of them: `n`."""
    apart: Tensor = (X - X[at]).square().sum(dim=1).sqrt()
    return apart
