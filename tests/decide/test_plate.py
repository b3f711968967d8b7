"""Batches whose points share settings: plates of one temperature."""

from dataclasses import replace

import numpy as np
import pytest

from agent.core.budget import Cost, Spending
from agent.core.constraints import ExpressionConstraint, LinearConstraint
from agent.core.history import Pending, Row, key
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, ContinuousParameter, DiscreteParameter
from agent.core.policy import InitialDesign, Policy
from agent.core.space import SearchSpace
from agent.decide.propose import Selection, propose
from agent.decide.situation import Situation
from tests.decide.test_informed import earlier
from tests.decide.test_informed import situation as informed

UP = Objective(name="y", unit="percent", goal="maximise")
LEVELS = DiscreteParameter(name="temperature", unit="degC", levels=(20, 40, 60, 80))
RANGE = ContinuousParameter(name="temperature", unit="degC", low=20, high=80, resolution=0.5)
OTHERS = (
    ContinuousParameter(name="time", low=0, high=10),
    CategoricalParameter(name="solvent", choices=("DMF", "DMSO", "water")),
)
BOX = SearchSpace(parameters=(RANGE, *OTHERS))
LADDER = SearchSpace(
    parameters=(LEVELS, DiscreteParameter(name="time", low=0, high=10, step=0.5), OTHERS[1])
)
SHARED = Policy(shared=("temperature",))


def situation(
    space: SearchSpace, count: int = 10, policy: Policy = SHARED, **said: object
) -> Situation:
    random = np.random.default_rng(3)
    rows = []
    for k in range(count):
        point = {
            "temperature": float(random.choice([20, 40, 60, 80])),
            "time": float(random.integers(0, 21)) / 2,
            "solvent": str(random.choice(["DMF", "DMSO", "water"])),
        }
        value = -((point["temperature"] - 55) ** 2) / 400 - (point["time"] - 6) ** 2 / 10
        rows.append(Row(id=str(k), trial=f"t{k}", point=point, value=value))
    given: dict[str, object] = {"seed": 2, "started": count} | said
    return Situation(space, UP, policy, tuple(rows), **given)  # type: ignore[arg-type]


def test_a_batch_is_chosen_where_all_that_lies_uphill_is_left_out() -> None:
    """A bound of a number on a log scale is none of the unit cube: what is followed uphill leaves it."""
    dose = ContinuousParameter(name="dose", low=1, high=10_000, scale="log")
    space = SearchSpace(
        parameters=(RANGE, dose),
        constraints=(LinearConstraint(coefficients={"dose": 1.0}, low=2.0, high=700.0),),
    )
    doses = np.geomspace(1, 10_000, 12).round().tolist()
    rows = [
        Row(id=str(k), trial=f"t{k}", value=float(k), point={"temperature": 20 + k, "dose": dose})
        for k, dose in enumerate(doses)
    ]
    made = propose(Situation(space, UP, SHARED, tuple(rows), seed=3, started=12), 2)
    assert len(made.choices) == 2
    assert [space.reasons(one.point) for one in made.choices] == [()] * 2
    assert len(temperatures(made)) == 1


def temperatures(made: Selection) -> set[object]:
    return {one.point["temperature"] for one in made.choices}


@pytest.mark.parametrize("space", [BOX, LADDER], ids=["box", "ladder"])
@pytest.mark.parametrize("count", [3, 24])
def test_all_points_of_a_batch_share_a_temperature(space: SearchSpace, count: int) -> None:
    made = propose(situation(space), count)
    assert len({key(one.point) for one in made.choices}) == count
    assert [space.reasons(one.point) for one in made.choices] == [()] * count
    assert len(temperatures(made)) == 1
    (note,) = [one for one in made.notes if "shares" in one]
    assert note.startswith("the batch shares temperature")
    assert "the best of" in note


def test_the_plate_is_where_the_good_points_are() -> None:
    (temperature,) = temperatures(propose(situation(LADDER, 40), 12))
    assert temperature in {40, 60}


@pytest.mark.parametrize("name", ["ucb", "thompson", "uncertainty", "committee", "random"])
def test_every_policy_has_plates(name: str) -> None:
    policy = SHARED.model_copy(update={"name": name})
    assert len(temperatures(propose(situation(BOX, policy=policy), 6))) == 1


@pytest.mark.parametrize("space", [BOX, LADDER], ids=["box", "ladder"])
def test_the_first_plate_shares_too_and_the_next_is_another(space: SearchSpace) -> None:
    policy = SHARED.model_copy(update={"initial": InitialDesign(size=12)})
    first = propose(situation(space, 0, policy), 6)
    assert (first.kind, len(first.choices), len(temperatures(first))) == ("initial", 6, 1)
    waiting = tuple(Pending(trial=str(k), point=c.point) for k, c in enumerate(first.choices))
    second = propose(situation(space, 0, policy, pending=waiting, started=6, seed=9), 6)
    assert len(temperatures(second)) == 1
    assert temperatures(second) != temperatures(first)


def test_what_is_measured_again_says_where_the_plate_is() -> None:
    asked = situation(BOX, policy=SHARED.model_copy(update={"replicates": 2}))
    made = propose(asked, 6)
    again = [one for one in made.choices if one.replicate_of]
    assert again
    assert temperatures(made) == {again[0].point["temperature"]}
    assert len(made.choices) == 6


def test_constraints_hold_on_the_plate() -> None:
    rule = ExpressionConstraint(expression="temperature + 4 * time <= 90")
    space = BOX.model_copy(update={"constraints": (rule,)})
    made = propose(situation(space), 12)
    assert len(temperatures(made)) == 1
    assert [space.reasons(one.point) for one in made.choices] == [()] * 12


def test_a_plate_is_paid_for() -> None:
    spending = Spending(cost=Cost(limit=500, unit="EUR", formula="1 + 0.1 * temperature"), left=500)
    made = propose(situation(LADDER, 40, spending=spending), 12)
    assert len(temperatures(made)) == 1
    assert all("cost" in one.shares for one in made.choices)


def test_single_points_share_nothing() -> None:
    asked = situation(BOX)
    alone = replace(asked, policy=Policy())
    assert propose(asked, 1).choices == propose(alone, 1).choices


def test_with_sources_the_plate_is_shared_too() -> None:
    asked = informed("continuous", 12, earlier("continuous"))
    name = asked.space.parameters[0].name
    asked = replace(asked, policy=asked.policy.model_copy(update={"shared": (name,)}))
    made = propose(asked, 5)
    assert len(made.choices) == 5
    assert len({one.point[name] for one in made.choices}) == 1
    assert {"sources", "plain"} <= {turn["by"] for turn in (made.state or {})["turns"]}


def test_several_objectives_share_too() -> None:
    asked = situation(LADDER)
    more = tuple(
        one.model_copy(update={"id": f"z{one.id}", "objective": "z", "value": -one.value})
        for one in asked.rows
    )
    both = replace(asked, rows=(*asked.rows, *more), also=(UP.model_copy(update={"name": "z"}),))
    named = tuple(row.model_copy(update={"objective": row.objective or "y"}) for row in both.rows)
    assert len(temperatures(propose(replace(both, rows=named), 3))) == 1


def test_no_point_of_a_plate_comes_twice() -> None:
    """Also where a setting that is shared is no round number in binary: 2.1 is -5 + 71 * 0.1."""
    space = SearchSpace(
        parameters=(
            ContinuousParameter(name="a", low=-5, high=10, resolution=0.1),
            ContinuousParameter(name="b", low=0, high=15, resolution=0.5),
        )
    )
    policy = Policy(shared=("a",), initial=InitialDesign(size=28))
    for seed in range(3):
        first = propose(Situation(space, UP, policy, (), seed=seed, started=0), 24)
        points = [one.point for one in first.choices]
        assert len({key(point) for point in points}) == 24
        rows = tuple(
            Row(id=str(n), trial=f"t{n}", point=point, value=point["b"])
            for n, point in enumerate(points)
        )
        held = Situation(space, UP, policy, rows, seed=seed, started=24, held={"a": points[0]["a"]})
        rest = {key(one.point) for one in propose(held, 6).choices}
        assert rest
        assert not rest & {key(point) for point in points}
