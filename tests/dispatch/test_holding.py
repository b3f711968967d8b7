"""Holding a lease: the heart beats, and a lost lease is noticed by the next write."""

import threading
from datetime import datetime, timedelta

import pytest

from agent.core.actor import AGENT
from agent.core.register import Lease
from agent.data.store import Store
from agent.dispatch.holding import holding
from agent.errors import LeaseHeld, LeaseLost, StoreError
from tests.contracts.store_world import registered
from tests.loop.worlds import HERE, THERE, HandClock

TTL_S = 0.15


def expiry(store: Store) -> datetime:
    found = store.lease("c1")
    assert found is not None
    return found.expires_at


class Beats:
    """The store, telling of each renewal; the first `broken` of them fail."""

    def __init__(self, store: Store, broken: int = 0) -> None:
        self._store, self._broken = store, broken
        self.beat = threading.Semaphore(0)
        self.acquire, self.release = store.acquire, store.release

    def renew(self, lease: Lease, now: datetime, ttl_s: float) -> Lease:
        try:
            if self._broken:
                self._broken -= 1
                raise StoreError("the disk is busy")
            return self._store.renew(lease, now, ttl_s)
        finally:
            self.beat.release()


@pytest.mark.parametrize("broken", [0, 2])
def test_the_heart_keeps_the_lease(store: Store, clock: HandClock, broken: int) -> None:
    beats = Beats(registered(store), broken)
    with holding(beats, "c1", HERE, clock, TTL_S):  # type: ignore[arg-type]
        clock.sleep(3600.0)
        for _ in range(broken + 2):
            assert beats.beat.acquire(timeout=60)
        assert expiry(store) == clock.now() + timedelta(seconds=TTL_S)
        with pytest.raises(LeaseHeld):
            store.acquire("c1", THERE, clock.now(), 30, lambda _: False)
    assert expiry(store) < clock.now()
    assert not [one for one in threading.enumerate() if "_beat" in one.name]


def test_without_a_heart_it_expires_and_the_next_write_fails(
    store: Store, clock: HandClock
) -> None:
    registered(store)
    with holding(store, "c1", HERE, clock, 30, heartbeat=False) as lease:
        clock.sleep(31.0)
        taken = store.acquire("c1", THERE, clock.now(), 30, lambda _: False)
        assert taken.fence == lease.fence + 1
        with pytest.raises(LeaseLost), store.write(AGENT, clock.now(), lease) as tx:
            tx.record("c1", "said", "c1", {})
    assert store.lease("c1") == taken
    assert [line.event for line in store.journal("c1")] == ["campaign.registered"]


def test_the_heart_does_not_take_a_lost_lease_back(store: Store, clock: HandClock) -> None:
    beats = Beats(registered(store))
    with holding(beats, "c1", HERE, clock, TTL_S):  # type: ignore[arg-type]
        taken = store.acquire("c1", THERE, clock.now(), 30, lambda _: True)
        assert beats.beat.acquire(timeout=60)
        assert store.lease("c1") == taken
    assert store.lease("c1") == taken


def test_it_is_given_back_after_a_fault(store: Store, clock: HandClock) -> None:
    registered(store)
    with pytest.raises(ZeroDivisionError), holding(store, "c1", HERE, clock, heartbeat=False):
        raise ZeroDivisionError
    with holding(store, "c1", THERE, clock, heartbeat=False) as lease:
        assert lease.fence == 2
