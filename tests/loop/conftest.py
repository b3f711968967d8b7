"""Fixtures of whole campaigns."""

from functools import partial

import pytest

from agent.data.store import Store
from tests.loop.shop import Make, open_shop
from tests.loop.worlds import HandClock


@pytest.fixture
def make_shop(store: Store, clock: HandClock) -> Make:
    """Opens a shop: names of furnaces, and what is otherwise in its campaign."""
    return partial(open_shop, store, clock)
