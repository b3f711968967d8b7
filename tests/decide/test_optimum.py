"""Whole searches on functions whose optimum is known."""

import numpy as np
import pytest
import torch
from botorch.test_functions import Branin, Hartmann

from agent.core.compositions import Component, CompositionParameter
from agent.core.constraints import LinearConstraint
from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, ContinuousParameter, IntegerParameter
from agent.core.policy import Policy
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide.candidates import listed
from agent.decide.choose import Chooser, scoring
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from agent.learn.surrogate import fit
from tests.learn.spaces import SPACES, points_of, rows_of

DOWN = Objective(name="y", unit="1", goal="minimise")


def searched(space: SearchSpace, function: torch.nn.Module, rounds: int, seed: int) -> float:
    rows: tuple[Row, ...] = ()
    for number in range(rounds):
        known = Situation(space, DOWN, Policy(), rows, seed=seed * 1000 + number, started=len(rows))
        made = propose(known, 1)
        point = made.choices[0].point
        value = float(function(torch.tensor([[float(x) for x in point.values()]]).double()))
        rows = (*rows, Row(id=str(number), trial=str(number), point=point, value=value))
    return min(row.value for row in rows)


def box(*bounds: tuple[float, float]) -> SearchSpace:
    return SearchSpace(
        parameters=tuple(
            ContinuousParameter(name=f"x{k}", low=low, high=high, resolution=(high - low) / 1000)
            for k, (low, high) in enumerate(bounds)
        )
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_branin_is_solved_in_30() -> None:
    found = [searched(box((-5, 10), (0, 15)), Branin(), 30, seed) for seed in range(3)]
    assert np.median(found) < 0.397887 + 0.15


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_hartmann_of_six_is_solved_in_45() -> None:
    assert searched(box(*[(0.0, 1.0)] * 6), Hartmann(), 45, seed=0) < -3.32237 + 0.15


def scored(space: SearchSpace, points: list[Point], seed: int) -> tuple[float, np.ndarray]:
    rows = rows_of(space, 14)
    situation = Situation(space, DOWN, Policy(name="ucb"), rows, seed=seed, started=20)
    chooser = Chooser(situation, scoring(situation, fit(situation.encoding, rows, DOWN, 0)), [])
    others = np.array(chooser.acquisition(points))
    return next(chooser.choices(1)).score, others


@pytest.mark.parametrize(
    "kind",
    ["continuous", "mixed", "fine composition", "pool and number", "constrained"],
)
def test_no_random_point_is_better_than_the_chosen(kind: str) -> None:
    space = SPACES[kind]
    best, others = scored(space, points_of(space, 2000, seed=3), seed=1)
    assert (others <= best + 1e-6).mean() > 0.999


FINITE = SearchSpace(
    parameters=(
        IntegerParameter(name="n", low=0, high=24),
        CategoricalParameter(name="c", choices=("a", "b", "d")),
        CompositionParameter(
            name="mix",
            components=tuple(Component(name=name) for name in ("Fe", "Ni", "Co")),
            step=0.1,
        ),
    ),
    constraints=(LinearConstraint(coefficients={"n": 0.02, "Fe": 1.0}, high=1.0),),
)


def test_a_finite_space_is_listed_exactly_and_its_best_is_chosen() -> None:
    whole = listed(Encoding.of(FINITE))
    assert whole is not None
    points = [whole.point(row) for row in range(len(whole))]
    assert len({tuple(point.items()) for point in points}) == len(points)
    assert all(point in FINITE for point in points[::97])
    assert len(points) == sum(
        0.02 * n + fe / 10 <= 1 + 1e-9 for n in range(25) for fe in range(11) for _ in range(11 - fe)
    ) * 3  # fmt: skip
    taken = {tuple(row.point.items()) for row in rows_of(FINITE, 14)}
    free = [point for point in points if tuple(point.items()) not in taken]
    best, others = scored(FINITE, free, seed=0)
    assert best == pytest.approx(others.max(), abs=1e-9)
