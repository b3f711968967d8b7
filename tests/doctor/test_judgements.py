"""What the doctor says of facts: each trouble that it knows, with its mend."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.core.actor import Process
from agent.core.adapter import Health
from agent.core.register import Entry, JournalEntry, Lease
from agent.data.watching import Keeping
from agent.doctor import Finding, instruments, processes, store
from agent.doctor.packages import packages
from agent.doctor.processes import Answer, Running
from tests.contracts import store_world as w

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
HERE = Process(host="here", boot="b", pid=7, started="1")
WAL = {"journal_mode": "wal", "synchronous": "2"}
SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
NEEDS = [
    "fastapi<0.151,>=0.139",
    "httpx>=0.28",
    'whenever<0.9; python_version >= "3.13"',
    'sila2>=0.14; extra == "sila"',
    'pytest>=9; extra == "dev"',
]


def levels(found: object) -> list[str]:
    return [one.level for one in found]  # type: ignore[attr-defined]


def the_one(found: object, level: str) -> Finding:
    (one,) = [one for one in found if one.level == level]  # type: ignore[attr-defined]
    return one


def head(at: datetime) -> JournalEntry:
    return JournalEntry(
        campaign="c1",
        seq=9,
        at=at,
        by=w.ANNA,
        event="x",
        subject="c1",
        data={},
        previous="",
        hash="h",
    )


def test_versions_that_do_not_work_together_are_faults() -> None:
    there = {"fastapi": "0.165.0", "httpx": "0.28.1", "sila2": "0.14.0"}
    one = the_one(packages("3.11.7", ">=3.11", NEEDS, there.get), "fault")
    assert one.said == "fastapi 0.165.0 is not <0.151,>=0.139"
    assert one.mend == "pip install 'fastapi<0.151,>=0.139'"


def test_what_is_missing_is_a_fault_and_an_extra_a_note() -> None:
    found = list(packages("3.11.7", ">=3.11", NEEDS, {"fastapi": "0.150.0"}.get))
    assert the_one(found, "fault").said == "httpx is not installed"
    assert the_one(found, "note").mend == "if it is wanted: pip install 'athanor[sila]'"


def test_another_python_is_a_fault() -> None:
    there = {"fastapi": "0.150.0", "httpx": "0.28.1", "sila2": "0.14.0"}
    assert the_one(packages("3.10.2", ">=3.11", NEEDS, there.get), "fault").about == "python"


@pytest.mark.parametrize(
    ("kind", "file", "settings", "bad"),
    [
        ("sqlite", "/data/s.db", WAL, 0),
        ("sqlite", "/data/s.db", {**WAL, "journal_mode": "delete"}, 1),
        ("sqlite", "/data/s.db", {**WAL, "synchronous": "1"}, 1),
        ("sqlite", "", {"journal_mode": "memory", "synchronous": "2"}, 0),
        ("postgresql", "", SAFE, 0),
        ("postgresql", "", {**SAFE, "fsync": "off"}, 1),
        ("postgresql", "", {**SAFE, "synchronous_commit": "remote_apply"}, 0),
        ("postgresql", "", {**SAFE, "synchronous_commit": "off"}, 1),
    ],
)
def test_a_database_that_forgets_at_a_power_cut_is_a_fault(
    kind: str, file: str, settings: dict[str, str], bad: int
) -> None:
    found = store.kept(Keeping(kind=kind, file=file, settings=settings), None, NOW)
    assert levels(found).count("fault") == bad


@pytest.mark.parametrize(("free", "level"), [(50e9, "ok"), (0.5e9, "note"), (0.01e9, "fault")])
def test_room_on_the_disk(free: float, level: str) -> None:
    *_, last = store.kept(Keeping(kind="sqlite", file="/s.db", settings=WAL), free, NOW)
    assert last.level == level


@pytest.mark.parametrize(("apart", "level"), [(1.0, "ok"), (-20.0, "note")])
def test_the_database_s_clock_is_held_against_ours(apart: float, level: str) -> None:
    settings = {**SAFE, "now": str(NOW.timestamp() + apart)}
    *_, last = store.kept(Keeping(kind="postgresql", settings=settings), None, NOW)
    assert (last.about, last.level) == ("clock", level)


@pytest.mark.parametrize(
    ("ahead", "level"), [(-60, "ok"), (0.5, "ok"), (30, "note"), (7200, "fault")]
)
def test_a_clock_that_went_back(ahead: float, level: str) -> None:
    assert store.clock(NOW, {"c1": head(NOW + timedelta(seconds=ahead))}).level == level
    assert store.clock(NOW, {}).level == "ok"


@pytest.mark.parametrize(
    ("expires", "dead", "seen", "told"),
    [
        (timedelta(seconds=20), False, True, "is held by pid 7 on here"),
        (timedelta(seconds=20), True, True, "is dead"),
        (-timedelta(hours=2), True, True, "is dead"),
        (-timedelta(hours=2), False, True, "kill -CONT 7"),
        (-timedelta(hours=2), False, False, "look after that machine"),
    ],
)
def test_who_holds_a_campaign(expires: timedelta, dead: bool, seen: bool, told: str) -> None:
    lease = Lease(name="c1", holder=HERE, fence=3, expires_at=NOW + expires)
    (one,) = store.leases([lease], {"c1": "anneal"}, NOW, lambda _: dead, lambda _: seen)
    assert told in one.said + one.mend
    assert one.said.startswith("anneal")


def test_a_lease_that_was_given_back_is_no_news() -> None:
    given = Lease(name="c1", holder=HERE, fence=3, expires_at=datetime(1970, 1, 1, tzinfo=UTC))
    assert not list(store.leases([given], {}, NOW, lambda _: True, lambda _: True))


@pytest.mark.parametrize(("quiet", "notes"), [(timedelta(minutes=5), 0), (timedelta(hours=3), 1)])
def test_jobs_that_nobody_collects(quiet: timedelta, notes: int) -> None:
    entry = Entry(id="c1", name="anneal", at=NOW)
    found = list(store.abandoned(entry, [w.job(1)], head(NOW - quiet), None, NOW))
    assert len(found) == notes
    held = Lease(name="c1", holder=HERE, fence=1, expires_at=NOW + timedelta(seconds=9))
    assert not list(store.abandoned(entry, [w.job(1)], head(NOW - quiet), held, NOW))


@pytest.mark.parametrize(
    ("said", "level"),
    [
        (Health(state="ready"), "ok"),
        (Health(state="busy", reason="a night's work"), "ok"),
        (Health(state="locked", reason="by anna"), "note"),
        (Health(state="faulted", reason="door open"), "fault"),
        (Health(state="unreachable"), "fault"),
        ("no adapter is named 'nmr'", "fault"),
    ],
)
def test_how_an_instrument_answers(said: Health | str, level: str) -> None:
    one = instruments.health("furnace", ["anneal", "sinter"], said)
    assert one.level == level
    assert "furnace (of anneal, sinter)" in one.said


@pytest.mark.parametrize(
    ("url", "answer", "level"),
    [
        (None, Answer(), "ok"),
        ("http://p/api", Answer(version="3.8.2"), "ok"),
        ("http://p/api", Answer(version="3.6.0"), "note"),
        ("http://p/api", Answer(silence="ConnectError"), "fault"),
    ],
)
def test_prefect_s_server(url: str | None, answer: Answer, level: str) -> None:
    assert processes.server(url, answer, "3.8.8").level == level


def test_what_earlier_runs_have_left_behind() -> None:
    server = ("python", "-m", "uvicorn", "prefect.server.api.server:create_app")
    worker = ("/venv/bin/python", "/venv/bin/prefect", "worker", "start", "--pool", "athanor")
    found = [
        Running(1, 0, ("/sbin/init",)),
        Running(10, 1, server),
        Running(20, 30, server),
        Running(30, 1, ("/venv/bin/python", "/venv/bin/athanor", "run")),
        Running(40, 1, worker, "http://gone/api"),
        Running(50, 1, worker, "http://there/api"),
        Running(60, 1, ("vim", "worker", "start")),
    ]
    told = list(processes.leftovers(found, lambda url: "there" in url))
    assert [(one.level, one.mend[-2:]) for one in told] == [
        ("note", "10"),
        ("note", "40"),
        ("ok", ""),
    ]
