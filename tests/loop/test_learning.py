"""A campaign that is to know a response everywhere: it asks where it knows least, and says how well it
knows.
"""

from typing import Any

from agent.data.store import Store
from agent.replay import replay
from agent.report import render
from agent.status import summarise
from tests.loop.worlds import HandClock, World, followed, world

LEARN = [{"name": "mass", "unit": "mg", "goal": "learn"}]
KNOWING = {"name": "uncertainty", "criterion": "integrated_variance"}


def learning(store: Store, clock: HandClock, **more: Any) -> World:
    return world(store, clock, objectives=LEARN, policy=KNOWING, **more)


def test_nothing_is_best_and_what_is_not_known_falls(store: Store, clock: HandClock) -> None:
    there = learning(store, clock, budget={"experiments": 12})
    there.run()
    told = [one.outlook.unknown for one in there.standing.decisions if one.outlook]
    assert len(told) == 7  # from 2 d + 1 results on
    assert told[-1] < told[0] / 2
    assert (there.standing.best, there.standing.front) == (None, ())
    summary = summarise(there.standing)
    assert (summary.best, summary.learning, summary.unknown) == (None, True, told[-1])


def test_it_ends_when_it_is_known_well_enough(store: Store, clock: HandClock) -> None:
    there = learning(store, clock, budget={"experiments": 40}, stop={"known_to": 1.0})
    last = there.run()
    assert "what is not known is down to" in last.reason
    assert "mg on average over the space" in last.reason
    assert len(there.standing.own_rows) < 40
    *_, before, end = [one.outlook.unknown for one in there.standing.decisions if one.outlook]
    assert max(before, end) <= 1.0


def test_its_decisions_replay_and_say_why(store: Store, clock: HandClock) -> None:
    there = learning(store, clock, budget={"experiments": 7})
    there.run()
    assert {one.verdict for one in replay(store, there.name)} == {"identical"}
    proposal = there.store.proposals(there.id)[-1]
    assert proposal.why.startswith("tells most of the rest of the space: predicted")
    assert proposal.grounds is not None
    assert proposal.grounds.probability_of_improvement is None


def test_an_earlier_campaign_teaches_it_too(store: Store, clock: HandClock) -> None:
    there = followed(store, clock, objectives=LEARN, budget={"experiments": 6})
    there.run()
    assert {one.verdict for one in replay(store, there.name)} == {"identical"}
    state = there.standing.decisions[-1].state
    assert state is not None
    assert state["kind"] == "transfer"
    told = there.standing.decisions[-1].outlook
    assert told is not None
    assert told.unknown is not None


def test_its_report_tells_how_well_it_is_known(store: Store, clock: HandClock) -> None:
    there = learning(store, clock, budget={"experiments": 9})
    there.run()
    page = render(there.standing, there.store.proposals(there.id))
    assert "9 values of mass are measured; it is known to" in page
    assert "How well it is known" in page
    assert "Best so far" not in page
