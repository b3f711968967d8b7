"""Campaigns where experiments differ in what they cost: reserved by their settings, never overspent."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from agent.core.trial import TrialStatus
from agent.replay import replay
from agent.winner import leaders
from tests.loop.worlds import World, done

Make = Callable[..., World]
LEARNING = {"name": "expected_improvement", "initial": {"size": 3}}


def priced(limit: float, formula: str = "1 + x") -> dict[str, object]:
    return {"cost": {"limit": limit, "unit": "EUR", "formula": formula}}


def changing(limit: float, change: str) -> dict[str, object]:
    cost = {"limit": limit, "unit": "EUR", "per_experiment": 1, "changeover": change}
    return {"cost": cost}


def spends_no_more(made: World, limit: float) -> None:
    assert made.standing.use.cost <= limit * (1 + 1e-9)


@pytest.mark.parametrize("batch", [1, 3])
def test_each_experiment_is_reserved_by_its_settings(make_world: Make, batch: int) -> None:
    made = make_world(budget=priced(40), policy={**LEARNING, "batch_size": batch})
    last = made.run(watch=lambda _: spends_no_more(made, 40))
    assert last.state == "finished"
    for job in made.jobs():
        assert job.cost == pytest.approx(1 + float(job.plans[0].settings()["x"]))
    assert made.standing.use.cost > 35, "what is left is spent on cheaper points"
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_it_ends_when_nothing_is_as_cheap_as_what_is_left(make_world: Make) -> None:
    made = make_world(budget=priced(25, "10 + x"))
    last = made.run()
    assert last.state == "finished"
    assert "costs no more than the" in last.reason
    assert made.standing.use.cost <= 25


def test_what_it_really_cost_makes_room_for_more(make_world: Make) -> None:
    made = make_world(budget=priced(25, "10 + 0.1 * x"))
    made.instrument.ending = lambda job: done(job).model_copy(update={"cost": 5.0})
    made.run(watch=lambda _: spends_no_more(made, 25))
    assert len(made.trials(TrialStatus.DONE)) == 4


def test_an_edit_that_costs_more_than_is_left_is_not_sent(make_world: Make) -> None:
    made = make_world(budget=priced(8), review={"mode": "required"})
    made.run()
    (trial,) = made.trials(TrialStatus.PROPOSED)
    made.review(trial, "edit", {"x": 9.0, "y": 1.0})
    made.run()
    assert made.store.trial(trial.id).status is TrialStatus.CANCELLED
    assert not made.jobs()
    assert made.trials(TrialStatus.PROPOSED), "it goes on with others"


@pytest.mark.parametrize("formula", ["1 + x", "11 - x"])
def test_a_winner_that_cannot_be_paid_for_ends_unconfirmed(make_world: Make, formula: str) -> None:
    made = make_world(
        budget=priced(30, formula), policy=LEARNING, stop={"confirm": 2, "target": 1e3}
    )
    made.instrument.ending = lambda job: done(
        job, value=100.0 * float(job.plans[0].settings()["x"])
    )
    last = made.run(watch=lambda _: spends_no_more(made, 30))
    assert last.state == "finished"
    assert not made.trials(TrialStatus.CANCELLED), "nothing was asked for that cannot be paid"
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


@pytest.mark.parametrize("batch", [1, 3])
def test_each_change_of_settings_is_reserved_as_it_is_made(make_world: Make, batch: int) -> None:
    made = make_world(
        budget=changing(30, "abs(x - x_before)"), policy={**LEARNING, "batch_size": batch}
    )
    last = made.run(watch=lambda _: spends_no_more(made, 30))
    assert last.state == "finished"
    settings = [float(job.plans[0].settings()["x"]) for job in made.jobs()]
    changes = [0.0, *(abs(x - before) for before, x in pairwise(settings))]
    assert [job.cost for job in made.jobs()] == pytest.approx([1 + one for one in changes])
    assert made.standing.use.cost > 27, "what is left is spent near by"
    left = [job.plans[0].settings() for job in made.jobs()]
    first, *others = (one.present for one in made.standing.decisions)
    assert not first and all(present in left for present in others)
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_an_edit_changes_what_the_next_one_starts_from(make_world: Make) -> None:
    made = make_world(budget=changing(100, "abs(x - x_before)"), review={"mode": "required"})
    made.run()
    (trial,) = made.trials(TrialStatus.PROPOSED)
    made.review(trial, "edit", {"x": 9.0, "y": 1.0})
    made.run()
    assert made.standing.decisions[-1].present["x"] == 9.0


@pytest.mark.parametrize("formula", ["1 + x", "11 - x", "4"])
def test_the_budget_keeps_what_the_winner_s_samples_cost(make_world: Make, formula: str) -> None:
    made = make_world(budget=priced(60, formula), policy=LEARNING, stop={"confirm": 2})
    made.instrument.ending = lambda job: done(
        job, value=100 - (float(job.plans[0].settings()["x"]) - 7) ** 2
    )
    last = made.run(watch=lambda _: spends_no_more(made, 60))
    assert last.state == "finished"
    confirmed = [one.confirmed for one in leaders(made.standing) if one.confirmed]
    assert [one.samples for one in confirmed] == [2], last.reason
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_the_way_back_to_the_winner_is_kept_too(make_world: Make) -> None:
    made = make_world(
        budget=changing(40, "2 * abs(x - x_before)"), policy=LEARNING, stop={"confirm": 3}
    )
    last = made.run(watch=lambda _: spends_no_more(made, 40))
    assert last.state == "finished"
    assert any(one.confirmed for one in leaders(made.standing)), last.reason
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}
