"""Bluesky puts back into its queue what has failed: the adapter never lets it be executed again."""

import pytest

from agent.errors import Refused, Unreachable
from tests.lab.bluesky.bench import adapter_for, ended, job_that, send
from tests.lab.bluesky.server import Bluesky
from tests.lab.bluesky.tampering import Tampered
from tests.lab.running import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("claims", ["job_claim", None])
def test_a_failed_job_is_never_executed_again(bluesky: Bluesky, claims: str | None) -> None:
    adapter = adapter_for(bluesky, claims=claims)
    failing, next_one = job_that(1, fault="broken"), job_that(2)
    handle = send(adapter, failing)
    until(lambda: bool(bluesky.history), "for the plan to end")
    (twin,) = bluesky.queue
    assert twin["item_uid"] != handle["item_uid"]
    assert adapter.collect(failing, handle).state == "failed"
    assert bluesky.queue == []
    assert ended(adapter, next_one, send(adapter, next_one)).state == "done"
    assert adapter.collect(failing, handle).state == "failed"
    assert bluesky.count(failing.id) == 1


@pytest.mark.parametrize("claims", ["job_claim", None])
def test_the_next_sending_does_not_start_what_has_failed(
    bluesky: Bluesky, claims: str | None
) -> None:
    adapter = adapter_for(bluesky, claims=claims)
    failing, next_one = job_that(1, fault="broken"), job_that(2)
    handle = send(adapter, failing)
    until(lambda: bool(bluesky.queue), "for the plan to be put back")
    assert ended(adapter, next_one, send(adapter, next_one)).state == "done"
    assert adapter.collect(failing, handle).state == "failed"
    assert bluesky.count(failing.id) == 1


def test_somebody_who_starts_the_queue_first_executes_nothing_twice(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that(fault="broken")
    handle = send(adapter, job)
    until(lambda: bool(bluesky.queue), "for the plan to be put back")
    bluesky.say("/queue/start")
    until(lambda: len(bluesky.history) == 2, "for the twin to have ended")
    outcome = ended(adapter, job, handle)
    assert (outcome.state, outcome.code) == ("failed", "FurnaceFault")
    assert bluesky.count(job.id) == 1


def test_a_twin_that_somebody_has_started_is_told_while_it_runs(bluesky: Bluesky) -> None:
    adapter = adapter_for(bluesky, claims=None, constants={"once": False})
    job = job_that(seconds=5.0, fault="broken")
    handle = send(adapter, job)
    until(lambda: bool(bluesky.queue), "for the plan to be put back")
    bluesky.say("/queue/start")
    until(lambda: bluesky.count(job.id) == 2, "for the twin to run")
    assert "started what was put back" in adapter.collect(job, handle).message
    assert ended(adapter, job, handle).state == "failed"
    assert bluesky.queue == []


def test_a_twin_is_known_even_where_the_history_was_cleared(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky, claims=None), job_that(fault="broken")
    handle = send(adapter, job)
    until(lambda: bool(bluesky.queue), "for the plan to be put back")
    assert bluesky.say("/history/clear")["success"]
    assert adapter.find(job, handle).state == "ended"
    assert adapter.collect(job, handle).state == "failed"
    assert bluesky.queue == []


def test_what_fails_between_two_requests_is_taken_out_too(bluesky: Bluesky) -> None:
    job = job_that(seconds=2.0, fault="broken")
    send(adapter_for(bluesky), job)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")

    def failed() -> None:
        until(lambda: bool(bluesky.queue), "for the plan to be put back")

    adapter = adapter_for(bluesky, Tampered(before={"/history/get": failed}))
    assert adapter.collect(job, adapter.prepare(job)).state == "failed"
    assert bluesky.queue == []


def test_no_end_is_told_while_a_lock_keeps_the_twin_in_the_queue(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that(fault="broken")
    handle = send(adapter, job)
    until(lambda: bool(bluesky.queue), "for the plan to be put back")
    bluesky.say("/lock", lock_key="operator", queue=True, note="cleaning")
    with pytest.raises(Unreachable, match="cannot be taken out"):
        adapter.collect(job, handle)
    bluesky.say("/unlock", lock_key="operator")
    assert adapter.collect(job, handle).state == "failed"
    assert bluesky.queue == []


def test_with_failures_ignored_nothing_is_put_back_and_the_failure_is_told(
    bluesky: Bluesky,
) -> None:
    bluesky.say("/queue/mode/set", mode={"ignore_failures": True})
    adapter, job = adapter_for(bluesky), job_that(fault="broken")
    assert ended(adapter, job, send(adapter, job)).code == "FurnaceFault"
    assert bluesky.queue == []


def test_in_loop_mode_nothing_is_sent(bluesky: Bluesky) -> None:
    bluesky.say("/queue/mode/set", mode={"loop": True})
    adapter = adapter_for(bluesky)
    assert adapter.health().state == "faulted"
    with pytest.raises(Refused, match="loop"):
        send(adapter, job_that())


def test_what_loop_mode_has_queued_again_is_taken_out(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky, start_queue=False), job_that(seconds=4.0)
    handle = send(adapter, job)
    bluesky.say("/queue/mode/set", mode={"loop": True})
    bluesky.say("/queue/start")
    until(lambda: bluesky.count(job.id) == 1, "for it to begin")
    bluesky.say("/queue/stop")
    until(lambda: bool(bluesky.history), "for the plan to end")
    assert ended(adapter, job, handle).state == "done"
    assert bluesky.queue == []
    assert bluesky.count(job.id) == 1
