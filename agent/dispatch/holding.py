"""Holding a campaign's lease while steps are taken, with a heartbeat that keeps it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from agent.core.actor import Process
from agent.core.clock import Clock
from agent.core.register import Lease
from agent.data.store import Store
from agent.dispatch.process import known_dead
from agent.errors import LeaseLost, StoreError

TTL_S = 30.0
"""Seconds after which a silent holder may be taken over; a holder known dead, at once."""


@contextmanager
def holding(
    store: Store,
    name: str,
    me: Process,
    clock: Clock,
    ttl_s: float = TTL_S,
    *,
    heartbeat: bool = True,
) -> Iterator[Lease]:
    """The lease on `name`, renewed every third of `ttl_s` until the block is left.

    Losing it is not noticed here but where it matters: the next write under it fails.

    Raises:
        LeaseHeld: somebody else holds it.
    """
    lease = store.acquire(name, me, clock.now(), ttl_s, known_dead)
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(store, lease, clock, ttl_s, done), daemon=True)
    if heartbeat:
        beat.start()
    try:
        yield lease
    finally:
        done.set()
        if heartbeat:
            beat.join(timeout=ttl_s)
        store.release(lease)


def _beat(store: Store, lease: Lease, clock: Clock, ttl_s: float, done: threading.Event) -> None:
    while not done.wait(ttl_s / 3):
        try:
            store.renew(lease, clock.now(), ttl_s)
        except LeaseLost:
            return
        except StoreError:
            continue
