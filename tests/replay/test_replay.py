"""Replay: the same bits from the same inputs, and a single altered row is seen."""

import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from agent.data.store import Store
from agent.replay import counterfactual, replay
from tests.commands.conftest import QUICK
from tests.replay.ran import ran

GP = QUICK.replace("name: random}", "initial: {size: 3}}").replace(
    "experiments: 4", "experiments: 7"
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished campaign with four decisions of a model, in a file."""
    return ran(tmp_path_factory.mktemp("replay"), GP)


def test_every_decision_is_identical(kept):
    with Store.open(str(kept)) as store:
        verdicts = list(replay(store, "quick"))
    assert [one.verdict for one in verdicts] == ["identical"] * 7
    assert {one.kind for one in verdicts} == {"initial", "model"}


BREAKING = """\
name: breaking
parameters:
  - {name: x1, type: continuous, low: 0, high: 6}
  - {name: x2, type: continuous, low: 0, high: 6}
objectives:
  - {name: value, unit: "1", goal: minimise}
budget: {experiments: 12}
policy: {initial: {size: 5}}
execution: {adapter: function, settings: {function: gardner, unit: "1"}}
seed: 3
"""


def test_what_was_learnt_from_failures_is_computed_again(tmp_path):
    path = ran(tmp_path, BREAKING)
    with Store.open(str(path)) as store:
        decided = store.decisions(store.entry("breaking").id)
        told = [one for one in decided if one.kind == "model"]
        assert any(one.infeasible for one in told)
        assert all("feasibility" in one.state for one in told if one.infeasible)
        assert [one.verdict for one in replay(store, "breaking")] == ["identical"] * 12
    change = (
        "update jobs set failure = 'instrument' where id in "
        "(select id from jobs where failure = 'infeasible' limit 1)"
    )
    with Store.open(str(altered(path, tmp_path, change))) as store:
        # A decision holds what it learnt from: a job that is altered afterwards changes none of it.
        assert {one.verdict for one in replay(store, "breaking")} == {"identical"}


LIMITED = """\
name: limited
parameters:
  - {name: x, type: continuous, low: 0, high: 9, unit: mm}
objectives:
  - {name: mass, unit: mg, goal: maximise}
budget: {experiments: 7}
policy: {initial: {size: 4}}
review: {mode: none}
execution:
  adapter: table
  settings: {file: limited.csv, match: nearest, objectives: {mass: {unit: mg}}}
"""


def test_what_was_learnt_from_bounds_is_computed_again(tmp_path):
    masses = ["<0.5", "<0.5", "<0.5", "<0.5", 5, 8, 9, 8, 5, "<0.5"]
    rows = [f"{x},{mass}" for x, mass in enumerate(masses)]
    (tmp_path / "limited.csv").write_text("\n".join(["x,mass", *rows]))
    path = ran(tmp_path, LIMITED)
    with Store.open(str(path)) as store:
        decided = store.decisions(store.entry("limited").id)
        assert any("bounds" in (one.state or {}) for one in decided)
        assert {one.verdict for one in replay(store, "limited")} == {"identical"}
    change = (
        "update observations set high = high + 0.001 where id in "
        "(select id from observations where high is not null limit 1)"
    )
    with Store.open(str(altered(path, tmp_path, change))) as store:
        last = list(replay(store, "limited"))[-1]
        assert last.verdict == "different"


SOON = """\
name: soon
parameters:
  - {name: x1, type: continuous, low: -5, high: 10}
  - {name: x2, type: continuous, low: 0, high: 15}
objectives:
  - {name: value, unit: mV, goal: minimise}
budget: {experiments: 40}
stop: {left_to_gain: 100, confidence: 90}
policy: {initial: {size: 4}}
execution: {adapter: function, settings: {function: branin, unit: mV}}
"""


def test_a_decision_to_end_is_one_and_computed_again(tmp_path):
    path = ran(tmp_path, SOON)
    with Store.open(str(path)) as store:
        entry = store.entry("soon")
        assert entry.status == "finished"
        assert entry.reason.startswith("no more than ")
        assert "mV is left to gain (90 % confidence" in entry.reason
        *before, last = store.decisions(entry.id)
        assert last.choices == ()
        assert last.notes[-1] == entry.reason
        assert all(one.choices for one in before)
        assert len(before) < 40
        assert {one.verdict for one in replay(store, "soon")} == {"identical"}


def test_a_fresh_process_gives_the_same_bits(kept):
    code = (
        "import sys; from agent.data.store import Store; from agent.replay import replay\n"
        "import torch; torch.rand(7)\n"  # another state of the global generator
        "print({one.verdict for one in replay(Store.open(sys.argv[1]), 'quick')})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(kept)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{'identical'}"


def altered(kept: Path, tmp_path: Path, statement: str) -> Path:
    """A copy in which somebody with the rights of the database has changed a fact."""
    copy = tmp_path / "altered.db"
    with sqlite3.connect(kept) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    with sqlite3.connect(copy) as database:
        for (name,) in database.execute(
            "select name from sqlite_master where type = 'trigger'"
        ).fetchall():
            database.execute(f'drop trigger "{name}"')
        assert database.execute(statement).rowcount == 1
    return copy


def test_a_decision_of_before_there_were_grounds_is_identical(kept, tmp_path):
    change = "update decisions set choices = json_remove(choices, '$[0].grounds') where number = 5"
    with Store.open(str(altered(kept, tmp_path, change))) as store:
        assert store.decisions(store.entry("quick").id)[4].choices[0].grounds is None
        assert {one.verdict for one in replay(store, "quick")} == {"identical"}


def test_altered_grounds_are_seen(kept, tmp_path):
    change = (
        "update decisions set choices = json_set(choices, '$[0].grounds.influences[0].moved', 9.5) "
        "where number = 5"
    )
    with Store.open(str(altered(kept, tmp_path, change))) as store:
        verdicts = {one.number: one.verdict for one in replay(store, "quick")}
    assert [number for number, verdict in verdicts.items() if verdict != "identical"] == [5]


def test_one_altered_row_is_seen(kept, tmp_path):
    change = "update observations set value = value + 0.001 where id like '%-O000002'"
    copy = altered(kept, tmp_path, change)
    with Store.open(str(copy)) as store:
        verdicts = list(replay(store, "quick"))
    assert {one.verdict for one in verdicts if one.kind == "model"} == {"different"}


def test_another_machine_is_held_to_the_same_points_only(kept, tmp_path):
    copy = altered(kept, tmp_path, "update decisions set state = '{}' where number = 5")
    with Store.open(str(copy)) as store:
        here = {one.number: one.verdict for one in replay(store, "quick")}
        there = {
            one.number: one.verdict for one in replay(store, "quick", {"processor": "another"})
        }
    assert here[5] == "different"
    assert there[5] == "equivalent"
    assert there[4] == "identical"


def test_what_another_policy_would_have_asked_for(kept):
    with Store.open(str(kept)) as store:
        same = list(counterfactual(store, "quick", "expected_improvement"))
        other = list(counterfactual(store, "quick", "uncertainty"))
    assert len(same) == len(other) == 4
    assert all(one.same for one in same)
    assert not all(one.same for one in other)


BY_AX = GP.replace("initial: {size: 3}", "strategy: ax, initial: {size: 3}")


@pytest.mark.skipif(find_spec("ax") is None, reason="Ax is an extra")
def test_what_ax_has_chosen_is_computed_again(tmp_path):
    path = ran(tmp_path, BY_AX)
    with Store.open(str(path)) as store:
        decided = store.decisions(store.entry("quick").id)
        assert [one.state["kind"] for one in decided if one.kind == "model"] == ["ax"] * 4
        assert {one.verdict for one in replay(store, "quick")} == {"identical"}
        (*_, own) = counterfactual(store, "quick", "expected_improvement")
        assert own.instead[0].acquisition == "expected_improvement"
    change = (
        "update observations set value = value + 0.5 where id in (select min(id) from observations)"
    )
    with Store.open(str(altered(path, tmp_path, change))) as store:
        assert list(replay(store, "quick"))[-1].verdict == "different"


@pytest.mark.skipif(find_spec("ax") is None, reason="Ax is an extra")
def test_ax_can_be_asked_what_it_would_have_chosen(kept):
    with Store.open(str(kept)) as store:
        (*_, last) = counterfactual(store, "quick", "ax")
    assert last.instead[0].why.startswith("the choice of Ax")
