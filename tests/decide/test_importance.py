"""Which parameters matter: on responses of which it is known."""

from dataclasses import replace

import numpy as np
import pytest

from agent.core.constraints import LinearConstraint
from agent.core.history import Bound, Row
from agent.core.objective import Objective
from agent.core.parameters import ContinuousParameter
from agent.core.policy import Policy
from agent.core.space import SearchSpace
from agent.decide.importance import importance
from agent.decide.propose import propose
from agent.decide.situation import Situation
from tests.learn.spaces import SPACES, points_of, rows_of

UP = Objective(name="y", unit="eV", goal="maximise")
SPACE = SearchSpace(
    parameters=tuple(ContinuousParameter(name=name, low=0, high=1) for name in "abc")
)
POLICY = Policy(name="ucb")


def situation(space: SearchSpace, count: int) -> Situation:
    """Of `2 a + b`, and of what a and b do together."""
    rows = []
    for n, point in enumerate(points_of(space, count)):
        a, b = float(point["a"]), float(point["b"])
        value = 2 * a + b + 4 * (a - 0.5) * (b - 0.5)
        rows.append(Row(id=f"o{n}", trial=f"t{n}", point=point, value=value))
    return Situation(space, UP, POLICY, tuple(rows), seed=3, started=count)


def test_shares_are_those_of_the_response() -> None:
    """Variances 4/12, 1/12 and, of the product, 16/144."""
    at = situation(SPACE, 40)
    state = propose(at, 1).state
    assert state
    (found,) = importance(at, state)
    whole = 4 / 12 + 1 / 12 + 16 / 144
    true = {("a",): (4 / 12 + 16 / 144) / whole, ("b",): (1 / 12 + 16 / 144) / whole, ("c",): 0.0}
    assert [one.parameters for one in found.totals] == [("a",), ("b",), ("c",)]
    for one in found.totals:
        assert one.share == pytest.approx(true[one.parameters], abs=0.08)
        assert one.low <= one.share <= one.high
    own = {("a",): 4 / 12 / whole, ("b",): 1 / 12 / whole, ("c",): 0.0}
    assert {one.parameters: one.share for one in found.alone} == pytest.approx(own, abs=0.08)
    assert found.pairs[0].parameters == ("a", "b")
    assert found.pairs[0].share == pytest.approx(16 / 144 / whole, abs=0.08)
    assert importance(at, state) == (found,)


def test_of_a_sum_every_share_is_right_within_its_range() -> None:
    """Variances of `n x_n` are as 1 : 4 : 9 : 16; nothing is shared, so that the totals sum to one."""
    space = SearchSpace(
        parameters=tuple(ContinuousParameter(name=f"x{n}", low=0, high=1) for n in range(1, 7))
    )
    weights = {f"x{n}": n if n <= 4 else 0 for n in range(1, 7)}
    rows = tuple(
        Row(
            id=f"o{n}",
            trial=f"t{n}",
            point=point,
            value=sum(weights[name] * float(value) for name, value in point.items()),
        )
        for n, point in enumerate(points_of(space, 50))
    )
    at = Situation(space, UP, POLICY, rows, seed=3, started=50)
    state = propose(at, 1).state
    assert state
    (found,) = importance(at, state)
    assert sum(one.share for one in found.totals) == pytest.approx(1.0, abs=0.02)
    for one in (*found.totals, *found.alone):
        true = weights[one.parameters[0]] ** 2 / 30
        assert one.low - 0.01 <= true <= one.high + 0.01
    assert [one.parameters for one in found.totals[:4]] == [("x4",), ("x3",), ("x2",), ("x1",)]
    assert all(one.share < 0.01 for one in found.pairs)


def test_with_few_results_it_is_less_sure() -> None:
    widths = []
    for count in (9, 40):
        at = situation(SPACE, count)
        state = propose(at, 1).state
        assert state
        (found,) = importance(at, state)
        widths.append(np.mean([one.high - one.low for one in found.totals]))
    assert widths[0] > 1.5 * widths[1]


def test_only_what_can_be_measured_is_compared() -> None:
    limit = LinearConstraint(coefficients={"a": 1, "b": 1}, high=1)
    at = situation(SPACE.model_copy(update={"constraints": (limit,)}), 30)
    state = propose(at, 1).state
    assert state
    (found,) = importance(at, state)
    assert found.totals[-1].parameters == ("c",)


def test_what_was_learnt_of_bounds_counts() -> None:
    """Of one objective and of several: readings below what can be detected are part of the model."""
    at = situation(SPACE, 12)
    low = tuple(
        Bound(id=f"b{n}", trial=f"b{n}", point={"a": 0.05, "b": b, "c": 0.5}, high=-1.0)
        for n, b in enumerate((0.2, 0.6))
    )
    alone = replace(at, bounds=low)
    other = Objective(name="w", unit="eV", goal="minimise")
    both = tuple(
        row.model_copy(update={"objective": name, "id": row.id + name})
        for row in at.rows
        for name in ("y", "w")
    )
    named = tuple(one.model_copy(update={"objective": "w"}) for one in low)
    beside = replace(at, rows=both, bounds=named, also=(other,), policy=Policy())
    for situated, names in ((alone, ["y"]), (beside, ["y", "w"])):
        state = propose(situated, 1).state
        assert state
        assert [one.objective for one in importance(situated, state)] == names


@pytest.mark.parametrize("kind", ["discrete", "pool and number", "fine composition", "pool"])
def test_every_space_has_one(kind: str) -> None:
    space = SPACES[kind]
    at = Situation(space, UP, POLICY, rows_of(space, 15), seed=3, started=15)
    state = propose(at, 1).state
    assert state
    (found,) = importance(at, state)
    assert {name for one in found.totals for name in one.parameters} <= {
        one.name for one in space.parameters
    }
    assert found.totals
