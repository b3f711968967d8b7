"""How often the promise of a stop holds: that no more than so much is left to gain.

python tests/benchmarks/loop/promises.py [--seeds N] [--jobs J] [--development]

Judged by recorded experiments and test functions; how many outlooks in a row are asked for was chosen
on made-up landscapes (`--development`).
"""

import argparse
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT)]
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from scipy.stats import beta  # noqa: E402

from agent.core.budget import Stop  # noqa: E402
from agent.core.history import Row, key  # noqa: E402
from agent.core.outlook import Outlook, latest  # noqa: E402
from agent.core.policy import Policy  # noqa: E402
from agent.core.record import Tested  # noqa: E402
from agent.core.seeds import derived  # noqa: E402
from agent.decide.propose import propose  # noqa: E402
from agent.decide.situation import Situation  # noqa: E402
from tests.benchmarks.transfer.campaigns import absent, problem_of, problems  # noqa: E402
from tests.benchmarks.transfer.development import KINDS  # noqa: E402
from tests.benchmarks.transfer.figures import Figure, base, figure, known, mean  # noqa: E402
from tests.benchmarks.transfer.problems import Problem  # noqa: E402

EXPERIMENTS = 50
LEFT = 0.1
"""Of the way from the median candidate to the best: a campaign ends when no more is left, with 95 %."""


def measure(seeds: int = 5, jobs: int = 1) -> list[Figure]:
    """Of campaigns that end by the rule: how many, after how many experiments, how often they were
    right.
    """
    names = [problem.name for problem in problems()]
    known(names)
    work = [(name, seed) for name in dict.fromkeys(map(base, names)) for seed in range(seeds)]
    return _figures("promise", _ends(work, jobs))


def _ends(work: list[tuple[str, int]], jobs: int) -> list[tuple[int, bool | None]]:
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(_end, work))


def _figures(name: str, ends: list[tuple[int, bool | None]]) -> list[Figure]:
    held = [right for _, right in ends if right is not None]
    low, high = beta.ppf([0.025, 0.975], [sum(held), sum(held) + 1],
                         [len(held) - sum(held) + 1, len(held) - sum(held)])  # fmt: skip
    high = 1.0 if np.isnan(high) else high
    return [
        figure(f"{name}_held", float(np.mean(held)), (float(low), float(high))),
        figure(f"{name}_stopped", len(held) / len(ends)),
        mean(f"{name}_experiments", [np.array([float(count) for count, _ in ends])]),
    ]


def _end(work: tuple[str, int]) -> tuple[int, bool | None]:
    """After how many experiments it ended; whether no more was left; None if it did not end by that."""
    warnings.simplefilter("ignore")
    name, seed = work
    problem = problem_of(name, seed)
    best, middle = float(problem.scores.max()), float(np.median(problem.scores))
    stop = Stop(left_to_gain=LEFT * (best - middle), confidence=95)
    place = {key(point): number for number, point in enumerate(problem.points)}
    rows: list[Row] = []
    record: list[Tested] = []
    outlooks: list[Outlook | None] = []
    for number in range(EXPERIMENTS):
        at = Situation(
            problem.space, problem.objective, Policy(), tuple(rows), barred=absent(problem),
            stop=stop, outlooks=latest(outlooks), record=tuple(record), seed=derived(seed, number), started=number,
        )  # fmt: skip
        selection = propose(at, 1)
        outlooks.append(selection.outlook)
        if not selection.choices:
            return number, best - _found(problem, rows) <= LEFT * (best - middle)
        (choice,) = selection.choices
        point = choice.point
        value = float(problem.values[place[key(point)]])
        if choice.prediction:
            (told,) = choice.prediction.values()
            record.append(Tested(mean=told[0], sd=told[1], value=value))
        rows.append(Row(id=str(number), trial=str(number), point=point, value=value))
    return EXPERIMENTS, None


def _found(problem: Problem, rows: list[Row]) -> float:
    return max(problem.objective.score(row.value) for row in rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--development", action="store_true")
    asked = parser.parse_args()
    if asked.development:
        made_up = [(f"{kind}, close", seed) for kind in KINDS for seed in range(asked.seeds)]
        told = _figures("development", _ends(made_up, asked.jobs))
    else:
        told = measure(asked.seeds, asked.jobs)
    for one in told:
        print(f"{one['name']}: {one['value']} [{one['low']}, {one['high']}]")
