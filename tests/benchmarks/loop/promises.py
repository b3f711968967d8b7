"""How often the promise of a stop holds: that no more than so much is left to gain.

Judged by recorded experiments and test functions. How many outlooks in a row are asked for was chosen
on made-up landscapes (`run.py --development promises`).
"""

import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from scipy.stats import beta

from agent.core.history import key
from agent.core.outlook import CALM
from agent.core.policy import Policy
from tests.benchmarks.loop.played import played
from tests.benchmarks.transfer.campaigns import absent, problem_of, problems
from tests.benchmarks.transfer.development import KINDS
from tests.benchmarks.transfer.figures import Figure, base, figure, known, mean

EXPERIMENTS = 50
LEFT = 0.1
"""Of the way from the median candidate to the best: a campaign ends when no more is left, with 95 %."""

Seen = list[tuple[float, float]]
"""Before each experiment: the 95 % bound of what is left (infinite without one), and what was. As
shares of the way from the median candidate to the best.
"""


def measure(seeds: int = 5, jobs: int = 1) -> list[Figure]:
    """Of campaigns that end by the rule: how often they were right, how many, and after how many
    experiments.
    """
    names = [problem.name for problem in problems()]
    known(names)
    work = [(name, seed) for name in dict.fromkeys(map(base, names)) for seed in range(seeds)]
    ends = [_end(seen, CALM) for seen in _seen_of(work, jobs)]
    held = [right for _, right in ends if right is not None]
    right, count = sum(held), len(held)
    low, high = beta.ppf([0.025, 0.975], [right, right + 1], [count - right + 1, count - right])
    between = (0.0 if np.isnan(low) else float(low), 1.0 if np.isnan(high) else float(high))
    return [
        figure("promise_held", right / count, between),
        figure("promise_stopped", count / len(ends)),
        mean("promise_experiments", [np.array([float(number) for number, _ in ends])]),
    ]


def develop(seeds: int, jobs: int) -> None:
    """Print how often bounds held, and stops by so many of them in a row, on made-up landscapes."""
    work = [(f"{kind}, close", seed) for kind in KINDS for seed in range(seeds)]
    every = _seen_of(work, jobs)
    told = [pair for seen in every for pair in seen if np.isfinite(pair[0])]
    print(
        f"a single bound held in {np.mean([left <= bound for bound, left in told]):.3f} of {len(told)}"
    )
    for calm in (1, 3, 5, CALM):
        ends = [_end(seen, calm) for seen in every]
        held = [(number, right) for number, right in ends if right is not None]
        numbers, rights = zip(*held, strict=True)
        print(f"{calm} in a row: {len(held)} of {len(ends)} stop, after {np.mean(numbers):.1f};"
              f" {np.mean(rights):.3f} held")  # fmt: skip


def _seen_of(work: Sequence[tuple[str, int]], jobs: int) -> list[Seen]:
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(_seen, work))


def _seen(work: tuple[str, int]) -> Seen:
    warnings.simplefilter("ignore")
    name, seed = work
    problem = problem_of(name, seed)
    best = float(problem.scores.max())
    span = best - float(np.median(problem.scores))
    values = {
        key(point): float(value)
        for point, value in zip(problem.points, problem.values, strict=True)
    }
    steps = played(problem.space, problem.objective, Policy(), lambda point: values[key(point)],
                   seed, EXPERIMENTS, absent(problem))  # fmt: skip
    found: Seen = []
    top = float(problem.scores.min())
    for step in steps:
        bound = step.outlook.left["95"] / span if step.outlook else float("inf")
        found.append((bound, (best - top) / span))
        assert step.value is not None
        top = max(top, problem.objective.score(step.value))
    return found


def _end(seen: Seen, calm: int) -> tuple[int, bool | None]:
    """After how many experiments `calm` bounds in a row are low enough, and whether no more was left;
    None where that never was.
    """
    low = 0
    for number, (bound, left) in enumerate(seen):
        low = low + 1 if bound <= LEFT else 0
        if low == calm:
            return number, left <= LEFT
    return len(seen), None
