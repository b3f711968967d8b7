"""Stores of earlier days are upgraded, verified, resumed and replayed."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from agent.assemble import SystemClock, laboratory
from agent.core.job import JobStatus
from agent.data.store import Store
from agent.data.upgrade import upgrade
from agent.errors import LeaseHeld
from agent.loop import run_rounds
from agent.replay import replay
from agent.resolved import campaign_of
from agent.standing import stand

FILES = sorted((Path(__file__).parent / "stores").glob("*.db"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A copy of an old store, brought up to this program."""
    copy = tmp_path / "old.db"
    shutil.copy(request.param, copy)
    upgrade(str(copy), SystemClock().now())
    return str(copy)


def test_there_is_one():
    assert FILES


def test_its_journals_hold_and_its_decisions_replay(kept):
    with Store.open(kept) as store:
        for entry in store.entries():
            assert store.verify(entry.id) > 10
            verdicts = Counter(one.verdict for one in replay(store, entry.name))
            assert verdicts.total() >= 3
            assert not verdicts["different"], entry.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_while_somebody_takes_steps_in_it_it_is_left_as_it_is(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "old.db"
    shutil.copy(path, copy)
    now = SystemClock().now()
    with closing(sqlite3.connect(copy)) as old, old:
        old.execute("UPDATE leases SET expires_at = '2999-01-01 00:00:00.000000'")
    with pytest.raises(LeaseHeld, match=r"is held by pid \d+ on .* until 2999-01-01"):
        upgrade(str(copy), now)
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_its_campaigns_go_on(kept):
    with Store.open(kept) as store:
        states = {}
        for entry in store.entries():
            lab = laboratory(store, campaign_of(store, entry.id))
            states[entry.name] = run_rounds(lab, entry.name, lambda result: None, wait=False).state
            standing = stand(store, entry.name, SystemClock().now())
            assert standing.use.experiments <= (standing.campaign.budget.experiments or 0)
            assert not standing.jobs_in(JobStatus.UNKNOWN)
    assert states == {"finished": "finished", "middle": "finished", "waiting": "waiting"}
