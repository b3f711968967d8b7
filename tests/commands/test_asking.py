"""What an adapter raises is told where it was asked, and not as a traceback."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent.attempt import troubles
from agent.commands.common import existing
from agent.errors import AdapterError
from tests.commands.conftest import QUICK, Athanor

RAISED = "its adapter raised KeyError: 'slot'"
Faulty = Callable[..., str]


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """The file of a campaign whose adapter raises in these verbs."""
    operators = tmp_path / "operators.yaml"
    operators.write_text("adapters: {faulty: tests.commands.faulty:FaultyAdapter}\n")
    monkeypatch.setenv("ATHANOR_OPERATORS", str(operators))

    def write(*verbs: str) -> str:
        settings = f"{{function: branin, raising: [{', '.join(verbs)}]}}"
        old = "adapter: function, settings: {function: branin}"
        path = tmp_path / "quick.yaml"
        path.write_text(QUICK.replace(old, f"adapter: faulty, settings: {settings}"))
        return str(path)

    return write


def test_a_check_goes_on_where_health_raises(athanor: Athanor, faulty: Faulty) -> None:
    said = " ".join(athanor("check", faulty("health"), code=1).output.split())
    assert f"faulty: faulted ({RAISED})" in said
    assert "the adapter can do it" in said


def test_a_check_that_raises_speaks_against_a_proposal(athanor: Athanor, faulty: Faulty) -> None:
    said = " ".join(athanor("check", faulty("check"), code=1).output.split())
    assert f"mm: {RAISED}" in said


@pytest.mark.parametrize("command", ["check", "run"])
def test_without_capabilities_an_instrument_cannot_be_used(
    athanor: Athanor, faulty: Faulty, command: str
) -> None:
    with pytest.raises(AdapterError, match=f"faulty cannot be used: {RAISED}"):
        athanor(command, faulty("capabilities"))


def test_a_result_is_recorded_though_the_instrument_cannot_be_asked(
    athanor: Athanor, faulty: Faulty
) -> None:
    athanor("run", faulty("find", "collect"), "--direct", "--no-wait", code=4)
    said = " ".join(athanor("record", "quick", "1", "value=3").output.split())
    assert f"whether faulty still has it is not known: {RAISED}" in said
    assert "T0001 is done" in said


def test_the_doctor_says_what_was_raised(athanor: Athanor, faulty: Faulty) -> None:
    athanor("run", faulty("health"), "--direct", "--no-wait", code=None)
    said = " ".join(athanor("doctor", code=1).output.split())
    assert f"faulty (of quick) cannot be asked: {RAISED}" in said


def test_status_says_what_the_adapter_raises_over_a_job_under_way(
    athanor: Athanor, faulty: Faulty
) -> None:
    athanor("run", faulty("collect"), "--direct", "--no-wait", code=4)
    said = " ".join(athanor("status", "quick").output.split())
    assert "waits for faulty: " in said and "(its adapter said: KeyError: 'slot' (" in said
    (told,) = json.loads(athanor("status", "quick", "--json").output)
    assert all(raised.startswith("KeyError: 'slot'") for raised in told["troubles"].values())
    assert told["troubles"]


def test_a_trouble_that_nothing_was_heard_of_for_hours_is_over(
    athanor: Athanor, faulty: Faulty, store: str
) -> None:
    athanor("run", faulty("collect"), "--direct", "--no-wait", code=4)
    with existing(store) as opened:
        (job,) = opened.jobs(opened.entry("quick").id)
        hours = [job.intended_at + timedelta(hours=hours) for hours in (1, 3)]
        told = [troubles(opened, job.campaign, [job], at) for at in hours]
    assert [list(one) for one in told] == [[job.id], []]
