"""Quiet and reserved hours: by whose clock, over midnight, on which days, and for whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.core.hours import Hours, closed, closed_now
from agent.core.operators import Operators


def hours(**said: Any) -> Hours:
    """Ten in the evening until six, so that nobody hears the pump."""
    usual = {"begin": "22:00", "end": "06:00", "reason": "nobody hears the pump"}
    return Hours.model_validate({**usual, **said})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-03-02T21:59:59", False),
        ("2026-03-02T22:00", True),
        ("2026-03-03T05:59:59", True),
        ("2026-03-03T06:00", False),
        ("2026-03-03T12:00", False),
    ],
)
def test_they_go_over_midnight(moment: str, quiet: bool) -> None:
    told = closed_now([hours()], "suzuki", at(moment))
    assert (told is not None) is quiet
    assert not quiet or told == "quiet until 2026-03-03 06:00 UTC: nobody hears the pump"


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    weekend = hours(days=["sat", "sun"])  # 2026-03-01 is a Sunday
    assert closed_now([weekend], "suzuki", at("2026-03-02T05:00")) is not None
    assert closed_now([weekend], "suzuki", at("2026-03-02T23:00")) is None
    assert closed_now([weekend], "suzuki", at("2026-02-28T05:00")) is None


def test_they_are_by_the_clock_of_their_zone_in_summer_too() -> None:
    berlin = hours(zone="Europe/Berlin")
    assert closed_now([berlin], "suzuki", at("2026-01-10T20:59")) is None
    assert closed_now([berlin], "suzuki", at("2026-01-10T21:00")) is not None
    assert closed_now([berlin], "suzuki", at("2026-07-10T20:00")) is not None


def test_reserved_ones_are_open_to_those_they_are_reserved_for() -> None:
    reserved = hours(begin="08:00", end="12:00", campaigns=["suzuki"], reason="agreed")
    assert closed_now([reserved], "suzuki", at("2026-03-02T09:00")) is None
    told = closed_now([reserved], "anneal", at("2026-03-02T09:00"))
    assert told == "reserved for suzuki until 2026-03-02 12:00 UTC: agreed"


@pytest.mark.parametrize(
    "said",
    [
        {"begin": 1320},
        {"begin": "25:00"},
        {"zone": "Berlin/Europe"},
        {"zone": "../etc/passwd"},
        {"days": ["someday"]},
        {"days": []},
        {"begin": "22:00+01:00"},
        {"reason": ""},
    ],
)
def test_what_is_no_time_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        hours(**said)


def test_hours_bind_nothing() -> None:
    said = {"instruments": {"pump": {"hours": [hours().model_dump(mode="json")]}}}
    assert Operators.model_validate(said).in_force("pump").hash == ""


MOMENTS = st.integers(0, 7 * 24 * 60).map(lambda n: at("2026-03-02T00:00") + timedelta(minutes=n))
TIMES = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02}:{at[1]:02}")


@given(MOMENTS, TIMES, TIMES)
def test_a_moment_is_closed_exactly_if_a_span_around_it_says_so(
    now: datetime, begin: str, end: str
) -> None:
    one = hours(begin=begin, end=end)
    spans = closed([one], "suzuki", now - timedelta(days=2), now + timedelta(days=2))
    inside = any(first <= now < last for first, last, _ in spans)
    assert inside is (closed_now([one], "suzuki", now) is not None)
