"""Whole campaigns of several objectives: fronts, what is required, values that come late."""

from collections.abc import Callable

from agent.core.adapter import Outcome
from agent.core.history import key
from agent.core.job import Job, JobStatus
from agent.core.stop import Stop
from agent.core.trial import TrialStatus
from agent.replay import replay
from agent.status import summarise
from tests.loop.worlds import World, readings

Make = Callable[..., World]

LEARNING = {"initial": {"size": 4}}
MASS = {"name": "mass", "unit": "mg", "goal": "maximise"}
PRICE = {"name": "price", "unit": "EUR", "goal": "minimise"}
DIRT = {"name": "dirt", "unit": "percent", "goal": "require", "high": 40}


def values(job: Job) -> dict[str, float]:
    """More of x and y is more mass, and dearer; y makes dirt."""
    settings = job.plans[0].settings()
    x, y = float(settings["x"]), float(settings["y"])
    return {"mass": x + y, "price": x * x + 2 * y, "dirt": 10 * y}


def answered(job: Job, *names: str) -> Outcome:
    """The outcome of a job that measured these objectives, or all."""
    told = values(job)
    return Outcome(
        state="done",
        measurements=tuple(
            reading
            for name in names or job.plans[0].objectives
            for reading in readings(job, name, value=told[name])
        ),
    )


def made_of(make_world: Make, *objectives: dict[str, object], **more: object) -> World:
    given = {"policy": LEARNING, "budget": {"experiments": 9}, **more}
    made = make_world(objectives=list(objectives), **given)
    made.instrument.ending = answered
    return made


def test_a_front_is_looked_for_told_and_replayed(make_world: Make) -> None:
    made = made_of(make_world, MASS, PRICE)
    assert made.run().reason == "9 of 9 experiments are started"
    assert made.standing.best is None
    assert len(made.standing.front) >= 2
    summary = summarise(made.standing)
    assert summary.measured == 9
    assert summary.hypervolume is not None
    assert summary.hypervolume > 0
    model = [one for one in made.standing.decisions if one.kind == "model"]
    assert len(model) == 5
    assert all(set(one.choices[0].prediction) == {"mass", "price"} for one in model)
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_only_what_is_permitted_is_the_best(make_world: Make) -> None:
    made = made_of(make_world, MASS, DIRT, budget={"experiments": 14})
    made.run()
    permitted = [one for one in made.standing.known if one.values["dirt"] <= 40]
    assert made.standing.best is not None
    assert made.standing.best.value == max(one.values["mass"] for one in permitted)
    assert any(one.values["dirt"] > 40 for one in made.standing.known)
    assert made.standing.best.value > 12


def test_a_desirability_may_be_the_target(make_world: Make) -> None:
    made = made_of(
        make_world,
        {**MASS, "worst": 0, "ideal": 20},
        {**PRICE, "worst": 120, "ideal": 0},
        trade_off="desirability",
        stop={"target": 0.05},
    )
    assert made.run().reason.startswith("the target is reached: 0.")


def test_without_progress_of_the_front_it_ends(make_world: Make) -> None:
    made = made_of(make_world, MASS, PRICE, budget={"experiments": 40})
    made.instrument.ending = lambda job: Outcome(
        state="done", measurements=readings(job, value=float(len(job.id)))
    )
    made.revise(made.campaign.model_copy(update={"stop": Stop(no_improvement_after=6)}))
    assert made.run().reason == "no improvement in 6 results"


def test_an_objective_that_comes_late_is_learnt_when_it_comes(make_world: Make) -> None:
    """Of the first six trials the price is missing; the campaign goes on with what it has."""
    made = made_of(make_world, MASS, PRICE, budget={"experiments": 9})
    count = {"asked": 0}

    def ending(job: Job) -> Outcome:
        count["asked"] += 1
        return answered(job, "mass") if count["asked"] <= 6 else answered(job)

    made.instrument.ending = ending
    assert made.run().state == "finished"
    statuses = [trial.status for trial in made.trials()]
    assert statuses == [TrialStatus.PARTIAL] * 6 + [TrialStatus.DONE] * 3
    kinds = [one.kind for one in made.standing.decisions]
    assert kinds[-1] == "model"
    assert kinds[6] == "initial"
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_a_point_that_lacks_a_value_is_not_on_the_front(make_world: Make) -> None:
    made = made_of(make_world, MASS, PRICE, budget={"experiments": 3})
    made.instrument.ending = lambda job: answered(job, "mass")
    made.run()
    assert made.standing.front == ()
    assert summarise(made.standing).hypervolume is None
    assert len(made.jobs(JobStatus.DONE)) == 3


def test_points_in_flight_are_not_chosen_again(make_world: Make) -> None:
    policy = {**LEARNING, "batch_size": 3}
    made = made_of(make_world, MASS, PRICE, policy=policy, budget={"experiments": 12})
    made.run()
    points = [key(trial.point) for trial in made.trials()]
    assert len(set(points)) == 12


def test_what_is_required_and_below_detection_does_not_keep_from_the_front(
    make_world: Make,
) -> None:
    made = made_of(make_world, MASS, PRICE, DIRT, budget={"experiments": 3})

    def clean(job: Job) -> Outcome:
        read = answered(job, "mass", "price").measurements
        low = readings(job, "dirt", value=1.0)
        under = (one.model_copy(update={"value": None, "high": 1.0}) for one in low)
        return Outcome(state="done", measurements=(*read, *under))

    made.instrument.ending = clean
    made.run()
    assert made.standing.front
    assert summarise(made.standing).front[0].limits == {"dirt": "<"}
