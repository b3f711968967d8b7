"""The life cycles, walked exhaustively: what the tables name may be done, and nothing else."""

from itertools import product

import pytest

from agent.core.actor import AGENT, Actor
from agent.core.job import JobStatus
from agent.core.lifecycle import JOB, TRIAL, check_step, trial_status
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
    assert trial_status(jobs, complete, attempts=2) is expected


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_what_the_code_says(name):
    assert (FOLDER / name).read_text() == PAGES[name](), "run python tools/reference.py"
