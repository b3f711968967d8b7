"""A batch of 96 beside single suggestions, and what filling a batch is worth beside choosing each point.

How a batch is filled was chosen on made-up landscapes (`run.py --development batches`).
"""

import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from typing import Literal, get_args

import numpy as np
import torch

from agent.core.history import Row, key
from agent.core.objective import Objective
from agent.core.parameters import ContinuousParameter
from agent.core.policy import InitialDesign, Policy
from agent.core.seeds import derived
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide.choose import EVERY, Chooser, anew, scoring
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from agent.learn.surrogate import fit
from tests.benchmarks.transfer.development import Kind, landscape
from tests.benchmarks.transfer.problems import Floats, pool_of

BATCH, ROWS, WIDTH, POOL, PAIRS = 96, 50, 5, 2500, 3
UP = Objective(name="y", unit="1", goal="maximise")

Way = Literal["one by one", "filled"]
WAYS: tuple[Way, ...] = get_args(Way)
KINDS: tuple[Kind, ...] = ("field 4", "field 6", "reaction", "process")
ROUNDS, START, SMALL = 2, 8, 24


def measure(pairs: int = PAIRS) -> dict[str, list[float]]:
    """Time of a batch of 96 over that of one suggestion beside it, 50 rows, after one warm-up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {
                "batch_box": [_ratio(box(), seed) for seed in range(pairs + 1)][1:],
                "batch_pool": [_ratio(pool(), seed) for seed in range(pairs + 1)][1:],
            }
    finally:
        torch.set_num_threads(threads)


def box() -> SearchSpace:
    """Five continuous parameters."""
    return SearchSpace(
        parameters=tuple(ContinuousParameter(name=f"x{k}", low=0, high=1) for k in range(WIDTH))
    )


def pool() -> SearchSpace:
    """2,500 candidates with five descriptors."""
    return pool_of(np.random.default_rng(0).random((POOL, WIDTH)))[0]


def _ratio(space: SearchSpace, seed: int) -> float:
    random = np.random.default_rng(seed)
    encoding = Encoding.of(space)
    points = encoding.points(encoding.spread(random.random((ROWS, encoding.cube))))
    X = encoding.encode(points).numpy()[:, :WIDTH]
    values = -((X - 0.4) ** 2).sum(1) + 0.3 * np.sin(5 * X[:, 0])
    rows = rows_of(points, values + 0.02 * random.standard_normal(ROWS))
    seconds = dict.fromkeys((1, BATCH), 0.0)
    for q in seconds:
        policy = Policy(initial=InitialDesign(size=2), batch_size=q)
        situation = Situation(space, UP, policy, rows, seed=seed, started=ROWS)
        start = time.perf_counter()
        if len(propose(situation, q).choices) != q:
            raise RuntimeError("the batch is not full")
        seconds[q] = time.perf_counter() - start
    return seconds[BATCH] / seconds[1]


def rows_of(points: list[Point], values: Floats) -> tuple[Row, ...]:
    """Rows of points and their values."""
    pairs = enumerate(zip(points, values.tolist(), strict=True))
    return tuple(Row(id=str(k), trial=str(k), point=p, value=v) for k, (p, v) in pairs)


def develop(seeds: int, jobs: int) -> None:
    """Print the regret after each batch of 24, in deviations of the landscape."""
    work = [(kind, seed, way) for kind in KINDS for seed in range(seeds) for way in WAYS]
    with ProcessPoolExecutor(jobs) as pool_of_processes:
        each = pool_of_processes.map(regrets, *zip(*work, strict=True))
        found = dict(zip(work, each, strict=True))
    for kind in KINDS:
        for way in WAYS:
            mean = np.mean([found[kind, seed, way] for seed in range(seeds)], axis=0)
            print(f"{kind:9} {way:10} {np.round(mean, 3)}", flush=True)
    less = np.array(
        [
            np.subtract(found[kind, seed, "filled"], found[kind, seed, "one by one"])
            for kind in KINDS
            for seed in range(seeds)
        ]
    )
    error = 1.96 * less.std(axis=0, ddof=1) / np.sqrt(len(less))
    print(f"filled less one by one: {less.mean(0).round(3)} ± {error.round(3)} (95 %)", flush=True)


def regrets(kind: Kind, seed: int, way: Way) -> list[float]:
    """The regret after each batch, from eight random points."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    random = np.random.default_rng([seed, KINDS.index(kind), 55])
    land = landscape(kind, random)
    values = land.draw(random)
    answers = {key(point): float(value) for point, value in zip(land.points, values, strict=True)}
    points = [land.points[int(at)] for at in random.permutation(len(values))[:START]]
    told = []
    for number in range(ROUNDS):
        rows = rows_of(points, np.array([answers[key(point)] for point in points]))
        seed_of = derived(seed, number)
        situation = Situation(land.space, UP, Policy(), rows, seed=seed_of, started=len(rows))
        surrogate = fit(situation.encoding, rows, UP, derived(seed_of, "fit"))
        first = anew(SMALL) if way == "filled" else EVERY
        chooser = Chooser(situation, scoring(situation, surrogate), [], first)
        points += [chosen.point for chosen in chooser.choices(SMALL)]
        told.append(float(values.max() - max(answers[key(point)] for point in points)))
    return told
