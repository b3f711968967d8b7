"""Turns on a shared instrument: who is next and why, that nobody starves, and that nobody blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.core.turns import Claim, Share, Stay, Turns

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = 3600.0


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def claim(name: str, since: float = -1, shut: Any = (), sign: float | None = None) -> Claim:
    return Claim(name, at(since), at(since if sign is None else sign), shut)


def stay(name: str, begin: float, end: float | None = None) -> Stay:
    return Stay(name, at(begin), None if end is None else at(end))


def turns(
    claims: Sequence[Claim], stays: Sequence[Stay] = (), now: float = 0, **share: Any
) -> Turns:
    return Turns(Share.model_validate(share), claims, stays, at(now))


def names(asked: Turns) -> list[str]:
    return [one.campaign for one in asked.order]


A, B, C = claim("a", -0.1), claim("b", -0.1), claim("c", -0.1)


# ---- the order, and what is said of it ----


def test_the_highest_priority_is_next_whoever_has_had_less() -> None:
    asked = turns([A, B], [stay("b", -9, -0.05)], priority={"b": 10})
    assert names(asked) == ["b", "a"]
    told = asked.gives_way("a")
    assert told == ("gives way to b, until 08:07 UTC at the latest: its priority is 10, not 0")
    assert asked.gives_way("b") is None


def test_among_equals_the_one_that_has_had_least_is_next() -> None:
    asked = turns([A, B], [stay("a", -9, -3), stay("b", -3, -1)])
    assert names(asked) == ["b", "a"]
    assert "it has had 2 h of the last 24 h, a 6 h" in (asked.gives_way("a") or "")


def test_what_was_before_the_window_does_not_count() -> None:
    stays = [stay("a", -9, -3), stay("b", -3, -1)]
    asked = turns([A, B], stays, window="3 h")
    assert (asked.had("a"), asked.had("b")) == (0, 2 * HOUR)
    assert "it has had nothing of the last 3 h, b 2 h" in (asked.gives_way("b") or "")


def test_a_job_that_is_there_counts_until_now() -> None:
    assert turns([A], [stay("a", -2)]).had("a") == 2 * HOUR


def test_a_weight_is_its_part() -> None:
    asked = turns([A, B], [stay("a", -7, -3), stay("b", -3, -1)], weight={"a": 3})
    assert names(asked) == ["a", "b"]
    assert "it has had 4 h of the last 24 h (weight 3), b 2 h" in (asked.gives_way("b") or "")


def test_where_all_is_equal_the_one_that_waits_for_longer_is_next() -> None:
    asked = turns([claim("a", -0.05), claim("b", -0.1)])
    assert names(asked) == ["b", "a"]
    assert "it has waited for longer" in (asked.gives_way("a") or "")


def test_whoever_it_is_set_up_for_keeps_it_for_five_changeovers() -> None:
    stays = [stay("b", -1.8, -1), stay("a", -1, -0.5), stay("a", -0.5, -0.01)]
    kept = turns([A, B], stays, changeover="20 min")
    assert names(kept) == ["a", "b"]
    assert "it is set up there, a changeover takes 20 min, and its turn lasts until 08:40" in (
        kept.gives_way("b") or ""
    )
    assert kept.gives_way("a") is None
    over = turns([A, B], stays, changeover="10 min")
    assert names(over) == ["b", "a"]
    assert "it has had 48 min of the last 24 h, a 59 min" in (over.gives_way("a") or "")
    first = turns([A, B], stays, changeover="20 min", priority={"b": 1})
    assert names(first) == ["b", "a"], "a priority ends a turn"


def test_with_room_for_several_each_of_those_before_has_one() -> None:
    asked = turns([A, B, C], [stay("c", -3, -1), stay("b", -1, -0.2)])
    assert names(asked) == ["a", "b", "c"]
    assert asked.gives_way("c", places=2) is not None
    assert asked.gives_way("c", places=3) is None
    assert asked.gives_way("b", places=2) is None


def test_whoever_wants_nothing_gives_way_to_nobody() -> None:
    assert turns([A]).gives_way("b") is None
    assert turns([A]).gives_way("a") is None
    assert turns([]).gives_way("a") is None


# ---- for how long ----


def test_it_stands_free_for_somebody_for_a_while_only() -> None:
    stays = [stay("a", -3, 0)]
    assert turns([A, B], stays, now=0.15).gives_way("a") is not None
    assert turns([A, B], stays, now=0.17).gives_way("a") is None, "the usual is 10 min"
    assert turns([A, B], stays, now=0.17, wait="20 min").gives_way("a") is not None


def test_it_is_reckoned_from_when_it_could_have_been_taken() -> None:
    stays = [stay("a", -3, -1)]
    assert turns([A, claim("b", -0.01)], stays).gives_way("a") is not None
    assert turns([A, claim("b", -0.5)], stays).gives_way("a") is None
    quiet = ((at(-2), at(-0.05)),)
    assert turns([A, claim("b", -0.5, quiet)], stays).gives_way("a") is not None


def test_whoever_is_shut_out_now_is_not_waited_for() -> None:
    reserved = ((at(-1), at(1)),)
    assert turns([A, claim("b", -0.01, reserved)], [stay("a", -3, -1)]).gives_way("a") is None


def test_whoever_let_it_pass_is_waited_for_again_when_there_is_a_sign() -> None:
    stays = [stay("a", -3, -2), stay("a", -0.9, -0.01)]
    assert turns([A, claim("b", -2.5)], stays).gives_way("a") is None
    assert turns([A, claim("b", -2.5, sign=-0.5)], stays).gives_way("a") is not None
    sent = [*stays, stay("b", -0.009, -0.005)]
    assert turns([A, claim("b", -2.5)], sent).gives_way("a") is not None
    long_ago = [stay("a", -3, -2), stay("a", -1.1, -0.01)]
    assert turns([A, claim("b", -2.5)], long_ago).gives_way("a") is not None, (
        "it may have been a fault"
    )


def test_each_of_several_has_its_time_after_those_before_it() -> None:
    stays = [stay("c", -3, 0)]
    for now, who in ((0.1, ["b", "c"]), (0.2, ["c"]), (0.4, [])):
        asked = turns([A, B, C], stays, now=now)
        assert names(asked) == ["a", "b", "c"]
        assert [one for one in "bc" if asked.gives_way(one)] == who


@pytest.mark.parametrize("said", [{"window": "24"}, {"wait": "10min"}, {"weight": {"a": 0}}])
def test_what_is_no_span_or_weight_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Share.model_validate(said)


# ---- long runs ----


@dataclass
class Bench:
    """An instrument for one job at a time, and campaigns that look at it every minute.

    Attributes:
        share: How it is shared.
        hours: Campaign -> how long its jobs take; they always have another one to send.
        dead: Those that never come, though they want it.
    """

    share: Share
    hours: dict[str, float]
    dead: frozenset[str] = frozenset()
    stays: list[Stay] = field(default_factory=list)
    free: float = 0.0

    def run(self, hours: float, looks: Any = None) -> None:
        """For so long; `looks` says in which order they look, the first is lucky."""
        now, wanted = 0.0, dict.fromkeys(self.hours, 0.0)
        while now < hours:
            order = sorted(self.hours, key=lambda one: one if looks is None else looks(one))
            for name in order:
                if name in self.dead or self.turns(now, wanted).gives_way(name):
                    continue
                end = now + self.hours[name]
                self.stays.append(stay(name, now, end))
                wanted[name] = now
                now = self.free = end
                break
            else:
                self.free += 1 / 60
            now += 1 / 60

    def turns(self, now: float, wanted: dict[str, float]) -> Turns:
        since = at(now) - timedelta(seconds=max(self.share.window_s, self.share.turn_s))
        recent = [one for one in self.stays[-400:] if one.end is None or one.end > since]
        claims = [claim(name, wanted[name]) for name in self.hours]
        return Turns(self.share, claims, recent, at(now))

    def had(self) -> dict[str, float]:
        found = dict.fromkeys((one.campaign for one in self.stays), 0.0)
        for one in self.stays:
            assert one.end is not None
            found[one.campaign] += (one.end - one.begin).total_seconds() / HOUR
        return found


lengths = st.lists(st.sampled_from([0.25, 0.5, 1.0, 2.0]), min_size=2, max_size=4)


@settings(max_examples=25, deadline=None)
@given(lengths, st.data())
def test_shares_become_as_the_weights(hours: list[float], data: st.DataObject) -> None:
    named = dict(zip("abcd", hours, strict=False))
    weights = {one: data.draw(st.sampled_from([1.0, 2.0, 3.0]), label=one) for one in named}
    changeover = data.draw(st.sampled_from([None, "6 min"]), label="changeover")
    share = Share(window="24 h", weight=weights, changeover=changeover)
    bench = Bench(share, named)
    bench.run(24 * 6, looks=lambda one: -ord(one))
    had, total = bench.had(), sum(bench.had().values())
    # Each of the others may be ahead by one of its jobs, at the one end of the window or the other.
    slack = ((len(named) - 1) * max(hours) + share.turn_s / HOUR) / 24
    for one in named:
        fair = weights[one] / sum(weights.values())
        assert abs(had[one] / total - fair) <= slack, (had, weights)


@settings(max_examples=25, deadline=None)
@given(lengths, st.sampled_from([None, "20 min"]))
def test_among_equals_nobody_waits_for_more_than_everybody_s_turn(
    hours: list[float], changeover: str | None
) -> None:
    named = dict(zip("abcd", hours, strict=False))
    share = Share(window="24 h", changeover=changeover)
    bench = Bench(share, named)
    bench.run(24 * 4)
    longest = (max(hours) + share.turn_s / HOUR) * 2 * len(hours)
    for name in named:
        own = [one for one in bench.stays if one.campaign == name]
        assert own, f"{name} never had a turn"
        gaps = [
            (later.begin - earlier.begin).total_seconds() / HOUR for earlier, later in pairwise(own)
        ]
        assert max(gaps) <= longest, (name, max(gaps), longest)


@settings(max_examples=25, deadline=None)
@given(lengths)
def test_a_higher_priority_has_it_all_while_it_wants_it(hours: list[float]) -> None:
    named = dict(zip("abcd", hours, strict=False))
    bench = Bench(Share(priority={"b": 1}, changeover="20 min"), named)
    bench.run(24)
    assert set(bench.had()) == {"b"}


@settings(max_examples=25, deadline=None)
@given(lengths, st.sets(st.sampled_from("abc"), min_size=1, max_size=2))
def test_whoever_never_comes_blocks_nobody(hours: list[float], dead: set[str]) -> None:
    named = dict(zip("abcd", [*hours, 1.0, 1.0], strict=False))
    priority = dict.fromkeys(dead, 5)
    bench = Bench(Share(priority=priority), named, frozenset(dead))
    bench.run(48)
    idle = bench.free - sum(bench.had().values())
    minutes = 1.1 * len(bench.stays) + 10 * len(dead) * 49 + 2
    assert idle * 60 <= minutes, (
        "it stood free for each ten minutes of an hour, and not before every job"
    )
    assert not dead & set(bench.had())
