"""A night is forecast in plain sentences: what fits in, what ends it, and what nobody knows."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.actor import Actor
from agent.core.instrument import Hold
from agent.core.night import Beforehand, Line, Night, forecast, spared, spelt
from agent.core.stock import Change, Movement, Need, moved
from tests.core.made import NOW

ANNA = Actor(kind="person", name="anna")
HOUR, TWENTY = 3600.0, (1200.0, "as you say")


def level(amount: float, unit: str = "1", item: str = "tips") -> dict[str, Movement]:
    return {item: moved("reader", item, None, Change("counted", amount, unit, ANNA, NOW))}


def night(**said: Any) -> Night:
    """Twelve hours on a reader, 20 min each: 36 experiments fit in."""
    usual = {
        "begin": NOW,
        "seconds": 12 * HOUR,
        "instrument": "reader",
        "each": TWENTY,
        "at_once": 1,
        "left": 100,
    }
    return Night(**{**usual, **said})


def held(**said: Any) -> Hold:
    usual = {"id": "reader.1", "instrument": "reader", "number": 1, "word": "hold", "by": ANNA}
    return Hold(**{**usual, "reason": "the lamp is out", "at": NOW, **said})


def stops(made: Night) -> list[str]:
    return [line.text for line in forecast(made) if line.stops]


def told(made: Night) -> str:
    return "\n".join(line.text for line in forecast(made))


def tips(*amounts: float) -> list[tuple[Need, ...]]:
    return [(Need("tips", amount, "1"),) for amount in amounts]


def test_a_good_night_has_nothing_that_stops_it() -> None:
    made = night(uses=tips(8, 8, 8), levels=level(36 * 8))
    assert stops(made) == []
    assert "an experiment takes 20 min (as you say)" in told(made)
    assert "36 experiments fit into 12 h" in told(made)
    assert "288 tips left on reader, 8 each: enough for 36 experiments" in told(made)


def test_several_at_the_same_time_fit_in_more_often() -> None:
    assert night(at_once=2).fitting == 72
    assert "2 at the same time" in told(night(at_once=2))


def test_a_spent_budget_ends_the_campaign_as_planned() -> None:
    made = night(left=6)
    assert stops(made) == []
    assert "room for 6 experiments: the campaign then ends, after 2 h (05:04 UTC)" in told(made)
    assert night(wall=HOUR).fitting == 3
    assert "wall time is over after 1 h, and the campaign then ends: 3" in told(night(wall=HOUR))


def test_tips_run_out_in_the_middle() -> None:
    (line,) = stops(night(uses=tips(8, 8, 8), levels=level(100)))
    assert line == (
        "100 tips left on reader, 8 each: it ends after 12 of 36 experiments, after 4 h (07:04 UTC): "
        "athanor stock fill reader tips 188"
    )


def test_what_is_not_known_is_taken_for_the_most_that_a_known_one_uses() -> None:
    uses = [(Need("acid", amount, "mL"),) for amount in (2.0, 5.0, 2.0)]
    (line,) = stops(night(uses=uses, levels=level(100, "mL", "acid")))
    assert "100 mL of acid left on reader, 2 to 5 mL each: it ends after 21 of 36" in line
    assert "if later ones use 5" in line
    assert "athanor stock fill reader acid '74 mL'" in line


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"each": None}, "how long an experiment takes on reader is not known"),
        ({"uses": tips(8)}, "nobody has counted the tips on reader: athanor stock count reader"),
        ({"uses": [(Need("tips", None, "1"),)], "levels": level(9)}, "cannot be computed"),
        ({"uses": tips(8), "levels": level(96, "mL")}, "were counted in 'mL'"),
        (
            {"reviewed": True},
            "nothing is approved: then it waits for a review, and nobody is awake",
        ),
        ({"reviewed": True, "approved": [None]}, "1 experiment is approved: then it waits"),
        (
            {"approved": [NOW + timedelta(hours=1), NOW]},
            "experiment 2 expires at 03:04 UTC, before",
        ),
        ({"hold": held()}, "reader is held by anna: the lamp is out: nothing is sent this night"),
        ({"hold": held(until=NOW + timedelta(days=1))}, "athanor instrument release reader"),
        ({"doubt": "c-T0001.1.1"}, "athanor resolve c-T0001.1.1"),
        ({"each": (1e6, "as you say")}, "not one experiment ends within 12 h"),
    ],
)
def test_what_stops_a_night_is_told_with_its_mend(said: dict[str, Any], wanted: str) -> None:
    assert any(wanted in line for line in stops(night(**said))), told(night(**said))


def test_a_hold_that_ends_in_the_night_only_makes_it_shorter() -> None:
    made = night(hold=held(until=NOW + timedelta(hours=2)))
    assert stops(made) == []
    assert "nothing is sent before; it ends within the night" in told(made)
    assert "10 h of 12 h are left to send something" in told(made)
    assert made.fitting == 30


def test_quiet_hours_are_left_out() -> None:
    quiet = (NOW + timedelta(hours=2), NOW + timedelta(hours=8), "quiet: nobody hears the pump")
    later = (NOW + timedelta(hours=7), NOW + timedelta(hours=9), "reserved for suzuki: agreed")
    made = night(closed=[quiet, later], uses=tips(8), levels=level(7 * 8))
    assert made.fitting == 15
    assert "nothing is sent from 05:04 to 11:04 UTC: quiet: nobody hears the pump" in told(made)
    assert "5 h of 12 h are left to send something" in told(made)
    (line,) = stops(made)
    assert "it ends after 7 of 15 experiments, after 9 h 20 min (12:24 UTC)" in line
    all_night = (NOW - timedelta(hours=1), NOW + timedelta(hours=20), "reserved for suzuki: so")
    assert any(
        "closed to this campaign all night" in one for one in stops(night(closed=[all_night]))
    )


def test_enough_approved_ones_wait_for_nobody() -> None:
    assert stops(night(reviewed=True, approved=[None] * 36)) == []


def test_what_is_approved_beforehand_waits_for_nobody() -> None:
    morning = NOW + timedelta(hours=12)
    enough = night(reviewed=True, approved=[None] * 6, standing=[Beforehand(30, morning)])
    assert stops(enough) == []
    assert "30 experiments are approved beforehand; a proposal that is not within" in told(enough)
    few = night(reviewed=True, approved=[None], standing=[Beforehand(5, morning)])
    (said,) = stops(few)
    assert said.startswith("6 experiments are approved, 5 of them beforehand: then it waits for a")
    assert "after 2 h" in said


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"standing": [Beforehand(40, NOW + timedelta(hours=3))]}, "is so until 06:04 UTC"),
        (
            {"standing": [Beforehand(40, NOW + timedelta(hours=12))], "outside": 2},
            "2 of the first proposals are not within",
        ),
    ],
)
def test_what_ends_or_does_not_cover_is_told(said: dict[str, Any], wanted: str) -> None:
    (line,) = stops(night(reviewed=True, **said))
    assert wanted in line


def test_where_the_cost_depends_on_the_settings_it_says_so() -> None:
    assert "depends on their settings: not known" in told(night(left=None))


AMOUNTS = st.integers(0, 20).map(float)


@given(st.lists(AMOUNTS, min_size=1, max_size=6), st.integers(0, 500), st.integers(1, 60))
def test_it_says_that_it_stops_exactly_where_counting_them_one_by_one_does(
    amounts: list[float], rack: int, left: int
) -> None:
    made = night(uses=tips(*amounts), levels=level(rack), left=left)
    fitting = made.fitting or 0
    each = [*amounts, *[max(amounts)] * fitting][:fitting]
    assert bool(stops(made)) == (sum(each) > rack)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(40, "40 s"), (1200, "20 min"), (4 * 3600, "4 h"), (24000, "6 h 40 min"), (0.25, "0.25 s")],
)
def test_spans_are_spelt_as_people_say_them(seconds: float, words: str) -> None:
    assert spelt(seconds) == words


def test_what_ends_after_the_last_experiment_is_sent_stops_nothing() -> None:
    """Whoever asks for twelve hours a minute after they have permitted twelve hours is not alarmed."""
    nearly = NOW + timedelta(hours=12, minutes=-1)
    assert stops(night(reviewed=True, standing=[Beforehand(40, nearly)])) == []
    early = NOW + timedelta(hours=11, minutes=30)
    assert len(stops(night(reviewed=True, standing=[Beforehand(40, early)]))) == 1


def test_what_ends_after_the_budget_is_spent_stops_nothing() -> None:
    """Three experiments: the last one is sent after 40 min."""
    for minutes, alarms in ((39, 1), (41, 0)):
        until = NOW + timedelta(minutes=minutes)
        made = night(left=3, reviewed=True, standing=[Beforehand(3, until)])
        assert len(stops(made)) == alarms


def test_several_that_end_early_are_told_in_one_line() -> None:
    ends = [NOW + timedelta(hours=hours) for hours in (3, 2, 3)]
    (line,) = stops(night(reviewed=True, standing=[Beforehand(20, end) for end in ends]))
    assert "is so until 05:04, 06:04 UTC" in line


def test_a_night_goes_on_where_another_instrument_can_do_all_of_it() -> None:
    fine, ends = [Line("enough")], [Line("enough"), Line("no tips", stops=True)]
    told = {"furnace": fine, "a": ends, "b": fine}
    assert spared(told, [["furnace"], ["a", "b"]]) == {"a": ("b",)}
    assert spared({**told, "b": ends}, [["furnace"], ["a", "b"]]) == {}
    assert spared({**told, "furnace": ends}, [["furnace"], ["a", "b"]]) == {"a": ("b",)}
