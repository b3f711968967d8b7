"""A result far outside its prediction is neither learnt nor lost, and the campaign goes on."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.commands.account import in_question
from agent.core.adapter import Outcome
from agent.core.budget import Budget
from agent.core.history import key
from agent.core.job import Job
from agent.core.question import Question
from agent.core.trial import TrialStatus
from agent.ending import ending
from agent.errors import IngestError
from agent.exchange import frame
from agent.judging import judge
from agent.recording import record
from agent.replay import replay
from agent.report import write
from agent.status import summarise
from tests.loop.worlds import ANNA, World, done, measured, readings

Make = Callable[..., World]

WRONG = 14
"""The trial whose first reading is far off: by then there are ten predictions that held."""

OFF = 60.0


def played(make_world: Make, second: float | None = None, **policy: object) -> World:
    """A campaign of 18 whose 14th reading is 60 mg too much; made again it is `second` mg too much."""
    rule = {"name": "expected_improvement", "initial": {"size": 4}, **policy}
    made = make_world(policy=rule, budget={"experiments": 18})

    def ending(job: Job) -> Outcome:
        right = measured(job.plans[0].settings())
        (trial,) = [one for one in made.trials() if one.id == job.trials[0]]
        if trial.number == WRONG:
            return done(job, right + OFF)
        return done(job, right + (second or 0.0) if trial.replicate_of else right)

    made.instrument.ending = ending
    assert made.run().state == "finished"
    return made


def wrong(made: World) -> str:
    return made.trials()[WRONG - 1].id


def learnt(made: World) -> set[str]:
    return {row.trial for row in made.standing.rows}


def the(made: World) -> Question:
    (one,) = made.standing.questions
    return one


def same_again(made: World) -> bool:
    return {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_a_wrong_reading_is_made_again_and_left_to_a_person(make_world: Make) -> None:
    made = played(make_world)
    again = made.trials()[WRONG]
    assert (again.role, again.replicate_of) == ("replicate", wrong(made))
    assert "made again" in made.store.decision(again.decision or "").choices[0].why
    assert the(made).trial == wrong(made)
    assert wrong(made) not in learnt(made)
    assert again.id in learnt(made)
    assert made.standing.best.value < OFF
    assert next(one for one in made.standing.decisions if one.remakes).number == WRONG + 1
    assert len(made.trials()) == 18
    (reading,) = the(made).rows
    assert not any(reading in one.rows for one in made.standing.decisions)
    assert same_again(made)
    assert made.verify()


def test_a_bound_that_says_little_does_not_hide_it(make_world: Make) -> None:
    made = make_world(
        policy={"name": "expected_improvement", "initial": {"size": 4}}, budget={"experiments": 18}
    )

    def ending(job: Job) -> Outcome:
        right = measured(job.plans[0].settings())
        (trial,) = [one for one in made.trials() if one.id == job.trials[0]]
        if trial.number == 3:
            return Outcome(state="done", measurements=readings(job, high=60.0))
        return done(job, right + (OFF if trial.number == WRONG else 0.0))

    made.instrument.ending = ending
    assert made.run().state == "finished"
    assert len(made.standing.bounds) == 1
    assert the(made).trial == wrong(made)
    assert same_again(made)


def test_a_discovery_is_confirmed_and_learnt(make_world: Make) -> None:
    made = played(make_world, second=OFF - 1.0)
    assert made.standing.questions == ()
    assert {wrong(made), made.trials()[WRONG].id} <= learnt(made)
    assert made.standing.best.trial == wrong(made)
    assert same_again(made)


def test_a_person_accepts_it_and_it_is_learnt(make_world: Make) -> None:
    made = played(make_world, in_question="ask")
    assert [one.replicate_of for one in made.trials()] == [None] * 18
    assert key(made.trials()[WRONG - 1].point) in {key(one) for one in made.standing.barred}
    judge(made.store, made.name, str(WRONG), "accept", "seen twice", ANNA, made.clock.now())
    assert made.standing.questions == ()
    assert made.standing.best.trial == wrong(made)
    made.revise(made.campaign.model_copy(update={"budget": Budget(experiments=19)}))
    made.run()
    assert wrong(made) in learnt(made)
    assert same_again(made)


def test_a_person_voids_it(make_world: Make) -> None:
    made = played(make_world, in_question="ask")
    values = ["mass=void: the balance was not zeroed"]
    record(made.store, made.name, str(WRONG), values, ANNA, made.clock.now(), correct=True)
    assert made.standing.questions == ()
    assert wrong(made) not in learnt(made)


def test_a_person_has_it_made_again(make_world: Make) -> None:
    made = played(make_world, in_question="ask")
    judge(made.store, made.name, str(WRONG), "remake", "look again", ANNA, made.clock.now())
    with pytest.raises(IngestError, match="already"):
        judge(made.store, made.name, str(WRONG), "remake", "and again", ANNA, made.clock.now())
    made.revise(made.campaign.model_copy(update={"budget": Budget(experiments=19)}))
    made.run()
    assert made.trials()[-1].replicate_of == wrong(made)
    assert same_again(made)


def test_people_are_told_what_can_be_said(make_world: Make, tmp_path: Path) -> None:
    made = played(make_world)
    first, right, none, more = in_question(made.standing)
    assert re.match(
        r"question  14: mass \S+ mg, where \S+ to \S+ was expected; made again: ", first
    )
    assert "athanor judge world 14 accept" in right
    assert "athanor record world 14 'mass=void: REASON' --correct" in none
    assert "athanor judge world 14 remake" in more
    assert summarise(made.standing).in_question == made.standing.questions
    write(made.store, made.name, tmp_path / "page.html", made.clock.now())
    page = (tmp_path / "page.html").read_text()
    assert "in question, not learnt: 14: mass" in page
    assert "is in question, not learnt" in page
    row = frame(made.store, made.name, made.clock.now()).iloc[WRONG - 1]
    assert row["in question"] == "mass"


def test_what_is_to_be_learnt_is_learnt_at_once(make_world: Make) -> None:
    made = played(make_world, in_question="learn")
    assert made.standing.questions == ()
    assert wrong(made) in learnt(made)
    assert made.standing.best.trial == wrong(made)
    with pytest.raises(IngestError, match="in question"):
        judge(made.store, made.name, str(WRONG), "accept", "so", ANNA, made.clock.now())


def test_a_campaign_does_not_end_before_it_has_looked_again(make_world: Make) -> None:
    made = played(make_world)
    *before, _ = [one for one in made.trials() if one.number <= WRONG + 1]
    then = replace(
        made.standing,
        trials=tuple(before),
        observations=tuple(
            one for one in made.standing.observations if one.trial in {t.id for t in before}
        ),
        decisions=made.standing.decisions[:WRONG],
        jobs=made.standing.jobs[:WRONG],
        campaign=made.campaign.model_copy(
            update={"stop": made.campaign.stop.model_copy(update={"no_improvement_after": 1})}
        ),
    )
    assert then.remaking
    assert [one.trial for one in then.remakes] == [wrong(made)]
    assert ending(then) is None
    assert before[-1].status is TrialStatus.DONE
