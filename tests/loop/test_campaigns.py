"""Whole campaigns in this process: what becomes of them when everything else goes wrong."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from adapters.function import FunctionAdapter, FunctionSettings
from agent.core.adapter import Health, Outcome
from agent.core.history import key
from agent.core.job import Job, JobStatus
from agent.core.register import CampaignStatus
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import GateError, LeaseHeld, LeaseLost, LifecycleError
from agent.loop import run_rounds
from agent.recording import resolve
from agent.replay import replay
from agent.status import summarise
from tests.loop.worlds import (
    ANNA,
    HERE,
    THERE,
    HandClock,
    Instrument,
    World,
    campaign,
    done,
    failed,
    readings,
    world,
)

Make = Callable[..., World]

VERBS = ("capabilities", "health", "check", "prepare", "start", "find", "collect")
REQUIRED = {"mode": "required"}
TWO = [
    {"name": "mass", "unit": "mg", "goal": "maximise"},
    {"name": "purity", "unit": "percent", "goal": "maximise"},
]


def test_a_campaign_spends_its_budget_and_finishes(make_world: Make) -> None:
    made = make_world()
    last = made.run()
    assert (last.state, last.reason) == ("finished", "4 of 4 experiments are started")
    assert [trial.status for trial in made.trials()] == [TrialStatus.DONE] * 4
    assert set(made.instrument.executed.values()) == {1}
    assert len(made.standing.own_rows) == 4
    assert made.verify() > 6
    assert made.run().state == "finished"


def test_a_pure_function_is_run_to_its_target(store: Store, clock: HandClock) -> None:
    adapter = FunctionAdapter(FunctionSettings(function="branin", delay_s=2), now=clock.now)
    made = world(
        store,
        clock,
        adapter,
        parameters=[
            {"name": "x1", "type": "continuous", "low": -5, "high": 10},
            {"name": "x2", "type": "continuous", "low": 0, "high": 15},
        ],
        objectives=[{"name": "value", "unit": "", "goal": "minimise"}],
        budget={"experiments": 40},
        stop={"target": 20.0},
        policy={"name": "random", "initial": {"size": 3}, "batch_size": 4},
        review=None,
    )
    seen = []
    last = run_rounds(made.lab, "world", seen.append)
    assert last.state == "finished"
    assert last.reason.startswith("the target is reached")
    assert made.standing.best.value <= 20.0
    assert {"progressed", "waiting"} <= {one.state for one in seen}


def test_without_waiting_it_leaves_as_soon_as_nothing_can_be_done(make_world: Make) -> None:
    made = make_world()
    made.instrument.seconds = 100.0
    last = run_rounds(made.lab, "world", lambda _: None, wait=False)
    assert (last.state, last.person) == ("waiting", False)
    assert last.reason.startswith("for ")
    made.clock.sleep(200.0)
    assert run_rounds(made.lab, "world", lambda _: None, wait=False).state == "waiting"


# ---- proposals that come to nothing


def test_every_proposal_rejected_by_rule(make_world: Make) -> None:
    made = make_world(stop={"idle_rounds": 4})
    made.instrument.against = lambda plan: ("the stage is locked",)
    last = made.run()
    assert last.state == "finished"
    assert "4 rounds in a row came to nothing" in last.reason
    assert "the stage is locked" in last.reason
    assert len(made.standing.decisions) == 4
    assert not made.jobs()


def test_every_proposal_rejected_by_a_person_never_comes_back(make_world: Make) -> None:
    places = [{"name": "n", "type": "integer", "low": 1, "high": 5}]
    made = make_world(parameters=places, review=REQUIRED)
    rejected = 0
    while (last := made.run()).state == "waiting":
        assert last.person
        rejected += len(made.review_all("reject"))
    assert last.state == "finished"
    assert rejected == 5
    assert {trial.status for trial in made.trials()} == {TrialStatus.REJECTED}
    assert len({key(trial.point) for trial in made.trials()}) == 5


def test_a_rejected_point_is_not_asked_for_again(make_world: Make) -> None:
    places = [{"name": "n", "type": "integer", "low": 1, "high": 4}]
    made = make_world(parameters=places, review=REQUIRED)
    made.run()
    made.review(made.trials()[0], "reject")
    while made.run().state == "waiting":
        made.review_all("approve")
    (rejected, *others) = made.trials()
    assert len(others) == 3
    assert rejected.point not in [trial.point for trial in others]


# ---- jobs that do not bring what was hoped for


def test_one_initial_trial_fails(make_world: Make) -> None:
    made = make_world()
    made.instrument.ending = lambda job: failed() if "T0001" in job.id else None
    assert made.run().state == "finished"
    assert [trial.status for trial in made.trials()] == [TrialStatus.FAILED] + [
        TrialStatus.DONE
    ] * 3


def test_all_fail(make_world: Make) -> None:
    made = make_world(policy={"name": "uncertainty", "initial": {"size": 2}})
    made.instrument.ending = lambda job: failed("infeasible")
    assert made.run().reason == "4 of 4 experiments are started"
    assert {trial.status for trial in made.trials()} == {TrialStatus.FAILED}
    assert len({key(trial.point) for trial in made.trials()}) == 4
    assert {job.failure for job in made.jobs()} == {"infeasible"}


def test_refused_three_times_is_failed_and_costs_nothing(make_world: Make) -> None:
    made = make_world()
    made.instrument.starting = lambda job: "refuse" if "T0002" in job.id else "answer"
    assert made.run().state == "finished"
    second = made.trials()[1]
    assert second.status is TrialStatus.FAILED
    attempts = made.store.jobs_of(second.id)
    assert [job.attempt for job in attempts] == [1, 2, 3]
    assert {job.status for job in attempts} == {JobStatus.REFUSED}
    assert len(made.trials(TrialStatus.DONE)) == 4
    assert sum(made.instrument.executed.values()) == 4


def test_an_instrument_that_refuses_everything_does_not_keep_us_for_ever(make_world: Make) -> None:
    made = make_world()
    made.instrument.starting = lambda job: "refuse"
    last = made.run()
    assert last.state == "finished"
    assert "the instrument refuses (not today)" in last.reason
    assert not made.instrument.executed


def test_an_instrument_that_is_away_is_waited_for(make_world: Make) -> None:
    made = make_world()
    made.instrument.state = lambda: Health(state="unreachable", reason="no answer")
    last = made.run(patience=20)
    assert (last.state, last.person) == ("waiting", False)
    assert "unreachable: no answer" in last.reason
    assert not made.jobs()
    made.instrument.state = lambda: Health(state="ready")
    assert made.run().state == "finished"


@pytest.mark.parametrize("lost", ["lost before", "lost after"])
def test_a_lost_answer_is_looked_up_and_never_sent_blindly(make_world: Make, lost: str) -> None:
    made = make_world()
    made.instrument.starting = lambda job: lost if job.attempt == 1 else "answer"
    assert made.run().state == "finished"
    assert set(made.instrument.executed.values()) == {1}
    assert len(made.trials(TrialStatus.DONE)) == 4
    refused = made.jobs(JobStatus.REFUSED)
    assert len(refused) == (4 if lost == "lost before" else 0)


@pytest.mark.parametrize("lookup", ["best_effort", "none"])
def test_what_cannot_be_looked_up_surely_goes_to_a_person(make_world: Make, lookup: str) -> None:
    made = make_world()
    made.instrument.lookup = lookup
    made.instrument.starting = lambda job: "lost before" if "T0001.1.1" in job.id else "answer"
    last = made.run()
    assert (last.state, last.person) == ("waiting", True)
    (job,) = made.jobs(JobStatus.UNKNOWN)
    assert job.id in last.reason
    assert not made.instrument.executed
    made.resolve(job, JobStatus.REFUSED)
    assert made.run().state == "finished"
    assert set(made.instrument.executed.values()) == {1}
    assert len(made.trials(TrialStatus.DONE)) == 4


class VendorError(Exception):
    """What the library of some instrument raises."""


@pytest.mark.parametrize("fault", [KeyError("slot"), VendorError("no reply"), MemoryError()])
@pytest.mark.parametrize("verb", VERBS)
def test_a_fault_in_an_adapter_never_ends_a_campaign_nor_loses_a_job(
    make_world: Make, verb: str, fault: Exception
) -> None:
    made = make_world()
    made.instrument.starting = lambda job: "lost after" if job.attempt == 1 else "answer"
    made.instrument.broken = {verb: fault}
    last = made.run(patience=5)
    if verb in {"prepare", "start"}:
        # Never executed, and tried as often as there are attempts.
        assert last.state == "finished"
        assert not made.instrument.executed
        return
    assert last.state == "waiting"
    made.instrument.broken = {}
    last = made.run()
    if last.state == "waiting":
        assert last.person
        made.review_all("approve")
        last = made.run()
    assert last.state == "finished"
    assert set(made.instrument.executed.values()) == {1}
    assert len(made.trials(TrialStatus.DONE)) == 4
    assert any(
        line.event == "adapter.error" for line in made.store.journal(made.trials()[0].campaign)
    )
    made.verify()


def test_a_fault_that_stays_is_a_line_an_hour(make_world: Make) -> None:
    made = make_world()
    made.instrument.broken = {"check": KeyError("slot")}
    made.run(patience=20)

    def lines() -> int:
        account = made.store.journal(made.trials()[0].campaign)
        return sum(line.event == "adapter.error" for line in account)

    assert lines() == len(made.trials())
    made.clock.sleep(3600.0)
    made.run(patience=3)
    assert lines() == 2 * len(made.trials())


def test_a_fault_after_the_sending_loses_no_job(make_world: Make) -> None:
    made = make_world()
    made.instrument.starting = lambda job: "lost after"
    made.instrument.silence = KeyError("slot")
    assert made.run().state == "finished"
    assert set(made.instrument.executed.values()) == {1}
    assert len(made.trials(TrialStatus.DONE)) == 4


@pytest.mark.parametrize("verb", ["find", "collect"])
def test_a_fault_that_does_not_go_away_is_shown_to_a_person_at_the_deadline(
    make_world: Make, verb: str
) -> None:
    made = make_world(execution={"adapter": "bench", "deadline": {"limit": 10, "unit": "s"}})
    made.instrument.starting = lambda job: "lost after"
    made.instrument.broken = {verb: KeyError("slot")}
    last = made.run()
    assert last.person
    assert len(made.jobs(JobStatus.UNKNOWN)) == 1


def test_partial_results(make_world: Make) -> None:
    made = make_world(objectives=TWO, budget={"experiments": 3})
    made.instrument.ending = lambda job: Outcome(
        state="done", measurements=readings(job, "mass", value=1.0)
    )
    assert made.run().state == "finished"
    assert {trial.status for trial in made.trials()} == {TrialStatus.PARTIAL}
    assert len(made.standing.rows) == 3


def test_results_that_come_one_by_one_are_taken_in_once(make_world: Make) -> None:
    made = make_world(objectives=TWO, budget={"experiments": 1})
    asked: list[str] = []

    def ending(job: Job) -> Outcome:
        asked.append(job.id)
        if len(asked) < 3:
            return Outcome(state="running", measurements=readings(job, "mass", value=1.0))
        return Outcome(state="done", measurements=readings(job, value=2.0))

    made.instrument.ending = ending
    assert made.run().state == "finished"
    assert [(one.objective, one.value) for one in made.standing.observations] == [
        ("mass", 1.0),
        ("purity", 2.0),
    ]
    assert made.trials()[0].status is TrialStatus.DONE


@pytest.mark.parametrize(
    ("reading", "kind", "word"),
    [
        ({"void": "spilled"}, "void", "spilled"),
        ({"value": 2e6}, "void", "implausible"),
        ({"value": 1.0, "unit": "second"}, "void", "1 second"),
        ({"value": 1.0, "unit": "no such unit"}, "void", "no such unit"),
    ],
)
def test_what_is_not_a_plain_value_is_kept_and_teaches_nothing(
    make_world: Make, reading: dict[str, object], kind: str, word: str
) -> None:
    objective = {"name": "mass", "unit": "mg", "goal": "maximise", "plausible": [0, 1e6]}
    made = make_world(objectives=[objective], budget={"experiments": 3})
    made.instrument.ending = lambda job: Outcome(
        state="done", measurements=readings(job, **reading)
    )
    assert made.run().state == "finished"
    seen = made.standing.observations
    assert [one.kind for one in seen] == [kind] * 3
    assert all(word in (one.void or "") for one in seen)
    assert not made.standing.rows
    assert {trial.status for trial in made.trials()} == {TrialStatus.DONE}


def second(job: Job) -> bool:
    """Whether it is of every second trial."""
    return int(job.trials[0][-1]) % 2 == 0


@pytest.mark.parametrize("reading", [{"low": 0.5}, {"high": 0.5}, {"low": 0.5, "high": 0.9}])
def test_bounds_teach_and_count_for_nothing_else(
    make_world: Make, reading: dict[str, object]
) -> None:
    made = make_world(
        budget={"experiments": 9},
        policy={"name": "expected_improvement", "initial": {"size": 6}},
        stop={"no_improvement_after": 6},
    )
    made.instrument.ending = lambda job: (
        None if second(job) else Outcome(state="done", measurements=readings(job, **reading))
    )
    assert made.run().reason == "9 of 9 experiments are started"
    standing = made.standing
    assert (len(standing.own_rows), len(standing.bounds)) == (4, 5)
    assert standing.best is not None
    assert standing.best.trial in {row.trial for row in standing.own_rows}
    assert not standing.barred
    assert len({key(trial.point) for trial in made.trials()}) == 9
    told = standing.decisions[-1]
    assert told.kind == "model"
    assert told.state is not None
    assert len(told.state["bounds"]["z"]) == 4
    assert set(told.rows) == {one.id for one in standing.observations[:-1]}
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_where_there_are_only_bounds_the_design_goes_on(make_world: Make) -> None:
    made = make_world(policy={"name": "expected_improvement", "initial": {"size": 2}})
    made.instrument.ending = lambda job: Outcome(state="done", measurements=readings(job, high=0.5))
    assert made.run().reason == "4 of 4 experiments are started"
    assert {one.kind for one in made.standing.decisions} == {"initial"}
    assert made.standing.best is None
    assert len({key(trial.point) for trial in made.trials()}) == 4


def test_of_several_objectives_each_has_its_bounds(make_world: Make) -> None:
    made = make_world(
        objectives=TWO,
        budget={"experiments": 7},
        policy={"name": "expected_improvement", "initial": {"size": 4}},
    )

    def ending(job: Job) -> Outcome:
        mass = readings(job, "mass", value=float(job.plans[0].settings()["x"]))
        told = {"high": 5.0} if second(job) else {"value": 50.0}
        return Outcome(state="done", measurements=(*mass, *readings(job, "purity", **told)))

    made.instrument.ending = ending
    assert made.run().reason == "7 of 7 experiments are started"
    state = made.standing.decisions[-1].state
    assert state is not None
    assert "bounds" in state["parts"]["purity"]
    assert "bounds" not in state["parts"]["mass"]
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_another_unit_of_the_same_kind_is_converted(make_world: Make) -> None:
    made = make_world(budget={"experiments": 2})
    made.instrument.ending = lambda job: Outcome(
        state="done", measurements=readings(job, value=2.0, unit="g", sd=0.1)
    )
    made.run()
    assert [(row.value, row.sd) for row in made.standing.rows] == [(2000.0, 100.0)] * 2


# ---- deadlines


def late(make_world: Make, effect: str) -> World:
    made = make_world(
        budget={"experiments": 2},
        execution={"adapter": "bench", "deadline": {"limit": 10, "unit": "s"}},
    )
    made.instrument.effect = effect
    made.instrument.ending = lambda job: Outcome(state="running")
    return made


def test_a_pure_job_that_takes_too_long_has_failed(make_world: Make) -> None:
    made = late(make_world, "pure")
    assert made.run().state == "finished"
    assert {(job.status, job.failure) for job in made.jobs()} == {(JobStatus.FAILED, "timeout")}


def test_a_physical_job_that_takes_too_long_goes_to_a_person(make_world: Make) -> None:
    made = late(make_world, "physical")
    last = made.run()
    assert last.person
    (job,) = made.jobs()
    assert job.status is JobStatus.UNKNOWN
    made.instrument.ending = lambda job: None
    made.resolve(job, JobStatus.FAILED)
    assert made.run().state == "finished"
    assert [job.status for job in made.jobs()] == [JobStatus.FAILED, JobStatus.DONE]


def test_nothing_is_sent_to_an_instrument_in_doubt(make_world: Make) -> None:
    made = make_world(policy={"name": "random", "initial": {"size": 2}, "in_flight": 2})
    made.instrument.lookup = "none"
    made.instrument.starting = lambda job: "lost after" if "T0001" in job.id else "answer"
    last = made.run()
    assert last.person
    sent = len(made.instrument.executed)
    assert made.run().person
    assert len(made.instrument.executed) == sent
    made.resolve(made.jobs(JobStatus.UNKNOWN)[0], JobStatus.CANCELLED)
    assert made.run().state == "finished"
    assert sum(made.instrument.executed.values()) == 4


def test_a_job_that_its_instrument_never_ends_is_ended_by_a_person(make_world: Make) -> None:
    made = make_world(budget={"experiments": 2})
    made.instrument.broken = {"collect": KeyError("slot")}
    assert made.run(patience=3).state == "waiting"
    (job,) = made.jobs()
    said = made.store, job.id
    with pytest.raises(
        LifecycleError, match=r"started, not in doubt \(if its .* failed --under-way"
    ):
        resolve(*said, JobStatus.FAILED, "switched off", ANNA, made.clock.now())
    with pytest.raises(LifecycleError, match="it is not sent again"):
        resolve(*said, JobStatus.REFUSED, "switched off", ANNA, made.clock.now(), under_way=True)
    resolve(*said, JobStatus.FAILED, "switched off", ANNA, made.clock.now(), under_way=True)
    made.instrument.broken = {}
    assert made.run().state == "finished"
    first, second = made.jobs()
    assert (first.status, first.message, first.failure) == (
        "failed",
        "switched off",
        "unclassified",
    )
    assert (first.trials, second.status) == ((made.trials()[0].id,), "done")
    made.verify()


# ---- what people say


@pytest.mark.parametrize("after", range(0, 8, 2))
def test_paused_at_any_point_it_goes_on_when_it_is_resumed(make_world: Make, after: int) -> None:
    made = make_world(budget={"experiments": 3})
    made.instrument.seconds = 2.0
    rounds = made.rounds()
    for _ in range(after):
        next(rounds)
        made.clock.sleep(1.0)
    made.say(CampaignStatus.PAUSED, "lunch")
    first = next(rounds)
    assert (first.state, first.reason, first.person) == ("paused", "lunch", True)
    sent = len(made.jobs())
    made.clock.sleep(3.0)
    assert next(rounds).state == "paused"
    assert len(made.jobs()) == sent
    assert not made.jobs(JobStatus.STARTED, JobStatus.RUNNING, JobStatus.INTENDED)
    made.say(CampaignStatus.ACTIVE)
    rounds.close()
    assert made.run().state == "finished"
    assert len(made.trials(TrialStatus.DONE)) == 3


@pytest.mark.parametrize("after", range(0, 8, 2))
def test_stopped_at_any_point_it_collects_and_sends_nothing(make_world: Make, after: int) -> None:
    made = make_world(budget={"experiments": 5})
    made.instrument.seconds = 2.0
    rounds = made.rounds()
    for _ in range(after):
        next(rounds)
        made.clock.sleep(1.0)
    made.say(CampaignStatus.STOPPED, "enough")
    sent = sum(made.instrument.executed.values())
    rounds.close()
    last = made.run()
    assert (last.state, last.reason) == ("stopped", "enough")
    assert sum(made.instrument.executed.values()) == sent == len(made.trials(TrialStatus.DONE))


def test_a_job_in_the_middle_of_being_sent_is_stopped_by_the_gate(make_world: Make) -> None:
    made = make_world()
    made.instrument.state = lambda: made.say(CampaignStatus.PAUSED) or Health(state="ready")
    assert made.run().state == "paused"
    assert not made.instrument.executed
    assert not made.jobs()


# ---- stop rules and budgets


def test_no_improvement(make_world: Make) -> None:
    made = make_world(budget={"experiments": 20}, stop={"no_improvement_after": 4})
    made.instrument.ending = lambda job: done(job, value=5.0 if "T0003" in job.id else 1.0)
    assert made.run().reason == "no improvement in 4 results"
    assert len(made.trials(TrialStatus.DONE)) == 7


def test_a_budget_of_cost(make_world: Make) -> None:
    made = make_world(budget={"cost": {"limit": 1.0, "unit": "EUR", "per_experiment": 0.1}})
    last = made.run(watch=lambda _: _within(made, 1.0))
    assert "1 of 1 EUR" in last.reason
    assert len(made.trials(TrialStatus.DONE)) == 10


def _within(made: World, limit: float) -> None:
    assert made.standing.use.cost <= limit * (1 + 1e-9)


def test_what_it_really_cost_makes_room_for_more(make_world: Make) -> None:
    made = make_world(budget={"cost": {"limit": 1.0, "unit": "EUR", "per_experiment": 0.5}})
    made.instrument.ending = lambda job: done(job).model_copy(update={"cost": 0.25})
    made.run(watch=lambda _: _within(made, 1.0))
    assert len(made.trials(TrialStatus.DONE)) == 3


def test_a_budget_of_time(make_world: Make) -> None:
    made = make_world(budget={"wall_time": {"limit": 10, "unit": "s"}})
    made.instrument.seconds = 3.0
    last = made.run()
    assert last.reason == "the wall time of 10 s is over"
    assert {trial.status for trial in made.trials()} == {TrialStatus.DONE}
    assert 3 <= len(made.trials()) <= 4


def test_a_batch_of_four_with_eight_in_flight(make_world: Make) -> None:
    policy = {"name": "random", "initial": {"size": 4}, "batch_size": 4, "in_flight": 8}
    made = make_world(policy=policy, budget={"experiments": 14})
    made.instrument.seconds = 3.0
    most: list[int] = []
    last = made.run(watch=lambda _: most.append(len(made.standing.in_flight)))
    assert last.state == "finished"
    assert max(most) == 8
    assert len(made.trials(TrialStatus.DONE)) == 14
    assert [len(one.choices) for one in made.standing.decisions] == [4, 4, 4, 2]


def test_an_instrument_takes_no_more_than_it_can(make_world: Make) -> None:
    policy = {"name": "random", "initial": {"size": 4}, "batch_size": 4}
    made = make_world(policy=policy, budget={"experiments": 8})
    made.instrument.seconds, made.instrument.parallel = 3.0, 2
    most: list[int] = []
    made.run(watch=lambda _: most.append(len(made.standing.in_flight)))
    assert max(most) == 2
    assert len(made.trials(TrialStatus.DONE)) == 8


def test_replicates(make_world: Make) -> None:
    policy = {"name": "random", "initial": {"size": 2}, "replicates": 3}
    made = make_world(policy=policy, budget={"experiments": 9})
    assert made.run().state == "finished"
    points = [key(trial.point) for trial in made.trials()]
    assert {points.count(point) for point in points} == {3}
    assert sum(trial.role == "replicate" for trial in made.trials()) == 6


# ---- the gate


def test_a_review_is_waited_for_and_what_was_approved_is_sent(make_world: Make) -> None:
    made = make_world(review=REQUIRED, budget={"experiments": 2})
    last = made.run()
    assert (last.state, last.person) == ("waiting", True)
    assert last.reason == "for a review of 1 proposal: athanor review world"
    assert not made.jobs()
    while made.run().state == "waiting":
        made.review_all("approve")
    assert len(made.trials(TrialStatus.DONE)) == 2
    assert {one.by for one in made.standing.reviews} == {ANNA}


def test_a_physical_instrument_asks_for_reviews_unless_it_is_said_otherwise(
    make_world: Make,
) -> None:
    made = make_world(review=None)
    assert made.run().person
    assert not made.jobs()


def test_an_instrument_that_is_not_released_is_not_run_without_reviews(make_world: Make) -> None:
    made = make_world()
    made.lab = replace(made.lab, unattended=frozenset())
    with pytest.raises(GateError, match="not allowed on"):
        made.run()
    assert not made.instrument.executed


def test_an_edited_point_is_what_is_sent_and_learnt(make_world: Make) -> None:
    made = make_world(review=REQUIRED, budget={"experiments": 1})
    made.run()
    (trial,) = made.trials()
    made.review(trial, "edit", {"x": 1.0, "y": 2.0})
    assert made.run().state == "finished"
    assert list(made.instrument.sent.values()) == [{"x": 1.0, "y": 2.0}]
    assert [row.point for row in made.standing.rows] == [{"x": 1.0, "y": 2.0}]


def test_a_revoked_approval_sends_nothing(make_world: Make) -> None:
    made = make_world(review=REQUIRED, budget={"experiments": 1})
    made.run()
    made.review_all("approve")
    (trial,) = made.trials()
    with made.store.write(ANNA, made.clock.now()) as tx:
        tx.revoke(made.store.approvals_of(trial.id)[0].id, "second thoughts")
    assert made.run().person
    assert made.trials()[0].status is TrialStatus.PROPOSED
    assert not made.jobs()
    made.review_all("approve")
    assert made.run().state == "finished"


def test_an_approval_may_expire_also_after_it_was_refused(make_world: Make) -> None:
    made = make_world(review=REQUIRED, budget={"experiments": 1})
    made.run()
    made.review_all("approve")
    (trial,) = made.trials()
    with made.store.write(ANNA, made.clock.now()) as tx:
        (given,) = made.store.approvals_of(trial.id)
        tx.revoke(given.id, "for a short time only")
        until = made.clock.now() + timedelta(seconds=2)
        tx.approve(given.model_copy(update={"id": "short", "expires_at": until}))
    made.instrument.starting = lambda job: "refuse"
    last = made.run()
    assert last.person
    assert made.clock.now() < until + timedelta(seconds=60)
    assert {one.expires_at for one in made.store.approvals_of(trial.id)} <= {None, until}
    assert made.trials()[0].status in {TrialStatus.PROPOSED, TrialStatus.FAILED}


def test_a_proposal_expires_by_its_campaigns_rule(make_world: Make) -> None:
    made = make_world(review={"mode": "required", "expires": {"limit": 1, "unit": "h"}})
    made.run()
    made.clock.sleep(3000.0)
    made.run()
    assert [trial.status for trial in made.trials()] == [TrialStatus.PROPOSED]
    made.clock.sleep(1000.0)
    made.run()
    assert [trial.status for trial in made.trials()] == [TrialStatus.EXPIRED, TrialStatus.PROPOSED]


def test_a_proposal_that_is_sent_back_has_its_time_anew(make_world: Make) -> None:
    rule = {"mode": "required", "expires": {"limit": 1, "unit": "h"}}
    made = make_world(review=rule, budget={"experiments": 1})
    made.run()
    made.clock.sleep(3000.0)
    made.review_all("approve")
    (trial,) = made.trials()
    with made.store.write(ANNA, made.clock.now()) as tx:
        tx.revoke(made.store.approvals_of(trial.id)[0].id, "second thoughts")
    made.clock.sleep(1000.0)
    made.run()
    assert [one.status for one in made.trials()] == [TrialStatus.PROPOSED]
    made.clock.sleep(3000.0)
    made.run()
    assert [one.status for one in made.trials()] == [TrialStatus.EXPIRED, TrialStatus.PROPOSED]


def test_what_was_tampered_with_is_not_sent(tmp_path: Path, clock: HandClock) -> None:
    file = tmp_path / "lab.db"
    with Store.open(str(file)) as store:
        made = world(store, clock, review=REQUIRED, budget={"experiments": 1})
        made.run()
        made.review_all("approve")
        other = """UPDATE reviews SET settings = '{"x": 9.9, "y": 9.9}'"""
        with closing(sqlite3.connect(file)) as beside, beside:
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                beside.execute(other)
            guards = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in beside.execute(guards).fetchall():
                beside.execute(f"DROP TRIGGER {name}")
            beside.execute(other)
        last = made.run()
        assert last.person
        assert made.trials()[0].status is TrialStatus.PROPOSED
        assert not made.instrument.executed


# ---- more than one agent


def test_a_second_agent_is_told_who_holds_the_campaign(make_world: Make) -> None:
    made = make_world()
    rounds = made.rounds()
    next(rounds)
    with pytest.raises(LeaseHeld, match="pid 1 on here"):
        next(made.elsewhere().rounds())
    rounds.close()
    assert made.elsewhere().run().state == "finished"


def test_two_agents_in_two_threads_send_nothing_twice(tmp_path: Path, clock: HandClock) -> None:
    with Store.open(str(tmp_path / "lab.db")) as store:
        made = world(store, clock)
        met = threading.Barrier(2)
        ends: list[str] = []

        def work(one: World) -> None:
            met.wait(60)
            try:
                ends.append(one.run().state)
            except LeaseHeld:
                ends.append("held")

        threads = [
            threading.Thread(target=work, args=(made.elsewhere(me),)) for me in (HERE, THERE)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(100)
        assert "finished" in ends
        assert set(made.instrument.executed.values()) == {1}
        assert len(made.instrument.executed) == 4


def test_a_silent_agent_is_taken_over_and_its_next_write_fails(make_world: Make) -> None:
    made = make_world()
    first = made.rounds(ttl_s=30)
    next(first)
    made.clock.sleep(31.0)
    second = made.elsewhere().rounds()
    next(second)
    with pytest.raises(LeaseLost):
        list(first)
    second.close()
    assert made.elsewhere().run().state == "finished"
    assert set(made.instrument.executed.values()) == {1}


def taken_over_while_sending(make_world: Make, lookup: str) -> tuple[World, list[str]]:
    """The first agent is silent for so long, between two bytes, that the second takes three rounds."""
    made = make_world(execution={"adapter": "bench", "deadline": {"limit": 60, "unit": "s"}})
    made.instrument.lookup = lookup
    other, said = made.elsewhere(), []

    def starting(job: Job) -> str:
        if job.sender == HERE and not said:
            made.clock.sleep(31.0)
            rounds = other.rounds()
            for _ in range(3):
                said.extend(next(rounds).said[:1])
            rounds.close()
        return "answer"

    made.instrument.starting = starting
    with pytest.raises(LeaseLost):
        made.run()
    return other, said


def test_a_sure_look_up_bars_a_sender_that_comes_late(make_world: Make) -> None:
    other, said = taken_over_while_sending(make_world, "sure")
    assert said[0] == "refused: not executed"
    assert other.run().state == "finished"
    assert set(other.instrument.executed.values()) == {1}
    assert len(other.instrument.executed) == len(other.trials(TrialStatus.DONE)) == 4


def test_a_sender_that_may_still_live_is_waited_for(make_world: Make) -> None:
    other, said = taken_over_while_sending(make_world, "best_effort")
    assert all("may still send it" in word for word in said)
    assert len(other.jobs()) == 1
    assert other.run().state == "finished"
    assert set(other.instrument.executed.values()) == {1}
    assert len(other.instrument.executed) == len(other.trials(TrialStatus.DONE)) == 4


def test_a_handle_that_was_never_committed_was_never_used(make_world: Make) -> None:
    """Taken over before the handle is noted, the first agent cannot send any more."""
    made = make_world()
    other, seen = made.elsewhere(), []

    def prepared(job: Job) -> dict[str, str]:
        if job.sender == HERE:
            made.clock.sleep(31.0)
            rounds = other.rounds()
            seen.append(next(rounds).said[0])
            rounds.close()
        return {"key": job.id}

    made.instrument.prepare = prepared
    with pytest.raises(LeaseLost):
        made.run()
    assert seen == ["refused: never sent"]
    assert other.run().state == "finished"
    assert set(made.instrument.executed.values()) == {1}
    assert len(made.trials(TrialStatus.DONE)) == 4


# ---- revisions


def test_a_revision_in_the_middle_sends_strangers_back_to_review(make_world: Make) -> None:
    made = make_world(review=REQUIRED, budget={"experiments": 4})
    made.run()
    (trial,) = made.trials()
    made.review(trial, "edit", {"x": 9.0, "y": 9.0})
    narrower = [
        {"name": "x", "type": "continuous", "low": 0, "high": 5, "unit": "mm"},
        {"name": "y", "type": "continuous", "low": 0, "high": 5, "unit": "mm"},
    ]
    made.revise(campaign(review=REQUIRED, budget={"experiments": 4}, parameters=narrower))
    assert made.run().person
    (trial,) = made.trials()
    assert trial.status is TrialStatus.PROPOSED
    assert not made.jobs()
    made.review(trial, "reject")
    while made.run().state == "waiting":
        made.review_all("approve")
    assert len(made.instrument.sent) == 4
    assert all(0 <= point["x"] <= 5 for point in made.instrument.sent.values())


def _during(made: World, act: Callable[[], None]) -> None:
    """`act` is done once, while the instrument is asked for its health for the second time."""
    asked = []

    def state() -> Health:
        asked.append(1)
        if len(asked) == 2:
            act()
        return Health(state="ready")

    made.instrument.state = state


def test_a_smaller_budget_holds_for_what_is_about_to_be_sent(make_world: Make) -> None:
    made = make_world(budget={"experiments": 4})
    _during(made, lambda: made.revise(campaign(budget={"experiments": 1})))
    assert made.run().reason == "1 of 1 experiments are started"
    assert len(made.instrument.executed) == 1


def test_reviews_hold_for_what_is_about_to_be_sent(make_world: Make) -> None:
    made = make_world()
    _during(made, lambda: made.revise(campaign(review=REQUIRED)))
    assert made.run().person
    assert len(made.instrument.executed) == 1


def test_what_was_sent_back_while_it_was_about_to_be_sent_is_not_sent(make_world: Make) -> None:
    made = make_world()
    none = [{"type": "linear", "coefficients": {"x": 1.0}, "high": -1.0}]
    _during(made, lambda: made.revise(campaign(constraints=none)))
    made.run()
    assert len(made.instrument.executed) == 1
    assert made.trials()[1].status in {TrialStatus.REJECTED, TrialStatus.CANCELLED}


def test_what_a_mistake_ended_goes_on_when_it_is_mended(make_world: Make) -> None:
    made = make_world()
    made.instrument.against = lambda plan: (
        ("no argon here",) if plan.instrument_settings.get("gas") == "argon" else ()
    )
    made.revise(campaign(execution={"adapter": "bench", "settings": {"gas": "argon"}}))
    assert "no argon here" in made.run().reason
    made.revise(campaign(execution={"adapter": "bench", "settings": {"gas": "nitrogen"}}))
    assert made.run().reason == "4 of 4 experiments are started"


def test_nothing_is_sent_after_the_wall_time(make_world: Make) -> None:
    made = make_world(
        budget={"wall_time": {"limit": 10, "unit": "s"}},
        policy={"name": "random", "initial": {"size": 2}, "batch_size": 3},
    )

    def starting(job: Job) -> Literal["answer"]:
        made.clock.sleep(6.0)
        return "answer"

    made.instrument.starting = starting
    assert made.run().reason == "the wall time of 10 s is over"
    assert len(made.instrument.executed) == 2


def test_everything_that_is_waited_for_is_said(make_world: Make) -> None:
    made = make_world(review=REQUIRED, policy={"name": "random", "batch_size": 2})
    made.run()
    made.instrument.seconds = 60.0
    made.review(made.trials()[0], "approve")
    last = made.run(patience=2)
    assert "on bench" in last.reason
    assert "for a review of 1 proposal" in last.reason
    assert not last.person
    assert summarise(made.standing).waits_for == "a review"


def test_what_waited_too_long_cannot_be_approved_any_more(make_world: Make) -> None:
    made = make_world(review={"mode": "required", "expires": {"limit": 1, "unit": "h"}})
    made.run()
    made.clock.sleep(4000.0)
    with pytest.raises(GateError, match="not reviewed in time"):
        made.review(made.trials()[0], "approve")
    made.review(made.trials()[0], "reject")


def test_more_budget_takes_a_finished_campaign_up_again(make_world: Make) -> None:
    made = make_world(budget={"experiments": 2})
    assert made.run().state == "finished"
    made.revise(campaign(budget={"experiments": 5}))
    assert made.run().reason == "5 of 5 experiments are started"
    assert len(made.trials(TrialStatus.DONE)) == 5


def test_other_settings_need_another_approval(make_world: Make) -> None:
    made = make_world(review=REQUIRED, budget={"experiments": 1})
    made.run()
    made.review_all("approve")
    changed = {"adapter": "bench", "settings": {"gas": "argon"}}
    made.revise(campaign(review=REQUIRED, budget={"experiments": 1}, execution=changed))
    assert made.run().person
    assert not made.jobs()
    made.review_all("approve")
    assert made.run().state == "finished"
    assert made.jobs()[0].plans[0].instrument_settings == {"gas": "argon"}


def test_two_campaigns_share_an_instrument(store: Store, clock: HandClock) -> None:
    there = Instrument(clock, seconds=2.0, parallel=1)
    one = world(store, clock, there, budget={"experiments": 3})
    two = world(store, clock, there, budget={"experiments": 3}, name="other")
    turns = [one.rounds(), two.rounds()]
    for _ in range(200):
        for turn in list(turns):
            assert len(store.busy("bench")) <= 1
            if next(turn).state == "finished":
                turns.remove(turn)
        clock.sleep(1.0)
        if not turns:
            break
    assert not turns
    assert len(there.executed) == 6
