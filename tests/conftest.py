"""What whole campaigns need: a clock turned by hand, a store in memory, and a maker of worlds."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from agent.data.store import Store
from tests.loop.worlds import HandClock, World, world

pytest.register_assert_rewrite("adapters.testing")

os.environ["COLUMNS"] = "200"
"""Lines are as long here, whoever runs the tests and wherever."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background jobs ignore interrupts, and what the tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def clock() -> HandClock:
    """A clock that goes on only when somebody sleeps."""
    return HandClock()


@pytest.fixture
def store() -> Iterator[Store]:
    """An empty store in memory."""
    with Store.open("sqlite://") as opened:
        yield opened


@pytest.fixture
def make_world(store: Store, clock: HandClock) -> Callable[..., World]:
    """Registers a campaign, and puts a laboratory round it: see `tests.loop.worlds.world`."""

    def made(**given: object) -> World:
        return world(store, clock, **given)

    return made
