"""Two campaigns on one instrument: whose turn it is, and that nobody waits for one that does not come."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from agent.core.register import CampaignStatus
from agent.data.store import Store
from agent.loop import Round
from agent.sharing import told, turns
from tests.loop.worlds import ANNA, INSTRUMENT, NOW, HandClock, Instrument, World

Make = Callable[..., World]
Two = Callable[..., tuple[World, World]]
AXIS = {"name": "x", "type": "continuous", "low": 0, "high": 5, "unit": "mm"}
MINUTE, HOUR = 60.0, 3600.0


class Day:
    """Campaigns that look at their instrument each minute, one after the other."""

    def __init__(self, clock: HandClock, *campaigns: World) -> None:
        self._clock = clock
        self._rounds: dict[str, Any] = {one.name: one.rounds(ttl_s=1e6) for one in campaigns}
        self.last: dict[str, Round] = {}

    def look(self, name: str) -> Round:
        """One campaign looks; how it stands."""
        self.last[name] = next(self._rounds[name], self.last.get(name, Round("finished")))
        return self.last[name]

    def minutes(self, number: int, *names: str) -> None:
        """Let so many pass, in which these look; all of them, if none is named."""
        for _ in range(number):
            for name in names or self._rounds:
                self.look(name)
            self._clock.sleep(MINUTE)

    def leave(self, *names: str) -> None:
        """The processes of campaigns end; of all, if none is named."""
        for name in names or list(self._rounds):
            self._rounds.pop(name).close()


@pytest.fixture
def make_day(store: Store, clock: HandClock) -> Iterator[Callable[..., Day]]:
    """A day of campaigns; at its end their processes end."""
    days: list[Day] = []

    def made(*campaigns: World) -> Day:
        days.append(Day(clock, *campaigns))
        return days[-1]

    yield made
    for day in days:
        day.leave()


MakeDay = Callable[..., Day]


@pytest.fixture
def make_two(make_world: Make, clock: HandClock) -> Two:
    """Two campaigns whose jobs take an hour on an instrument that takes one at a time; "early" is always
    the first to look.
    """

    def made(share: dict[str, Any] | None, **campaign: Any) -> tuple[World, World]:
        bench = Instrument(clock, parallel=1, seconds=HOUR)
        given = {"instrument": bench, "budget": {"experiments": 30}, **campaign}
        early, late = make_world(name="early", **given), make_world(name="late", **given)
        for one in (early, late):
            if share is not None:
                one.allow(share=share)
        return early, late

    return made


def sent(*campaigns: World) -> list[str]:
    """Whose jobs there were, in order."""
    names = {one.id: one.name for one in campaigns}
    return [names[job.campaign] for job in campaigns[0].store.jobs_on(INSTRUMENT)]


def gaps(campaign: World) -> list[float]:
    """Minutes between the end of one of its jobs and the beginning of its next."""
    spans = [
        later.intended_at - earlier.ended_at
        for earlier, later in pairwise(campaign.jobs())
        if earlier.ended_at is not None
    ]
    return [span.total_seconds() / MINUTE for span in spans]


def test_without_a_word_of_the_operators_who_comes_first_has_it(
    make_two: Two, make_day: MakeDay
) -> None:
    early, late = make_two(None)
    make_day(early, late).minutes(5 * 62)
    assert set(sent(early, late)) == {"early"}


def test_they_take_turns(make_two: Two, make_day: MakeDay) -> None:
    early, late = make_two({})
    day = make_day(early, late)
    day.minutes(40)
    assert "is at work on" in day.last["late"].reason
    day.minutes(10 * 62)
    assert sent(early, late)[:10] == ["early", "late"] * 5
    for one in (early, late):
        one.verify()


def test_whoever_waits_is_told_for_whom_and_why(
    make_two: Two, make_day: MakeDay, clock: HandClock
) -> None:
    early, late = make_two({"priority": {"late": 10}})
    day = make_day(early, late)
    day.minutes(2)
    clock.sleep(HOUR)
    day.look("early")
    last = day.look("early")
    assert last.state == "waiting" and not last.person
    assert "gives way to late, until 09:12 UTC at the latest: its priority is 10, not 0" in (
        last.reason
    )
    asked = turns(late.store, INSTRUMENT, late.lab.limits[INSTRUMENT], clock.now())
    assert asked is not None
    assert told(asked) == ["late: its priority is 10, not 0", "early"]
    day.look("late")
    assert sent(early, late) == ["early", "late"]


def test_a_priority_has_it_all_and_then_the_others_go_on(make_two: Two, make_day: MakeDay) -> None:
    early, late = make_two({"priority": {"late": 1}}, budget={"experiments": 3})
    make_day(early, late).minutes(7 * 62)
    assert sent(early, late) == ["early", "late", "late", "late", "early", "early"]


def test_a_changeover_makes_turns_longer(make_two: Two, make_day: MakeDay) -> None:
    early, late = make_two({"changeover": "30 min"})
    make_day(early, late).minutes(13 * 62)
    assert sent(early, late)[:12] == (["early"] * 3 + ["late"] * 3) * 2


@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.STOPPED])
def test_one_that_is_not_active_is_not_waited_for(
    make_two: Two, make_day: MakeDay, clock: HandClock, status: CampaignStatus
) -> None:
    early, late = make_two({"priority": {"late": 10}})
    day = make_day(early, late)
    day.minutes(2)
    late.say(status)
    clock.sleep(HOUR)
    day.minutes(2)
    assert sent(early, late) == ["early", "early"]


def test_one_whose_process_is_gone_is_waited_for_a_while_only(
    make_two: Two, make_day: MakeDay, clock: HandClock
) -> None:
    early, late = make_two({"priority": {"late": 10}})
    day = make_day(early, late)
    day.minutes(2)
    day.leave("late")
    clock.sleep(HOUR)
    day.minutes(2)
    assert sent(early, late) == ["early", "early"], "it was seen for the last time an hour ago"
    clock.sleep(HOUR)
    late.store.release(late.store.acquire(late.id, late.lab.me, clock.now(), 30, lambda _: True))
    day.minutes(9)
    assert len(sent(early, late)) == 2, "a schedule looked after it, and will again"
    assert "gives way to late" in day.last["early"].reason
    day.minutes(3)
    assert len(sent(early, late)) == 3


def test_one_that_holds_its_lease_and_never_comes_keeps_it_free_for_ten_minutes_of_an_hour(
    make_two: Two, make_day: MakeDay
) -> None:
    early, late = make_two({"priority": {"late": 10}})
    day = make_day(early, late)
    day.minutes(1)
    day.minutes(4 * 71, "early")
    assert sent(early, late) == ["early"] * 5
    assert gaps(early) == [10, 10, 10, 10]


def test_one_that_wants_for_tips_is_not_waited_for(
    make_two: Two, make_world: Make, make_day: MakeDay
) -> None:
    early, _ = make_two(None, parameters=[AXIS])
    parameters = [{**AXIS, "low": 6, "high": 10}]
    dry = make_world(name="dry", instrument=early.instrument, parameters=parameters)
    for one in (early, dry):
        one.allow(
            limits={"x": {"low": 0, "high": 10, "unit": "mm"}},
            stocks={"tips": {"uses": "1 * (x > 5)"}},
            share={"priority": {"dry": 1}},
        )
    day = make_day(early, dry)
    day.minutes(5 * 62)
    assert "nobody has counted the tips" in day.last["dry"].reason
    assert set(sent(early, dry)) == {"early"}
    assert max(gaps(early)) <= 1
    with early.store.write(ANNA, NOW) as tx:
        tx.count(INSTRUMENT, "tips", 1, "1")
    day.minutes(2 * 62)
    assert sent(early, dry).count("dry") == 1
