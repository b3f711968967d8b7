"""The way from lab units to tensors and back."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from agent.core.compositions import Component, CompositionParameter
from agent.core.parameters import CategoricalParameter
from agent.core.pools import CandidatesParameter, Pool
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide.candidates import feasible
from agent.errors import SpaceError
from agent.learn.encoding import Encoding
from tests.learn.spaces import SPACES, composition, placed, points_of, pool


@settings(max_examples=150, deadline=None)
@given(placed())
def test_every_point_comes_back_from_its_tensor(case: tuple[SearchSpace, list[Point]]) -> None:
    space, points = case
    encoding = Encoding(space)
    assert [space.reasons(point) for point in points] == [()] * len(points)
    assert encoding.decode(encoding.encode(points)) == points
    assert encoding.points(encoding.snapped(encoding.table(points))) == points


@settings(max_examples=150, deadline=None)
@given(placed())
def test_encoded_points_lie_in_the_unit_cube(case: tuple[SearchSpace, list[Point]]) -> None:
    space, points = case
    X = Encoding(space).encode(points)
    assert X.dtype == torch.float64
    assert X.shape == (len(points), Encoding(space).width)
    assert float(X.min()) >= -1e-12
    assert float(X.max()) <= 1 + 1e-12


@settings(max_examples=100, deadline=None)
@given(composition("mix"))
def test_any_amounts_become_a_mixture_that_can_be_made(parameter: CompositionParameter) -> None:
    space = SearchSpace(parameters=(parameter,))
    encoding = Encoding(space)
    wild = torch.from_numpy(np.random.default_rng(0).normal(0.3, 0.6, (20, encoding.width)))
    assert [space.reasons(point) for point in encoding.decode(wild)] == [()] * 20


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(composition("mix"))
def test_a_listed_composition_is_exactly_the_space(parameter: CompositionParameter) -> None:
    space = SearchSpace(parameters=(parameter,))
    if (space.size() or 0) > 3000:
        return
    encoding = Encoding(space)
    points = encoding.points(encoding.every())
    listed = {tuple(point.items()) for point in points}
    assert len(listed) == len(points)
    ticks = parameter.ticks
    grid = np.stack(np.meshgrid(*[np.arange(ticks + 1)] * (len(parameter.columns) - 1)), -1)
    rest = grid.reshape(-1, grid.shape[-1])
    rest = rest[rest.sum(1) <= ticks]
    whole = np.hstack([rest, ticks - rest.sum(1, keepdims=True)])
    if len(whole) < 5000:
        amounts = [[parameter.amount(int(t)) for t in row] for row in whole]
        every = (dict(zip(parameter.columns, row, strict=True)) for row in amounts)
        assert listed == {tuple(point.items()) for point in every if point in space}


def test_the_scales_are_those_of_the_parameters() -> None:
    mixed = Encoding(SPACES["mixed"])
    assert mixed.scale_names == ("time", "solvent.0", "solvent.1", "n")
    base = Encoding(SPACES["discrete"])
    assert base.scales == (0, 1, 2, 2, 2)
    X = base.encode(
        [{"level": 1.0, "count": -3, "base": "K"}, {"level": 1.0, "count": -3, "base": "Cs"}]
    )
    assert math.isclose(float(torch.dist(X[0], X[1])), 1.0)


def test_a_log_scale_is_even_in_its_logarithm() -> None:
    encoding = Encoding(SPACES["continuous"])
    X = encoding.encode([{"temperature": 20.0, "loading": 0.1}])
    assert X[0].tolist() == pytest.approx([0.0, 0.5])


def test_descriptors_without_information_are_dropped() -> None:
    table = Pool(
        ids=("a", "b", "c"),
        descriptors={
            "one": (1.0, 2.0, 4.0),
            "constant": (7.0, 7.0, 7.0),
            "fahrenheit": (33.8, 35.6, 39.2),
            "mirrored": (-1.0, -2.0, -4.0),
            "other": (1.0, 0.0, 0.5),
        },
    )
    parameter = CandidatesParameter(name="p", file="x.csv")
    encoding = Encoding(SearchSpace(parameters=(parameter,), pools={"p": table}))
    assert encoding.width == 2


def test_a_pool_that_nothing_describes() -> None:
    parameter = CandidatesParameter(name="p", file="x.csv")
    few = SearchSpace(parameters=(parameter,), pools={"p": pool(rows=64, columns=0)})
    assert Encoding(few).width == 64
    many = SearchSpace(parameters=(parameter,), pools={"p": pool(rows=65, columns=0)})
    with pytest.raises(SpaceError, match="no descriptor"):
        Encoding(many)


def test_what_means_nothing_here_is_not_a_number() -> None:
    encoding = Encoding(SPACES["discrete"])
    X = encoding.encode(
        [
            {"level": 1.0, "count": 0, "base": "Rb"},
            {"level": 1.0, "base": "K"},
            {"level": "high", "count": 0, "base": "K"},
            {"level": 1.0, "count": 0, "base": "K"},
        ]
    )
    assert torch.isfinite(X).all(dim=1).tolist() == [False, False, False, True]


def test_an_equal_space_has_the_same_encoding() -> None:
    space = SPACES["mixed"]
    equal = SearchSpace.model_validate(space.model_dump())
    assert Encoding.of(space) is Encoding.of(equal)
    other = SearchSpace(parameters=(CategoricalParameter(name="c", choices=("a", "b")),))
    assert Encoding.of(other) is not Encoding.of(space)


@pytest.mark.parametrize("kind", ["constrained", "constrained pool"])
def test_constraints_by_column_are_those_of_the_space(kind: str) -> None:
    space = SPACES[kind]
    encoding = Encoding.of(space)
    table = encoding.spread(np.random.default_rng(3).random((300, encoding.cube)))
    one_by_one = [point in space for point in encoding.points(table)]
    assert feasible(encoding, table).tolist() == one_by_one
    assert 0 < sum(one_by_one) < 300


def test_helper_points_are_feasible_and_different() -> None:
    for space in SPACES.values():
        assert all(point in space for point in points_of(space, 8))


def _mixture(*bounds: tuple[float, float], **more: Any) -> Encoding:
    components = tuple(Component(name=f"c{k}", low=a, high=b) for k, (a, b) in enumerate(bounds))
    return Encoding(
        SearchSpace(
            parameters=(
                CompositionParameter(
                    name="mix", components=components, total=100, unit="percent", **more
                ),
            )
        )
    )


def test_a_doped_composition_is_drawn_evenly() -> None:
    encoding = _mixture((80, 100), (0, 12), (0, 8), step=1)
    cube = np.random.default_rng(0).random((20_000, encoding.cube))
    cube[:, -1] = 0.0  # every component may be there
    drawn = encoding.encoded(encoding.spread(cube))
    counts = Counter(map(tuple, drawn.tolist()))
    possible = len(encoding.every())
    assert len(counts) == possible
    assert max(counts.values()) < 2 * 20_000 / possible


@pytest.mark.parametrize(
    ("bounds", "most"),
    [
        (((0, 40), (0, 40), (0, 40), (0, 40)), 3),
        (((10, 100), (10, 100), (10, 50)), 2),
        (((0, 60), (30, 100), (0, 100)), None),
        (((50, 50), (50, 50)), None),
    ],
)
def test_every_set_of_components_is_drawn(
    bounds: tuple[tuple[float, float], ...], most: int | None
) -> None:
    encoding = _mixture(*bounds, step=10, max_present=most)
    cube = np.random.default_rng(1).random((2000, encoding.cube))
    points = encoding.points(encoding.spread(cube))
    assert all(point in encoding.space for point in points)

    def present(some: Sequence[Point]) -> set[tuple[str, ...]]:
        return {tuple(n for n, amount in point.items() if float(amount) > 0) for point in some}

    assert present(points) == present(encoding.points(encoding.every()))


def test_points_are_spread_within_what_constraints_of_one_number_leave() -> None:
    space = SearchSpace.model_validate(
        {
            "parameters": [
                {"name": "x", "type": "continuous", "low": 0, "high": 200, "resolution": 0.5},
                {"name": "load", "type": "continuous", "low": 0.001, "high": 10, "scale": "log"},
                {"name": "n", "type": "integer", "low": 0, "high": 9},
            ],
            "constraints": [
                {"type": "linear", "coefficients": {"x": -2.0}, "low": -42, "high": -40},
                {"type": "linear", "coefficients": {"load": 1.0}, "low": -1, "high": 0.01},
                {"type": "linear", "coefficients": {"x": 1.0, "n": 1.0}, "high": 300},
            ],
        }
    )
    encoding = Encoding.of(space)
    cube = np.random.default_rng(1).random((500, encoding.cube))
    points = encoding.points(encoding.spread(cube))
    assert all(point in space for point in points)
    assert {point["x"] for point in points} == {20.0, 20.5, 21.0}
    loads = [float(point["load"]) for point in points]
    assert min(loads) < 0.0015 and max(loads) > 0.009
    assert {point["n"] for point in points} == set(range(10))


def test_where_constraints_leave_nothing_the_whole_range_is_filled() -> None:
    space = SearchSpace.model_validate(
        {
            "parameters": [{"name": "x", "type": "continuous", "low": 0, "high": 10}],
            "constraints": [{"type": "linear", "coefficients": {"x": 1.0}, "low": 11}],
        }
    )
    encoding = Encoding.of(space)
    points = encoding.points(encoding.spread(np.array([[0.0], [0.5], [0.999]])))
    assert [round(float(point["x"])) for point in points] == [0, 5, 10]
