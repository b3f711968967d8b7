"""One suggestion of ours beside one of Ax's and of BayBE's: the same rows, on one thread.

The space is a box of six numbers. Each fits its model and optimises its acquisition; what they know is
there already. All three have five starts and 192 points to choose them from. What cannot be set alike
stays as each has it: ours looks at 2,048 points by the closed form before, and says what is left to gain
and why it chose; the samples of the acquisitions are 128 of ours, and the defaults of theirs.
"""

import logging
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.objective import Objective
from ax.core.optimization_config import OptimizationConfig
from ax.core.parameter import ParameterType, RangeParameter
from ax.core.search_space import SearchSpace
from baybe import Campaign
from baybe.objectives import SingleTargetObjective
from baybe.parameters import NumericalContinuousParameter
from baybe.recommenders import BotorchRecommender
from baybe.searchspace import SearchSpace as BayBESpace
from baybe.settings import Settings
from baybe.targets import NumericalTarget
from botorch.test_functions import Hartmann

from agent.core.history import Row
from agent.core.values import Point
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from tests.benchmarks.loop.decide_suggestion import OBJECTIVE, POLICY, continuous
from tests.benchmarks.loop.run import ratio
from tests.benchmarks.transfer.figures import Figure
from tests.benchmarks.transfer.peer_ax import add, fitted
from tests.benchmarks.transfer.problems import UP, Problem

SIZES = (20, 50, 100, 200, 500)
PAIRS = 5
_STARTS, _RAW = 5, 192
_NOISE = 0.05

Rows = tuple[Row, ...]
Suggestion = Callable[[], object]


def rows(count: int, seed: int) -> Rows:
    """So many points of the box, with noisy values of Hartmann's function of six numbers."""
    random = np.random.default_rng([seed, count])
    encoding = Encoding.of(continuous())
    points = encoding.points(encoding.spread(random.random((count, encoding.cube))))
    X = torch.tensor([list(map(float, point.values())) for point in points]).double()
    values = Hartmann(negate=True)(X).numpy() + _NOISE * random.standard_normal(count)
    told = zip(points, values.tolist(), range(count), strict=True)
    return tuple(Row(id=str(k), trial=str(k), point=p, value=v) for p, v, k in told)


def ours(known: Rows, seed: int) -> Suggestion:
    """One decision of the default policy, with its outlook and its reasons."""
    asked = Situation(continuous(), OBJECTIVE, POLICY, known, seed=seed, started=len(known))
    return lambda: propose(asked, 1)


def ax(known: Rows, seed: int) -> Suggestion:
    """Ax's modular BoTorch generator: fitted, and asked for a point."""
    logging.disable(logging.WARNING)
    names = continuous().columns
    box = SearchSpace([RangeParameter(one, ParameterType.FLOAT, 0.0, 1.0) for one in names])
    wanted = OptimizationConfig(objective=Objective(metric=Metric("score"), minimize=False))
    problem = Problem("box", "helpful", continuous(), (), np.empty(0), (), UP)
    here = Experiment(search_space=box, name="here", optimization_config=wanted)
    for row in known:
        add(here, problem, row.point, row.value)
    options = {"optimizer_kwargs": {"num_restarts": _STARTS, "raw_samples": _RAW}}

    def suggest() -> object:
        torch.manual_seed(seed)
        adapter = fitted(here, len(known), with_sources=False)
        return adapter.gen(1, model_gen_options=options)

    return suggest


def baybe(known: Rows, seed: int) -> Suggestion:
    """BayBE's recommendation."""
    names = continuous().columns
    box = BayBESpace.from_product([NumericalContinuousParameter(one, (0.0, 1.0)) for one in names])
    campaign = Campaign(
        box,
        SingleTargetObjective(NumericalTarget("score")),
        BotorchRecommender(n_restarts=_STARTS, n_raw_samples=_RAW),
    )
    campaign.add_measurements(pd.DataFrame([_told(row.point, row.value) for row in known]))

    def suggest() -> object:
        with Settings(random_seed=seed):
            return campaign.recommend(1)

    return suggest


def _told(point: Point, value: float) -> Point:
    return {**point, "score": value}


WHO = {"ours": ours, "ax": ax, "baybe": baybe}


def measure(sizes: tuple[int, ...] = SIZES, pairs: int = PAIRS) -> Iterator[Figure]:
    """Median, lowest and highest ratio of ours to theirs, by how much is known and of all."""
    every: dict[str, list[float]] = {"ax": [], "baybe": []}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for size in sizes:
            taken = [_alternated(size, seed) for seed in range(pairs + 1)][1:]
            for peer, found in every.items():
                ratios = [one["ours"] / one[peer] for one in taken]
                found.extend(ratios)
                yield ratio(f"suggestion_time_over_{peer}_at_{size}", ratios)
            for who in WHO:
                yield ratio(f"suggestion_seconds_{who}_at_{size}", [one[who] for one in taken])
    finally:
        torch.set_num_threads(threads)
    for peer, found in every.items():
        yield ratio(f"suggestion_time_over_{peer}", found)


def _alternated(size: int, seed: int) -> dict[str, float]:
    """Seconds of each, who comes first changing with the seed."""
    known = rows(size, seed)
    order = list(WHO)[seed % len(WHO) :] + list(WHO)[: seed % len(WHO)]
    seconds = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for who in order:
            suggest = WHO[who](known, seed)
            start = time.perf_counter()
            suggest()
            seconds[who] = time.perf_counter() - start
    return seconds
