"""The report of a campaign in a store."""

from pathlib import Path

import pytest

from agent.core.register import Entry, Revision
from agent.data.store import Store
from agent.errors import NotFound
from agent.report import write
from tests.report.pages import Page
from tests.report.worlds import ANNA, START, alloy_campaign, alloy_pool, simple


@pytest.fixture
def store() -> Store:
    return Store.open("sqlite://")


def test_of_a_campaign_just_registered(store: Store, tmp_path: Path) -> None:
    campaign = simple().campaign
    entry = Entry(id="c", name=campaign.name, at=START)
    document = campaign.model_dump(mode="json")
    revision = Revision(campaign="c", number=1, document=document, source="", by=ANNA, at=START)
    with store.write(ANNA, START) as tx:
        tx.register(entry, revision)
    path = write(store, "simple", tmp_path / "report.html", START)
    found = Page(path.read_text(encoding="utf-8"))
    assert found.title.startswith("Nothing is measured yet.")
    assert "Revision 1, 2026-03-02 08:00 UTC, by anna" in found.words("campaign")
    assert "the hash of the last is" in found.words("")


def test_pools_are_read(store: Store, tmp_path: Path) -> None:
    with store.write(ANNA, START) as tx:
        sha = tx.put_blob(alloy_pool().model_dump_json().encode(), "application/json")
        campaign = alloy_campaign()
        crystal = campaign.parameters[0]
        pool = crystal.pool.model_copy(update={"sha256": sha})
        crystal = crystal.model_copy(update={"pool": pool})
        document = campaign.model_copy(update={"parameters": (crystal,)}).model_dump(mode="json")
        revision = Revision(campaign="c", number=1, document=document, source="", by=ANNA, at=START)
        tx.register(Entry(id="c", name="b2-alloys", at=START), revision)
    path = write(store, "b2-alloys", tmp_path / "report.html", START)
    assert "66 candidates" in Page(path.read_text(encoding="utf-8")).words("campaign")


def test_of_a_campaign_that_is_not_there(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        write(store, "nobody", tmp_path / "report.html", START)
    assert not (tmp_path / "report.html").exists()
