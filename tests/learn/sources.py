"""Sources of a made-up landscape: related to it, or not."""

import numpy as np

from agent.core.source import Source, SourceRow
from agent.core.space import SearchSpace
from agent.core.transfer import Trust
from agent.learn.encoding import Encoding
from tests.learn.spaces import points_of, rows_of


def source(
    space: SearchSpace,
    count: int = 40,
    factor: float = 1.0,
    offset: float = 0.0,
    *,
    name: str = "earlier",
    trust: Trust = "same",
    shuffled: bool = False,
    seed: int = 3,
) -> Source:
    """`factor` times what the space's rows say, and an offset; in an order of chance if shuffled."""
    points = points_of(space, count, seed=seed)
    values = np.array([row.value for row in rows_of(space, count, seed=seed)])
    if shuffled:
        values = np.random.default_rng(seed).permutation(values)
    told = zip(points, (factor * values + offset).tolist(), strict=True)
    rows = tuple(SourceRow(point=point, value=value) for point, value in told)
    return Source(name=name, trust=trust, rows=rows)


def unrelated(space: SearchSpace, count: int = 40, *, name: str = "unrelated") -> Source:
    """A smooth function of the settings that has nothing to do with what the space's rows say."""
    encoding, points = Encoding.of(space), points_of(space, count, seed=3)
    waves = np.random.default_rng(11).normal(0, 4, (encoding.width, 3))
    values = np.cos(encoding.encode(points).numpy() @ waves + 1).sum(1)
    told = zip(points, values.tolist(), strict=True)
    rows = tuple(SourceRow(point=point, value=value) for point, value in told)
    return Source(name=name, trust="same", rows=rows)
