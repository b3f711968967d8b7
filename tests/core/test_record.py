"""The track record: only predictions of what was really executed count, and bad ones widen."""

from math import sqrt

import pytest

from agent.core.decision import Choice
from agent.core.history import Row
from agent.core.record import Tested, record_of, widening
from agent.core.space import SearchSpace
from agent.core.values import Point
from tests.contracts import store_world as w


def choice(x: float, mean: float) -> Choice:
    told = {"yield": (mean, 1.0)}
    return Choice(point={"x": x}, prediction=told, acquisition="logei", why="promising")


def row(trial: str, x: float, value: float) -> Row:
    point: Point = {"x": x}
    return Row(id=f"{trial}-{value}", trial=trial, point=point, value=value)


def test_a_prediction_counts_where_its_point_was_executed_but_for_an_oven_s_half_degree() -> None:
    """An instrument that tells its actual settings is never just where it was sent."""
    decision = w.decision(1, choices=(choice(1.0, 10.0), choice(2.0, 20.0)))
    trials = [w.trial(n, decision="d1", point={"x": float(n)}) for n in (1, 2)]
    rows = [row("t1", 1.08, 9.0), row("t2", 2.5, 21.0)]
    x = {"name": "x", "type": "continuous", "unit": "mm", "low": 0, "high": 10}
    space = SearchSpace.model_validate({"parameters": [x]})
    assert record_of([decision], trials, rows, "yield") == ()
    (one,) = record_of([decision], trials, rows, "yield", space.near)
    assert (one.trial, one.mean) == ("t1", 10.0)


def test_a_prediction_counts_where_its_point_was_executed() -> None:
    chosen = (choice(1.0, 10.0), choice(2.0, 20.0), choice(3.0, 30.0))
    decision = w.decision(1, choices=chosen)
    trials = [w.trial(n, decision="d1", point={"x": float(n)}) for n in (1, 2, 3)]
    rows = [
        row("t2", 2.0, 21.5),
        row("t1", 1.0, 9.0),
        row("t1", 1.0, 99.0),  # measured again: it was known by then
        row("t3", 3.5, 31.0),  # executed elsewhere
        row("t9", 1.0, 5.0),  # of no decision
    ]
    assert record_of([decision], trials, rows, "yield") == (
        Tested(mean=20, sd=1, value=21.5, trial="t2"),
        Tested(mean=10, sd=1, value=9, trial="t1"),
    )
    assert record_of([decision], trials, rows, "purity") == ()
    assert record_of([], trials, rows, "yield") == ()


def test_only_predictions_that_were_too_sure_widen() -> None:
    right = [Tested(mean=0, sd=1, value=1)] * 10
    wrong = [Tested(mean=0, sd=1, value=4)] * 10
    assert widening([], 0.0) == 1
    assert widening(right, 0.0) == 1
    assert widening([Tested(mean=0, sd=1, value=0)] * 10, 0.0) == 1
    assert widening(wrong, 0.0) == pytest.approx(sqrt((5 + 160) / 15))
    assert widening(wrong, 4.0) == 1
    assert 1 < widening(wrong[:1], 0.0) < widening(wrong[:2], 0.0) < widening(wrong, 0.0)


@pytest.mark.parametrize(
    ("known", "stated", "noise"),
    [
        (False, None, 1.0),
        (False, 0.5, 1.0),  # what the instrument states is a part of what the model sees
        (False, 1.5, 1.5),
        (True, 0.5, 0.5),
        (True, None, 1.0),
    ],
)
def test_a_reading_s_noise_is_what_the_model_believed(
    known: bool, stated: float | None, noise: float
) -> None:
    state = {"kind": "gaussian process", "noise": [0.25], "noise_known": known, "scale": 2.0}
    decision = w.decision(1, choices=(choice(1.0, 10.0),), state=state)
    read = row("t1", 1.0, 12.0).model_copy(update={"sd": stated})
    (tested,) = record_of(
        [decision], [w.trial(1, decision="d1", point={"x": 1.0})], [read], "yield"
    )
    assert tested.noise == noise
    assert tested.off == pytest.approx(2 / tested.deviation)
