"""A suggestion with three sources of 100 rows beside plain BoTorch's without any, on one thread."""

import time
import warnings

import numpy as np
import torch
from botorch.test_functions import Hartmann

from agent.core.source import Source, SourceRow
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from tests.benchmarks.loop.decide_suggestion import OBJECTIVE, POLICY, continuous, plain, rows_of

ROWS, SOURCES, SOURCE_ROWS, PAIRS = 10, 3, 100, 7


def sources(seed: int) -> tuple[Source, ...]:
    """Hartmann's function of six, shifted, scaled and noisy."""
    random = np.random.default_rng([seed, 3])
    encoding = Encoding.of(continuous())
    found = []
    for number in range(SOURCES):
        points = encoding.points(encoding.spread(random.random((SOURCE_ROWS, encoding.cube))))
        X = torch.tensor([list(map(float, point.values())) for point in points]).double()
        values = Hartmann(negate=True)((X + 0.05 * number).clamp(0, 1)).numpy()
        values = (1 + number) * values + 0.05 * random.standard_normal(SOURCE_ROWS)
        told = zip(points, values.tolist(), strict=True)
        rows = tuple(SourceRow(point=point, value=value) for point, value in told)
        found.append(Source(name=f"source {number}", trust="same", rows=rows))
    return tuple(found)


def measure(pairs: int = PAIRS) -> list[float]:
    """Ratios of alternated pairs, after one warm-up: a decision that believes its sources, with what
    it would have chosen without; the sources' own models are there already.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [_pair(seed) for seed in range(pairs + 1)][1:]
    finally:
        torch.set_num_threads(threads)


def _pair(seed: int) -> float:
    space, known = continuous(), sources(seed)
    rows = rows_of(space, seed)[:ROWS]
    asked = Situation(space, OBJECTIVE, POLICY, rows, sources=known, seed=seed, started=2 * ROWS)
    propose(Situation(space, OBJECTIVE, POLICY, sources=known, seed=seed, started=0), 1)
    took = {}
    for who in ("ours", "plain") if seed % 2 else ("plain", "ours"):
        start = time.perf_counter()
        if who == "ours":
            propose(asked, 1)
        else:
            plain(space, rows, seed)
        took[who] = time.perf_counter() - start
    return took["ours"] / took["plain"]


if __name__ == "__main__":
    print(measure())
