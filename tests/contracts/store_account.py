"""What every store does to stay believable: leases, the journal, append-only tables, races."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from agent.core.actor import AGENT, Process
from agent.core.lifecycle import Settling
from agent.data.store import Store
from agent.errors import (
    JournalBroken,
    LeaseHeld,
    LeaseLost,
    StoreError,
)
from tests.contracts import store_world as w
from tests.contracts.store_races import race

APPEND_ONLY = {
    "journal": "event = 'x'",
    "observations": "value = 99",
    "proposals": "why = 'x'",
    "decisions": "seed = 1",
    "judgements": "word = 'fault'",
    "reviews": "verdict = 'reject'",
    "revisions": "source = 'x'",
    "blobs": "media = 'x'",
    "approvals": "digest = 'x'",
}


def _nobody(_: Process) -> bool:
    return False


def _everybody(_: Process) -> bool:
    return True


@contextmanager
def as_owner(store: Store) -> Iterator[Connection]:
    """A transaction beside the program, as whoever has the database's password could open."""
    database = store._database  # noqa: SLF001
    with database.writing() as connection:
        yield connection


def unguard(connection: Connection, table: str) -> None:
    """Drop the triggers that keep `table` as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        return
    for verb in ("update", "delete"):
        connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))


class LeaseContract:
    """One at a time, and fences that never repeat."""

    def test_a_lease_is_held_until_it_expires(self, store: Store) -> None:
        assert store.lease("c1") is None
        mine = store.acquire("c1", w.ME, w.NOW, 60, _nobody)
        assert (mine.fence, mine.expires_at) == (1, w.NOW + timedelta(seconds=60))
        assert store.lease("c1") == mine
        assert store.leases() == [mine]
        with pytest.raises(LeaseHeld, match="pid 10 on bench until 2025-03-01 12:01:00"):
            store.acquire("c1", w.OTHER, w.NOW + timedelta(seconds=59), 60, _nobody)
        theirs = store.acquire("c1", w.OTHER, w.NOW + timedelta(seconds=60), 60, _nobody)
        assert (theirs.fence, theirs.holder) == (2, w.OTHER)

    def test_the_same_holder_and_the_heirs_of_a_dead_one_get_it(self, store: Store) -> None:
        store.acquire("c1", w.ME, w.NOW, 60, _nobody)
        assert store.acquire("c1", w.ME, w.NOW, 60, _nobody).fence == 2
        assert store.acquire("c1", w.OTHER, w.NOW, 60, _everybody).fence == 3
        assert store.acquire("instrument:robot", w.ME, w.NOW, 60, _nobody).fence == 1

    def test_a_renewed_lease_is_longer_and_a_lost_one_is_lost(self, store: Store) -> None:
        mine = store.acquire("c1", w.ME, w.NOW, 60, _nobody)
        longer = store.renew(mine, w.NOW + timedelta(seconds=30), 60)
        assert (longer.fence, longer.expires_at) == (1, w.NOW + timedelta(seconds=90))
        assert (mine.seen_at, longer.seen_at) == (w.NOW, w.NOW + timedelta(seconds=30))
        assert store.lease("c1") == longer
        store.acquire("c1", w.OTHER, w.LATER, 60, _nobody)
        with pytest.raises(LeaseLost):
            store.renew(longer, w.LATER, 60)

    def test_a_lease_given_back_is_free_and_its_fence_is_used_up(self, store: Store) -> None:
        mine = store.acquire("c1", w.ME, w.NOW, 60, _nobody)
        store.release(mine)
        left = store.lease("c1")
        assert left is not None
        assert left.expires_at < w.NOW == left.seen_at, "it tells when somebody was there last"
        theirs = store.acquire("c1", w.OTHER, w.NOW, 60, _nobody)
        assert theirs.fence == 2
        store.release(mine)
        assert store.lease("c1") == theirs

    def test_what_is_written_under_a_lost_lease_is_not(self, store: Store) -> None:
        w.registered(store)
        mine = store.acquire("c1", w.ME, w.NOW, 60, _nobody)
        with store.write(AGENT, w.NOW, mine) as tx:
            tx.record("c1", "mine", "", {})
        theirs = store.acquire("c1", w.OTHER, w.LATER, 60, _nobody)
        with pytest.raises(LeaseLost), store.write(AGENT, w.LATER, mine) as tx:
            tx.record("c1", "too late", "", {})
        with store.write(AGENT, w.LATER, theirs) as tx:
            tx.record("c1", "theirs", "", {})
        assert [line.event for line in store.journal("c1")][1:] == ["mine", "theirs"]

    def test_a_takeover_waits_for_who_is_writing(self, store: Store) -> None:
        w.registered(store)
        mine = store.acquire("c1", w.ME, w.NOW, 60, _nobody)
        with ThreadPoolExecutor(1) as pool:
            with store.write(AGENT, w.NOW, mine) as tx:
                theirs = pool.submit(store.acquire, "c1", w.OTHER, w.LATER, 60, _nobody)
                tx.record("c1", "mine", "", {})
                assert not theirs.done()
            assert theirs.result(30).fence == 2
        assert store.journal("c1")[-1].event == "mine"

    def test_a_lease_goes_to_one(self, store: Store) -> None:
        holders = [Process(host="h", boot="b", pid=pid, started="s") for pid in range(4)]

        def take(holder: Process) -> Any:
            return lambda: store.acquire("c1", holder, w.NOW, 60, _nobody)

        got = race(*map(take, holders))
        assert sum(isinstance(one, LeaseHeld) for one in got) == 3


class JournalContract:
    """Everything is told, in a chain."""

    def test_every_step_is_told(self, store: Store) -> None:
        w.intended(store, 1)
        w.moved(store, w.JobStatus.STARTED, w.JobStatus.DONE)
        with store.write(AGENT, w.LATER) as tx:
            tx.observe(w.observation(1))
            tx.settle("t1", Settling(("yield",), 3))
        lines = store.journal("c1")
        assert [line.event for line in lines] == [
            "campaign.registered",
            "decision.made",
            "trial.reviewed",
            "approval.given",
            "job.intended",
            "job.moved",
            "job.moved",
            "observation.made",
            "trial.moved",
        ]
        assert [line.seq for line in lines] == list(range(1, 10))
        assert [line.by for line in lines[:4]] == [w.ANNA, AGENT, w.ANNA, w.ANNA]
        assert store.verify("c1") == 9
        assert [line.seq for line in store.journal("c1", after=3, limit=2)] == [4, 5]
        newest = store.last_line("c1", "job.moved", lines[5].subject)
        assert newest == lines[6]
        assert store.last_line("c1", "job.moved", "t1") is None

    def test_chains_are_each_campaigns_own(self, store: Store) -> None:
        w.registered(store)
        w.registered(store, "c2", "heck")
        with store.write(AGENT, w.NOW) as tx:
            for campaign in ("c1", "c2", "c1"):
                tx.record(campaign, "adapter.unreachable", "robot", {"tries": 3, "wait": 2.0})
        assert (store.verify("c1"), store.verify("c2"), store.verify("c9")) == (3, 2, 0)

    @pytest.mark.parametrize(
        ("sql", "line"),
        [
            ("UPDATE journal SET event = 'nothing' WHERE seq = 2", 2),
            ("UPDATE journal SET at = '2025-03-01 12:00:01' WHERE seq = 3", 3),
            ("UPDATE journal SET hash = 'x' WHERE seq = 1", 1),
            ("DELETE FROM journal WHERE seq = 2", 2),
            ("DELETE FROM journal WHERE seq = 1", 1),
        ],
    )
    def test_an_altered_line_is_found(self, store: Store, sql: str, line: int) -> None:
        w.registered(store)
        with store.write(AGENT, w.NOW) as tx:
            for name in ("a", "b", "c"):
                tx.record("c1", name, "", {"n": 1})
        with as_owner(store) as connection:
            unguard(connection, "journal")
            connection.execute(text(sql))
        with pytest.raises(JournalBroken, match=f"line {line} "):
            store.verify("c1")

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE observations SET value = value + 1",
            "UPDATE judgements SET reason = 'nothing'",
            "UPDATE reviews SET verdict = 'edit'",
            "UPDATE decisions SET seed = seed + 1",
            "UPDATE proposals SET why = 'nothing'",
            "UPDATE revisions SET source = 'nothing'",
            "DELETE FROM observations",
        ],
    )
    def test_an_altered_fact_is_found(self, store: Store, sql: str) -> None:
        w.ended(store, w.JobStatus.FAILED)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.judge(w.judgement())
        with store.write(AGENT, w.NOW) as tx:
            tx.observe(w.observation(1))
        assert store.verify("c1") > 0
        table = sql.split()[2 if sql.startswith("DELETE") else 1]
        with as_owner(store) as connection:
            unguard(connection, table)
            assert connection.execute(text(sql)).rowcount
        with pytest.raises(JournalBroken, match=table.removesuffix("s")):
            store.verify("c1")

    @pytest.mark.parametrize("table", APPEND_ONLY)
    def test_what_was_written_stays(self, store: Store, table: str) -> None:
        w.ended(store, w.JobStatus.FAILED)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.judge(w.judgement())
        with store.write(AGENT, w.NOW) as tx:
            tx.observe(w.observation(1))
            tx.put_blob(b"raw", "text/plain")
        for sql in (f"UPDATE {table} SET {APPEND_ONLY[table]}", f"DELETE FROM {table}"):
            refused = pytest.raises(StoreError, match=r"append-only|is not")
            with refused, as_owner(store) as connection:
                connection.execute(text(sql))

    @pytest.mark.parametrize("document", ["[1, 2]", "7"])
    def test_a_record_of_another_shape_is_named(self, store: Store, document: str) -> None:
        w.approved(store, 1)
        with as_owner(store) as connection:
            connection.execute(text(f"UPDATE trials SET point = '{document}'"))
        with pytest.raises(StoreError, match="a trial in the store"):
            store.trials("c1")
