"""What works and what does not: learnt from few failures, and never closing a region on one."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.errors import ReplayError
from agent.learn.encoding import Encoding
from agent.learn.feasibility import MOST, fit_feasibility, restore_feasibility
from tests.learn.spaces import SPACES, placed, points_of

SPACE = SPACES["constrained"].model_copy(update={"constraints": ()})
ENCODING = Encoding.of(SPACE)


def breaks(point: Point) -> bool:
    """A third of the space: where a and b are both high."""
    return float(point["a"]) + float(point["b"]) > 11.5


def split(count: int, seed: int = 0) -> tuple[list[Point], list[Point]]:
    points = points_of(SPACE, count, seed)
    return [one for one in points if not breaks(one)], [one for one in points if breaks(one)]


def test_where_nothing_has_failed_there_is_no_model() -> None:
    assert fit_feasibility(ENCODING, points_of(SPACE, 5), []) is None


@pytest.mark.parametrize("kind", SPACES)
def test_one_failure_does_not_close_a_region(kind: str) -> None:
    encoding, points = Encoding.of(SPACES[kind]), points_of(SPACES[kind], 9)
    works = fit_feasibility(encoding, points[1:4], points[:1])
    assert works is not None
    failed, *others = works.probability(points, encoding)
    assert failed > 0.25
    assert all(failed < other < 1 for other in others)


def test_a_region_that_fails_again_and_again_is_closed_and_the_rest_is_not() -> None:
    worked, failed = split(60)
    works = fit_feasibility(ENCODING, worked, failed)
    assert works is not None
    fresh = points_of(SPACE, 300, seed=1)
    told = np.array(works.probability(fresh, ENCODING))
    truth = np.array([not breaks(one) for one in fresh])
    assert ((told > 0.5) == truth).mean() > 0.85
    assert told[~truth].mean() < 0.35
    assert told[truth].mean() > 0.8


def test_more_failures_at_a_place_are_believed_more() -> None:
    point = points_of(SPACE, 1)[0]
    told = []
    for times in range(1, 5):
        works = fit_feasibility(ENCODING, points_of(SPACE, 6, seed=3), [point] * times)
        assert works is not None
        told += works.probability([point], ENCODING)
    assert told == sorted(told, reverse=True)
    assert told[-1] < 0.25


def test_the_gradient_is_that_of_the_probability() -> None:
    works = fit_feasibility(ENCODING, *split(30))
    assert works is not None
    X = torch.rand(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(works.log_probability, X.requires_grad_())


def test_restored_it_says_the_same() -> None:
    worked, failed = split(25)
    works = fit_feasibility(ENCODING, worked, failed)
    assert works is not None
    state = json.loads(json.dumps(works.state()))
    again = restore_feasibility(state, ENCODING, worked, failed)
    points = points_of(SPACE, 20, seed=9)
    assert again.probability(points, ENCODING) == works.probability(points, ENCODING)
    assert again.state() == works.state()
    with pytest.raises(ReplayError, match="not the points"):
        restore_feasibility(state, ENCODING, worked, failed[1:])


def test_of_very_many_that_worked_those_near_a_failure_are_looked_at() -> None:
    worked, failed = split(3 * MOST)
    works = fit_feasibility(ENCODING, worked, failed[:3])
    assert works is not None
    assert len(works.labelled.X) == MOST + 3
    there, elsewhere = (works.probability(some, ENCODING) for some in (failed[:3], worked[:50]))
    assert max(there) < min(max(elsewhere), 0.75)


@given(placed())
@settings(max_examples=20, deadline=None)
def test_any_space_has_one(made: tuple[SearchSpace, list[Point]]) -> None:
    space, points = made
    encoding = Encoding.of(space)
    works = fit_feasibility(encoding, points[1:], points[:1])
    assert works is not None
    told = works.probability(points, encoding)
    assert all(0 < one < 1 for one in told)
