"""`athanor doctor` and `athanor metrics` on real stores."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from agent.core.actor import Actor
from agent.core.job import JobStatus
from agent.data.store import Store
from tests.commands.conftest import QUICK, Athanor
from tests.lab.running import RULES
from tests.lab.running import campaign as fire

Found = list[dict[str, str]]
ANNA = Actor(kind="person", name="anna")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the surroundings is looked at."""
    for name in ("PREFECT_API_URL", "ATHANOR_OPERATORS"):
        monkeypatch.delenv(name, raising=False)


def findings(athanor: Athanor, *options: str, code: int = 0) -> Found:
    told: Found = json.loads(athanor("doctor", "--json", *options, code=code).output)
    return told


def faults(found: Found, about: str) -> list[str]:
    return [one["said"] for one in found if one["level"] == "fault" and one["about"] == about]


@pytest.fixture
def packages_apart(athanor: Athanor) -> list[str]:
    """What this very environment has wrong, which is not what is tested here."""
    told = json.loads(athanor("doctor", "--json", code=None).output)
    return faults(told, "packages")


def code_for(found: list[str]) -> int:
    return 1 if found else 0


def test_without_a_store_it_is_a_note(athanor: Athanor, packages_apart: list[str]) -> None:
    found = findings(athanor, code=code_for(packages_apart))
    (one,) = [one for one in found if one["about"] == "store"]
    assert one["level"] == "note"
    assert "athanor run FILE" in one["mend"]


def test_a_sound_store(athanor: Athanor, quick: Path, packages_apart: list[str]) -> None:
    athanor("run", str(quick), "--direct")
    found = findings(athanor, code=code_for(packages_apart))
    assert {one["level"] for one in found if one["about"] in {"store", "clock"}} == {"ok"}
    told = " ".join(one["said"] for one in found)
    assert "the chain holds" in told
    assert "journal_mode is wal" in told
    assert "none is held" in told
    shown = athanor("doctor", code=None).output
    assert "ok    store" in shown


def test_an_altered_journal_is_a_fault(athanor: Athanor, quick: Path, store: str) -> None:
    athanor("run", str(quick), "--direct")
    with sqlite3.connect(store) as raw:
        triggers = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            raw.execute(f'DROP TRIGGER "{name}"')
        raw.execute("UPDATE journal SET subject = 'x' WHERE seq = 3")
    assert "line 3 of the journal" in faults(findings(athanor, code=1), "store")[0]


def test_what_is_no_store_is_a_fault(athanor: Athanor, store: str) -> None:
    Path(store).write_text("a shopping list " * 100)
    assert faults(findings(athanor, code=1), "store")


def test_an_operators_file_that_cannot_be_read_is_a_fault(
    athanor: Athanor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATHANOR_OPERATORS", str(tmp_path / "none.yaml"))
    assert "cannot be used" in faults(findings(athanor, code=1), "operators")[0]


def test_each_fault_of_the_operators_file_is_told(
    athanor: Athanor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "operators.yaml"
    file.write_text("unatended: [bench]\ninstruments: {bench: {limits: {x: {low: 0}}}}\n")
    monkeypatch.setenv("ATHANOR_OPERATORS", str(file))
    told = faults(findings(athanor, code=1), "operators")
    assert any("unatended" in one for one in told)
    assert any("signed" in one for one in told)
    assert len(told) >= 3


def test_a_machine_without_signed_limits_is_a_fault(
    athanor: Athanor, quick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its campaign was entered while there were limits; they are gone."""
    file, campaign = tmp_path / "operators.yaml", tmp_path / "fire.yaml"
    allowed = {"adapters": {"lab": "tests.lab.adapter:LabAdapter"}, "unattended": ["lab"]}
    file.write_text(yaml.safe_dump({**allowed, "instruments": {"lab": RULES}}))
    campaign.write_text(yaml.safe_dump(fire("http://127.0.0.1:9"), sort_keys=False))
    monkeypatch.setenv("ATHANOR_OPERATORS", str(file))
    athanor("run", str(campaign), "--direct", "--no-wait", code=None)
    assert not faults(findings(athanor, code=1), "operators")
    file.write_text(yaml.safe_dump(allowed))
    found = findings(athanor, code=1)
    assert "have signed no limits" in faults(found, "operators")[0]
    assert "unreachable" in faults(found, "instrument")[0]


def test_a_server_of_prefect_that_is_not_there_is_a_fault(
    athanor: Athanor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert "no answer" in faults(findings(athanor, code=1), "prefect")[0]


@pytest.fixture
def sheets(athanor: Athanor, tmp_path: Path) -> Path:
    """A campaign whose sheets lie at a bench."""
    folder = tmp_path / "sheets"
    folder.mkdir()
    text = QUICK.replace(
        "execution: {adapter: function, settings: {function: branin}}",
        f"execution: {{adapter: files, settings: {{folder: {folder}}}}}",
    )
    file = tmp_path / "bench.yaml"
    file.write_text(text)
    athanor("run", str(file), "--direct", "--no-wait", code=3)
    athanor("review", "quick", "--approve", "all")
    athanor("run", "quick", "--direct", "--no-wait", code=4)
    return folder


def test_an_instrument_that_is_gone_is_a_fault(athanor: Athanor, sheets: Path) -> None:
    sheets.rename(sheets.with_name("elsewhere"))
    (said,) = faults(findings(athanor, code=1), "instrument")
    assert said.startswith("files (of quick)")
    assert not faults(findings(athanor, "--no-instruments", code=None), "instrument")


def test_a_held_instrument_is_a_note(athanor: Athanor, sheets: Path) -> None:
    athanor("instrument", "hold", "files", "--reason", "cleaning", "--by", "anna")
    found = json.loads(athanor("doctor", "--json", code=None).output)
    (one,) = [one for one in found if one["level"] == "note" and one["about"] == "instrument"]
    assert one["said"] == "files is held by anna: cleaning"
    assert "athanor instrument release files" in one["mend"]


def test_a_job_in_doubt_is_a_fault(athanor: Athanor, sheets: Path, store: str) -> None:
    with Store.open(store) as opened:
        (job,) = opened.jobs(opened.entry("quick").id)
        agent = Actor(kind="agent", name="athanor")
        with opened.write(agent, datetime.now(UTC)) as tx:
            tx.move_job(job.id, JobStatus.UNKNOWN, message="the sheet is gone")
    (said,) = faults(findings(athanor, code=1), "job")
    assert job.id in said and "the sheet is gone" in said


def test_metrics_are_what_prometheus_reads(athanor: Athanor, quick: Path) -> None:
    athanor("run", str(quick), "--direct")
    text = athanor("metrics").output
    families = {one.name for one in text_string_to_metric_families(text)}
    assert {"athanor_up", "athanor_campaign_state", "athanor_instrument_jobs"} <= families


def test_run_tells_the_journal_as_it_goes(athanor: Athanor, quick: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    athanor("run", str(quick), "--direct", "--log-file", str(log))
    told = [json.loads(line) for line in log.read_text().splitlines()]
    lines = json.loads(athanor("store", "journal", "quick", "--last", "999", "--json").output)
    assert [one["seq"] for one in told] == [one["seq"] for one in lines]
    assert told[0]["event"] == "campaign.registered"
    shown = athanor("run", str(quick), "--direct", "--log", "json").stderr
    assert shown == "", "it has ended: nothing more is written"
