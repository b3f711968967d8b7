"""Decisions with sources: by turns with and without them, and the same again from what was stored."""

import json
from dataclasses import replace
from typing import get_args

import pytest

from agent.core.budget import Cost, Spending
from agent.core.history import Row, key
from agent.core.objective import Objective
from agent.core.policy import InitialDesign, Policy
from agent.core.source import Source
from agent.core.transfer import Method, TransferRule
from agent.decide.candidates import listed
from agent.decide.propose import Selection, acquisition_of, propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from tests.learn.sources import source, unrelated
from tests.learn.spaces import SPACES, measured, points_of, rows_of, value

UP = Objective(name="y", unit="eV", goal="maximise")
DEFAULT = Policy()
POLICIES = ("expected_improvement", "uncertainty", "committee", "ucb", "thompson")


def situation(
    kind: str, count: int, *sources: Source, policy: Policy = DEFAULT, started: int | None = None
) -> Situation:
    space = SPACES[kind]
    rows = rows_of(space, count)
    begun = count if started is None else started
    return Situation(space, UP, policy, rows, sources=sources, seed=7, started=begun)


def earlier(kind: str, **more: object) -> Source:
    return source(SPACES[kind], 15 if "pool" in kind else 40, **more)  # type: ignore[arg-type]


def by(selection: Selection) -> list[str]:
    assert selection.state is not None
    return [turn["by"] for turn in selection.state["turns"]]


@pytest.mark.parametrize("kind", SPACES)
@pytest.mark.parametrize("policy", POLICIES)
def test_points_can_be_sent_and_are_new(kind: str, policy: str) -> None:
    space = SPACES[kind]
    asked = situation(kind, 4, earlier(kind), policy=Policy(name=policy))  # type: ignore[arg-type]
    chosen = propose(asked, 2)
    points = [one.point for one in chosen.choices]
    assert len(points) == 2
    assert all(point in space for point in points)
    assert len({key(point) for point in [*points, *(row.point for row in asked.rows)]}) == 6
    assert by(chosen) == ["sources", "plain"]
    assert all(one.prediction for one in chosen.choices)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("method", get_args(Method))
def test_every_policy_begins_with_every_method(policy: str, method: str) -> None:
    rule = TransferRule(method=method)  # type: ignore[arg-type]
    asked = situation(
        "continuous",
        0,
        earlier("continuous"),
        policy=Policy(name=policy, transfer=rule, batch_size=2),  # type: ignore[arg-type]
    )
    points = [one.point for one in propose(asked, 2).choices]
    assert len({key(point) for point in points}) == 2


def test_the_first_experiment_comes_from_the_source() -> None:
    space = SPACES["continuous"]
    (choice,) = propose(situation("continuous", 0, earlier("continuous")), 1).choices
    others = [value(space, point) for point in points_of(space, 200, seed=5)]
    assert sum(value(space, choice.point) > other for other in others) > 180
    assert "sources believed 80%" in choice.why


def test_every_second_experiment_is_what_it_would_be_without() -> None:
    asked = situation("continuous", 12, earlier("continuous", factor=-1.0), started=13)
    with_sources = propose(asked, 1)
    without = propose(replace(asked, sources=()), 1)
    assert by(with_sources) == ["plain"]
    assert with_sources.choices[0].point == without.choices[0].point
    assert "as without the sources" in with_sources.choices[0].why


def test_what_would_have_been_chosen_without_is_kept_beside() -> None:
    asked = situation("continuous", 12, earlier("continuous"))
    state = propose(asked, 1).state
    assert state is not None
    without = propose(replace(asked, sources=()), 1).choices[0].point
    (turn,) = state["turns"]
    assert (turn["by"], turn["without"]) == ("sources", without)
    assert turn["expected"] == pytest.approx(value(asked.space, without), abs=1.0)


def test_without_rows_the_second_experiment_is_of_the_design() -> None:
    asked = situation("continuous", 1, earlier("continuous"))
    selection = propose(asked, 1)
    assert by(selection) == ["design"]
    assert "as without the sources" in selection.choices[0].why


def test_results_against_the_sources_bring_back_what_is_left_of_the_initial_design() -> None:
    policy = Policy(initial=InitialDesign(size=9))
    doubted = situation("continuous", 8, unrelated(SPACES["continuous"]), policy=policy)
    selection = propose(doubted, 2)
    assert by(selection) == ["design", "plain"], "nine experiments are the whole design"
    assert "speak against the sources" in selection.choices[0].why
    believed = situation("continuous", 8, earlier("continuous"), policy=policy)
    assert by(propose(believed, 2)) == ["sources", "plain"]


def test_declared_replicates_and_given_points_come_first() -> None:
    policy = Policy(replicates=2)
    first = propose(situation("continuous", 2, earlier("continuous"), policy=policy), 3)
    assert [one.replicate_of for one in first.choices] == ["t0", "t1", None]
    given = Policy(
        initial=InitialDesign(design="points", points=tuple(points_of(SPACES["continuous"], 1)))
    )
    selection = propose(situation("continuous", 0, earlier("continuous"), policy=given), 1)
    assert selection.kind == "given"


@pytest.mark.parametrize("started", [8, 9])
@pytest.mark.parametrize("policy", POLICIES)
def test_the_acquisition_is_recomputed_from_the_state(policy: str, started: int) -> None:
    asked = situation(
        "continuous",
        8,
        earlier("continuous"),
        policy=Policy(name=policy),
        started=started,  # type: ignore[arg-type]
    )
    chosen = propose(asked, 1)
    state = json.loads(json.dumps(chosen.state))
    (again,) = acquisition_of(asked, state, [chosen.choices[0].point])
    assert again == pytest.approx(chosen.choices[0].score, abs=1e-7)


def test_it_decides_the_same_again() -> None:
    asked = situation("mixed", 6, earlier("mixed"), earlier("mixed", factor=-1.0, name="other"))
    one, other = propose(asked, 3), propose(asked, 3)
    assert [c.model_dump() for c in one.choices] == [c.model_dump() for c in other.choices]
    assert one.state == other.state


def test_a_related_source_finds_the_best_of_a_pool_sooner() -> None:
    space = SPACES["pool"]
    everything = listed(Encoding.of(space))
    assert everything is not None
    best = max(value(space, everything.point(at)) for at in range(len(everything)))

    def needed(*sources: Source) -> int:
        rows: tuple[Row, ...] = ()
        for count in range(30):
            asked = Situation(space, UP, Policy(), rows, sources=sources, seed=count, started=count)
            (choice,) = propose(asked, 1).choices
            rows = measured(space, [*(row.point for row in rows), choice.point])
            if rows[-1].value == best:
                return count + 1
        return 31

    assert needed(earlier("pool")) < needed()


def test_a_source_that_cannot_be_used_is_left_out() -> None:
    good = earlier("continuous")
    flat = tuple(row.model_copy(update={"value": 1.0}) for row in good.rows)
    bad = Source(name="bad", trust="same", rows=flat)
    asked = situation("continuous", 8, bad, good)
    chosen = propose(asked, 1)
    assert chosen.state is not None
    assert [one["source"] for one in chosen.state["sources"]] == ["earlier"]
    assert any("prior bad left out" in note for note in chosen.notes)
    state = json.loads(json.dumps(chosen.state))
    (again,) = acquisition_of(asked, state, [chosen.choices[0].point])
    assert again == pytest.approx(chosen.choices[0].score, abs=1e-7)


@pytest.mark.parametrize("count", [0, 8])
def test_without_any_that_can_be_used_it_is_as_without_sources(count: int) -> None:
    rows = tuple(row.model_copy(update={"value": 1.0}) for row in earlier("continuous").rows)
    asked = situation("continuous", count, Source(name="bad", trust="same", rows=rows))
    chosen, alone = propose(asked, 1), propose(replace(asked, sources=()), 1)
    assert chosen.choices == alone.choices
    assert (chosen.kind, chosen.state) == (alone.kind, alone.state)
    assert any("no prior can be used" in note for note in chosen.notes)


def test_in_another_order_each_turn_still_tells_of_its_own_point() -> None:
    kind = "continuous"
    name = SPACES[kind].parameters[0].name
    cost = Cost(limit=100, unit="h", per_experiment=1, changeover=f"abs({name} - {name}_before)")
    asked = situation(kind, 4, earlier(kind))
    present = dict(asked.rows[0].point)
    asked = replace(asked, spending=Spending(cost=cost, left=100, present=present))
    chosen = propose(asked, 4)
    assert chosen.state is not None
    told = [key(turn["point"]) for turn in chosen.state["turns"]]
    assert sorted(told) == sorted(key(one.point) for one in chosen.choices)
