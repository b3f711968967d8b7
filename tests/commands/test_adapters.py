"""`athanor adapter list | new | test`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from agent.data.store import Store
from agent.errors import AdapterError, GateError
from tests.commands.conftest import Athanor
from tests.lab.running import PATIENCE_S, ROOT, until


@pytest.fixture
def package(
    athanor: Athanor,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A package of its own for each test, as `adapter new` makes it, on the path and named by the operators."""
    name = f"cell{abs(hash(request.node.nodeid)) % 10**8}"
    folder = tmp_path / "made"
    athanor("adapter", "new", name, "--to", str(folder))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("ATHANOR_OPERATORS", str(folder / "operators.yaml"))
    return folder


def named(package: Path) -> str:
    (name,) = yaml.safe_load((package / "operators.yaml").read_text())["adapters"]
    return str(name)


def trying(package: Path, *more: str) -> tuple[str, ...]:
    return ("adapter", "test", named(package), "--settings", str(package / "harmless.yaml"), *more)


def runs(package: Path) -> int:
    account = package / "lab" / "runs.jsonl"
    lines = account.read_text().splitlines() if account.exists() else []
    return sum("cancelled" not in line for line in lines)


def test_those_that_are_installed_and_those_of_the_operators_are_listed(
    athanor: Athanor, package: Path
) -> None:
    told = athanor("adapter", "list").output
    assert "operators' file" in told and "athanor 0.1.0" in told
    listed = {one["name"]: one for one in json.loads(athanor("adapter", "list", "--json").output)}
    assert (listed["function"]["effect"], listed["files"]["effect"]) == ("pure", "physical")
    assert listed["table"]["required"] == ["file", "objectives"]
    mine = listed[named(package)]
    assert mine["origin"] == "operators' file"
    assert mine["settings"].keys() == {"folder", "seconds"}


def test_one_that_cannot_be_loaded_does_not_hide_the_others(
    athanor: Athanor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "operators.yaml").write_text("adapters: {broken: no_such_module:Adapter}")
    monkeypatch.setenv("ATHANOR_OPERATORS", str(tmp_path / "operators.yaml"))
    listed = {one["name"]: one for one in json.loads(athanor("adapter", "list", "--json").output)}
    assert "no_such_module" in listed["broken"]["fault"]
    assert not listed["function"]["fault"]


def test_a_name_that_is_taken_is_refused(athanor: Athanor, tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="there is an adapter 'table' already"):
        athanor("adapter", "new", "table", "--to", str(tmp_path / "made"))


def test_it_is_said_first_and_nothing_is_done_without_a_yes(
    athanor: Athanor, package: Path
) -> None:
    told = athanor(*trying(package), stdin="n\n", code=3).output
    assert "executed 6 times, each within 1 min; once more if the adapter is wrong" in told
    assert "temperature = 30 degC → signal [1]" in told
    assert "not tried: emergency stop is never gated" in told
    assert "kept" not in told
    assert runs(package) == 0


def test_every_promise_is_told_in_words(athanor: Athanor, package: Path) -> None:
    told = athanor(*trying(package, "--yes")).output
    assert "16 kept, 0 not kept, 1 not tried" in told
    assert "kept      a started job is seen and ends: From start to done" in told
    assert runs(package) == 6


def test_other_programs_get_json_and_nothing_else(athanor: Athanor, package: Path) -> None:
    promises = json.loads(athanor(*trying(package, "--yes", "--json")).stdout)
    assert len(promises) == 17
    assert {one["state"] for one in promises} == {"kept", "not tried"}


def test_a_broken_promise_is_a_fault(athanor: Athanor, package: Path) -> None:
    module = next(package.glob("athanor_*")) / "device.py"
    module.write_text(module.read_text().replace('ON_CANCEL = "', 'ON_CANCEL = "" and "'))
    told = athanor(*trying(package, "--yes"), code=1).output
    assert "not kept  capabilities are complete and constant" in told
    assert "nothing is sent while this is broken" in told
    assert runs(package) == 0


def test_the_instrument_is_held_meanwhile_and_released_after(
    athanor: Athanor, package: Path, store: str
) -> None:
    athanor("run", str(package / "campaign.yaml"), "--direct", "--no-wait", code=3)
    athanor(*trying(package, "--yes", "--by", "anna"))
    with Store.open(store) as opened:
        said = opened.holds(f"{named(package)}-1")
    assert [(one.word, one.by.name) for one in said] == [("hold", "anna"), ("release", "anna")]


def test_who_holds_it_already_keeps_it(athanor: Athanor, package: Path) -> None:
    athanor("run", str(package / "campaign.yaml"), "--direct", "--no-wait", code=3)
    name = f"{named(package)}-1"
    athanor("instrument", "hold", name, "--reason", "cleaning", "--by", "bert")
    athanor(*trying(package, "--yes"))
    assert "cleaning (bert)" in athanor("instrument", "list").output


def test_nothing_is_tried_while_it_has_a_campaigns_job(athanor: Athanor, package: Path) -> None:
    file = package / "campaign.yaml"
    file.write_text(file.read_text().replace("{folder: lab}", "{folder: lab, seconds: 600}"))
    athanor("run", str(file), "--direct", "--no-wait", code=3)
    athanor("review", f"{named(package)}-first", "--approve", "all")
    athanor("run", str(file), "--direct", "--no-wait", code=4)
    assert runs(package) == 1
    (package / "lab" / "runs.jsonl").unlink()  # the device forgets it, the store does not
    with pytest.raises(GateError, match="has a job"):
        athanor(*trying(package, "--yes"))
    assert runs(package) == 0
    assert "at work" in athanor("instrument", "list").output


def test_the_operators_limits_hold_for_what_was_declared(athanor: Athanor, package: Path) -> None:
    operators = package / "operators.yaml"
    whole = operators.read_text()
    operators.write_text(whole.replace("low: 20", "low: 50"))
    with pytest.raises(AdapterError, match="declared good is refused: temperature"):
        athanor(*trying(package, "--yes"))
    operators.write_text(whole.partition("instruments:")[0])
    with pytest.raises(GateError, match="the operators have signed no limits of it"):
        athanor(*trying(package, "--yes"))
    assert runs(package) == 0


def test_what_is_physical_is_not_tried_on_a_campaign(athanor: Athanor, package: Path) -> None:
    file = str(package / "campaign.yaml")
    with pytest.raises(AdapterError, match="nothing is tried that was not declared harmless"):
        athanor("adapter", "test", named(package), "--campaign", file, "--yes")
    assert runs(package) == 0


def test_what_only_computes_is_tried_on_a_campaigns_first_point(
    athanor: Athanor, quick: Path
) -> None:
    told = athanor("adapter", "test", "function", "--campaign", str(quick)).output
    assert "computed, which has no effect" in told
    assert "17 kept, 0 not kept, 0 not tried" in told


def test_what_was_declared_good_must_be_good(athanor: Athanor, package: Path) -> None:
    harmless = package / "harmless.yaml"
    harmless.write_text(harmless.read_text().replace("value: 30", "value: 300"))
    with pytest.raises(AdapterError, match="what was declared good is refused: 'temperature' must"):
        athanor(*trying(package, "--yes"))
    (package / "lab" / "STOP").touch()
    with pytest.raises(AdapterError, match="is locked: it was stopped"):
        athanor(*trying(package, "--yes"))


def test_a_file_of_another_adapter_or_none_is_refused(
    athanor: Athanor, package: Path, quick: Path
) -> None:
    with pytest.raises(AdapterError, match="is about 'function', not 'table'"):
        athanor("adapter", "test", "table", "--campaign", str(quick))
    with pytest.raises(AdapterError, match="what may be tried is not said"):
        athanor("adapter", "test", "table")


def test_without_pytest_the_extra_is_named(quick: Path) -> None:
    code = """
import sys
sys.modules["pytest"] = None
sys.argv = ["athanor", "adapter", "test", "function", "--campaign", sys.argv[1]]
from agent.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(quick)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert 'pip install "athanor[testing]"' in done.stderr


@pytest.mark.slow
def test_whoever_interrupts_it_is_told_what_may_be_running(
    athanor: Athanor, package: Path, store: str
) -> None:
    """And the instrument stays held, so that nobody gives it anything more."""
    athanor("run", str(package / "campaign.yaml"), "--direct", "--no-wait", code=3)
    harmless = package / "harmless.yaml"
    harmless.write_text(harmless.read_text().replace("{folder: lab}", "{folder: lab, seconds: 60}"))
    words = [sys.executable, "-m", "agent", *trying(package, "--yes", "--store", store)]
    path = os.pathsep.join([str(ROOT), str(package)])
    with subprocess.Popen(
        words,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        until(lambda: runs(package) == 1, "for the first run")
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, told
    job = json.loads((package / "lab" / "runs.jsonl").read_text())["key"]
    assert f"interrupted while {job} may be running" in told
    assert f"stays held: athanor instrument release {named(package)}-1" in told
    assert "its adapter is being tested" in athanor("instrument", "list").output
