"""What failed wrongly is taken back, and what did not work is said to: by people, and nothing is rewritten."""

from collections.abc import Callable

import pytest

from agent.core.budget import Budget
from agent.core.history import key
from agent.core.trial import Trial, TrialStatus
from agent.core.values import canonical
from agent.errors import IngestError
from agent.judging import judge
from agent.recording import record
from agent.replay import replay
from tests.loop.worlds import ANNA, World, done, failed, readings

Make = Callable[..., World]

LEARNING = {"name": "expected_improvement", "initial": {"size": 3}}
TWO = [
    {"name": "mass", "unit": "mg", "goal": "maximise"},
    {"name": "purity", "unit": "percent", "goal": "maximise"},
]


def ended(make_world: Make, kind: str = "infeasible", **more: object) -> tuple[World, Trial]:
    """A campaign that has ended, whose second trial failed; and that trial."""
    made = make_world(policy=LEARNING, budget={"experiments": 5}, **more)
    made.instrument.ending = lambda job: failed(kind) if "T0002" in job.id else None
    assert made.run().state == "finished"
    return made, made.trials()[1]


def say(made: World, trial: Trial, word: str) -> list[str]:
    return judge(made.store, made.name, str(trial.number), word, "looked", ANNA, made.clock.now())


def test_a_word_without_a_reason_is_refused(make_world: Make) -> None:
    made, trial = ended(make_world)
    with pytest.raises(IngestError, match="not said how you know"):
        judge(made.store, made.name, str(trial.number), "fault", " ", ANNA, made.clock.now())


def bring(made: World, trial: Trial, *values: str, **more: bool) -> list[str]:
    now = made.clock.now()
    return record(made.store, made.name, str(trial.number), values, ANNA, now, **more).lines


def go_on(made: World) -> None:
    made.instrument.ending = lambda job: None
    made.revise(made.campaign.model_copy(update={"budget": Budget(experiments=7)}))
    made.run()


def test_what_was_a_fault_teaches_nothing_and_may_come_again(make_world: Make) -> None:
    made, trial = ended(make_world)
    assert made.standing.infeasible == (trial.point,)
    before = [canonical(one) for one in made.standing.decisions]
    assert say(made, trial, "fault")[0].startswith(f"{trial.id}: no property of its point")
    assert made.standing.infeasible == ()
    assert key(trial.point) not in {key(point) for point in made.standing.barred}
    assert [canonical(one) for one in made.standing.decisions] == before
    (line,) = [one for one in made.store.journal(made.id) if one.event == "trial.judged"]
    assert (line.by, line.subject, line.data["reason"]) == (ANNA, trial.id, "looked")
    go_on(made)
    verdicts = [one.verdict for one in replay(made.store, made.name)]
    assert set(verdicts) == {"identical"}
    assert [bool(one.infeasible) for one in made.standing.decisions[2:]] == [True] * 3 + [False] * 2
    assert made.verify()


def test_what_failed_twice_may_come_again_where_it_was_a_fault(make_world: Make) -> None:
    places = [{"name": "n", "type": "integer", "low": 1, "high": 2}]
    made = make_world(parameters=places)
    made.instrument.effect = "pure"  # what is physical would be held after three failures
    made.instrument.ending = lambda job: failed("instrument")
    made.run()
    assert [one["n"] for one in made.standing.barred].count(1) == 1
    say(made, next(one for one in made.trials() if one.point["n"] == 1), "fault")
    assert [one["n"] for one in made.standing.barred] == [2]


def test_a_value_that_was_there_after_all(make_world: Make) -> None:
    made, trial = ended(make_world)
    assert bring(made, trial, "mass=7.5") == ["mass: 7.5 mg", f"{trial.id} is done"]
    assert made.standing.infeasible == ()
    assert [row.value for row in made.standing.own_rows if row.trial == trial.id] == [7.5]
    assert made.jobs()[1].failure == "infeasible"
    assert made.standing.use.experiments == 5
    go_on(made)
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}
    with pytest.raises(IngestError, match="has a result"):
        say(made, trial, "infeasible")
    assert made.verify()


@pytest.mark.parametrize("kind", ["instrument", "unclassified"])
def test_a_person_knows_that_the_point_does_not_work(make_world: Make, kind: str) -> None:
    made, trial = ended(make_world, kind)
    assert made.standing.infeasible == ()
    say(made, trial, "infeasible")
    assert made.standing.infeasible == (trial.point,)
    go_on(made)
    assert all(one.infeasible == (trial.point,) for one in made.standing.decisions[5:])
    assert trial.point not in [one.point for one in made.trials()[5:]]


def test_a_void_result_may_say_that_the_point_does_not_work(make_world: Make) -> None:
    made = make_world()
    made.instrument.ending = lambda job: done(job, void="nothing in the vial")
    made.run()
    trial = made.trials()[0]
    say(made, trial, "infeasible")
    assert made.standing.infeasible == (trial.point,)
    bring(made, trial, "mass=3", correct=True)
    assert made.standing.infeasible == ()


def test_no_error_sends_in_a_circle(make_world: Make) -> None:
    made, trial = ended(make_world)
    with pytest.raises(IngestError, match="record it without --correct"):
        bring(made, trial, "mass=7", correct=True)
    with pytest.raises(IngestError, match=r"athanor judge world 2 infeasible"):
        bring(made, trial, "mass=void: spilled")
    bring(made, trial, "mass=7")
    with pytest.raises(IngestError, match="--correct"):
        bring(made, trial, "mass=8")
    bring(made, trial, "mass=8", correct=True)
    assert made.standing.own_rows[-1].value == 8


def test_what_was_missing_of_a_partial_result_is_brought(make_world: Make) -> None:
    made = make_world(objectives=TWO)
    made.instrument.ending = lambda job: done(job).model_copy(
        update={"measurements": readings(job, "mass", value=1.0)}
    )
    made.run()
    trial = made.trials()[0]
    assert trial.status is TrialStatus.PARTIAL
    with pytest.raises(IngestError, match="has its mass"):
        bring(made, trial, "mass=2", "purity=90")
    assert bring(made, trial, "purity=90")[-1] == f"{trial.id} is done"


def test_a_part_of_what_failed_is_partial(make_world: Make) -> None:
    made, trial = ended(make_world, objectives=TWO)
    assert bring(made, trial, "purity=90")[-1] == f"{trial.id} is partial"
    assert bring(made, trial, "mass=9")[-1] == f"{trial.id} is done"


def test_what_was_never_executed_takes_no_result(make_world: Make) -> None:
    made = make_world(budget={"experiments": 1}, stop={"idle_rounds": 1})
    made.instrument.starting = lambda job: "refuse"
    made.run()
    trial = made.trials()[0]
    assert trial.status is TrialStatus.FAILED
    with pytest.raises(IngestError, match="athanor import"):
        bring(made, trial, "mass=3")


def test_what_is_said_twice_or_too_early_is_refused(make_world: Make) -> None:
    made, trial = ended(make_world)
    with pytest.raises(IngestError, match="already"):
        say(made, trial, "infeasible")
    say(made, trial, "fault")
    with pytest.raises(IngestError, match="already"):
        say(made, trial, "fault")
    say(made, trial, "infeasible")
    assert made.standing.infeasible == (trial.point,)
    waits = make_world(name="waits", review={"mode": "required"})
    waits.run()
    with pytest.raises(IngestError, match="is proposed"):
        say(waits, waits.trials()[0], "fault")
