"""Where points have failed: the choice is weighed by how likely a point is to work, and says so."""

import pytest

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.parameters import ContinuousParameter
from agent.core.policy import Policy
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide.propose import Selection, acquisition_of, propose
from agent.decide.situation import Situation

UP = Objective(name="y", unit="percent", goal="maximise")
SPACE = SearchSpace(
    parameters=(
        ContinuousParameter(name="x", low=0, high=10, resolution=0.1),
        ContinuousParameter(name="z", low=0, high=10, resolution=0.1),
    )
)
EDGE = 5.0
"""What is asked for grows with x, and beyond this nothing works."""

WORKED = [(0.5, 1.0), (1.5, 8.0), (2.5, 4.5), (3.0, 9.5), (3.5, 0.5), (4.0, 6.5), (4.5, 3.0)]
FAILED = [(5.5, 2.0), (6.0, 8.0), (7.0, 5.0), (8.0, 1.0), (8.5, 9.0), (9.5, 5.5)]
LOOKING_AT_VALUES = ["expected_improvement", "ucb", "thompson"]
POLICIES = [*LOOKING_AT_VALUES, "uncertainty", "committee"]


def situation(policy: Policy, failed: list[tuple[float, float]] = FAILED) -> Situation:
    rows = tuple(
        Row(id=f"o{k}", trial=f"t{k}", point={"x": x, "z": z}, value=10 * x + z)
        for k, (x, z) in enumerate(WORKED)
    )
    points: tuple[Point, ...] = tuple({"x": x, "z": z} for x, z in failed)
    return Situation(
        SPACE, UP, policy, rows, barred=points, infeasible=points, seed=5, started=len(rows)
    )


def chosen(name: str, failures: str = "learn") -> Selection:
    policy = Policy.model_validate({"name": name, "failures": failures})
    return propose(situation(policy), 1)


@pytest.mark.parametrize("name", LOOKING_AT_VALUES)
def test_it_stays_out_of_a_region_that_fails(name: str) -> None:
    learning, barring = chosen(name), chosen(name, "bar")
    assert float(barring.choices[0].point["x"]) > EDGE + 0.5
    assert float(learning.choices[0].point["x"]) < EDGE + 0.5


@pytest.mark.parametrize("name", POLICIES)
def test_a_proposal_says_how_likely_it_is_to_work(name: str) -> None:
    (one,) = chosen(name).choices
    assert one.feasible is not None
    assert 0.3 < one.feasible < 1
    assert f"works with {one.feasible:.0%}" in one.why
    assert set(one.shares) == {"exploit", "feasible", "explore"}
    assert sum(one.shares.values()) == pytest.approx(1)
    assert all(share >= 0 for share in one.shares.values())


def test_nothing_is_said_where_nothing_failed_or_nothing_is_to_be_learnt() -> None:
    for selection in (
        propose(situation(Policy(), failed=[]), 1),
        chosen("expected_improvement", "bar"),
    ):
        assert selection.choices[0].feasible is None
        assert "feasible" not in selection.choices[0].shares
        assert selection.state is not None
        assert "feasibility" not in selection.state


@pytest.mark.parametrize("name", POLICIES)
def test_its_acquisition_comes_back_from_what_was_kept(name: str) -> None:
    before = situation(Policy.model_validate({"name": name}))
    selection = propose(before, 1)
    assert selection.state is not None
    (again,) = acquisition_of(before, selection.state, [selection.choices[0].point])
    assert again == pytest.approx(selection.choices[0].score, rel=1e-6, abs=1e-9)


def test_a_batch_does_not_crowd_at_the_edge() -> None:
    points = [one.point for one in propose(situation(Policy()), 3).choices]
    assert len({(point["x"], point["z"]) for point in points}) == 3
