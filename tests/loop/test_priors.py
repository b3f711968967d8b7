"""Campaigns that start from what is known: from their file to the end, and the same again."""

from pathlib import Path

import pytest

from agent.core.register import CampaignStatus
from agent.core.source import TransferPrior
from agent.data.store import Store
from agent.enrol import enrol
from agent.errors import CampaignError
from agent.load import Resolved
from agent.replay import replay
from agent.status import summarise
from tests.loop.worlds import ANNA, LEARNING, NOW, HandClock, World, campaign, followed, world


def test_an_earlier_campaign_is_where_the_next_one_begins(store: Store, clock: HandClock) -> None:
    made = followed(store, clock)
    assert made.run().state == "finished"
    decisions = made.standing.decisions
    assert {one.kind for one in decisions} == {"model"}
    assert [one.state["turns"][0]["by"] for one in decisions if one.state] == [
        "sources", "design", "sources", "plain",
    ]  # fmt: skip
    assert len(made.standing.own_rows) == len(made.standing.rows) == 4
    told = summarise(made.standing).priors
    assert told is not None
    assert sum(told.weights.values()) == pytest.approx(1.0)
    assert list(told.coefficients) == ["first"]
    made.verify()


def test_every_decision_is_identical_again(store: Store, clock: HandClock) -> None:
    made = followed(store, clock)
    made.run()
    assert {one.verdict for one in replay(store, "second")} == {"identical"}
    # What the earlier campaign measures later changes no decision that was made.
    first = world(store, clock, name="first", budget={"experiments": 12})
    first.say(CampaignStatus.ACTIVE)
    first.run()
    assert {one.verdict for one in replay(store, "second")} == {"identical"}


def test_more_results_of_the_earlier_campaign_are_a_revision(
    store: Store, clock: HandClock
) -> None:
    made = followed(store, clock, budget={"experiments": 2})
    made.run()
    first = world(store, clock, name="first", budget={"experiments": 9})
    first.run()
    again = campaign(
        name="second",
        policy=LEARNING,
        priors=[TransferPrior(campaign="first", trust="same")],
        budget={"experiments": 4},
    )
    seen: list[str] = []
    entered = enrol(
        store,
        Resolved(again, ""),
        ANNA,
        NOW,
        lambda change, _: bool(seen.extend(change.diff)) or True,
    )
    assert entered.done == "revised"
    assert any(line.startswith("priors.first.source: 8 rows") for line in seen)
    assert made.run().state == "finished"
    assert {one.verdict for one in replay(store, "second")} == {"identical"}


@pytest.mark.parametrize(
    ("name", "what"), [("frist", "no campaign"), ("second", "no prior of its own")]
)
def test_an_earlier_campaign_must_be_another_that_is_there(
    store: Store, clock: HandClock, name: str, what: str
) -> None:
    with pytest.raises(CampaignError) as caught:
        world(store, clock, name="second", priors=[TransferPrior(campaign=name)])
    (fault,) = caught.value.faults
    assert fault.path.startswith("priors[0].campaign")
    assert what in fault.what


def test_a_campaign_without_results_is_no_prior(store: Store, clock: HandClock) -> None:
    world(store, clock, name="first")
    with pytest.raises(CampaignError, match="no results yet"):
        world(store, clock, name="second", priors=[TransferPrior(campaign="first")])


def test_it_goes_on_in_another_process(tmp_path: Path, clock: HandClock) -> None:
    with Store.open(str(tmp_path / "store.db")) as store:
        made = followed(store, clock, budget={"experiments": 6})
        for last in made.rounds():
            if len(made.standing.own_rows) >= 3 or last.state == "finished":
                break
    with Store.open(str(tmp_path / "store.db")) as store:
        later = World(made.lab.__class__(store, made.lab.adapters, clock, made.lab.me,
                      unattended=made.lab.unattended), made.instrument, clock, "second")  # fmt: skip
        clock.sleep(60.0)
        assert later.run().state == "finished"
        assert len(later.standing.own_rows) == 6
        assert {one.verdict for one in replay(store, "second")} == {"identical"}
