"""Campaigns that start from what is known: from their file to the end, and the same again."""

import math
from pathlib import Path

import pytest
from sqlalchemy import text

from agent.core.register import CampaignStatus
from agent.core.source import TransferPrior
from agent.core.values import Point
from agent.data.store import Store
from agent.enrol import enrol
from agent.errors import CampaignError
from agent.load import Resolved
from agent.recall import recalled
from agent.replay import replay
from agent.savings import remembered
from agent.status import summarise
from agent.twin import reckoned
from tests.contracts.store_account import as_owner
from tests.loop.worlds import (
    ANNA,
    LEARNING,
    NOW,
    HandClock,
    Instrument,
    World,
    campaign,
    done,
    followed,
    world,
)


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


def misleading(store: Store, clock: HandClock, **more: object) -> World:
    """A campaign whose prior measured something else that varies with the same settings."""
    other = Instrument(clock, ending=lambda job: done(job, waves(job.plans[0].settings())))
    world(store, clock, other, name="first", budget={"experiments": 40}).run()
    priors = [TransferPrior(campaign="first", trust="maybe")]
    return world(store, clock, name="second", policy=LEARNING, priors=priors, **more)


def waves(settings: Point) -> float:
    return math.cos(1.3 * float(settings["x"])) + math.sin(0.9 * float(settings["y"]))


def test_a_prior_that_says_nothing_is_switched_off_and_asked_again(
    store: Store, clock: HandClock
) -> None:
    made = misleading(store, clock, budget={"experiments": 22})
    assert made.run().state == "finished"
    told = [line for line in store.journal(made.id) if line.event.startswith("prior.")]
    assert [line.event for line in told][:1] == ["prior.off"]
    assert told[0].subject == "first"
    assert told[0].data["trusted"] < told[0].data["below"] == 0.05
    asked = [
        "first" in one.state.get("trusted", {}) for one in made.standing.decisions if one.state
    ]
    assert asked.count(False) >= 4
    off = asked.index(False)
    assert asked[off : off + 4] == [False] * 4
    assert True in asked[off + 4 :]
    silent = made.standing.decisions[off]
    assert silent.notes[-1] == "every prior is switched off"
    assert {one.verdict for one in replay(store, "second")} == {"identical"}
    made.verify()


def test_what_was_fitted_of_a_source_is_remembered_and_may_be_forgotten(
    store: Store, clock: HandClock
) -> None:
    made = followed(store, clock, budget={"experiments": 3})
    next(made.rounds())
    (known,) = recalled(store, made.campaign).values()
    assert known["source"] == "first"
    assert store.forget() == 1
    assert recalled(store, made.campaign) == {}
    made.run()
    assert list(recalled(store, made.campaign).values()) == [known]
    assert {one.verdict for one in replay(store, "second")} == {"identical"}


def test_a_remembered_model_that_was_altered_is_computed_again(
    store: Store, clock: HandClock
) -> None:
    made = followed(store, clock, budget={"experiments": 3})
    next(made.rounds())
    with as_owner(store) as connection:
        connection.execute(
            text("UPDATE remembered SET value = replace(value, 'lengthscales', 'lengthscale')")
        )
    assert recalled(store, made.campaign) == {}


def test_what_priors_have_saved_is_reckoned_again_only_with_more_results(
    store: Store, clock: HandClock
) -> None:
    made = followed(store, clock, budget={"experiments": 6})
    assert reckoned(store, "second", NOW) is None
    for last in made.rounds():
        if len(made.standing.own_rows) >= 3 or last.state == "finished":
            break
    told: list[tuple[int, int]] = []
    first = reckoned(store, "second", NOW, progress=lambda done, total: told.append((done, total)))
    assert first is not None and first.after == len(made.standing.own_rows)
    assert told[-1] == (4, 4)
    assert reckoned(store, "second", NOW, progress=lambda *_: told.clear()) == first
    assert told
    clock.sleep(60.0)
    made.run()
    later = reckoned(store, "second", NOW)
    assert later is not None and later.after == 6
    assert summarise(made.standing, remembered(store, made.standing)).priors is not None
    assert reckoned(store, "first", NOW) is None
