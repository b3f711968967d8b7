"""What a command takes and gives back: sent under its name and unit, read at its place or void."""

import math
from typing import Any

import pytest

from adapters.signature import Signature
from adapters.testing import plan_for
from agent.core.job import SampleRef
from agent.core.trial import Plan

SIGNATURE = Signature.model_validate(
    {
        "parameters": {
            "temperature": {"unit": "°C", "name": "setpoint", "executed": "actual.temperature"},
            "base": "",
        },
        "objectives": {"yield": {"unit": "%", "at": "results.0.area", "sd": "results.0.error"}},
        "constants": {"stir": True},
    }
)
PLAN = plan_for({"temperature": (80.0, "°C"), "base": "KOH"}, {"yield": "%"})


def _read(answer: dict[str, Any], plan: Plan = PLAN) -> Any:
    (one,) = SIGNATURE.measurements(plan, answer)
    return one


def test_a_parameter_goes_under_its_argument_s_name() -> None:
    assert SIGNATURE.reasons(PLAN) == ()
    assert SIGNATURE.arguments(PLAN) == {"setpoint": 80.0, "base": "KOH", "stir": True}


def test_what_is_said_of_no_parameter_goes_as_it_is() -> None:
    open_one = Signature.model_validate({"objectives": {"yield": "%"}})
    assert open_one.reasons(PLAN) == ()
    assert open_one.arguments(PLAN) == {"temperature": 80.0, "base": "KOH"}


@pytest.mark.parametrize(
    ("parameters", "objectives", "reason"),
    [
        ({"pressure": (1.0, "bar")}, {"yield": "%"}, "parameter 'pressure' cannot be set here"),
        ({"temperature": (350.0, "K")}, {"yield": "%"}, "is sent in '°C', not in 'K'"),
        ({"base": "KOH"}, {"purity": "%"}, "objective 'purity' is not measured here"),
        ({"base": "KOH"}, {"yield": "mol"}, "is given in '%', not in 'mol'"),
    ],
)
def test_reasons_against_a_plan(
    parameters: dict[str, Any], objectives: dict[str, str], reason: str
) -> None:
    (told,) = SIGNATURE.reasons(plan_for(parameters, objectives))
    assert reason in told


def test_nothing_is_sent_twice() -> None:
    twice = Signature.model_validate(
        {"parameters": {"a": {"name": "x"}, "b": {"name": "x"}}, "objectives": {"yield": "%"}}
    )
    (told,) = twice.reasons(plan_for({"a": 1.0, "b": 2.0}, {"yield": "%"}))
    assert "'x' would be sent twice" in told


def test_a_value_with_its_error_and_what_was_really_set() -> None:
    one = _read({"results": [{"area": 71, "error": 0.5}], "actual": {"temperature": 79.2}})
    assert (one.value, one.sd, one.void) == (71.0, 0.5, None)
    assert one.executed == {"temperature": 79.2, "base": "KOH"}


def test_nothing_is_said_of_what_was_set_where_the_answer_does_not() -> None:
    assert _read({"results": [{"area": 71}]}).executed is None


@pytest.mark.parametrize(
    ("area", "field", "value"),
    [
        ("<0.5", "high", 0.5),
        (">= 3", "low", 3.0),
        ("void: spilt", "void", "spilt"),
        ("12.5", "value", 12.5),
    ],
)
def test_texts_are_read_as_in_a_sheet(area: str, field: str, value: object) -> None:
    assert getattr(_read({"results": [{"area": area}]}), field) == value


@pytest.mark.parametrize("area", [None, math.nan, math.inf, True, [], {}, "about 7", ""])
def test_what_is_no_number_is_void_and_says_so(area: object) -> None:
    one = _read({"results": [{"area": area}]})
    assert one.value is None
    assert "results.0.area" in one.void


@pytest.mark.parametrize("answer", [{}, {"results": []}, {"results": None}, {"results": [{}]}])
def test_what_is_not_there_is_void(answer: dict[str, Any]) -> None:
    assert _read(answer).void == "the answer has nothing at 'results.0.area'"


def test_a_class_by_its_name_or_its_number() -> None:
    plan = PLAN.model_copy(update={"classes": {"yield": ("low", "high")}})
    assert _read({"results": [{"area": "high"}]}, plan).value == 1.0
    assert _read({"results": [{"area": 0}]}, plan).value == 0.0
    assert _read({"results": [{"area": 2}]}, plan).void is not None


CARRYING = Signature.model_validate(
    {
        "parameters": {"temperature": {"unit": "°C", "executed": "actual"}},
        "sample": {"code": "label", "job": "made_by", "place": "slot", "placed": "now.slot"},
    }
)
HEAT = plan_for({"temperature": (80.0, "°C")}, {})
SAMPLE = SampleRef(
    id="k-S0001", trial=HEAT.trial, job="k-T0001.1.1", code="films-001", place="tray 2"
)


def test_a_command_is_told_of_the_sample_that_an_earlier_step_has_made() -> None:
    told = {"label": "films-001", "made_by": "k-T0001.1.1", "slot": "tray 2"}
    assert CARRYING.arguments(HEAT, SAMPLE) == {"temperature": 80.0, **told}
    assert CARRYING.arguments(HEAT) == {"temperature": 80.0}, "what it makes itself has no code yet"
    example = CARRYING.sample.example(HEAT.trial)
    assert example and CARRYING.arguments(HEAT, example).keys() == {"temperature", *told}
    assert SIGNATURE.sample.example(HEAT.trial) is None


def test_a_command_that_only_makes_a_sample_says_how_it_was_made_and_where_it_lies() -> None:
    came = CARRYING.outcome(HEAT, {"actual": 79.0, "now": {"slot": 7}})
    assert came.state == "done" and came.measurements == ()
    assert came.executed == {HEAT.trial: {"temperature": 79.0}}
    assert came.places == {HEAT.trial: "7"}
    assert CARRYING.outcome(HEAT, {}).places == {}


def test_the_sample_s_argument_is_sent_for_nothing_else() -> None:
    (told,) = CARRYING.reasons(plan_for({"slot": 1.0, "temperature": (8.0, "°C")}, {}))[1:]
    assert "'slot' would be sent twice" in told
