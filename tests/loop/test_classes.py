"""A campaign that is to know the class of every point: a phase map."""

from pathlib import Path
from typing import Any

import pytest

from agent.analysis import analyses_of
from agent.core.adapter import Outcome
from agent.core.job import Job
from agent.core.replicates import Scatters
from agent.data.store import Store
from agent.errors import IngestError, ModelError, NotFound
from agent.importance import importance_of
from agent.recording import record
from agent.replay import replay
from agent.report import render, write
from agent.status import summarise
from agent.validation import validation_of
from tests.loop.worlds import ANNA, HandClock, Instrument, World, readings, world

PHASES = ["solid", "liquid", "gas"]
CLASSIFY = [{"name": "phase", "goal": "classify", "classes": PHASES}]


def phase(job: Job) -> Outcome:
    """What melts with x, and boils beyond."""
    x = float(job.plans[0].settings()["x"])
    number = int(x > 4) + int(x > 7)
    assert job.plans[0].classes == {"phase": tuple(PHASES)}
    return Outcome(state="done", measurements=readings(job, value=float(number)))


def mapped(store: Store, clock: HandClock, **more: Any) -> World:
    instrument = Instrument(clock, ending=phase)
    given = {"objectives": CLASSIFY, "policy": {"name": "uncertainty"}, **more}
    return world(store, clock, instrument, **given)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"name": "uncertainty", "criterion": "entropy"}, "its class is the most open"),
        ({"name": "uncertainty", "criterion": "margin"}, "two classes are nearest"),
        ({"name": "uncertainty", "criterion": "least_confidence"}, "its likeliest class"),
        ({"name": "committee", "criterion": "vote_entropy"}, "the committee's members vote"),
        ({"name": "committee", "criterion": "consensus_entropy"}, "the committee together"),
    ],
)
def test_it_asks_where_the_class_is_open_and_says_why(
    store: Store, clock: HandClock, policy: dict[str, Any], reason: str
) -> None:
    there = mapped(store, clock, policy=policy, budget={"experiments": 6})
    there.run()
    proposal = there.store.proposals(there.id)[-1]
    assert proposal.why.startswith(reason)
    assert any(name in proposal.why for name in PHASES)
    assert proposal.prediction == {}
    assert {one.verdict for one in replay(store, there.name)} == {"identical"}


def test_a_batch_is_spread_and_replays(store: Store, clock: HandClock) -> None:
    policy = {"name": "uncertainty", "batch_size": 3, "initial": {"size": 3}}
    there = mapped(store, clock, policy=policy, budget={"experiments": 9})
    there.run()
    points = {tuple(one.point.items()) for one in there.trials()}
    assert len(points) == 9
    assert {one.verdict for one in replay(store, there.name)} == {"identical"}


def test_it_ends_when_few_labels_are_expected_to_be_wrong(store: Store, clock: HandClock) -> None:
    there = mapped(store, clock, budget={"experiments": 40}, stop={"known_to": 0.2})
    last = there.run()
    assert "of the labels on average over the space" in last.reason
    summary = summarise(there.standing)
    assert (summary.best, summary.goal) == (None, "classify")
    assert summary.unknown is not None
    assert summary.unknown <= 0.2


def test_one_class_everywhere_is_no_map_yet(store: Store, clock: HandClock) -> None:
    def solid(job: Job) -> Outcome:
        return Outcome(state="done", measurements=readings(job, value=0.0))

    there = world(
        store, clock, Instrument(clock, ending=solid), objectives=CLASSIFY,
        policy={"name": "uncertainty"}, budget={"experiments": 10}, stop={"known_to": 0.05},
    )  # fmt: skip
    last = there.run()
    assert last.reason == "10 of 10 experiments are started"
    assert summarise(there.standing).unknown is None


def test_a_reading_that_is_no_class_is_void(store: Store, clock: HandClock) -> None:
    def odd(job: Job) -> Outcome:
        return Outcome(state="done", measurements=readings(job, value=1.5))

    there = world(store, clock, Instrument(clock, ending=odd), objectives=CLASSIFY)
    there.run()
    (first, *_) = there.standing.observations
    assert first.void == "1.5 is none of the classes solid, liquid, gas"


def test_a_person_records_the_name_of_a_class(store: Store, clock: HandClock) -> None:
    there = mapped(store, clock, budget={"experiments": 1})
    there.run()
    lines = record(store, there.name, "1", ["phase=gas"], ANNA, clock.now(), correct=True).lines
    assert lines == ["phase: gas (corrected)"]
    assert [row.value for row in there.standing.own_rows] == [2.0]
    with pytest.raises(IngestError, match="'plasma' is no class of phase"):
        record(store, there.name, "1", ["phase=plasma"], ANNA, clock.now(), correct=True)


def test_its_report_has_the_names(store: Store, clock: HandClock) -> None:
    there = mapped(store, clock, budget={"experiments": 8})
    there.run()
    page = render(there.standing, there.store.proposals(there.id))
    assert "of the labels are expected to be wrong" in page
    assert ">solid</td>" in page
    assert "classify as solid or liquid or gas" in page


def test_which_parameters_matter_is_not_told_of_classes(store: Store, clock: HandClock) -> None:
    there = mapped(store, clock, budget={"experiments": 5})
    there.run()
    with pytest.raises(NotFound, match="has classes"):
        importance_of(store, there.name)


def test_no_number_is_made_of_classes(store: Store, clock: HandClock) -> None:
    """Neither a mean nor a width nor an error: they stand in any order."""
    there = mapped(
        store, clock, budget={"experiments": 12}, policy={"name": "random", "replicates": 2}
    )
    there.run()
    assert summarise(there.standing).scatter["phase"] == Scatters()
    now = clock.now()
    with pytest.raises(ModelError, match="has classes, and models are compared on numbers only"):
        validation_of(store, there.name, now)
    with pytest.raises(ModelError, match="has classes, and Ax's analysis is of numbers only"):
        analyses_of(store, there.name, now)


def test_its_report_draws_the_map(store: Store, clock: HandClock, tmp_path: Path) -> None:
    there = mapped(store, clock, budget={"experiments": 12})
    there.run()
    page = write(store, there.name, tmp_path / "map.html", clock.now()).read_text()
    assert "Which phase is where" in page
    assert '<text x="' in page
    for number, name in enumerate(PHASES):
        assert f'class="ground c{number}"' in page
        assert f'class="region" text-anchor="middle">{name}</text>' in page
        assert f'class="label c{number}"></circle></svg> {name}' in page
        # The panels of single parameters have names at their axes, too.
        assert f'text-anchor="end">{name}</text>' in page
    assert "by a model of all 12 readings" in page
    assert "predicted ± sd" not in page  # a class is not predicted as a number
