"""What counts against a budget: each started execution, failed and unknown too."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from agent.core.budget import Budget, Cost, Duration, room, spent, used
from agent.core.job import JobStatus
from tests.core.made import NOW, job

LATER = NOW + timedelta(hours=2)


def jobs(*statuses, **said):
    return [
        job(f"c-T000{n}", status=JobStatus(status), **said) for n, status in enumerate(statuses, 1)
    ]


def test_everything_that_was_started_counts():
    use = used(jobs("intended", "started", "done", "failed", "unknown", "refused"), LATER)
    assert use.experiments == 5
    assert use.seconds == 7200


def test_what_was_withdrawn_before_it_was_sent_does_not_count():
    assert used(jobs("cancelled"), LATER).experiments == 0
    assert used(jobs("cancelled", started_at=NOW), LATER).experiments == 1


def test_nothing_started_uses_nothing():
    assert used([], LATER) == used(jobs("refused"), LATER)
    assert used([], LATER).seconds == 0


def test_the_last_experiment_fits_and_the_next_does_not():
    budget = Budget(experiments=2)
    assert spent(budget, used(jobs("done"), NOW)) is None
    assert spent(budget, used(jobs("done", "failed"), NOW)) == "2 of 2 experiments are started"
    assert room(budget, used(jobs("done"), NOW)) == 1


def test_cost_is_reserved_for_each():
    budget = Budget(cost=Cost(limit=0.3, unit="EUR", per_experiment=0.1))
    assert room(budget, used([], NOW)) == 3
    assert room(budget, used(jobs("done", "done", cost=0.1), NOW)) == 1
    assert "EUR" in (spent(budget, used(jobs("done", "done", "done", cost=0.1), NOW)) or "")


def test_wall_time_runs_from_the_first_dispatch():
    budget = Budget(wall_time=Duration(limit=2, unit="h"))
    assert spent(budget, used(jobs("done"), NOW + timedelta(minutes=119))) is None
    assert spent(budget, used(jobs("done"), LATER)) == "the wall time of 2 h is over"
    assert room(budget, used(jobs("done"), NOW)) is None


def test_a_budget_has_a_limit():
    with pytest.raises(ValidationError, match="at least one"):
        Budget()


# ---- what an experiment costs by its settings

FORMULA = "5 + 0.2 * mg + 10 * (solvent == 'DMSO')"


def test_a_formula_says_what_an_experiment_costs():
    cost = Cost(limit=500, unit="EUR", formula=FORMULA)
    assert cost.names == {"mg", "solvent"}
    assert cost.of({"mg": 50, "solvent": "DMF"}) == 15
    assert cost.of({"mg": 50, "solvent": "DMSO"}) == 25


def test_comparisons_are_counted_and_not_joined():
    cost = Cost(limit=500, unit="EUR", formula="1 + (a > 0) + (a > 1)")
    assert [cost.of({"a": a}) for a in (0, 1, 2)] == [1, 2, 3]


@pytest.mark.parametrize("formula", ["a - 5", "1 / a", "sqrt(a)", "log(a)"])
def test_what_gives_no_price_costs_all_there_is(formula):
    assert (
        Cost(limit=500, unit="EUR", formula=formula).of({"a": 0 if "/" in formula else -1}) == 500
    )


def test_one_price_or_a_formula():
    assert Cost(limit=500, unit="EUR", per_experiment=12.5).of({"mg": 50}) == 12.5
    for said in (
        {},
        {"per_experiment": 1, "formula": "a"},
        {"formula": "a > 1"},
        {"formula": "a +"},
    ):
        with pytest.raises(ValidationError):
            Cost(limit=500, unit="EUR", **said)


def test_of_experiments_that_differ_none_are_counted_before_they_are_chosen():
    budget = Budget(cost=Cost(limit=100, unit="EUR", formula=FORMULA))
    some, all_of_it = jobs("done", "done", cost=40), jobs("done", "done", cost=50)
    assert (room(budget, used(some, NOW)), spent(budget, used(some, NOW))) == (None, None)
    assert spent(budget, used(all_of_it, NOW)) == "100 of 100 EUR are spent or reserved"


def test_a_campaign_of_before_has_the_same_hash():
    assert "formula" not in Cost(limit=5, unit="EUR", per_experiment=1).model_dump(mode="json")
