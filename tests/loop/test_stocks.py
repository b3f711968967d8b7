"""Tips run out in the night: only what needs them waits, and nothing is taken twice or lost."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.budget import counts
from agent.core.job import Job, JobStatus
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.status import summarise
from agent.wanting import wanting
from tests.loop.worlds import ANNA, INSTRUMENT, HandClock, World, world

Make = Callable[..., World]

SIDE = {"low": 0, "high": 10, "unit": "mm"}
BOX = {"x": SIDE, "y": SIDE}
EACH = 8


class PowerCut(BaseException):
    """The process is gone."""


def says(made: World, word: str, amount: float, item: str = "tips", unit: str = "1") -> None:
    """What a person says of an item."""
    with made.store.write(ANNA, made.clock.now()) as tx:
        getattr(tx, word)(INSTRUMENT, item, amount, unit)


def left(made: World, item: str = "tips") -> float:
    return made.store.levels(INSTRUMENT)[item].level


def taken_by_jobs(made: World) -> float:
    """What the jobs that may have been executed have used, at 8 each."""
    return sum(EACH for job in made.jobs() if counts(job))


def using(made: World, **stocks: Any) -> World:
    """The same world, whose operators say what an experiment uses."""
    made.allow(limits=BOX, stocks=stocks or {"tips": {"uses": EACH}})
    return made


def short(made: World) -> tuple[str, ...]:
    missing = wanting(made.store, made.standing, made.lab.limits_of)
    return summarise(made.standing, missing=missing).wanting


def test_nothing_is_sent_that_uses_what_nobody_has_counted(make_world: Make) -> None:
    made = using(make_world())
    last = made.run()
    assert last.person and "nobody has counted the tips on bench" in last.reason
    assert "athanor stock count bench tips AMOUNT" in last.reason
    assert not made.instrument.executed
    says(made, "count", 96)
    assert made.run().state == "finished"
    assert left(made) == 96 - 4 * EACH


def test_tips_run_out_in_the_middle_and_it_goes_on_when_they_are_filled(make_world: Make) -> None:
    made = using(make_world())
    says(made, "count", 3 + 2 * EACH)
    last = made.run()
    assert last.person and last.state == "waiting"
    told = "3 tips left on bench, 8 needed: athanor stock fill bench tips AMOUNT"
    assert f"for a person: {told}" in last.reason
    assert short(made) == (told,)
    assert len(made.instrument.executed) == 2
    says(made, "fill", 96)
    assert short(made) == ()
    assert made.run().state == "finished"
    assert len(made.instrument.executed) == 4
    assert left(made) == 3 + 96 - 2 * EACH
    made.verify()


def test_trials_that_need_none_go_on(make_world: Make) -> None:
    made = using(
        make_world(budget={"experiments": 12}, policy={"name": "random", "in_flight": 12}),
        tips={"uses": "8 * (x > 5)"},
    )
    says(made, "count", EACH)
    last = made.run()
    assert last.person and "0 tips left on bench, 8 needed" in last.reason
    high = [job for job in made.instrument.sent.values() if float(job["x"]) > 5]
    low = [job for job in made.instrument.sent.values() if float(job["x"]) <= 5]
    waiting = made.trials(TrialStatus.APPROVED)
    assert len(high) == 1 and len(low) > 1
    assert waiting and all(float(trial.point["x"]) > 5 for trial in waiting)  # type: ignore[arg-type]
    says(made, "fill", 96)
    assert made.run().state == "finished"


def test_while_jobs_are_under_way_it_waits_for_them_too(make_world: Make) -> None:
    made = using(make_world(policy={"name": "random", "in_flight": 2}))
    made.instrument.seconds = 600
    says(made, "count", EACH)
    last = made.run(patience=1)
    assert not last.person
    assert "on bench" in last.reason and "0 tips left on bench, 8 needed" in last.reason


def test_what_cannot_be_computed_waits_for_the_operators(make_world: Make) -> None:
    made = using(make_world(), acid={"uses": "x - 100", "unit": "mL"})
    says(made, "count", 500, "acid", "mL")
    last = made.run()
    assert last.person and "what it uses of acid on bench cannot be computed" in last.reason
    assert "operators' file" in last.reason
    made.allow(limits=BOX, stocks={"acid": {"uses": "1 + x", "unit": "mL"}})
    assert made.run().state == "finished"
    used = sum(1 + float(point["x"]) for point in made.instrument.sent.values())
    assert left(made, "acid") == pytest.approx(500 - used)


def test_what_an_experiment_uses_is_no_part_of_what_is_approved(make_world: Make) -> None:
    made = using(make_world(review={"mode": "required"}))
    says(made, "count", 0)
    made.run()
    made.review_all("approve")
    assert "tips" in made.run().reason
    made.allow(limits=BOX, stocks={"tips": {"uses": 0}})
    made.run()
    assert len(made.instrument.executed) == 1, "approved before, and sent"


def test_a_refused_job_gives_back_and_its_next_attempt_takes_again(make_world: Make) -> None:
    made = using(make_world())
    says(made, "count", 96)
    refusals = iter([True, True])
    made.instrument.starting = lambda job: "refuse" if next(refusals, False) else "answer"
    assert made.run().state == "finished"
    assert len(made.jobs(JobStatus.REFUSED)) == 2
    assert left(made) == 96 - 4 * EACH == 96 - taken_by_jobs(made)
    words = [one.word for one in made.store.movements(INSTRUMENT, "tips")]
    assert words.count("returned") == 2 and words.count("used") == 6


def in_doubt(make_world: Make) -> tuple[World, Job]:
    """A world with a job of which nobody knows what became."""
    made = using(make_world())
    says(made, "count", 96)
    made.instrument.lookup = "none"
    made.instrument.starting = lambda job: "lost before"
    made.run()
    made.elsewhere().run()
    (job, *_) = made.jobs(JobStatus.UNKNOWN)
    made.instrument.starting = lambda job: "answer"
    return made, job


@pytest.mark.parametrize("fate", [JobStatus.REFUSED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_in_doubt_gives_back_only_when_a_person_says_that_it_was_not_executed(
    make_world: Make, fate: JobStatus
) -> None:
    made, job = in_doubt(make_world)
    before = left(made)
    assert before == 96 - taken_by_jobs(made)
    made.resolve(job, fate)
    assert left(made) == before + (EACH if fate is JobStatus.REFUSED else 0)
    assert left(made) == 96 - taken_by_jobs(made)


def test_what_was_counted_since_is_not_given_back_too(make_world: Make) -> None:
    made, job = in_doubt(make_world)
    says(made, "count", 96)  # a person has looked: none is gone
    made.resolve(job, JobStatus.REFUSED)
    assert left(made) == 96


@pytest.mark.parametrize("verb", ["prepare", "start"])
def test_after_a_power_cut_between_taking_and_sending_the_level_is_what_the_jobs_say(
    make_world: Make, verb: str
) -> None:
    made = using(make_world())
    says(made, "count", 96)
    made.instrument.broken[verb] = PowerCut()  # type: ignore[assignment]
    with pytest.raises(PowerCut):
        made.run()
    assert left(made) == 96 - EACH == 96 - taken_by_jobs(made)
    del made.instrument.broken[verb]
    made.run()
    assert made.jobs(JobStatus.REFUSED)
    assert left(made) == 96 - 4 * EACH == 96 - taken_by_jobs(made)
    made.verify()


def test_two_campaigns_take_from_one_rack(make_world: Make) -> None:
    made, other = using(make_world()), using(make_world(name="other"))
    says(made, "count", 5 * EACH)
    made.run()
    last = other.run()
    assert "0 tips left on bench" in last.reason
    assert len(made.instrument.executed) == 4 and len(other.instrument.executed) == 1
    assert left(made) == 0


HOW = st.sampled_from(["answer", "refuse", "lost before", "lost after"])


@settings(max_examples=25, deadline=None)
@given(hows=st.lists(HOW, max_size=8), rack=st.integers(0, 60), more=st.integers(1, 60))
def test_whatever_happens_the_level_is_what_was_there_less_what_was_executed(
    hows: list[Any], rack: int, more: int
) -> None:
    clock = HandClock()
    with Store.open("sqlite://") as store:
        made = using(world(store, clock, execution={"adapter": INSTRUMENT, "attempts": 9}))
        says(made, "count", rack)
        fates = iter(hows)
        made.instrument.starting = lambda job: next(fates, "answer")
        made.run()
        says(made, "fill", more)
        made.run()
        assert left(made) == rack + more - taken_by_jobs(made) >= 0
        assert left(made) == rack + more - EACH * made.instrument.executed.total()
        moves = store.movements(INSTRUMENT, "tips")
        assert sum(one.amount for one in moves) == moves[-1].level
