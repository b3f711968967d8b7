"""Instruments that are held: by a person, and by the rule that watches for failures and empty wells."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest

from agent.core.actor import AGENT
from agent.core.instrument import BREAKER, IN_A_ROW
from agent.core.job import Job
from agent.core.trial import TrialStatus
from agent.emergency import emergency_stop, write_down
from agent.errors import GateError, StoreError
from agent.voiding import void_since
from tests.loop.worlds import ANNA, INSTRUMENT, World, done, failed

Make = Callable[..., World]


def say(made: World, word: str, **more: object) -> None:
    with made.store.write(ANNA, made.clock.now()) as tx:
        getattr(tx, word)(INSTRUMENT, "the lamp is out", **more)


def test_nothing_is_sent_while_a_person_holds_it(make_world: Make) -> None:
    made = make_world()
    say(made, "hold")
    last = made.run()
    assert last.person and "bench is held by anna: the lamp is out" in last.reason
    assert "athanor instrument release bench" in last.reason
    assert not made.instrument.executed
    assert made.standing.use.experiments == 0
    say(made, "release")
    assert made.run().state == "finished"
    assert len(made.instrument.executed) == 4


@pytest.mark.parametrize("kind", ["instrument", "unclassified", "resources"])
def test_after_failures_in_a_row_it_is_held_and_a_person_is_called(
    make_world: Make, kind: str
) -> None:
    made = make_world(budget={"experiments": 20})
    made.instrument.ending = lambda job: failed(kind)
    last = made.run()
    assert last.person and f"its last {IN_A_ROW} jobs failed" in last.reason
    assert "it broke" in last.reason
    assert made.standing.use.experiments == IN_A_ROW, "no further budget is charged"
    (held,) = made.store.holds(INSTRUMENT)
    assert held.by == BREAKER
    assert any(line.event == "instrument.held" for line in made.store.journal(made.id))
    made.verify()


def test_released_it_takes_as_many_again(make_world: Make) -> None:
    made = make_world(budget={"experiments": 20})
    made.instrument.ending = lambda job: failed()
    made.run()
    for _ in range(2):
        made.clock.sleep(60)
        say(made, "release")
        made.clock.sleep(60)
        made.run()
    assert made.standing.use.experiments == 3 * IN_A_ROW
    made.clock.sleep(60)
    say(made, "release")
    made.instrument.ending = lambda job: None
    assert made.run().state == "finished"


def test_what_a_point_is_to_blame_for_holds_nothing(make_world: Make) -> None:
    made = make_world(budget={"experiments": 8})
    made.instrument.ending = lambda job: failed("infeasible")
    assert made.run().state == "finished"
    assert made.store.holds(INSTRUMENT) == []


def test_a_success_between_them_holds_nothing(make_world: Make) -> None:
    made = make_world(budget={"experiments": 12})
    made.instrument.ending = lambda job: (
        None if len(made.instrument.executed) % 3 == 0 else failed()
    )
    assert made.run().state == "finished"
    assert made.store.holds(INSTRUMENT) == []


def test_what_only_computes_is_not_held(make_world: Make) -> None:
    made = make_world(budget={"experiments": 5})
    made.instrument.effect = "pure"
    made.instrument.ending = lambda job: failed()
    made.run()
    assert made.store.holds(INSTRUMENT) == []


def test_empty_wells_hold_it(make_world: Make) -> None:
    made = make_world(
        budget={"experiments": 30},
        policy={"name": "uncertainty", "initial": {"size": 6}},
        objectives=[{"name": "mass", "unit": "mg", "goal": "maximise"}],
    )

    def reading(job: Job) -> object:
        """Smooth and large; after ten, empty wells."""
        x, y = (float(value) for value in job.plans[0].settings().values())
        empty = len(made.instrument.executed) > 10
        return done(job, value=0.041 if empty else 50 + x + 2 * y)

    made.instrument.ending = reading
    last = made.run()
    assert last.person and "beyond all that was predicted" in last.reason
    assert "0.041" in last.reason
    assert made.standing.use.experiments <= 10 + IN_A_ROW + 3
    assert made.trials(TrialStatus.APPROVED, TrialStatus.PROPOSED)


def test_one_campaign_s_failures_hold_it_for_all(make_world: Make) -> None:
    made = make_world(budget={"experiments": 20})
    made.instrument.ending = lambda job: failed()
    made.run()
    other = make_world(name="other")
    last = other.run()
    assert last.person and "its last 3 jobs failed" in last.reason
    assert not other.jobs()


def test_an_emergency_stop_holds_it_and_pauses_every_campaign_on_it(make_world: Make) -> None:
    made = make_world()
    assert emergency_stop(made.instrument) is None
    told = write_down(
        lambda: nullcontext(made.store), made.campaign, ANNA, "smoke", made.clock.now()
    )
    assert any("bench is held by anna: emergency stop: smoke" in line for line in told)
    assert made.run().state == "paused"
    assert not made.instrument.executed


def test_with_the_store_down_it_stops_all_the_same(make_world: Make) -> None:
    made = make_world()

    def down() -> None:
        raise StoreError("no such host")

    (first, second) = write_down(down, made.campaign, ANNA, "smoke", made.clock.now())  # type: ignore[arg-type]
    assert "NOT written down" in first and "no such host" in first
    assert "athanor instrument hold bench" in second


def test_an_adapter_that_breaks_while_it_stops_is_told_of(make_world: Make) -> None:
    made = make_world()

    class Broken(type(made.instrument)):  # type: ignore[misc]
        def emergency_stop(self) -> None:
            raise OSError("the port is gone")

    assert emergency_stop(Broken(made.clock)) == "OSError: the port is gone"


def test_while_it_is_held_no_wall_time_passes(make_world: Make) -> None:
    made = make_world(budget={"experiments": 4, "wall_time": {"limit": 1, "unit": "h"}})
    made.instrument.seconds = 60
    made.instrument.parallel = 1
    assert made.run(patience=2).state == "waiting"
    before = made.standing.use.seconds
    say(made, "hold", until=made.clock.now() + timedelta(hours=5))
    made.clock.sleep(2 * 3600)
    assert made.standing.use.seconds == pytest.approx(before)
    say(made, "release")
    assert made.run(patience=400).state == "finished"
    assert made.standing.use.experiments == 4
    assert made.standing.use.seconds < 3600


def test_what_was_read_since_it_was_not_right_is_void_in_every_campaign(
    make_world: Make,
) -> None:
    """Whoever finds the clogged needle says since when; no model learns from these, and nothing is lost."""
    made = make_world(budget={"experiments": 6})
    two = make_world(name="two", instrument=made.instrument, budget={"experiments": 2})
    for _ in range(2):
        next(made.rounds())
    before = made.standing.rows
    made.clock.sleep(3600)
    since = made.clock.now()
    made.run()
    two.run()
    assert len(made.standing.rows) > len(before)
    made.clock.sleep(60)
    told = void_since(made.store, INSTRUMENT, since, "clogged", ANNA, made.clock.now())
    assert made.standing.rows == before and two.standing.rows == ()
    assert len(told) == 6 - len(before) + 2 and all("is void" in line for line in told)
    assert void_since(made.store, INSTRUMENT, since, "clogged", ANNA, made.clock.now()) == []
    with pytest.raises(GateError, match="a person does"):
        void_since(made.store, INSTRUMENT, since, "clogged", AGENT, made.clock.now())
    made.verify()
    two.verify()
