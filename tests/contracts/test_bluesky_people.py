"""People at a Bluesky server lock, clear, stop and take out: the adapter notices, and gives way."""

import pytest

from agent.errors import Refused
from tests.lab.bluesky.bench import adapter_for, by_somebody, ended, job_that, send
from tests.lab.bluesky.server import Bluesky
from tests.lab.bluesky.tampering import Tampered, cut, lost
from tests.lab.running import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


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


def test_a_lock_that_was_let_go_in_vain_is_freed_by_the_next_poll(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that()
    handle = send(adapter_for(bluesky, Tampered(before={"/unlock": lost})), job)
    assert adapter.health().state == "locked"
    assert ended(adapter, job, handle).state == "done"
    assert adapter.health().state == "ready"


def test_a_lock_that_nobody_will_come_back_for_is_taken_away(bluesky: Bluesky) -> None:
    cut_off = Tampered(before={"/queue/item/add": cut, "/unlock": lost})
    with pytest.raises(Refused):
        send(adapter_for(bluesky, cut_off), job_that())
    assert adapter_for(bluesky).health().state == "locked"
    until(lambda: adapter_for(bluesky, lock_left_s=0.5).health().state == "ready", "for its age")
    assert not bluesky.ask("/status")["lock"]["queue"]


def test_an_operator_s_lock_is_never_taken_away(bluesky: Bluesky) -> None:
    bluesky.say("/lock", lock_key="operator", queue=True, environment=True)
    adapter = adapter_for(bluesky, lock_left_s=1e-9)
    assert adapter.health().state == adapter.health().state == "locked"


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
    first, second = job_that(1, seconds=8.0), job_that(2)
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
    first, second = job_that(1, seconds=8.0, fault="broken"), job_that(2)
    handles = [send(adapter, first), send(adapter, second)]
    until(lambda: bool(bluesky.history), "for the plan to fail")
    assert not bluesky.ask("/status")["queue_autostart_enabled"]
    assert ended(adapter, second, handles[1]).state == "done"
    assert adapter.collect(first, handles[0]).state == "failed"
    assert bluesky.count(first.id) == bluesky.count(second.id) == 1
