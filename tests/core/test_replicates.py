"""Two variances: reading one sample again is one thing, making it anew another."""

import random

import pytest

from agent.core.history import Row, effective
from agent.core.parameters import ContinuousParameter
from agent.core.replicates import Scatter, places_of, scatters
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.core.worded import scattered
from tests.core.made import review, trial


def rows(**samples: list[float]) -> list[Row]:
    """Values of each trial."""
    return [
        Row(id=f"{name}{n}", trial=name, point={"x": 1.0}, value=value)
        for name, values in samples.items()
        for n, value in enumerate(values)
    ]


def found(one: Scatter | None) -> tuple[float, int]:
    assert one is not None
    return one.sd, one.freedom


HERE, THERE = {"x": 1.0}, {"x": 2.0}
ALIKE: dict[str, Point] = {"a": HERE, "b": HERE, "c": HERE, "d": THERE}


def test_nothing_repeated_tells_nothing() -> None:
    told = scatters(rows(a=[1.0], d=[5.0]), ALIKE)
    assert (told.reread, told.remade, told.together) == (None, None, False)


def test_a_sample_read_again_tells_of_readings_only() -> None:
    told = scatters(rows(a=[1.0, 3.0], d=[10.0, 12.0, 14.0]), ALIKE)
    assert found(told.reread) == (pytest.approx((10 / 3) ** 0.5), 3)
    assert told.remade is None


def test_samples_made_anew_and_read_once_hold_both() -> None:
    told = scatters(rows(a=[1.0], b=[2.0], c=[3.0], d=[50.0]), ALIKE)
    assert told.reread is None
    assert found(told.remade) == (pytest.approx(1.0), 2)
    assert told.together


def test_what_readings_scatter_by_is_taken_out() -> None:
    # Means 2 and 6 of two readings each: M = 16, s_read^2 = 2, n = 2, so (16 - 2) / 2 = 7.
    told = scatters(rows(a=[1.0, 3.0], b=[5.0, 7.0]), ALIKE)
    assert found(told.reread) == (pytest.approx(2**0.5), 2)
    assert found(told.remade) == (pytest.approx(7**0.5), 1)


def test_samples_alike_beyond_their_readings_scatter_by_nothing() -> None:
    told = scatters(rows(a=[0.0, 4.0], b=[0.5, 3.5]), ALIKE)
    assert found(told.remade) == (0.0, 1)


def test_both_are_found_in_many_unbalanced_samples() -> None:
    draw, made, places = random.Random(3), {}, {}
    for point in range(400):
        level = draw.gauss(0, 10)
        for sample in range(draw.choice([1, 2, 3])):
            name = f"p{point}s{sample}"
            places[name] = {"x": float(point)}
            off = draw.gauss(level, 2.0)
            made[name] = [draw.gauss(off, 0.5) for _ in range(draw.choice([1, 2, 4]))]
    told = scatters(rows(**made), places)
    assert found(told.reread)[0] == pytest.approx(0.5, rel=0.05)
    assert found(told.remade)[0] == pytest.approx(2.0, rel=0.1)


def test_an_edited_trial_is_a_sample_of_where_it_was_sent() -> None:
    trials = [trial(1), trial(2, point={"x": 1.0}), trial(3, point={"x": 1.0})]
    edited = review("c-T0003", verdict="edit", point={"x": 7.0})
    space = SearchSpace(parameters=(ContinuousParameter(name="x", low=0, high=9),))
    assert places_of(trials, effective(trials, [edited]), space) == {
        "c-T0001": {"x": 1.0},
        "c-T0002": {"x": 1.0},
        "c-T0003": {"x": 7.0},
    }


def test_both_are_told_in_words() -> None:
    apart = scatters(rows(a=[1.0, 3.0], b=[5.0, 7.0]), ALIKE)
    assert scattered(apart, "mg") == (
        "readings of one sample ± 1.4 mg (2 degrees of freedom), samples made anew ± 2.6 mg (1)"
    )
    assert scattered(scatters(rows(a=[1.0], b=[3.0]), ALIKE), "1") == (
        "samples made anew ± 1.4 (1 degree of freedom), readings included"
    )
    assert scattered(scatters(rows(a=[1.0]), ALIKE), "1") == ""
