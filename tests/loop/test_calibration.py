"""Predictions that turn out wrong beyond chance are told of, once, and replay as they were made."""

from collections.abc import Callable
from pathlib import Path

from agent.core.adapter import Outcome
from agent.core.job import Job
from agent.replay import replay
from agent.report import write
from agent.status import summarise
from tests.loop.worlds import World, done, measured
from tests.report.pages import Page

Make = Callable[..., World]

SURE = 10
"""The trial up to which everything is as predicted."""


def shaken(make_world: Make, by: float) -> World:
    """A campaign of 22 whose instrument reads so much too much and too little by turns from the 11th on."""
    rule = {"name": "expected_improvement", "initial": {"size": 4}, "in_question": "learn"}
    made = make_world(policy=rule, budget={"experiments": 22})
    made.instrument.effect = "pure"  # a physical one would be held after three such readings

    def ending(job: Job) -> Outcome:
        right = measured(job.plans[0].settings())
        (trial,) = [one for one in made.trials() if one.id == job.trials[0]]
        return done(job, right + (by * (-1) ** trial.number if trial.number > SURE else 0.0))

    made.instrument.ending = ending
    assert made.run().state == "finished"
    return made


def test_a_model_that_is_too_sure_is_called_that(make_world: Make, tmp_path: Path) -> None:
    made = shaken(make_world, by=60.0)
    (one,) = summarise(made.standing).calibration
    assert one.tested == 18
    assert one.verdict == "overconfident"
    noted = [
        note for decision in made.standing.decisions for note in decision.notes if "beyond" in note
    ]
    assert len([note for note in noted if "overconfident" in note]) == 1
    assert {verdict.verdict for verdict in replay(made.lab.store, made.name)} == {"identical"}
    path = write(made.lab.store, made.name, tmp_path / "page.html", made.standing.now)
    assert "Too sure" in Page(path.read_text(encoding="utf-8")).words("predicted")


def test_of_a_model_that_is_right_nothing_is_noted(make_world: Make) -> None:
    made = shaken(make_world, by=0.0)
    assert not any("overconfident" in note for one in made.standing.decisions for note in one.notes)
