"""`athanor instrument …` and `athanor stop --emergency`: what people say of instruments."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.commands.instruments import moment
from agent.errors import GateError, LifecycleError, NotFound, StoreError
from tests.commands.conftest import QUICK, Athanor

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A campaign of people at a bench."""
    (tmp_path / "bench").mkdir()
    text = QUICK.replace(
        "execution: {adapter: function, settings: {function: branin}}",
        f"execution: {{adapter: files, instrument: bench, settings: {{folder: {tmp_path / 'bench'}}}}}",
    )
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    return path


def test_it_is_held_listed_and_released(athanor: Athanor, quick: Path) -> None:
    assert (
        "No instrument" in athanor("store", "create").output + athanor("instrument", "list").output
    )
    athanor("run", str(quick), "--direct")
    assert "free" in athanor("instrument", "list").output
    held = athanor("instrument", "hold", "function", "--reason", "lamp out", "--by", "anna").output
    assert "function is held by anna: lamp out" in held
    listed = athanor("instrument", "list").output
    assert "held" in listed and "lamp out (anna)" in listed
    assert "lamp out" in athanor("status", "quick").output
    athanor("instrument", "release", "function", "--reason", "new lamp")
    assert "free" in athanor("instrument", "list").output


def test_what_it_has_read_since_it_was_not_right_is_made_void(
    athanor: Athanor, quick: Path
) -> None:
    athanor("run", str(quick), "--direct")
    athanor("instrument", "hold", "function", "--reason", "odd values", "--by", "anna")
    told = ("instrument", "release", "function", "--reason", "needle cleaned", "--by", "anna")
    with pytest.raises(StoreError, match="is to come"):
        athanor(*told, "--void-since", "2099-01-01T00:00")
    said = athanor(*told, "--void-since", "1 h").output
    assert "quick, trial 1: value" in said and "is void" in said
    assert "function is released: needle cleaned" in said
    assert "best      –" in athanor("status", "quick").output


def test_a_campaign_waits_for_a_held_one(athanor: Athanor, bench: Path) -> None:
    athanor("run", str(bench), "--direct", "--no-wait", code=3)
    athanor("instrument", "hold", "bench", "--reason", "cleaning", "--until", "8 h", "--by", "anna")
    told = athanor("status", "quick").output
    assert "bench is held by anna until" in told
    assert "athanor instrument release bench" in told


def test_whose_turn_it_is_is_told(
    athanor: Athanor, bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(bench.read_text().replace("name: quick", "name: other"))
    for file, name in ((bench, "quick"), (other, "other")):
        athanor("run", str(file), "--direct", "--no-wait", code=3)
        athanor("review", name, "--approve", "all", "--by", "anna")
    assert "gives way" not in athanor("status", "quick").output
    operators = tmp_path / "operators.yaml"
    operators.write_text("instruments: {bench: {share: {priority: {other: 10}}}}")
    monkeypatch.setenv("ATHANOR_OPERATORS", str(operators))
    assert "other has priority 10" in athanor("check", "--operators", str(operators)).output
    listed = athanor("instrument", "list").output
    assert "next on bench: other: its priority is 10, not 0" in listed
    assert "then: quick" in listed
    told = athanor("status", "quick").output
    assert "bench: gives way to other, until" in told
    assert "gives way" not in athanor("status", "other").output
    (as_json,) = json.loads(athanor("status", "quick", "--json").output)
    assert "its priority is 10, not 0" in as_json["turn"]


def test_after_maintenance_a_standard_must_be_right(
    athanor: Athanor, bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    athanor("run", str(bench), "--direct", "--no-wait", code=3)
    held = ("instrument", "hold", "bench", "--reason", "new lamp", "--standard", "--by", "anna")
    with pytest.raises(NotFound, match="no standard of bench"):
        athanor(*held)
    file = tmp_path / "operators.yaml"
    standard = "{name: holmium filter, low: 536.4, high: 538.0, unit: nm}"
    file.write_text(f"instruments: {{bench: {{standard: {standard}}}}}")
    monkeypatch.setenv("ATHANOR_OPERATORS", str(file))
    assert "536.4 to 538 nm" in athanor("check", "--operators", str(file)).output
    told = athanor(*held).output
    assert "until a standard is right (holmium filter: 536.4 to 538 nm)" in " ".join(told.split())
    release = ("instrument", "release", "bench", "--reason", "aligned")
    with pytest.raises(GateError, match="'VALUE nm'"):
        athanor(*release)
    with pytest.raises(GateError, match=r"540 nm is not 536\.4 to 538 nm"):
        athanor(*release, "--standard", "540 nm")
    with pytest.raises(StoreError, match="is no reading"):
        athanor(*release, "--standard", "right")
    assert "is released" in athanor(*release, "--standard", "537.1 nm").output


def test_what_is_misspelt_or_not_held_is_refused(athanor: Athanor, quick: Path) -> None:
    athanor("run", str(quick), "--direct")
    with pytest.raises(NotFound, match="there is: function"):
        athanor("instrument", "hold", "fucntion", "--reason", "x")
    with pytest.raises(LifecycleError, match="is not held"):
        athanor("instrument", "release", "function", "--reason", "x")


def test_an_emergency_stop_by_file_needs_no_store(athanor: Athanor, bench: Path) -> None:
    told = athanor("stop", str(bench), "--emergency", "--reason", "smoke").output
    assert (bench.parent / "bench" / "STOP.txt").exists()
    assert "bench: its adapter was told to stop" in told
    assert "By its own word: STOP.txt tells whoever looks into the folder" in told
    assert "NOT written down" in told


def test_an_emergency_stop_by_name_holds_and_pauses(athanor: Athanor, bench: Path) -> None:
    athanor("run", str(bench), "--direct", "--no-wait", code=3)
    told = athanor("stop", "quick", "--emergency", "--by", "anna").output
    assert "bench is held by anna: emergency stop" in told
    assert "quick is paused" in told
    assert "paused" in athanor("status", "quick").output


def test_a_moment_is_a_span_or_a_time() -> None:
    assert moment("90 min", NOW).isoformat() == "2026-03-01T09:30:00+00:00"
    assert moment("2d", NOW).isoformat() == "2026-03-03T08:00:00+00:00"
    assert moment("2026-12-01T08:00+01:00", NOW).isoformat() == "2026-12-01T07:00:00+00:00"
    with pytest.raises(StoreError, match="is no time"):
        moment("tomorrow", NOW)
