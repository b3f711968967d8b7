"""The Bluesky adapter where replies are lost, servers die, and people lock, clear and stop things."""

from typing import Any

import pytest

from agent.errors import LeaseLost, Refused, Unreachable
from tests.lab.bluesky.bench import adapter_for, by_somebody, ended, job_that, queued, send
from tests.lab.bluesky.server import EMERGENCY_KEY, Bluesky
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
    silent = Tampered(before={"/queue/item/add": bluesky.stop_manager})
    adapter = adapter_for(bluesky, silent, start_queue=False)
    job = job_that()
    handles = [adapter.prepare(job)]
    try:
        with pytest.raises(Unreachable, match="does not answer its HTTP server"):
            adapter.start(job, handles[-1], handles.append)
    finally:
        bluesky.continue_manager()
    until(bluesky.answers, "for the manager to come back")
    bluesky.open_environment()
    sighting = adapter_for(bluesky).find(job, handles[-1])
    assert sighting.state == "running" or sighting.sure
    assert bluesky.count(job.id) == 0


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


# ---- people at the server ----


def test_a_lock_of_an_operator_is_told_and_withstands(bluesky: Bluesky) -> None:
    bluesky.say("/lock", lock_key="operator", queue=True, note="cleaning the furnace")
    adapter = adapter_for(bluesky)
    health = adapter.health()
    assert health.state == "locked"
    assert "cleaning the furnace" in health.reason
    with pytest.raises(Refused, match="cleaning the furnace"):
        send(adapter, job_that())
    assert bluesky.say("/unlock", lock_key="operator")["success"]
    assert bluesky.queue == []


def test_a_lock_that_is_let_go_in_time_is_waited_for(bluesky: Bluesky) -> None:
    bluesky.say("/lock", lock_key="operator", queue=True)
    freed = {"/lock": lambda: bluesky.say("/unlock", lock_key="operator")}
    adapter, job = adapter_for(bluesky, Tampered(after=freed), lock_s=30), job_that()
    assert ended(adapter, job, send(adapter, job)).state == "done"


def test_a_sender_that_died_with_the_lock_is_no_obstacle_once_its_job_is_looked_up(
    bluesky: Bluesky,
) -> None:
    class Dead(BaseException):
        """Nothing is done any more, not even unlocking."""

    def die() -> None:
        raise Dead

    dead = Tampered(before={"/queue/item/add": die, "/unlock": lost})
    job = job_that(1)
    adapter = adapter_for(bluesky)
    handle = adapter.prepare(job)
    with pytest.raises(Dead):
        adapter_for(bluesky, dead).start(job, handle, lambda _: None)
    assert adapter.health().state == "locked"
    assert job.id in adapter.health().reason
    assert adapter.find(job, handle).sure
    assert adapter.health().state == "ready"
    again = job_that(2)
    assert ended(adapter, again, send(adapter, again)).state == "done"


def test_a_sender_that_died_before_it_started_the_queue_is_made_up_for(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky, start_queue=False), job_that()
    handle = send(adapter, job)
    assert ended(adapter_for(bluesky), job, handle).state == "done"


@pytest.mark.parametrize("claims", ["job_claim", None])
def test_a_cleared_history_is_never_taken_for_an_absence(
    bluesky: Bluesky, claims: str | None
) -> None:
    adapter, job = adapter_for(bluesky, claims=claims), job_that()
    handle = send(adapter, job)
    until(lambda: bool(bluesky.history), "for the plan to end")
    bluesky.say("/history/clear")
    sighting = adapter.find(job, handle)
    assert not (sighting.state == "absent" and sighting.sure)
    assert adapter.collect(job, handle).state == "lost"
    assert bluesky.count(job.id) == 1


def test_what_somebody_takes_out_of_the_queue_is_cancelled(bluesky: Bluesky) -> None:
    adapter = adapter_for(bluesky, start_queue=False)
    job = job_that()
    handle = send(adapter, job)
    bluesky.say("/queue/item/remove", uid=handle["item_uid"])
    assert adapter.collect(job, handle).state == "cancelled"
    # Put back by hand, it does nothing: what was said of it stays true.
    by_somebody(bluesky, job.id, once=True, md={"athanor_job": job.id})
    bluesky.say("/queue/start")
    until(lambda: bool(bluesky.history), "for the plan to end")
    assert bluesky.count(job.id) == 0


def test_without_claims_the_history_tells_what_was_taken_out(bluesky: Bluesky) -> None:
    adapter = adapter_for(bluesky, start_queue=False, claims=None)
    first, second = job_that(1), job_that(2)
    handle = send(adapter, first)
    bluesky.say("/queue/start")
    assert ended(adapter, first, handle).state == "done"
    until(lambda: bluesky.state == "idle", "for the queue to be idle")
    handle = send(adapter, second)
    bluesky.say("/queue/item/remove", uid=handle["item_uid"])
    assert adapter.collect(second, handle).state == "cancelled"
    bluesky.say("/history/clear")
    assert adapter.collect(second, handle).state == "lost"


def test_the_queue_is_not_started_over_other_people_s_items(bluesky: Bluesky) -> None:
    by_somebody(bluesky)
    adapter, job = adapter_for(bluesky), job_that()
    assert adapter.health().state == "busy"
    with pytest.raises(Refused, match="of others"):
        send(adapter, job)
    assert bluesky.state == "idle"
    assert len(bluesky.queue) == 1


def test_a_queue_that_somebody_has_stopped_stays_stopped(bluesky: Bluesky) -> None:
    adapter = adapter_for(bluesky, parallel=2)
    first, second = job_that(1, seconds=1.0), job_that(2)
    handles = [send(adapter, first), send(adapter, second)]
    assert bluesky.say("/queue/stop")["success"]
    assert ended(adapter, first, handles[0]).state == "done"
    until(lambda: bluesky.state == "idle", "for the queue to stop")
    assert adapter.collect(second, handles[1]).message.endswith("the queue is not running")
    assert bluesky.state == "idle"


def test_after_a_failure_the_queue_goes_on_with_what_waits(bluesky: Bluesky) -> None:
    """The server has stopped its queue, and its autostart."""
    bluesky.say("/queue/autostart", enable=True)
    adapter = adapter_for(bluesky, parallel=2)
    first, second = job_that(1, seconds=1.0, fault="broken"), job_that(2)
    handles = [send(adapter, first), send(adapter, second)]
    until(lambda: bool(bluesky.history), "for the plan to fail")
    assert not bluesky.ask("/status")["queue_autostart_enabled"]
    assert ended(adapter, second, handles[1]).state == "done"
    assert adapter.collect(first, handles[0]).state == "failed"
    assert bluesky.count(first.id) == bluesky.count(second.id) == 1


# ---- stopping ----


@pytest.mark.parametrize("claims", ["job_claim", None])
def test_what_waits_is_cancelled_by_taking_it_out(bluesky: Bluesky, claims: str | None) -> None:
    adapter, job = adapter_for(bluesky, start_queue=False, claims=claims), job_that()
    handle = send(adapter, job)
    answer = adapter.cancel(job, handle)
    assert bluesky.queue == []
    # Without claims, and with nothing in the history, nobody can tell afterwards.
    assert answer == ("confirmed" if claims else "requested")
    assert adapter.collect(job, handle).state == ("cancelled" if claims else "lost")


def test_what_runs_is_paused_and_aborted_and_cleans_up(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that(seconds=60)
    handle = send(adapter, job)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")
    assert adapter.cancel(job, handle) == "confirmed"
    assert adapter.collect(job, handle).state == "cancelled"
    assert bluesky.queue == []
    assert [line["did"] for line in bluesky.account()] == ["begin", "cool"]
    assert adapter.cancel(job, handle) == "confirmed"


def test_what_does_not_obey_in_time_is_requested_and_not_confirmed(bluesky: Bluesky) -> None:
    adapter = adapter_for(bluesky, constants={"stubborn": 3.0}, cancel_s=0.5)
    job = job_that()
    handle = send(adapter, job)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")
    assert adapter.cancel(job, handle) == "requested"


def test_what_has_ended_cannot_be_cancelled(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that()
    handle = send(adapter, job)
    first = ended(adapter, job, handle)
    assert adapter.cancel(job, handle) == "unconfirmed"
    assert adapter.collect(job, handle) == first


def test_somebody_else_s_plan_that_the_pause_hits_goes_on(bluesky: Bluesky) -> None:
    job = job_that(seconds=0.5)
    adapter = adapter_for(bluesky)
    handle = send(adapter, job)
    by_somebody(bluesky, seconds=5.0)

    def too_late() -> None:
        until(lambda: bluesky.count("") == 1, "for the next plan to begin")

    late = adapter_for(bluesky, Tampered(before={"/re/pause": too_late}))
    assert late.cancel(job, handle) == "unconfirmed"
    until(lambda: len(bluesky.history) == 2, "for both to end")
    assert {item["result"]["exit_status"] for item in bluesky.history} == {"completed"}


def test_an_emergency_stop_aborts_whatever_runs_and_leaves_nothing_to_start(
    bluesky: Bluesky,
) -> None:
    adapter, job = adapter_for(bluesky), job_that(seconds=60)
    handle = send(adapter, job)
    bluesky.say("/queue/autostart", enable=True)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")
    adapter.emergency_stop()
    adapter.emergency_stop()
    assert bluesky.state == "idle"
    assert not bluesky.ask("/status")["queue_autostart_enabled"]
    assert [line["did"] for line in bluesky.account()] == ["begin", "cool"]
    assert bluesky.queue == []
    assert adapter.collect(job, handle).state == "cancelled"


def test_a_plan_that_does_not_obey_is_stopped_with_its_environment(bluesky: Bluesky) -> None:
    adapter = adapter_for(bluesky, constants={"stubborn": 300.0})
    job = job_that()
    handle = send(adapter, job)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")
    adapter_for(bluesky, emergency_s=1.0).emergency_stop()
    assert not bluesky.ask("/status")["worker_environment_exists"]
    assert adapter.collect(job, handle).state == "failed"


def test_an_emergency_stop_needs_the_emergency_key_where_an_operator_has_locked(
    bluesky: Bluesky,
) -> None:
    adapter, job = adapter_for(bluesky), job_that(seconds=60)
    send(adapter, job)
    until(lambda: bluesky.count(job.id) == 1, "for the plan to begin")
    bluesky.say("/lock", lock_key="operator", queue=True, environment=True, note="mine")
    with pytest.raises(Refused, match="mine"):
        adapter_for(bluesky, emergency_s=0.5).emergency_stop()
    adapter_for(bluesky, emergency_lock_key=EMERGENCY_KEY).emergency_stop()
    assert bluesky.state == "idle"


def test_an_emergency_stop_that_nobody_answers_says_so(bluesky: Bluesky) -> None:
    with pytest.raises(Unreachable):
        adapter_for(bluesky, url="http://127.0.0.1:9").emergency_stop()
