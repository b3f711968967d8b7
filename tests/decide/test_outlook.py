"""What is left to gain: told before it is known, checked against the truth, and a reason to end."""

import numpy as np
import pytest

from agent.core.history import Row, key
from agent.core.objective import Objective
from agent.core.outlook import CALM, CONFIDENCES, Outlook, latest
from agent.core.parameters import DiscreteParameter
from agent.core.policy import Policy
from agent.core.record import Tested
from agent.core.seeds import derived
from agent.core.space import SearchSpace
from agent.core.stop import Stop
from agent.core.values import Point
from agent.decide.propose import Selection, propose
from agent.decide.situation import Situation
from tests.benchmarks.transfer.development import KINDS, Kind, landscape

UP = Objective(name="y", unit="percent", goal="maximise")
GO_ON = Stop()


def told(left: float, gain: float, rows: int) -> Outlook:
    return Outlook(gain=gain, left={str(one): left for one in CONFIDENCES}, rows=rows)


def decided(
    seed: int, stop: Stop = GO_ON, experiments: int = 22, kind: Kind = "field 2"
) -> list[tuple[Selection, float]]:
    """Decisions on a made-up landscape, each with what was really left to gain before it."""
    land = landscape(kind, np.random.default_rng([seed, 9]))
    values = land.draw(np.random.default_rng([seed, 10]))
    place = {key(point): number for number, point in enumerate(land.points)}
    rows: list[Row] = []
    record: list[Tested] = []
    found: list[tuple[Selection, float]] = []
    for number in range(experiments):
        before = latest([one.outlook for one, _ in found])
        at = Situation(
            land.space, UP, Policy(), tuple(rows), stop=stop, outlooks=before,
            record=tuple(record), seed=derived(seed, number), started=number,
        )  # fmt: skip
        selection = propose(at, 1)
        best = max((row.value for row in rows), default=float(values.min()))
        found.append((selection, float(values.max()) - best))
        if not selection.choices:
            break
        point = selection.choices[0].point
        value = float(values[place[key(point)]])
        rows.append(Row(id=str(number), trial=str(number), point=point, value=value))
        if UP.name in selection.choices[0].prediction:
            mean, sd = selection.choices[0].prediction[UP.name]
            record.append(Tested(mean=mean, sd=sd, value=value))
    return found


def test_bounds_grow_with_the_confidence_and_shrink_with_results() -> None:
    outlooks = [one.outlook for one, _ in decided(0) if one.outlook]
    for one in outlooks:
        bounds = [one.left[str(percent)] for percent in CONFIDENCES]
        assert bounds == sorted(bounds)
        assert 0 <= one.gain <= one.left["99"]
    assert outlooks[-1].left["95"] < 0.2 * outlooks[0].left["95"]
    assert outlooks[-1].gain < 0.2 * outlooks[0].gain


@pytest.mark.slow
def test_a_bound_holds_about_as_often_as_it_says() -> None:
    pairs = [
        (one.outlook, left)
        for kind in KINDS
        for one, left in decided(1, experiments=30, kind=kind)
        if one.outlook
    ]
    held = {
        percent: np.mean([left <= one.left[str(percent)] + 1e-9 for one, left in pairs])
        for percent in CONFIDENCES
    }
    assert held[95] > 0.9
    assert held[50] > 0.5


def test_it_ends_when_too_little_is_left_and_says_so() -> None:
    found = decided(1, Stop(left_to_gain=0.3, confidence=90), experiments=40)
    (last, left), before = found[-1], found[:-1]
    assert last.choices == ()
    assert last.notes[-1].startswith("no more than ")
    assert "percent is left to gain (90 % confidence" in last.notes[-1]
    assert left <= 0.3
    assert all(one.choices for one, _ in before)
    calm = [one.outlook for one, _ in found][-CALM:]
    assert all(one is not None and one.left["90"] <= 0.3 for one in calm)


def test_it_ends_when_the_next_experiment_is_not_worth_it() -> None:
    last, _ = decided(1, Stop(expected_gain=0.02), experiments=40)[-1]
    assert last.choices == ()
    assert last.notes[-1].startswith("the next experiment is expected to gain 0.")


def test_points_that_cannot_be_asked_for_are_not_left_to_gain() -> None:
    space = SearchSpace(parameters=(DiscreteParameter(name="x", levels=tuple(range(12))),))
    rows = tuple(Row(id=f"o{x}", trial=f"t{x}", point={"x": x}, value=float(x)) for x in range(9))
    barred: tuple[Point, ...] = tuple({"x": x} for x in (9, 10))

    def told(*more: Point) -> Outlook:
        at = Situation(space, UP, Policy(), rows, barred=(*barred, *more), seed=1, started=9)
        outlook = propose(at, 1).outlook
        assert outlook is not None
        return outlook

    assert told().left["95"] > 1
    none = told({"x": 11})
    assert none.gain == 0
    assert none.left["95"] < 0.5


def test_a_stop_needs_several_outlooks_in_a_row_with_more_results_each() -> None:
    stop = Stop(left_to_gain=1, confidence=95)
    calm = [told(0.5, 0.1, rows) for rows in range(4, 4 + CALM)]
    assert stop.enough(calm, "1") is not None
    assert stop.enough(calm[1:], "1") is None
    assert stop.enough([*calm[1:], told(1.5, 0.1, 40)], "1") is None
    assert latest([*calm, told(0.4, 0.1, calm[-1].rows)]) == (
        *calm[:-1],
        told(0.4, 0.1, calm[-1].rows),
    )
    assert latest([calm[0], None, calm[2]]) == (calm[0], calm[2])
    assert latest([]) == ()
    assert Stop().enough(calm, "1") is None
