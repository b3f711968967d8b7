"""What is read again and what is made anew scatter by themselves, and both are told apart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.commands.status import show_one
from agent.core.adapter import Outcome
from agent.core.job import Job
from agent.report import write
from agent.status import summarise
from tests.loop.worlds import World, measured, readings

Make = Callable[..., World]


def test_both_are_shown_apart(
    make_world: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_world(
        policy={"name": "random", "replicates": 2, "initial": {"size": 2}},
        budget={"experiments": 8},
    )

    def ending(job: Job) -> Outcome:
        """Each sample is read twice, 0.2 apart; one made anew is 2 more than the first."""
        number = next(one for one in made.trials() if one.id == job.trials[0]).number
        anew = made.trials()[number - 1].replicate_of is not None
        right = measured(job.plans[0].settings()) + 2.0 * anew
        pair = [readings(job, value=right + off)[0] for off in (-0.1, 0.1)]
        again = pair[1].model_copy(update={"replicate": 2})
        return Outcome(state="done", measurements=(pair[0], again))

    made.instrument.ending = ending
    assert made.run().state == "finished"
    told = summarise(made.standing).scatter["mass"]
    assert told.reread is not None and told.remade is not None
    assert (told.reread.freedom, told.remade.freedom) == (8, 4)
    assert told.reread.sd == pytest.approx(0.02**0.5)
    assert told.remade.sd == pytest.approx((2.0 - 0.01) ** 0.5)
    show_one(made.store, made.name)
    assert "readings of one sample ± 0.14 mg (8 degrees of freedom)" in capsys.readouterr().out
    write(made.store, made.name, tmp_path / "page.html", made.clock.now())
    page = (tmp_path / "page.html").read_text()
    assert "samples made anew ± 1.4 mg (4)" in page


def test_nothing_is_said_where_nothing_was_repeated(
    make_world: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_world()
    made.run()
    show_one(made.store, made.name)
    assert "scatter" not in capsys.readouterr().out
