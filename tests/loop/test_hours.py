"""Quiet and reserved hours in whole campaigns: nothing is sent, and it goes on by itself when they are over."""

from collections.abc import Callable

from tests.loop.worlds import World

Make = Callable[..., World]

QUIET = {"begin": "07:00", "end": "10:00", "reason": "the room is in use"}  # it is 08:00 there


def test_in_quiet_hours_nothing_is_sent_and_then_it_goes_on_by_itself(make_world: Make) -> None:
    made = make_world()
    made.allow(hours=[QUIET])
    last = made.run(patience=2)
    assert last.state == "waiting" and not last.person
    assert "bench is quiet until 2026-03-01 10:00 UTC: the room is in use" in last.reason
    assert not made.jobs()
    made.clock.sleep(2 * 3600)
    assert made.run().state == "finished"
    assert len(made.instrument.executed) == 4


def test_what_runs_is_collected_in_quiet_hours(make_world: Make) -> None:
    made = make_world()
    made.instrument.seconds = 600
    made.allow(hours=[{**QUIET, "begin": "08:05"}])
    made.run(patience=2)
    assert len(made.instrument.executed) == 1
    made.clock.sleep(1200)
    last = made.run(patience=2)
    assert made.standing.best is not None
    assert "is quiet until" in last.reason
    assert len(made.instrument.executed) == 1


def test_reserved_hours_are_for_the_campaign_that_they_are_reserved_for(make_world: Make) -> None:
    made, other = make_world(), make_world(name="other")
    for one in (made, other):
        one.allow(hours=[{**QUIET, "campaigns": ["other"]}])
    assert "bench is reserved for other until" in made.run(patience=2).reason
    assert other.run().state == "finished"
    assert not made.jobs()
