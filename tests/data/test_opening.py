"""Opening a store: addresses, folders, versions, upgrades, and what it costs to import."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from agent.core.actor import AGENT
from agent.core.trial import TrialStatus
from agent.data.address import check_folder, parse
from agent.data.engine import Database
from agent.data.store import Store
from agent.data.upgrade import upgrade
from agent.errors import LeaseHeld, MissingExtra, SchemaBehind, StoreError
from tests.contracts import store_world as w
from tests.data.newer import NEXT, NOW, newer_scripts

MOUNTS = """\
proc /proc proc rw 0 0
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/anna/local xfs rw 0 0
//nas/lab /mnt/lab\\040share cifs rw 0 0
tmpfs / tmpfs rw 0 0
short line
"""


@pytest.mark.parametrize(
    ("given", "regular"),
    [
        ("lab.db", "sqlite:///lab.db"),
        ("/data/lab.db", "sqlite:////data/lab.db"),
        ("sqlite:///lab.db", "sqlite:///lab.db"),
        ("sqlite://", "sqlite://"),
        ("postgresql://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgres://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgresql+psycopg://a@b/c", "postgresql+psycopg://a@b/c"),
    ],
)
def test_an_address_is_made_regular(given: str, regular: str) -> None:
    assert parse(given).render_as_string() == regular


@pytest.mark.parametrize("given", ["", "mysql://a@b/c", "postgresql+asyncpg://a@b/c", "://"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(StoreError) as refused:
        Store.open(given)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("mount", "refused"),
    [("here", ""), ("server:/x {} nfs4 rw 0 0", "nfs4"), ("//nas/x {} cifs rw 0 0", "cifs")],
)
def test_a_network_file_system_is_refused(tmp_path: Path, mount: str, refused: str) -> None:
    mounts = MOUNTS + mount.format(str(tmp_path.resolve()).replace(" ", "\\040"))
    if refused:
        with pytest.raises(StoreError, match=rf"\({refused}\).*PostgreSQL"):
            check_folder(tmp_path / "lab.db", mounts)
    else:
        check_folder(tmp_path / "lab.db", mounts)


def test_the_nearest_mount_counts(tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "local"
    folder.mkdir(parents=True)
    share = str(folder.parent.resolve()).replace(" ", "\\040")
    mounts = f"/dev/sda1 / ext4 rw 0 0\nnas:/x {share} nfs rw 0 0\n"
    with pytest.raises(StoreError):
        check_folder(folder / "lab.db", mounts)
    check_folder(folder / "lab.db", mounts + f"/dev/sdb1 {share}/local xfs rw 0 0\n")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no folder"):
        Store.open(str(tmp_path / "nowhere" / "lab.db"))


def test_a_store_is_made_once_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    with pytest.raises(StoreError, match="athanor store create"):
        Store.open(str(path), create=False)
    assert not path.exists()
    with Store.open(str(path)) as store:
        w.registered(store)
    with Store.open(f"sqlite:///{path}", create=False) as store:
        assert store.entry("suzuki") == w.entry()
        assert str(path) in repr(store)


def test_a_store_survives_a_power_cut(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "lab.db"))
    asked = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}
    with database.reading() as connection:
        for pragma, value in asked.items():
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    database.close()


def test_what_is_read_together_is_of_one_moment(tmp_path: Path) -> None:
    path = str(tmp_path / "lab.db")
    with Store.open(path) as store, Store.open(path) as other:
        w.proposed(w.registered(store), 1)
        with store.together():
            assert store.trial("t1").status is TrialStatus.PROPOSED
            with other.write(w.ANNA, w.NOW) as tx:
                tx.move_trial("t1", TrialStatus.CANCELLED, "meanwhile")
            assert store.sketch("c1").trials == {TrialStatus.PROPOSED: 1}
        assert store.sketch("c1").trials == {TrialStatus.CANCELLED: 1}


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mine (x)")
    with pytest.raises(StoreError, match="something else"):
        Store.open(str(path))
    path.write_text("these are words, and no database at all\n" * 40)
    with pytest.raises(StoreError, match="not a database"):
        Store.open(str(path))


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"athanor\[postgres\]"):
        Store.open("postgresql://a@b/c")


def test_versions_ahead_and_behind_are_refused(tmp_path: Path) -> None:
    url, scripts = str(tmp_path / "lab.db"), newer_scripts(tmp_path)
    Store.open(url).close()
    with pytest.raises(SchemaBehind, match="athanor store upgrade"):
        Store.open(url, scripts=scripts)
    upgrade(url, w.NOW, scripts=scripts)
    Store.open(url, scripts=scripts).close()
    for open_it in (lambda: Store.open(url), lambda: upgrade(url, w.NOW)):
        with pytest.raises(SchemaBehind, match="update the program"):
            open_it()


def test_an_upgrade_keeps_a_copy(tmp_path: Path) -> None:
    url, scripts = str(tmp_path / "lab.db"), newer_scripts(tmp_path)
    with Store.open(url) as store:
        w.approved(store, 1)
        before = store.journal("c1")
    done = upgrade(url, w.NOW, scripts=scripts)
    assert (done.before, done.after) == (NOW, NEXT)
    assert done.backup == f"{url}.bak-{NOW}-20250301T120000"
    with Store.open(str(done.backup)) as copy, Store.open(url, scripts=scripts) as store:
        assert copy.journal("c1") == store.journal("c1") == before
    again = upgrade(url, w.NOW, scripts=scripts)
    assert (again.before, again.backup) == (NEXT, None)


def test_an_upgrade_may_go_without_a_copy(tmp_path: Path) -> None:
    url, scripts = str(tmp_path / "lab.db"), newer_scripts(tmp_path)
    Store.open(url).close()
    assert upgrade(url, w.NOW, backup=False, scripts=scripts).backup is None
    assert not list(tmp_path.glob("*.bak-*"))


def test_an_upgrade_waits_for_who_is_at_work(tmp_path: Path) -> None:
    url, scripts = str(tmp_path / "lab.db"), newer_scripts(tmp_path)
    with Store.open(url) as store:
        w.registered(store)
        store.acquire("c1", w.ME, w.NOW, 60, lambda _: False)
    with pytest.raises(LeaseHeld, match="pid 10 on bench"):
        upgrade(url, w.NOW, scripts=scripts)
    assert not list(tmp_path.glob("*.bak-*"))
    assert upgrade(url, w.NOW + timedelta(seconds=60), scripts=scripts).after == NEXT


def test_there_must_be_something_to_upgrade(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    for url in ("sqlite://", str(tmp_path / "lab.db"), str(empty)):
        with pytest.raises(StoreError, match="no store"):
            upgrade(url, w.NOW)


def test_two_processes_may_make_it_at_the_same_moment(tmp_path: Path) -> None:
    words = f"from agent.data.store import Store; Store.open({str(tmp_path / 'lab.db')!r}).close()"
    both = [subprocess.Popen([sys.executable, "-c", words]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]


def test_stores_in_memory_are_apart() -> None:
    with Store.open("sqlite://") as one, Store.open("sqlite://") as other:
        w.registered(one)
        with one.write(AGENT, w.NOW) as tx:
            tx.number("c1", "trial")
        assert other.entries() == []


def test_to_open_a_store_is_light() -> None:
    words = """
import sys
from agent.data.store import Store
heavy = {"torch", "numpy", "pandas", "alembic", "psycopg", "prefect", "asyncpg"}
print(sorted(heavy & set(sys.modules)))
"""
    said = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
