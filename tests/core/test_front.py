"""Several objectives as one goal: what a point is worth, who is on the front, and how much it holds."""

import pytest
import torch
from botorch.utils.multi_objective.hypervolume import Hypervolume
from hypothesis import given
from hypothesis import strategies as st

from agent.core.aim import LEAST, Aim, desirability
from agent.core.front import (
    Known,
    front,
    hypervolume,
    known,
    nondominated,
    reference,
    since_progress,
)
from agent.core.history import Bound, Row
from agent.core.objective import Objective
from agent.core.worded import told

GOOD = Objective(name="good", unit="percent", goal="maximise")
CHEAP = Objective(name="cheap", unit="EUR", goal="minimise")
CLEAN = Objective(name="dirt", unit="percent", goal="require", high=2)

coordinates = st.integers(0, 8).map(float)


def fronts(width: int) -> st.SearchStrategy[list[tuple[float, ...]]]:
    return st.lists(st.tuples(*[coordinates] * width), max_size=9)


def measured(*values: tuple[float, float], dirt: float = 1.0) -> tuple[Known, ...]:
    """Points with (good, cheap), in order."""
    return tuple(
        Known(
            trial=f"T{n}",
            point={"x": n},
            values={"good": good, "cheap": cheap, "dirt": dirt},
            rows=1,
        )
        for n, (good, cheap) in enumerate(values, 1)
    )


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_hypervolume_is_that_of_botorch(width: int) -> None:
    floor = (1.5,) * width

    @given(fronts(width))
    def agrees(worths: list[tuple[float, ...]]) -> None:
        points = torch.tensor(nondominated(worths), dtype=torch.float64).reshape(-1, width)
        told = Hypervolume(torch.tensor(floor, dtype=torch.float64)).compute(points)
        assert hypervolume(worths, floor) == pytest.approx(told)

    agrees()


@given(fronts(3))
def test_none_of_the_front_is_beaten_and_all_others_are(worths: list[tuple[float, ...]]) -> None:
    best = nondominated(worths)
    beaten = [one for one in worths if one not in best]
    assert all(
        any(all(a >= b for a, b in zip(other, one, strict=True)) for other in best)
        for one in beaten
    )
    assert not any(
        one != other and all(a >= b for a, b in zip(other, one, strict=True))
        for one in best
        for other in best
    )


def test_a_front_is_of_complete_and_permitted_points() -> None:
    aim = Aim(objectives=(GOOD, CHEAP, CLEAN))
    points = measured((50, 1), (80, 5), (40, 2), (80, 5))
    assert [one.trial for one in front(points, aim)] == ["T1", "T2"]
    dirty = points[0].model_copy(update={"values": {"good": 99.0, "cheap": 0.1, "dirt": 2.5}})
    waiting = points[0].model_copy(update={"values": {"good": 99.0, "dirt": 1.0}})
    assert [one.trial for one in front([dirty, waiting, *points], aim)] == ["T1", "T2"]


def test_of_one_wanted_objective_the_front_is_the_best_that_is_permitted() -> None:
    aim = Aim(objectives=(GOOD, CLEAN))
    points = (*measured((90, 0), dirt=5), *measured((50, 0), (70, 0)))
    assert [one.values["good"] for one in front(points, aim)] == [70]
    assert front(measured((90, 0), dirt=5), aim) == ()


def test_the_mean_of_a_points_readings_counts() -> None:
    rows = [
        Row(id=f"{n}", trial=f"T{n}", point={"x": x}, value=value, objective=name)
        for n, (x, name, value) in enumerate(
            [(1, "good", 10.0), (1, "cheap", 4.0), (2, "good", 5.0), (1, "good", 20.0)]
        )
    ]
    first, second = known(rows)
    assert (first.values, first.rows, first.trial) == ({"good": 15.0, "cheap": 4.0}, 2, "T0")
    assert second.values == {"good": 5.0}


def test_progress_is_coming_onto_the_front() -> None:
    aim = Aim(objectives=(GOOD, CHEAP))
    assert since_progress(measured((50, 1), (80, 5)), aim) == 0
    assert since_progress(measured((50, 1), (80, 5), (40, 2), (80, 5)), aim) == 2
    assert since_progress(measured((50, 1), (40, 2), (49, 0.5)), aim) == 0


def test_a_reference_is_given_or_below_the_front() -> None:
    worths = [(0.0, 10.0), (10.0, 0.0), (2.0, 2.0)]
    assert reference(worths, [None, None]) == (-1.0, -1.0)
    assert reference(worths, [-5.0, None]) == (-5.0, -1.0)
    assert reference([(3.0, 4.0)], [None, None]) == pytest.approx((2.7, 3.6))


def test_desirability_is_a_line_from_the_worst_to_the_ideal() -> None:
    good = Objective(name="good", unit="1", goal="maximise", worst=40, ideal=90)
    assert [desirability(good, value) for value in (0, 40, 65, 90, 99)] == [LEAST, LEAST, 0.5, 1, 1]
    near = Objective(name="pH", unit="1", goal="match", target=7, worst=6)
    assert [desirability(near, value) for value in (7, 6.5, 7.5, 5)] == [1, 0.5, 0.5, LEAST]


def test_what_a_point_is_worth_is_the_weighted_geometric_mean() -> None:
    good = Objective(name="good", unit="1", goal="maximise", worst=0, ideal=100, weight=3)
    cheap = Objective(name="cheap", unit="1", goal="minimise", worst=10, ideal=0)
    aim = Aim(objectives=(good, cheap), trade_off="desirability")
    assert aim.worth({"good": 64, "cheap": 5}) == pytest.approx((0.64**0.75 * 0.5**0.25,))
    assert not aim.fronted


@pytest.mark.parametrize(
    "wrong",
    [
        {"goal": "require"},
        {"goal": "require", "high": 2, "ideal": 1},
        {"goal": "maximise", "worst": 5, "ideal": 4},
        {"goal": "match", "target": 1, "ideal": 2},
        {"goal": "within", "low": 1, "high": 3, "worst": 2},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"require|worst|ideal"):
        Objective.model_validate({"name": "y", "unit": "1", **wrong})


def below(high: float | None = None, low: float | None = None) -> tuple[Known, ...]:
    """A point of which the dirt is known only as a bound."""
    rows = [
        Row(id=f"o{n}", trial="T1", point={"x": 1}, value=7.0, objective=name)
        for n, name in enumerate(("good", "cheap"))
    ]
    bound = Bound(id="b", trial="T1", point={"x": 1}, low=low, high=high, objective="dirt")
    return known(rows, [bound], [CLEAN])


def test_what_is_required_may_be_known_by_a_bound() -> None:
    """Below what can be detected is as good as required; what may be either is not known."""
    aim = Aim(objectives=(GOOD, CHEAP, CLEAN))
    (clean,) = below(high=0.5)
    assert front([clean], aim) == (clean,)
    assert told(clean.values, aim, clean.limits) == (
        "good 7 percent, cheap 7 EUR, dirt < 0.5 percent"
    )
    (dirty,) = below(low=3)
    assert aim.complete(dirty.values)
    assert front([dirty], aim) == ()
    (open_,) = below(high=2.5)
    assert not aim.complete(open_.values)


def test_what_is_not_plausible_is_not_possible() -> None:
    narrow = Objective(name="dirt", unit="percent", goal="require", low=0, high=2)
    assert narrow.holds(None, 1.0) is None
    assert narrow.model_copy(update={"plausible": (0.0, 100.0)}).holds(None, 1.0) is True
