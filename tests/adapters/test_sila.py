"""What a SiLA 2 feature takes and gives back, in plain values; and what settings may say together."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

pytest.importorskip("sila2", reason="athanor[sila] is not installed")

from sila2.framework import Command, Feature

from adapters.sila import SilaAdapter
from adapters.sila.settings import SilaSettings
from adapters.sila.values import arguments_for, plain

XML = Path(__file__).resolve().parents[1] / "lab" / "sila" / "SampleMaker.sila.xml"
LEAST: dict[str, Any] = {
    "host": "furnace.lab",
    "port": 50052,
    "feature": "SampleMaker",
    "command": "MakeSample",
    "objectives": {"yield": "percent"},
}
GOOD = {"SampleId": "k7f3q2-T0001.1.1", "Temperature": 80.0, "Cycles": 2, "Solvent": "DMF"}


@pytest.fixture(scope="module")
def make_sample() -> Command:
    command = Feature(XML.read_text())["MakeSample"]
    assert isinstance(command, Command)
    return command


def of(**more: Any) -> SilaSettings:
    return SilaSettings.model_validate({**LEAST, **more})


def test_numbers_go_as_the_types_that_are_declared(make_sample: Command) -> None:
    sent, reasons = arguments_for(make_sample, {**GOOD, "Temperature": 80, "Cycles": 2.0})
    assert not reasons
    assert sent == GOOD
    assert [type(sent[name]) for name in ("Temperature", "Cycles")] == [float, int]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleId", ""),
        ("SampleId", "x" * 65),
        ("SampleId", 3),
        ("Temperature", "80"),
        ("Temperature", True),
        ("Temperature", float("nan")),
        ("Cycles", 2.5),
        ("Cycles", 10**30),
        ("Solvent", "oil"),
        ("Solvent", None),
    ],
)
def test_what_cannot_be_sent_is_a_reason_and_never_an_error(
    make_sample: Command, name: str, value: object
) -> None:
    _, (reason,) = arguments_for(make_sample, {**GOOD, name: value})
    assert reason.startswith(f"the argument '{name}' cannot be {value!r}: ")


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_constraint_decides_before_the_server_does(make_sample: Command, value: float) -> None:
    _, reasons = arguments_for(make_sample, {**GOOD, "Temperature": value})
    assert (not reasons) == (20 <= value <= 120)


def test_names_have_to_fit(make_sample: Command) -> None:
    given_ = {name: value for name, value in GOOD.items() if name != "Cycles"}
    _, reasons = arguments_for(make_sample, {**given_, "Pressure": 1.0})
    assert reasons == (
        "the command has no argument 'Pressure' (it has: SampleId, Temperature, Cycles, Solvent)",
        "the command's argument 'Cycles' is not given",
    )


def test_responses_become_json() -> None:
    class Executed(NamedTuple):
        Temperature: float
        Ended: datetime

    class Responses(NamedTuple):
        Actual: Executed
        Trace: bytes
        Took: timedelta
        Steps: list[float]

    ended = datetime(2026, 11, 1, 8, tzinfo=UTC)
    responses = Responses(
        Executed(80.5, ended), b"\x00\x01", timedelta(minutes=2), [1.0, float("inf")]
    )
    assert plain(responses) == {
        "Actual": {"Temperature": 80.5, "Ended": "2026-11-01T08:00:00+00:00"},
        "Trace": "AAE=",
        "Took": 120.0,
        "Steps": [1.0, "inf"],
    }


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"lookup": "GetResult"}, "lookup and withdraw need `key`"),
        ({"key": "SampleId", "withdraw": "Withdraw"}, "withdraw needs `lookup`"),
        ({"insecure": True, "root_certificate": "ca.pem"}, "exclude each other"),
        ({"command": "SampleMaker.MakeSample"}, "name the feature under `feature`"),
        ({"meanings": {"Broken": "infeasible"}}, "meanings.Broken"),
    ],
)
def test_settings_that_do_not_go_together(more: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        of(**more)


def test_a_text_alone_is_a_command_of_the_same_feature() -> None:
    said = of(cancel="CancelController.CancelCommand", key="SampleId", lookup="GetResult")
    assert said.cancel is not None
    assert said.path(said.cancel.command) == "CancelController.CancelCommand"
    assert said.lookup is not None
    assert said.path(said.lookup.command) == "SampleMaker.GetResult"


def test_a_words_meaning_is_itself_unless_the_lab_says_so() -> None:
    said = of(meanings={"Broken": "failed", "done": "lost"})
    words = ("running", "Broken", "done", "nonsense")
    assert [said.meaning_of(word) for word in words] == ["running", "failed", "lost", None]


def test_what_it_promises_hangs_on_what_the_feature_offers() -> None:
    def promised(**more: Any) -> tuple[str, str]:
        told = SilaAdapter(of(**more)).capabilities()
        return told.effect, told.lookup

    looked_up = {"key": "SampleId", "lookup": "GetResult"}
    assert promised() == ("physical", "none")
    assert promised(**looked_up) == ("physical", "best_effort")
    assert promised(**looked_up, withdraw="Withdraw") == ("physical", "sure")
    told = SilaAdapter(
        of(on_cancel="ramps down at 5 K/min", on_lost_contact="holds", on_emergency_stop="vents")
    ).capabilities()
    safe = (told.on_cancel, told.on_lost_contact, told.on_emergency_stop)
    assert safe == ("ramps down at 5 K/min", "holds", "vents")
    assert (
        "nobody has said" in SilaAdapter(of(emergency_stop="Vent")).capabilities().on_emergency_stop
    )
    assert SilaAdapter(of()).capabilities().on_emergency_stop.startswith("nothing")
    assert "nobody has said" in SilaAdapter(of(cancel="Cancel")).capabilities().on_cancel
