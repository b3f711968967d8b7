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
