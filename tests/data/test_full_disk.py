"""A store on a disk that is full, for real: a small one is mounted, and filled by another file."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.core.actor import Actor
from agent.data.store import Store
from agent.errors import StoreError
from tests.lab.disk import SmallDisk, damaged, no_disk

ANNA, NOW = Actor(kind="person", name="anna"), datetime(2026, 3, 1, tzinfo=UTC)
KIB = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    why_not = no_disk(tmp_path / "disk")
    if why_not is not None:
        pytest.skip(why_not)
    with SmallDisk(tmp_path / "disk", mib=8) as mounted:
        yield mounted


def written(store: Store, number: int, kib: int) -> str | None:
    """Write a word of an instrument and a blob in one transaction; the blob's hash, None if that failed."""
    content = random.Random(number).randbytes(kib * KIB)
    try:
        with store.write(ANNA, NOW) as tx:
            tx.hold(f"furnace{number}", "its lamp is out")
            return tx.put_blob(content, "application/octet-stream")
    except StoreError as error:
        told = error
    assert "disk" in told.message
    assert told.hint.startswith("the disk is full or broken: free some space")
    return None


def sound(file: Path, kept: dict[int, str | None], kib: int) -> None:
    """All of a transaction is there if it was said to be written, and nothing of it if not."""
    assert not damaged(str(file))
    with Store.open(str(file), create=False) as store:
        for number, blob in kept.items():
            assert len(store.holds(f"furnace{number}")) == (blob is not None)
            if blob is not None:
                assert store.blob(blob) == random.Random(number).randbytes(kib * KIB)


def test_a_commit_for_which_there_is_no_room_is_written_whole_or_not_at_all(
    disk: SmallDisk,
) -> None:
    """The room ends before, in, and after each page that the commit adds to the write-ahead log."""
    file, kept = disk.folder / "lab.db", {}
    with Store.open(str(file)) as store:
        for number in range(40):
            disk.fill(left_kib=4 * number)
            kept[number] = written(store, number, kib=80)
            disk.free()
        assert written(store, 40, kib=80), "it goes on, on the same connection"
    assert kept[0] is None
    assert kept[39] is not None
    sound(file, kept, kib=80)


def test_what_was_written_stays_when_the_disk_runs_full_by_it(disk: SmallDisk) -> None:
    """The log is written back into the file on the way, for which there may be no room either."""
    file, kept = disk.folder / "lab.db", {}
    with Store.open(str(file)) as store:
        for number in range(200):
            kept[number] = written(store, number, kib=60)
            if kept[number] is None:
                break
    assert number > 20
    assert kept[number] is None
    sound(file, kept, kib=60)
