"""Exports of experiments of several steps: what was made, where it lies, and where and when each step was done."""

from collections.abc import Iterator

import pandas as pd
import pytest

from agent.core.adapter import Outcome
from agent.core.job import Job
from agent.data.store import Store
from agent.exchange import frame
from tests.exchange.world import NOW, add
from tests.loop.shop import Shop, open_shop
from tests.loop.worlds import FURNACE, READER, HandClock


@pytest.fixture
def shop(clock: HandClock) -> Iterator[Shop]:
    with Store.open("sqlite://") as store:
        made = open_shop(store, clock)
        made.furnace.seconds, made.reader.seconds = 20, 5
        yield made


def table(shop: Shop) -> pd.DataFrame:
    return frame(shop.world.store, "world", shop.world.clock.now())


def test_each_step_has_its_instrument_and_its_times(shop: Shop) -> None:
    def ending(job: Job) -> Outcome:
        return Outcome(state="done", places=dict.fromkeys(job.trials, "slot 3"))

    shop.furnace.ending = ending
    shop.world.run()
    row = table(shop).iloc[0]
    assert (row["sample"], row["place"]) == ("world-001", "slot 3")
    assert (row["anneal on"], row["read on"]) == (FURNACE, READER)
    heated, read = shop.world.jobs()[:2]
    assert heated.started_at and read.started_at and read.ended_at
    assert row["anneal started at"] == row["started at"] == heated.started_at.isoformat()
    assert row["read started at"] == read.started_at.isoformat()
    assert row["read ended at"] == row["ended at"] == read.ended_at.isoformat()
    assert row["job"] == read.id


def test_a_step_that_was_not_done_has_empty_cells(shop: Shop) -> None:
    shop.furnace.seconds = 1e6
    shop.world.run(patience=2)
    row = table(shop).iloc[0]
    assert (row["sample"], row["anneal on"], row["read on"]) == ("", FURNACE, "")
    assert row["read started at"] == ""


def test_an_experiment_of_one_step_has_no_such_columns(store: Store) -> None:
    add(store, 1, [{"objective": "yield_", "value": 60.0}])
    columns = frame(store, "suzuki", NOW).columns
    assert "started at" in columns and "sample" not in columns
    assert not [name for name in columns if name.endswith(" on")]
