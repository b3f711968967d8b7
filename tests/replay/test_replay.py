"""Replay: the same bits from the same inputs, and a single altered row is seen."""

import sqlite3
import subprocess
import sys
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
