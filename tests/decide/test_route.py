"""The order of execution where a change of settings costs something, and what it does to the choice."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import PosteriorMean
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.core.budget import Cost, Spending
from agent.core.policy import Policy
from agent.core.values import Point
from agent.decide.candidates import sampled
from agent.decide.costs import Prices
from agent.decide.propose import Selection, propose
from agent.decide.route import Route, order
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from agent.learn.surrogate import fit
from tests.decide.test_costs import BOX, UP, situation

CHANGE = "0.1 * abs(mg - mg_before) + 20 * (solvent != solvent_before)"
COST = Cost(limit=500, unit="EUR", per_experiment=5, changeover=CHANGE)
AT: Point = {"mg": 20, "solvent": "DMF", "hours": 2.0}
POINTS = st.builds(
    lambda mg, solvent: {"mg": mg, "solvent": solvent, "hours": 2.0},
    st.integers(0, 100), st.sampled_from(["DMF", "DMSO"]),
)  # fmt: skip


def changing(present: Point | None = None, **said: object) -> Situation:
    spending = Spending(cost=COST, left=500, present=AT if present is None else present)
    return situation(spending=spending, **said)


def length(path: list[Point], present: Point) -> float:
    stops = [present, *path] if present else path
    return sum(COST.change(*pair) for pair in itertools.pairwise(stops))


@given(st.lists(POINTS, max_size=14), st.sampled_from([AT, {}]))
@settings(deadline=None, max_examples=60)
def test_the_order_is_one_of_them_and_no_longer_than_any_other_that_was_given(
    points: list[Point], present: Point
) -> None:
    spending = Spending(cost=COST, left=1, present=present)
    places = order(spending, points)
    assert sorted(places) == list(range(len(points)))
    assert length([points[at] for at in places], present) <= length(points, present) + 1e-9


@given(st.lists(POINTS, min_size=1, max_size=5), st.sampled_from([AT, {}]))
@settings(deadline=None, max_examples=40)
def test_of_few_the_order_is_the_cheapest_there_is(points: list[Point], present: Point) -> None:
    found = order(Spending(cost=COST, left=1, present=present), points)
    best = min(length(list(way), present) for way in itertools.permutations(points))
    assert length([points[at] for at in found], present) == pytest.approx(best)


def test_many_that_lie_on_a_line_are_passed_from_end_to_end() -> None:
    random = np.random.default_rng(3)
    points = [{**AT, "mg": int(mg)} for mg in random.permutation(96)]
    found = order(Spending(cost=COST, left=1, present={**AT, "mg": 0}), points)
    assert [points[at]["mg"] for at in found] == list(range(96))


@given(POINTS, st.lists(POINTS, max_size=6))
@settings(deadline=None)
def test_a_detour_is_what_the_way_gets_longer_by(point: Point, passed: list[Point]) -> None:
    route = Route(COST, (AT,), begun=True)
    for one in passed:
        route = route.through(one)
    longer = length(list(route.through(point).stops), {}) - length(list(route.stops), {})
    assert route.detour(point) == pytest.approx(max(longer, 0.0))


def test_where_the_instrument_stands_is_unknown_a_first_change_costs_nothing() -> None:
    assert Prices.of(changing(present={})).price(AT) == 5
    assert Prices.of(changing()).price({**AT, "solvent": "DMSO"}) == 25
    older: Point = {"mg": 20}
    assert Prices.of(changing(present=older)).price(AT) == 5, "the solvent was fixed then"


@pytest.mark.parametrize("there", ["DMF", "DMSO"])
def test_of_two_that_promise_alike_the_one_without_a_change_is_chosen(there: str) -> None:
    (choice,) = propose(changing({**AT, "solvent": there}), 1).choices
    assert choice.point["solvent"] == there, "the solvent is worth nothing, and a change costs 20"
    assert "cost" in choice.shares


def _whole(made: Selection) -> float:
    return length([one.point for one in made.choices], AT)


@pytest.mark.parametrize("batch", [4, 12])
def test_a_batch_is_chosen_and_ordered_by_its_changes(batch: int) -> None:
    heeding = propose(changing(), batch)
    anyway = propose(changing(policy=Policy(per_cost="never")), batch)
    assert len(heeding.choices) == len(anyway.choices) == batch
    assert _whole(heeding) <= _whole(anyway)
    solvents = [str(one.point["solvent"]) for one in anyway.choices]
    assert len(list(itertools.groupby(solvents))) <= 2, "the solvent is changed once at the most"
    assert any("for the change of settings" in one.why for one in anyway.choices)


def test_a_batch_is_paid_for_with_its_changes() -> None:
    asked = changing()
    asked = replace(asked, spending=Spending(cost=COST, left=40, present=AT))
    made = propose(asked, 8)
    assert 1 <= len(made.choices) < 8
    assert _whole(made) + 5 * len(made.choices) <= 40


def test_what_is_followed_uphill_is_what_is_scored() -> None:
    asked, encoding = changing(), Encoding.of(BOX)
    surrogate = fit(encoding, asked.rows, UP, 1)
    few = sampled(encoding, 32, 1)
    plain = PosteriorMean(surrogate.model)
    for prices in (Prices.of(asked), Prices.of(asked).after({**AT, "mg": 70, "solvent": "DMSO"})):
        X = few.X.unsqueeze(1).clone().requires_grad_()
        values = prices.along(plain, few)(X)
        expected = prices.weighed(plain(few.X.unsqueeze(1)), few)
        assert torch.allclose(values, expected, atol=1e-6)
        values.sum().backward()
        assert X.grad is not None
        assert bool(torch.isfinite(X.grad).all())


@given(st.lists(POINTS, max_size=11), POINTS)
@example(
    [
        *([{**AT, "mg": 0}] * 7),
        {**AT, "mg": 21},
        {**AT, "mg": 34, "solvent": "DMSO"},
        {**AT, "mg": 0, "solvent": "DMSO"},
    ],
    {**AT, "mg": 0},
)
@settings(deadline=None, max_examples=40)
def test_with_a_way_home_what_is_chosen_leaves_enough_for_it(
    points: list[Point], home: Point
) -> None:
    spending = Spending(cost=COST, left=1, present=AT, home=home)
    way, spent = Route.of(spending), 0.0
    for one in points:
        assert way is not None
        spent += way.detour(one)
        way = way.through(one)
    there = [points[at] for at in order(spending, points)]
    assert length([*there, home], AT) <= spent + COST.change(AT, home) + 1e-9
