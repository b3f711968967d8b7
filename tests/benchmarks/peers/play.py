"""One run: a strategy on a contest, until the best 1 % is reached or the budget is spent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from agent.core.seeds import derived
from tests.benchmarks.peers.contests import Contest

TOP1, TOP5 = 0.01, 0.05


@dataclass(frozen=True)
class Asked:
    """All that a strategy may know when it is asked for the next point.

    Attributes:
        contest: The points; what was not measured is not looked at.
        measured: Numbers of the points that were measured, and what it said.
        failed: Numbers of the points that did not work.
        starts: How many of them were given to begin with.
        seed: Of this suggestion.
    """

    contest: Contest
    measured: tuple[tuple[int, float], ...]
    failed: tuple[int, ...]
    starts: int
    seed: int

    @property
    def left(self) -> list[int]:
        """The points that may be asked for, in their order."""
        taken = {at for at, _ in self.measured}.union(self.failed)
        return [at for at in range(len(self.contest)) if at not in taken]

    @property
    def at(self) -> list[int]:
        """The points that were measured."""
        return [at for at, _ in self.measured]

    @property
    def scores(self) -> list[float]:
        """How good each of them was found to be; higher is better."""
        return [self.contest.problem.objective.score(value) for _, value in self.measured]


Strategy = Callable[[Asked], int]
"""Who says which point is next, by its number."""


def played(contest: Contest, strategy: Strategy, seed: int, starts: bool = True) -> Iterator[int]:
    """The points in the order in which they were measured, those to begin with too.

    Args:
        contest: What is played.
        strategy: Who chooses.
        seed: Of the starts, of the measurements and of each suggestion.
        starts: Whether the first points are given; otherwise it begins with nothing.
    """
    given = contest.starts(seed) if starts else []
    measured: list[tuple[int, float]] = []
    failed: list[int] = []
    for number in range(contest.experiments):
        asked = Asked(
            contest, tuple(measured), tuple(failed), len(given), derived(seed, contest.name, number)
        )
        at = given[number] if number < len(given) else strategy(asked)
        if at in failed or at in asked.at:
            raise ValueError(f"{contest.name}: point {at} was asked for twice")
        value = contest.measured(at, seed)
        if value is None:
            failed.append(at)
        else:
            measured.append((at, value))
        yield at


def trace(contest: Contest, strategy: Strategy, seed: int, starts: bool = True) -> list[float]:
    """The best true score so far after each experiment; it ends where the best 1 % is reached."""
    best: list[float] = []
    for at in played(contest, strategy, seed, starts):
        best.append(max([float(contest.scores[at]), *best[-1:]]))
        if best[-1] >= contest.threshold(TOP1):
            break
    return best


def reached(contest: Contest, best: list[float], share: float) -> int:
    """Experiments until a point of the best `share` was measured; a miss is the budget and one."""
    hits = np.flatnonzero(np.array(best) >= contest.threshold(share))
    return int(hits[0]) + 1 if len(hits) else contest.experiments + 1
