"""Figures from campaigns: ratios over paired seeds with their limits."""

from typing import Any

import numpy as np

from tests.benchmarks.transfer.campaigns import EXPERIMENTS, Runs, Task, problem_of
from tests.benchmarks.transfer.problems import Floats

Figure = dict[str, Any]
_BOOTSTRAPS = 2000


class Table:
    """Areas and experiments to the top 5 % of campaigns, by problem, way and seed.

    Args:
        runs: The campaigns.
        seeds: Those that are looked at.
    """

    def __init__(self, runs: Runs, seeds: range) -> None:
        self.runs = runs
        self.seeds = seeds

    def areas(self, problem: str, way: str, shift: int = 0) -> Floats:
        """Mean of the normalised regret over 30 experiments, one a seed."""
        return np.array([self._area(problem, way, seed + shift) for seed in self.seeds])

    def reach(self, problem: str, way: str) -> Floats:
        """Experiments to the best 5 % of the pool; one more than there were if it was never reached."""
        return np.array([self._reach(problem, way, seed) for seed in self.seeds], dtype=float)

    def pair(self, problem: str, way: str, beside: str = "none") -> tuple[Floats, Floats]:
        """Areas of a way and of another beside it, which knows nothing of sources."""
        return self.areas(problem, way), self.areas(base(problem), beside)

    def _area(self, problem: str, way: str, seed: int) -> float:
        best = np.array(self.runs.best(Task(problem, way, seed)))
        return float(problem_of(problem, seed).regret(best).mean())

    def _reach(self, problem: str, way: str, seed: int) -> int:
        best = np.array(self.runs.best(Task(problem, way, seed)))
        hits = np.flatnonzero(best >= np.quantile(problem_of(problem, seed).scores, 0.95) - 1e-12)
        return int(hits[0]) + 1 if len(hits) else EXPERIMENTS + 1


def base(problem: str) -> str:
    """The problem that a campaign without sources is run on: the first of its forms."""
    return _FIRST.get(problem, problem)


_FIRST: dict[str, str] = {}


def known(problems: list[str]) -> None:
    """Say which problems there are: those of one base share their campaigns without sources."""
    first: dict[str, str] = {}
    for name in problems:
        _FIRST[name] = first.setdefault(name.split(",")[0], name)


def ratio(ours: Floats, theirs: Floats) -> float:
    """Of the means."""
    return float((ours.mean() + 1e-6) / (theirs.mean() + 1e-6))


def mean_ratio(pairs: list[tuple[Floats, Floats]]) -> float:
    """The geometric mean over problems."""
    return float(np.exp(np.mean([np.log(ratio(*pair)) for pair in pairs])))


def limits(pairs: list[tuple[Floats, Floats]]) -> tuple[float, float]:
    """95 % limits of the geometric mean from a bootstrap over seeds, paired."""
    random = np.random.default_rng(0)
    count = len(pairs[0][0])
    drawn = [
        mean_ratio([(ours[some], theirs[some]) for ours, theirs in pairs])
        for some in random.integers(0, count, (_BOOTSTRAPS, count))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def figure(name: str, value: float, between: tuple[float, float] | None = None) -> Figure:
    """A figure with its limits."""
    low, high = between or (value, value)
    return {"name": name, "value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}


def ratios(name: str, pairs: list[tuple[Floats, Floats]]) -> Figure:
    """The geometric mean of ratios over problems."""
    return figure(name, mean_ratio(pairs), limits(pairs))


def mean(name: str, values: list[Floats]) -> Figure:
    """The mean over problems and seeds, with limits over seeds."""
    random = np.random.default_rng(0)
    table = np.stack(values)
    count = table.shape[1]
    drawn = [table[:, some].mean() for some in random.integers(0, count, (_BOOTSTRAPS, count))]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return figure(name, float(table.mean()), (float(low), float(high)))


def slug(problem: str) -> str:
    """A problem's name in a figure's."""
    return problem.replace(", ", "_").replace(" ", "_").lower()
