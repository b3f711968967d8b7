"""Jobs on a Bluesky server are cancelled, and everything is stopped."""

import pytest

from agent.errors import Refused, Unreachable
from tests.lab.bluesky.bench import adapter_for, by_somebody, ended, job_that, send
from tests.lab.bluesky.server import EMERGENCY_KEY, Bluesky
from tests.lab.bluesky.tampering import Tampered
from tests.lab.running import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


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
    adapter = adapter_for(bluesky, constants={"stubborn": 8.0}, cancel_s=0.5)
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
    job = job_that(seconds=3.0)
    adapter = adapter_for(bluesky)
    handle = send(adapter, job)
    by_somebody(bluesky, seconds=8.0)

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
