"""By what campaigns of several objectives are judged, and a back-test of one."""

from pathlib import Path

import pytest

from agent.backtest import run
from agent.backtest.truth import Case, Oracle, population
from agent.backtest.yardstick import BestScore, FrontShare, yardstick
from agent.core.aim import Aim
from agent.core.history import key
from agent.core.objective import Objective
from agent.errors import AdapterError
from tests.backtest.world import Given, grid, make

MASS = Objective(name="mass", unit="mg", goal="maximise", worst=0)
PRICE = Objective(name="price", unit="EUR", goal="minimise", worst=10)
CLEAN = Objective(name="dirt", unit="1", goal="require", high=1)


def at(mass: float, price: float, dirt: float = 0.0) -> dict[str, float]:
    return {"mass": mass, "price": price, "dirt": dirt}


def test_a_front_is_judged_by_its_share_of_the_hypervolume() -> None:
    people = [at(10, 5), at(5, 0), at(4, 4)]
    measure = yardstick(Aim(objectives=(MASS, PRICE)), people)
    assert isinstance(measure, FrontShare)
    assert measure.whole == 75.0
    assert measure.curve([at(4, 4), None, at(10, 5), at(5, 0)]) == [24 / 75, 24 / 75, 54 / 75, 1.0]
    assert [measure.merit(one) for one in people] == [1.0, 1.0, 0.0]


def test_what_is_not_as_required_counts_for_nothing() -> None:
    measure = yardstick(Aim(objectives=(MASS, CLEAN)), [])
    assert isinstance(measure, BestScore)
    assert measure.curve([at(9, 0, dirt=2), at(5, 0), at(7, 0, dirt=2), at(6, 0)]) == [
        None,
        5,
        5,
        6,
    ]
    assert measure.merit({"mass": 3.0}) is None


def traded(folder: Path, **more: object) -> Given:
    """A grid where y rises with a and b, and z, which is wanted low, with a alone."""
    given = grid(folder, budget=10)
    file = folder / "traded.csv"
    lines = [f"{a},{b},{10 * a + b},{a * a}" for a in range(5) for b in range(5)]
    file.write_text("\n".join(["a,b,y,z", *lines]) + "\n")
    document = given.campaign.model_dump(mode="json")
    document["objectives"] = [
        {"name": "y", "unit": "1", "goal": "maximise"},
        {"name": "z", "unit": "1", "goal": "minimise"},
    ]
    document["execution"]["settings"] = {
        "file": str(file),
        "objectives": {"y": {"unit": "1"}, "z": {"unit": "1"}},
    }
    return Given(type(given.campaign).model_validate({**document, **more}))


def test_what_there_is_to_find_is_the_front(tmp_path: Path) -> None:
    given = traded(tmp_path)
    case = Case(given.campaign, {}, {})
    people = population(case, Oracle(case, make))
    assert people.winners == {key({"a": float(a), "b": 4.0}) for a in range(5)}
    assert (people.best, people.median, people.top1, people.top5) == (1.0, 0.0, 0.99, 0.95)


def test_a_back_test_of_two_objectives(tmp_path: Path) -> None:
    result = run([traded(tmp_path)], ["expected_improvement", "random"], 3, 1, make)
    (campaign,) = result.campaigns
    assert (campaign.objective, campaign.goal) == ("y, z", "pareto")
    ours, chance = (campaign.policy(name) for name in ("expected_improvement", "random"))
    assert ours.regret.mean[-1] < chance.regret.mean[-1]
    assert ours.seeds[0].found[-1] == pytest.approx(1.0)
    # Nothing is noisy here: what would be recommended is what was found.
    assert ours.regret == ours.recommended_regret


def test_a_table_that_is_nowhere_as_required_is_an_error(tmp_path: Path) -> None:
    document = traded(tmp_path).campaign.model_dump(mode="json")
    document["objectives"][1] = {"name": "z", "unit": "1", "goal": "require", "low": 99}
    case = Case(traded(tmp_path).campaign.model_validate(document), {}, {})
    with pytest.raises(AdapterError, match="nowhere as it is required"):
        population(case, Oracle(case, make))
