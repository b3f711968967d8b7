"""The Bluesky adapter where requests and replies are lost, and servers die."""

from typing import Any

import pytest

from agent.errors import LeaseLost, Refused, Unreachable
from tests.lab.bluesky.bench import adapter_for, ended, job_that, queued, send
from tests.lab.bluesky.server import Bluesky
from tests.lab.bluesky.tampering import Tampered, cut, lost
from tests.lab.running import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


# ---- requests and replies ----


@pytest.mark.parametrize("claims", ["job_claim", None])
def test_a_lost_reply_is_looked_up_and_not_sent_again(bluesky: Bluesky, claims: str | None) -> None:
    tampered = Tampered(after={"/queue/item/add": lost})
    adapter, job = adapter_for(bluesky, tampered, claims=claims, start_queue=False), job_that()
    handles = [adapter.prepare(job)]
    with pytest.raises(Unreachable):
        adapter.start(job, handles[-1], handles.append)
    sighting = adapter_for(bluesky, claims=claims).find(job, handles[-1])
    assert sighting.state == "running"
    assert queued(bluesky) == [job.id]
    assert not bluesky.ask("/status")["lock"]["queue"]


def test_a_lost_request_is_surely_absent_once_its_job_is_withdrawn(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky, Tampered(before={"/queue/item/add": lost})), job_that()
    handles = [adapter.prepare(job)]
    with pytest.raises(Unreachable):
        adapter.start(job, handles[-1], handles.append)
    sighting = adapter_for(bluesky).find(job, handles[-1])
    assert (sighting.state, sighting.sure) == ("absent", True)


def test_without_claims_a_lost_request_is_absent_and_not_sure(bluesky: Bluesky) -> None:
    tampered = Tampered(before={"/queue/item/add": lost})
    adapter, job = adapter_for(bluesky, tampered, claims=None), job_that()
    handles = [adapter.prepare(job)]
    with pytest.raises(Unreachable):
        adapter.start(job, handles[-1], handles.append)
    sighting = adapter.find(job, handles[-1])
    assert (sighting.state, sighting.sure) == ("absent", False)


def test_what_arrives_after_its_job_was_withdrawn_does_nothing(bluesky: Bluesky) -> None:
    """The sender sleeps between its look and its request; meanwhile the job is looked up."""
    found = []
    job = job_that()
    sleeps = {"/queue/item/add": lambda: found.append(adapter_for(bluesky).find(job, None))}
    adapter = adapter_for(bluesky, Tampered(before=sleeps))
    handle = send(adapter, job)
    assert [(one.state, one.sure) for one in found] == [("absent", True)]
    assert ended(adapter, job, handle).measurements[0].void
    assert bluesky.count(job.id) == 0
    assert [line["did"] for line in bluesky.account()] == ["skip"]


def test_no_connection_is_a_refusal(bluesky: Bluesky) -> None:
    for path in ("/lock", "/queue/get", "/queue/item/add"):
        with pytest.raises(Refused):
            send(adapter_for(bluesky, Tampered(before={path: cut})), job_that())
    assert bluesky.queue == []


def test_silence_before_the_sending_is_a_refusal(bluesky: Bluesky) -> None:
    for path in ("/lock", "/queue/get", "/status", "/function/execute", "/task/result"):
        with pytest.raises(Refused, match="nothing was sent"):
            send(adapter_for(bluesky, Tampered(after={path: lost})), job_that())
    assert bluesky.queue == []
    assert not bluesky.ask("/status")["lock"]["queue"]


def test_a_sender_whose_lease_is_lost_stops_before_it_sends(bluesky: Bluesky) -> None:
    def fenced(_: Any) -> None:
        raise LeaseLost("somebody else has taken over")

    adapter, job = adapter_for(bluesky), job_that()
    with pytest.raises(LeaseLost):
        adapter.start(job, adapter.prepare(job), fenced)
    assert bluesky.queue == []
    assert not bluesky.ask("/status")["lock"]["queue"]


def test_a_job_that_passes_on_between_two_requests_is_not_missed(bluesky: Bluesky) -> None:
    job = job_that()
    handle = send(adapter_for(bluesky, start_queue=False), job)

    def executed() -> None:
        bluesky.say("/queue/start")
        until(lambda: bool(bluesky.history), "for the plan to end")

    between = {"/history/get": executed}
    adapter = adapter_for(bluesky, Tampered(before=between), start_queue=False)
    assert adapter.collect(job, handle).state == "done"
    assert bluesky.count(job.id) == 1


def test_a_job_on_its_way_is_never_out_of_sight(bluesky: Bluesky) -> None:
    """The HTTP server answers out of its memory, and of queue and history not of the same moment."""
    adapter = adapter_for(bluesky, start_queue=False)
    for number in range(1, 16):
        job = job_that(number)
        handle = send(adapter, job)
        bluesky.say("/queue/start")
        outcome = adapter.collect(job, handle)
        while outcome.state == "running":
            outcome = adapter.collect(job, handle)
        assert outcome.state == "done"
        until(lambda: bluesky.state == "idle", "for the queue to be idle")


def test_a_slow_function_of_the_lab_is_waited_for_until_its_deadline(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that()
    handle = send(adapter, job)
    until(lambda: bool(bluesky.history), "for the plan to end")
    busy = bluesky.lab / "BUSY"
    busy.touch()
    try:
        with pytest.raises(Unreachable, match="get_run has not answered"):
            adapter_for(bluesky, function_s=0.5).collect(job, handle)
    finally:
        busy.unlink()
    assert ended(adapter, job, handle).state == "done"


# ---- servers that die ----


def test_a_power_cut_in_the_middle_of_a_plan_is_for_a_person(bluesky: Bluesky) -> None:
    adapter, job, next_one = adapter_for(bluesky, parallel=2), job_that(1, seconds=60), job_that(2)
    handle = send(adapter, job)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")
    waiting = send(adapter, next_one)
    bluesky.kill_manager()
    assert adapter.health().state == "unreachable"
    assert "does not answer" in adapter.health().reason
    with pytest.raises(Unreachable):
        adapter.collect(job, handle)
    with pytest.raises(Unreachable):
        adapter.find(job, handle)
    with pytest.raises(Refused):
        send(adapter, job_that(3))
    bluesky.restart_manager()
    outcome = adapter.collect(job, handle)
    assert outcome.state == "lost"
    assert "exit status was lost" in outcome.message
    assert adapter.find(job, handle).state == "ended"
    # What waited is still there, and is not started by itself after that.
    assert adapter.collect(next_one, waiting).message.endswith("the queue is not running")
    bluesky.say("/queue/start")
    assert ended(adapter, next_one, waiting).state == "done"
    assert bluesky.count(job.id) == bluesky.count(next_one.id) == 1


def test_a_manager_that_lies_still_answers_408_and_nothing_is_taken_for_sent(
    bluesky: Bluesky,
) -> None:
    silent = Tampered(before={"/queue/item/add": bluesky.stop})
    adapter = adapter_for(bluesky, silent, start_queue=False)
    job = job_that()
    handles = [adapter.prepare(job)]
    try:
        with pytest.raises(Unreachable, match="does not answer its HTTP server"):
            adapter.start(job, handles[-1], handles.append)
    finally:
        bluesky.go_on()
    until(bluesky.answers, "for the manager to come back")
    bluesky.open_environment()
    sighting = adapter_for(bluesky).find(job, handles[-1])
    assert sighting.state == "running" or sighting.sure
    assert bluesky.count(job.id) == 0


def test_a_server_that_lies_still_does_not_hold_the_agent_up(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky, timeout_s=1.0), job_that()
    bluesky.stop("http")
    try:
        assert adapter.health().state == "unreachable"
        with pytest.raises(Refused, match="nothing was sent"):
            send(adapter, job)
        for verb in (adapter.find, adapter.collect, adapter.cancel):
            with pytest.raises(Unreachable):
                verb(job, {"key": job.id})
    finally:
        bluesky.go_on("http")
    until(bluesky.answers, "for the HTTP server to come back")


def test_a_manager_that_dies_alone_loses_nothing(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that(seconds=2.0)
    handle = send(adapter, job)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")
    bluesky.kill_manager_alone()
    until(bluesky.answers, "for the watchdog to start it again")
    assert ended(adapter, job, handle).state == "done"
    assert bluesky.count(job.id) == 1


def test_a_destroyed_environment_is_a_failure_and_nothing_is_left_to_repeat(
    bluesky: Bluesky,
) -> None:
    adapter, job = adapter_for(bluesky), job_that(seconds=60)
    handle = send(adapter, job)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")
    assert bluesky.say("/environment/destroy")["success"]
    outcome = ended(adapter, job, handle)
    assert (outcome.state, outcome.code) == ("failed", "RE Worker environment was destroyed")
    assert bluesky.queue == []
    assert adapter.health().state == "faulted"
