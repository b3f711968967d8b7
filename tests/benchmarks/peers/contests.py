"""What strategies compete on: a finite table of points, what a measurement there says, and how often
it may be asked.
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from agent.core.history import key
from agent.core.parameters import CategoricalParameter
from agent.core.pools import PoolColumn
from agent.core.seeds import derived
from agent.core.values import Point
from tests.benchmarks.transfer.campaigns import absent
from tests.benchmarks.transfer.problems import Floats, Problem


@dataclass(frozen=True, eq=False)
class Contest:
    """A table with its budget.

    Attributes:
        problem: The points, and what each is worth: the mean of its replicates.
        replicates: What was measured at each point, where a measurement draws one of them.
        noise: Standard deviation of what is added to a value.
        broken: Numbers of the points that do not work.
    """

    problem: Problem
    replicates: tuple[Floats, ...] = ()
    noise: float = 0.0
    broken: frozenset[int] = field(default=frozenset())

    @property
    def name(self) -> str:
        """Of the problem."""
        return self.problem.name

    def __len__(self) -> int:
        """How many points."""
        return len(self.problem.points)

    @property
    def experiments(self) -> int:
        """The budget: 60, but not more than a quarter of a small table, and at least 20."""
        return min(60, max(20, len(self) // 4))

    @cached_property
    def dimensions(self) -> int:
        """How many numbers and choices a point has; those of a pool are its descriptors."""
        space = self.problem.space
        return sum(
            len(space.pool(one).descriptors) if isinstance(one, PoolColumn) else 1
            for one in space.parameters
        )

    @cached_property
    def place(self) -> dict[tuple[tuple[str, str], ...], int]:
        """Number of each point, by its settings."""
        return {key(point): number for number, point in enumerate(self.problem.points)}

    @cached_property
    def absent(self) -> tuple[Point, ...]:
        """Points of the space that the table does not have."""
        return absent(self.problem)

    @cached_property
    def features(self) -> Floats:
        """The points as numbers, `n x d`: choices are one-hot, a pool is its descriptors."""
        columns: list[Floats] = []
        for one in self.problem.space.parameters:
            told = [point[one.name] for point in self.problem.points]
            if isinstance(one, PoolColumn):
                pool = self.problem.space.pool(one)
                at = [pool.index()[str(name)] for name in told]
                columns += [np.array(column)[at] for column in pool.descriptors.values()]
            elif isinstance(one, CategoricalParameter):
                columns += [np.array([c == choice for c in told], float) for choice in one.choices]
            else:
                columns.append(np.array(told, dtype=float))
        return np.stack(columns, axis=1)

    @cached_property
    def scores(self) -> Floats:
        """How good each point is, `n`; those that do not work are worse than all."""
        found = self.problem.scores.copy()
        found[list(self.broken)] = -np.inf
        return found

    def threshold(self, share: float) -> float:
        """The score of the worst point that still belongs to the best `share`; at least to the best one."""
        count = max(round(share * (len(self) - len(self.broken))), 1)
        return float(np.sort(self.scores)[-count])

    def measured(self, at: int, seed: int) -> float | None:
        """What a measurement of a point says; None: it does not work.

        It depends on the seed and the point only, whoever asks and when: nobody asks twice.
        """
        if at in self.broken:
            return None
        random = np.random.default_rng(derived(seed, self.name, "measured", at))
        if self.replicates:
            return float(random.choice(self.replicates[at]))
        return float(self.problem.values[at] + self.noise * random.standard_normal())

    def starts(self, seed: int) -> list[int]:
        """The first points, the same for every strategy: drawn at random, one more than there are
        dimensions, but not more than five (what Ax begins with); and so many that two have worked.
        """
        order = np.random.default_rng(derived(seed, self.name, "starts")).permutation(len(self))
        first = min(self.dimensions + 1, 5)
        while sum(at not in self.broken for at in order[:first].tolist()) < 2:
            first += 1
        return [int(at) for at in order[:first]]

    @cached_property
    def digest(self) -> str:
        """A hash of all that a run on it depends on."""
        told = [self.name, self.problem.objective.model_dump_json(), self.noise, self.experiments]
        total = hashlib.sha256(json.dumps([*told, sorted(self.broken)]).encode())
        for numbers in (self.features, self.problem.values, *self.replicates):
            total.update(np.ascontiguousarray(numbers, dtype=float).tobytes())
        return total.hexdigest()[:12]
