"""Initial designs: the experiments before there is a model."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.quasirandom import SobolEngine

from agent.core.policy import InitialDesign
from agent.core.pools import PoolColumn
from agent.core.values import Point
from agent.decide.candidates import Candidates, Taken, feasible, listed, sampled, with_held
from agent.learn.encoding import Encoding

_AMONG = 64
_SAMPLE = 1024
_START = 3
"""Experiments before a model chooses (`docs/decisions/0017-a-start-of-three.md`)."""


def size(design: InitialDesign) -> int:
    """How many experiments the initial design has: as said, or three."""
    if design.points:
        return len(design.points)
    return design.size or _START


def thorough(encoding: Encoding) -> int:
    """How many experiments tell of the whole space: 2 d + 1, at least 3, at most 12.

    d counts degrees of freedom: a number or a choice is 1, a composition of k components k - 1, a
    pool or a described choice as many as it has descriptors.
    """
    return max(min(2 * encoding.degrees + 1, 12), 3)


def named(encoding: Encoding, design: InitialDesign) -> str:
    """Which design is drawn: `auto` is maximin where every point can be listed, or there is a pool;
    otherwise Sobol.
    """
    if design.design not in {"auto", "points"}:
        return design.design
    pooled = any(isinstance(one, PoolColumn) for one in encoding.space.parameters)
    return "maximin" if pooled or listed(encoding) is not None else "sobol"


def drawn(
    encoding: Encoding,
    design: InitialDesign,
    taken: Taken,
    count: int,
    seed: int,
    held: Point | None = None,
) -> list[Point]:
    """Up to `count` new points of the initial design; fewer where the space has no more.

    A Sobol or Latin hypercube design of the whole size is drawn from `seed`, and of it those points
    come first that are farthest from what was tried before, so that designs drawn in several
    decisions still fill the space together. Maximin takes, of 64 points drawn at random, the one
    farthest from all others (Mitchell's best candidate, 1991): spread, but not all corners. Where
    settings are `held`, every point has them.
    """
    whole = listed(encoding)
    pool = sampled(encoding, _SAMPLE, seed) if whole is None else whole
    pool = with_held(pool, held or {}, exact=whole is not None)
    pool = pool.without(taken.points)
    random = np.random.default_rng(seed)
    chosen: list[Point] = []
    if named(encoding, design) != "maximin":
        stratified = _stratified(encoding, design, max(size(design), count), seed)
        stratified = with_held(stratified, held or {}, exact=False)
        chosen = _farthest(stratified.without(taken.points), taken, count, None)
    left = pool.without(chosen)
    return chosen + _farthest(left, taken, count - len(chosen), random)


def _stratified(encoding: Encoding, design: InitialDesign, count: int, seed: int) -> Candidates:
    if named(encoding, design) == "latin_hypercube":
        cube = _latin_hypercube(count, encoding.cube, np.random.default_rng(seed))
    else:
        engine = SobolEngine(encoding.cube, True, seed)  # type: ignore[no-untyped-call]
        cube = engine.draw(count, dtype=torch.float64).numpy()
    table = encoding.spread(cube)
    table = table.take(feasible(encoding, table))
    return Candidates(encoding, table, encoding.encoded(table))


def _latin_hypercube(count: int, width: int, random: np.random.Generator) -> NDArray[np.float64]:
    """`count x width`, with one point in each of `count` strata of each coordinate (McKay, 1979)."""
    # Not scipy.stats.qmc: importing it takes 70 MB in every process that decides.
    strata = random.permuted(np.tile(np.arange(count), (width, 1)), axis=1).T
    return (strata + random.random((count, width))) / count


def _farthest(
    pool: Candidates, taken: Taken, count: int, random: np.random.Generator | None
) -> list[Point]:
    """Greedily the point farthest from all others, of the pool or of 64 random ones of it."""
    chosen: list[Point] = []
    while len(chosen) < count and len(pool):
        few = pool
        if random is not None and len(pool) > _AMONG:
            few = pool.take(np.sort(random.choice(len(pool), _AMONG, replace=False)))
        at = _start(few, random) if not taken.points else _remotest(few, taken)
        chosen.append(few.point(at))
        taken.add(chosen[-1])
        pool = pool.without(chosen[-1:])
    return chosen


def _start(pool: Candidates, random: np.random.Generator | None) -> int:
    return 0 if random is None else int(random.integers(len(pool)))


def _remotest(pool: Candidates, taken: Taken) -> int:
    others = pool.encoding.encode(taken.points)
    return int(torch.cdist(pool.X, others).min(dim=1).values.argmax())
