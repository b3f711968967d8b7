"""Cross-validation: what is held out is not looked at, and both ends count."""

from collections.abc import Sequence
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.history import Row, key
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, ContinuousParameter
from agent.core.space import SearchSpace
from agent.errors import ModelError
from agent.learn.compared import CONSTANT, JOINT, LINEAR, SUMMED, models, used
from agent.learn.crossvalidation import ENOUGH, FOLDS, TIMES, errors
from agent.learn.encoding import Encoding

UP = Objective(name="yield", unit="percent", goal="maximise")
LINE = SearchSpace(parameters=(ContinuousParameter(name="x", low=0, high=20),))


def row(x: float, value: float, times: int = 1) -> Row:
    return Row(id=f"{x}-{times}", trial=f"t{x}", point={"x": x}, value=value)


def mean(known: Sequence[Row], asked: Sequence[Row]) -> list[float]:
    return [fmean(one.value for one in known)] * len(asked)


def test_both_ends_are_predicted_from_the_rest_and_the_worse_counts() -> None:
    rows = [row(x, 10.0 if x == 9 else x) for x in (3, 1, 4, 0, 5, 9, 2, 6, 8, 7)]
    one = errors("a mean", mean, rows, seed=1)
    # 8 and 10 from the mean of 0 to 7; 0 and 1 from that of the others would be nearer.
    assert one.extrapolation == pytest.approx(((8 - 3.5) ** 2 / 2 + (10 - 3.5) ** 2 / 2) ** 0.5)
    assert one.interpolation < one.extrapolation
    assert one.combined == (one.interpolation + one.extrapolation) / 2
    alone = [(v - (46 - v) / 9) ** 2 for v in (0, 1, 2, 3, 4, 5, 6, 7, 8, 10)]
    assert one.left_out == pytest.approx(fmean(alone) ** 0.5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=ENOUGH, max_size=20), st.integers(0, 99))
def test_readings_at_one_point_are_held_out_together(times: list[int], seed: int) -> None:
    calls: list[int] = []

    def watched(known: Sequence[Row], asked: Sequence[Row]) -> list[float]:
        calls.append(len(asked))
        assert not {key(one.point) for one in known} & {key(one.point) for one in asked}
        assert len(known) + len(asked) == sum(times)
        return [0.0] * len(asked)

    rows = [row(x, x + t, t) for x, count in enumerate(times) for t in range(count)]
    errors("watched", watched, rows, seed)
    assert len(calls) == FOLDS * TIMES + 2 + len(times)
    assert sum(calls[: FOLDS * TIMES]) == TIMES * sum(times)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([JOINT, SUMMED, LINEAR, CONSTANT]), st.floats(-100, 100))
def test_a_prediction_does_not_depend_on_the_value_that_it_is_of(name: str, other: float) -> None:
    space = SearchSpace(
        parameters=(*LINE.parameters, CategoricalParameter(name="base", choices=("a", "b")))
    )
    made = models(Encoding.of(space), UP, 1)[name]
    rows = [
        Row(id=str(n), trial=str(n), point={"x": float(n), "base": "ab"[n % 2]}, value=float(n**2))
        for n in range(8)
    ]
    hidden = rows[-1].model_copy(update={"value": other})
    assert made(rows[:-1], rows[-1:]) == made(rows[:-1], [hidden])


def test_what_is_a_line_is_predicted_by_one_and_what_is_none_is_not() -> None:
    encoding = Encoding.of(LINE)
    wave = [row(float(x), (x % 8) * (8 - x % 8)) for x in range(16)]
    straight = [row(float(x), 3.0 * x) for x in range(16)]
    compared = models(encoding, UP, 1)
    assert SUMMED not in compared
    assert used(encoding) == JOINT
    line, process = (errors(name, compared[name], straight, 1) for name in (LINEAR, JOINT))
    assert line.combined < process.combined
    line, process = (errors(name, compared[name], wave, 1) for name in (LINEAR, JOINT))
    assert process.interpolation < line.interpolation


def test_few_points_are_not_divided() -> None:
    rows = [row(x, x) for x in range(ENOUGH - 1)]
    with pytest.raises(ModelError, match="too few to hold some out"):
        errors("a mean", mean, [*rows, *rows], seed=1)
