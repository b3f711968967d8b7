"""A campaign of a stream: samples come by, and each is asked for or let pass."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from agent.core.parameters import CategoricalParameter
from agent.core.space import SearchSpace
from agent.core.trial import TrialStatus
from agent.core.values import Point
from agent.data.store import Store
from agent.errors import CampaignError, IngestError
from agent.replay import replay
from agent.samples import Said, of_csv, of_lines, screened
from tests.loop.test_classes import CLASSIFY, phase
from tests.loop.worlds import HandClock, Instrument, World, world

STREAM = {"name": "uncertainty", "samples": "stream", "rate": 0.3, "initial": {"size": 3}}
LEARN = [{"name": "mass", "unit": "mg", "goal": "learn"}]
SPREAD: list[Point] = [{"x": 1.0, "y": 1.0}, {"x": 9.0, "y": 2.0}, {"x": 5.0, "y": 9.0}]
KNOWN: Point = {"x": 1.05, "y": 1.05}
FAR: Point = {"x": 9.9, "y": 9.9}


def stream(store: Store, clock: HandClock, **more: Any) -> World:
    given = {"objectives": LEARN, "policy": STREAM, "budget": {"experiments": 6}, **more}
    return world(store, clock, **given)


def said(there: World, *samples: Point) -> list[Said]:
    return list(screened(there.lab, there.name, samples))


def test_what_is_known_passes_and_what_is_not_is_asked_for(store: Store, clock: HandClock) -> None:
    there = stream(store, clock)
    *first, known, far = said(there, *SPREAD, KNOWN, FAR)
    assert [one.ask for one in first] == [True, True, True]
    assert first[2].why == "before there is a model every sample is asked for (3 of 3)"
    assert (known.ask, known.trial) == (False, None)
    assert (far.ask, far.trial) == (True, there.trials()[-1].id)
    assert known.score is not None
    assert known.least is not None
    assert known.score < known.least
    assert "more is to be learnt there than at" in known.why
    assert "asked from 70% on" in known.why


def test_what_is_asked_for_is_measured_before_the_next_sample(
    store: Store, clock: HandClock
) -> None:
    there = stream(store, clock)
    said(there, *SPREAD, FAR)
    assert [one.status for one in there.trials()] == [TrialStatus.DONE] * 4
    assert [one.kind for one in there.standing.decisions] == ["screened"] * 4
    assert [len(one.rows) for one in there.standing.decisions] == [0, 1, 2, 3]


def test_its_decisions_replay(store: Store, clock: HandClock) -> None:
    there = stream(store, clock)
    said(there, *SPREAD, KNOWN, FAR)
    assert [one.verdict for one in replay(store, there.name)] == ["identical"] * 4


def test_classes_are_screened_too(store: Store, clock: HandClock) -> None:
    there = world(
        store, clock, Instrument(clock, ending=phase), objectives=CLASSIFY, policy=STREAM,
        budget={"experiments": 9},
    )  # fmt: skip
    told = said(there, *SPREAD, KNOWN, {"x": 3.0, "y": 5.0}, {"x": 7.0, "y": 5.0})
    assert [one.ask for one in told[:4]] == [True, True, True, False]
    assert "solid" in told[3].why
    assert {one.verdict for one in replay(store, there.name)} == {"identical"}


def test_a_sample_that_cannot_be_asked_for_says_why(store: Store, clock: HandClock) -> None:
    there = stream(store, clock)
    _, again, outside = said(there, SPREAD[0], SPREAD[0], {"x": 99.0, "y": 1.0})
    assert (again.ask, again.why) == (False, "its point is known, or asked for already")
    assert not outside.ask
    assert outside.why.startswith("it is not in the space")


def test_while_a_review_is_due_no_other_is_asked_for(store: Store, clock: HandClock) -> None:
    there = stream(store, clock, review={"mode": "required"})
    first, second = said(there, *SPREAD[:2])
    assert (first.ask, second.ask) == (True, False)
    assert second.why == "as many are under way as may be at the same time"
    there.review_all("approve")
    (third,) = said(there, SPREAD[1])
    assert not third.ask  # it was only collected with the next round
    there.run(patience=1)
    (fourth,) = said(there, SPREAD[1])
    assert fourth.ask


def test_running_it_proposes_nothing_and_waits_for_samples(store: Store, clock: HandClock) -> None:
    there = stream(store, clock)
    last = there.run(patience=1)
    assert (last.state, last.person) == ("waiting", True)
    assert last.reason == "for samples that come by: athanor screen world"
    assert there.trials() == []


def test_with_the_budget_it_ends(store: Store, clock: HandClock) -> None:
    there = stream(store, clock, budget={"experiments": 2})
    assert len(said(there, *SPREAD)) == 2
    assert there.standing.entry.reason == "2 of 2 experiments are started"
    with pytest.raises(CampaignError, match="is finished"):
        said(there, FAR)


def test_a_campaign_that_chooses_takes_no_samples(store: Store, clock: HandClock) -> None:
    there = stream(store, clock, policy={"name": "uncertainty"})
    with pytest.raises(CampaignError, match="chooses its points itself"):
        said(there, FAR)


def test_samples_are_read_from_a_table_in_its_units(
    store: Store, clock: HandClock, tmp_path: Path
) -> None:
    space = stream(store, clock).campaign.space
    file = tmp_path / "samples.csv"
    file.write_text("note,y [mm],x [cm]\nfirst,2,0.3\n")
    assert list(of_csv(file, space)) == [{"x": pytest.approx(3.0), "y": 2.0}]
    file.write_text("x [mm],z\n1,2\n")
    with pytest.raises(IngestError, match=r"samples.csv, row 1: there is no y"):
        list(of_csv(file, space))
    file.write_text("x [K],y [mm]\n1,2\n")
    with pytest.raises(IngestError, match=r"samples.csv, row 1"):
        list(of_csv(file, space))
    file.write_text("x [mm],y\n1,2\n")
    with pytest.raises(IngestError, match=r"column y has no unit \(call it `y \[mm\]`\)"):
        list(of_csv(file, space))
    for unreadable in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(IngestError, match="cannot be read"):
            list(of_csv(unreadable, space))


def test_a_choice_that_looks_like_a_number_is_a_name(tmp_path: Path) -> None:
    grades = CategoricalParameter(name="grade", choices=("1", "02", "nan"))
    file = tmp_path / "samples.csv"
    file.write_text("grade\n02\nnan\n")
    space = SearchSpace(parameters=(grades,))
    assert list(of_csv(file, space)) == [{"grade": "02"}, {"grade": "nan"}]


def test_samples_are_read_from_a_stream(store: Store, clock: HandClock) -> None:
    space = stream(store, clock).campaign.space
    lines = StringIO('{"x": 1, "y": 2}\n\n{"x": 3, "y": 4.5}\n')
    assert list(of_lines(lines, space)) == [{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.5}]
    unset = ('{"x": NaN, "y": 1}\n', '{"x": 1, "y": null}\n', '{"x": true, "y": 1}\n')
    for wrong in ("x=1\n", "[1, 2]\n", '{"x": 1}\n', *unset):
        with pytest.raises(IngestError, match="line 1"):
            list(of_lines(StringIO(wrong), space))
