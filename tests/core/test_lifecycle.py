"""The life cycles, walked exhaustively: what the tables name may be done, and nothing else."""

from itertools import product

import pytest

from agent.core.actor import AGENT, Actor
from agent.core.job import Job, JobStatus
from agent.core.lifecycle import JOB, TRIAL, Settling, check_step, due, trial_status
from agent.core.trial import TrialStatus
from agent.errors import LifecycleError
from tests.core.made import job
from tools.reference import FOLDER, PAGES

ACTORS = (AGENT, Actor(kind="person", name="ada"), Actor(kind="rule", name="review: none"))


@pytest.mark.parametrize(("table", "states"), [(TRIAL, TrialStatus), (JOB, JobStatus)])
def test_every_pair_of_states_for_every_actor(table, states):
    named = {(step.source, step.target): step.actors for step in table}
    assert len(named) == len(table), "a step is named twice"
    for source, target, actor in product(states, states, ACTORS):
        if actor.kind in named.get((source, target), ()):
            assert check_step(table, source, target, actor).condition
        else:
            with pytest.raises(LifecycleError):
                check_step(table, source, target, actor)


def test_the_agent_can_neither_approve_nor_reject():
    for target in (TrialStatus.APPROVED, TrialStatus.REJECTED):
        with pytest.raises(LifecycleError, match="person or rule"):
            check_step(TRIAL, TrialStatus.PROPOSED, target, AGENT)


def test_only_a_person_ends_the_doubt():
    ends = [step for step in JOB if step.source is JobStatus.UNKNOWN]
    assert {step.target for step in ends} == {
        JobStatus.DONE, JobStatus.FAILED, JobStatus.REFUSED, JobStatus.CANCELLED,
    }  # fmt: skip
    assert all(step.actors == {"person"} for step in ends)


def test_a_job_that_has_ended_stays_ended():
    ended = {JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.REFUSED}
    assert not [step for step in JOB if step.source in ended]


def test_only_a_failed_trial_comes_back_and_only_by_a_person_who_has_its_result():
    dead = {TrialStatus.REJECTED, TrialStatus.EXPIRED, TrialStatus.CANCELLED, TrialStatus.VOIDED}
    assert not [step for step in TRIAL if step.source in dead]
    back = {step.target for step in TRIAL if step.source is TrialStatus.FAILED}
    assert back == {TrialStatus.DONE, TrialStatus.PARTIAL}


@pytest.mark.parametrize(
    ("statuses", "complete", "expected"),
    [
        ([], False, TrialStatus.APPROVED),
        (["intended"], False, TrialStatus.IN_PROGRESS),
        (["started"], False, TrialStatus.IN_PROGRESS),
        (["unknown"], False, TrialStatus.IN_PROGRESS),
        (["done"], True, TrialStatus.DONE),
        (["done"], False, TrialStatus.PARTIAL),
        (["failed"], False, TrialStatus.FAILED),
        (["cancelled"], False, TrialStatus.CANCELLED),
        (["refused"], False, TrialStatus.APPROVED),
        (["refused", "refused"], False, TrialStatus.FAILED),
        (["refused", "done"], True, TrialStatus.DONE),
    ],
)
def test_a_trial_stands_where_its_jobs_say(statuses, complete, expected):
    jobs = [job(attempt=n + 1, status=JobStatus(s)) for n, s in enumerate(statuses)]
    seen = {"yield": "j1"} if complete else {}
    assert trial_status(jobs, ("run",), seen, Settling(("yield",), 2)) is expected


def ran(*said: tuple[str, str], failure: str | None = None) -> list[Job]:
    """The jobs of a trial that is annealed and then read, as (step, status) each."""
    names = [step for step, _ in said]
    return [
        job(
            id=f"j{n + 1}",
            step=step,
            attempt=names[: n + 1].count(step),
            status=JobStatus(status),
            failure=failure if status == "failed" else None,
        )
        for n, (step, status) in enumerate(said)
    ]


ANNEALED, READ = ("anneal", "done"), ("read", "done")
WORN = ("read", "failed")


@pytest.mark.parametrize(
    ("said", "expected", "step"),
    [
        ([], TrialStatus.APPROVED, "anneal"),
        ([("anneal", "running")], TrialStatus.IN_PROGRESS, None),
        ([("anneal", "unknown")], TrialStatus.IN_PROGRESS, None),
        ([ANNEALED], TrialStatus.IN_PROGRESS, "read"),
        ([("anneal", "failed")], TrialStatus.FAILED, "anneal"),
        ([ANNEALED, ("read", "running")], TrialStatus.IN_PROGRESS, None),
        ([ANNEALED, ("read", "refused")], TrialStatus.APPROVED, "read"),
        ([ANNEALED, WORN], TrialStatus.APPROVED, "read"),
        ([ANNEALED, WORN, WORN, WORN], TrialStatus.FAILED, "read"),
        ([ANNEALED, WORN, READ], TrialStatus.PARTIAL, None),
    ],
)
def test_a_trial_of_several_steps_stands_where_its_jobs_say(said, expected, step):
    """The reading is of a sample that stays as it is: what failed is read again."""
    rules, jobs = Settling(("yield",), 3, frozenset({"read"})), ran(*said)
    assert trial_status(jobs, ("anneal", "read"), {}, rules) is expected
    assert due(("anneal", "read"), jobs) == step


def test_what_an_earlier_step_has_measured_is_kept_when_a_later_one_fails():
    jobs = ran(ANNEALED, WORN)
    rules = Settling(("mass", "yield"), 3)
    assert trial_status(jobs, ("anneal", "read"), {"mass": "j1"}, rules) is TrialStatus.PARTIAL
    assert trial_status(jobs, ("anneal", "read"), {"mass": "j2"}, rules) is TrialStatus.FAILED


def test_a_sample_that_is_infeasible_to_read_is_not_read_again():
    jobs = ran(ANNEALED, WORN, failure="infeasible")
    rules = Settling(("yield",), 3, frozenset({"read"}))
    assert trial_status(jobs, ("anneal", "read"), {}, rules) is TrialStatus.FAILED


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_what_the_code_says(name):
    assert (FOLDER / name).read_text() == PAGES[name](), "run python tools/reference.py"
