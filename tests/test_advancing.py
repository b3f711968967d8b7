"""Every campaign of a store gets its turn, whatever becomes of the others."""

from collections.abc import Callable

import pytest

from agent.advancing import advance_all, to_advance
from agent.core.register import CampaignStatus, Entry
from agent.core.trial import TrialStatus
from agent.errors import AdapterError, LeaseHeld
from agent.loop import Round, run_rounds
from tests.loop.worlds import World

Make = Callable[..., World]


def names(made: World) -> list[str]:
    return [entry.name for entry in to_advance(made.store)]


def test_those_that_are_active_in_the_order_in_which_they_came(make_world: Make) -> None:
    first, second = make_world(name="first"), make_world(name="second")
    first.clock.sleep(1)
    third = make_world(name="third")
    second.run()
    third.say(CampaignStatus.PAUSED)
    assert names(first) == ["first"]


@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.STOPPED])
def test_what_is_at_the_instrument_is_collected_all_the_same(
    make_world: Make, status: CampaignStatus
) -> None:
    made = make_world()
    made.instrument.seconds = 100
    next(made.rounds())
    assert made.trials(TrialStatus.IN_PROGRESS)
    made.say(status)
    assert names(made) == ["world"]


def test_a_stopped_one_withdraws_what_was_not_sent(make_world: Make) -> None:
    made = make_world(review={"mode": "required"})
    made.run()
    made.say(CampaignStatus.STOPPED)

    def one(entry: Entry) -> Round:
        return run_rounds(made.lab, entry.name, lambda _: None, wait=False)

    (turn,) = advance_all(made.store, one)
    assert turn.state == "stopped"
    assert not made.trials(TrialStatus.PROPOSED)
    assert names(made) == []


def test_one_that_is_held_or_at_fault_stops_no_other(make_world: Make) -> None:
    made = make_world(name="a")
    make_world(name="b")
    make_world(name="c")

    def one(entry: Entry) -> Round:
        if entry.name == "a":
            raise LeaseHeld("a is held by pid 1 on there", "wait")
        if entry.name == "b":
            raise AdapterError("its folder is gone")
        return run_rounds(made.lab, entry.name, lambda _: None, wait=False)

    turns = {turn.campaign: turn for turn in advance_all(made.store, one)}
    assert {name: turn.state for name, turn in turns.items()} == {
        "a": "held",
        "b": "fault",
        "c": "finished",
    }
    assert turns["b"].reason == "its folder is gone"


def test_a_second_call_at_the_same_time_leaves_a_campaign_to_the_first(make_world: Make) -> None:
    made = make_world()
    first = made.rounds()
    next(first)
    other = made.elsewhere()

    def one(entry: Entry) -> Round:
        return run_rounds(other.lab, entry.name, lambda _: None, wait=False)

    (turn,) = advance_all(made.store, one)
    assert turn.state == "held"
    assert "pid 1 on here" in turn.reason
    first.close()  # type: ignore[attr-defined]
    (turn,) = advance_all(made.store, one)
    assert turn.state == "finished"
    assert len(made.instrument.executed) == 4
