"""What an adapter raises is told where it was asked, and not as a traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest

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
