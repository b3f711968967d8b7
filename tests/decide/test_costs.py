"""Choosing where experiments differ in what they cost."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import PosteriorMean

from agent.core.budget import Cost, Spending
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, ContinuousParameter
from agent.core.policy import Policy
from agent.core.space import SearchSpace
from agent.decide.candidates import sampled
from agent.decide.costs import Prices
from agent.decide.propose import Selection, acquisition_of, propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from agent.learn.surrogate import fit
from tests.learn.spaces import SPACES, measured, points_of

UP = Objective(name="y", unit="eV", goal="maximise")
BOX = SearchSpace(
    parameters=(
        ContinuousParameter(name="mg", low=0, high=100, resolution=1),
        CategoricalParameter(name="solvent", choices=("DMF", "DMSO")),
        ContinuousParameter(name="hours", low=1, high=8),
    )
)
FORMULA = "5 + 0.2 * mg + 10 * (solvent == 'DMSO')"


def situation(left: float = 500.0, formula: str = FORMULA, **said: object) -> Situation:
    points = points_of(BOX, 12, seed=3)
    values = [float(p["mg"]) / 50 + float(p["hours"]) / 8 for p in points]
    rows = tuple(
        row.model_copy(update={"value": value})
        for row, value in zip(measured(BOX, points), values, strict=True)
    )
    spending = Spending(cost=Cost(limit=500, unit="EUR", formula=formula), left=left)
    given: dict[str, object] = {"policy": Policy(), "spending": spending, "seed": 5, "started": 12}
    given |= said
    return Situation(BOX, UP, rows=rows, **given)  # type: ignore[arg-type]


STEPS = {"make": "2 + 0.1 * mg", "read": 1.5, "clean": "10 * (solvent == 'DMSO')"}
WHOLE: list[dict[str, object]] = [{}, {"per_experiment": 4}, {"formula": "3 * hours"}]


@pytest.mark.parametrize("whole", WHOLE)
def test_candidates_cost_what_their_steps_do(whole: dict[str, object]) -> None:
    """The costs of many points at once, and those that are followed uphill, are those of each."""
    cost = Cost.model_validate({"limit": 500, "unit": "EUR", "steps": STEPS, **whole})
    told = Prices.of(situation(spending=Spending(cost=cost, left=500)))
    pool = sampled(Encoding.of(BOX), 64, seed=1)
    each = [told.price(one) for one in pool.encoding.points(pool.table)]
    assert np.allclose(told.prices(pool), each)


def test_a_campaign_whose_steps_alone_cost_proposes_what_it_can_pay_for() -> None:
    cost = Cost(limit=500, unit="EUR", steps=STEPS)
    asked = situation(spending=Spending(cost=cost, left=20))
    (choice,) = propose(asked, 1).choices
    assert 0 < cost.of(BOX.spelled(choice.point)) <= 20


def prices(made: Selection, asked: Situation) -> list[float]:
    return [Prices.of(asked).price(one.point) for one in made.choices]


def test_one_of_the_two_that_promise_alike_is_cheap() -> None:
    (choice,) = propose(situation(), 1).choices
    assert choice.point["solvent"] == "DMF", "the solvent is worth nothing, and DMSO costs 10 more"
    (other,) = propose(situation(formula="5 + 0.2 * mg + 10 * (solvent == 'DMF')"), 1).choices
    assert other.point["solvent"] == "DMSO"


@pytest.mark.parametrize("name", ["expected_improvement", "uncertainty", "committee"])
def test_costs_take_part_unless_they_are_not_to(name: str) -> None:
    asked = situation(policy=Policy(name=name))  # type: ignore[arg-type]
    ignoring = replace(asked, policy=Policy(name=name, per_cost="never"))  # type: ignore[arg-type]
    per_cost, anyway = propose(asked, 1), propose(ignoring, 1)
    assert prices(per_cost, asked) <= prices(anyway, asked)
    assert "cost" in per_cost.choices[0].shares
    assert "cost" not in anyway.choices[0].shares
    assert "EUR left" in anyway.choices[0].why


def test_the_explanation_says_the_share_and_the_price() -> None:
    (choice,) = propose(situation(), 1).choices
    price = Prices.of(situation()).price(choice.point)
    assert sum(choice.shares.values()) == pytest.approx(1)
    assert choice.why.endswith(f"costs {price:.4g} of 500 EUR left")


def test_cooled_costs_count_less_when_the_budget_is_nearly_spent() -> None:
    cooled = Policy(per_cost="cooled")
    powers = [Prices.of(situation(left, policy=cooled)).power for left in (500, 250, 5, -1)]
    assert powers == [1, 0.5, 0.01, 0]
    assert Prices.of(situation(5)).power == 1


@pytest.mark.parametrize("name", ["expected_improvement", "ucb", "thompson", "random"])
def test_a_batch_is_paid_for_by_what_is_left(name: str) -> None:
    asked = situation(left=30, policy=Policy(name=name))  # type: ignore[arg-type]
    made = propose(asked, 8)
    assert 1 <= len(made.choices) < 8
    assert sum(prices(made, asked)) <= 30
    assert "costs no more than the 30 EUR left" in made.notes[-1]


def test_replicates_are_paid_for_too() -> None:
    asked = situation(left=30, policy=Policy(replicates=3))
    assert sum(prices(propose(asked, 10), asked)) <= 30


def test_with_nothing_left_nothing_is_asked_for() -> None:
    assert propose(situation(left=4.9), 2).choices == ()


def test_one_price_for_all_changes_nothing() -> None:
    alike = propose(situation(formula="12.5"), 2)
    plain = propose(situation(spending=None), 2)
    assert [one.point for one in alike.choices] == [one.point for one in plain.choices]


@pytest.mark.parametrize("steps", [{}, {"make": "0.3 * mg + hours", "read": 1.5}])
def test_what_is_followed_uphill_is_what_is_scored(steps: dict[str, float | str]) -> None:
    formula = "5 + 0.2 * mg * hours + max(10, mg) * (solvent == 'DMSO')"
    cost = Cost(limit=500, unit="EUR", formula=formula, steps=steps)
    asked = situation(spending=Spending(cost=cost, left=500))
    encoding = Encoding.of(BOX)
    surrogate = fit(encoding, asked.rows, UP, 1)
    few = sampled(encoding, 32, 1)
    plain = PosteriorMean(surrogate.model)
    weighed = Prices.of(asked).along(plain, few)
    X = few.X.unsqueeze(1).clone().requires_grad_()
    values = weighed(X)
    expected = Prices.of(asked).weighed(plain(few.X.unsqueeze(1)), few)
    assert torch.allclose(values, expected, atol=1e-6)
    values.sum().backward()
    assert X.grad is not None
    columns = [0, encoding.starts[2]]
    step = torch.zeros_like(few.X)
    step[:, columns[0]] = 1e-6
    risen = (weighed((few.X + step).unsqueeze(1)) - values) / 1e-6
    assert np.allclose(X.grad[:, 0, columns[0]], risen.detach(), atol=1e-3)


@pytest.mark.parametrize("kind", SPACES)
def test_every_kind_of_space_may_have_prices(kind: str) -> None:
    space = SPACES[kind]
    rows = measured(space, points_of(space, 8))
    spending = Spending(cost=Cost(limit=50, unit="EUR", formula="2 + 3 * 1"), left=17)
    asked = Situation(space, UP, Policy(), rows, spending=spending, seed=1, started=8)
    assert len(propose(asked, 5).choices) == 3


def test_the_first_choice_can_be_scored_again() -> None:
    asked = situation()
    made = propose(asked, 1)
    assert made.state is not None
    (again,) = acquisition_of(asked, made.state, [made.choices[0].point])
    assert again == pytest.approx(made.choices[0].score)


def test_what_lost_by_its_price_is_said_to() -> None:
    (choice,) = propose(situation(), 1).choices
    assert choice.grounds is not None
    dear = [one for one in choice.grounds.runners_up if one.point["solvent"] == "DMSO"]
    assert all(one.lost["cost"] > 0 for one in dear)
    assert any("cost" in one.lost for one in choice.grounds.runners_up)
