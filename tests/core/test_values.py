"""Canonical JSON, seeds, units: equal things are equal, and nothing is guessed."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.seeds import derived
from agent.core.units import convert, convert_difference, known
from agent.core.values import canonical, digest
from agent.errors import IngestError
from tests.core.made import plan
from tests.strategies import documents


@given(documents)
def test_canonical_json_does_not_depend_on_the_order_of_keys(document):
    backwards = dict(reversed(document.items()))
    assert canonical(document) == canonical(backwards)
    assert json.loads(canonical(document)) == document


def test_a_plan_that_differs_in_anything_has_another_digest():
    one = plan(parameters={"t": {"value": 80.0, "unit": "degC"}})
    assert one.digest == plan(parameters={"t": {"value": 80, "unit": "degC"}}).digest
    others = [
        plan(parameters={"t": {"value": 80.5, "unit": "degC"}}),
        plan(parameters={"t": {"value": 80.0, "unit": "K"}}),
        plan(one.trial, parameters=one.parameters, instrument="other"),
        plan(one.trial, parameters=one.parameters, instrument_settings={"rpm": 1}),
        plan(one.trial, parameters=one.parameters, limits="x"),
        plan(one.trial, parameters=one.parameters, revision=2),
        plan("c-T0002", parameters=one.parameters),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == len(others) + 1


def test_what_is_not_finite_has_no_canonical_form():
    with pytest.raises(ValueError, match="Out of range"):
        digest({"x": math.nan})


@given(st.integers(0, 2**31 - 1), st.integers(1, 1000))
def test_seeds_are_derived_and_differ(seed, number):
    assert 0 <= derived(seed, "decision", number) < 2**31
    assert derived(seed, "decision", number) == derived(seed, "decision", number)
    assert derived(seed, "decision", number) != derived(seed, "decision", number + 1)


def test_a_temperature_is_absolute_and_its_uncertainty_a_difference():
    assert convert(25, "degC", "K") == pytest.approx(298.15)
    assert convert(25, "°C", "degF") == pytest.approx(77)
    assert convert_difference(2, "K", "degC") == pytest.approx(2)
    assert convert(50, "%", "1") == pytest.approx(0.5)
    assert convert(1, "eV/atom", "meV/atom") == pytest.approx(1000)
    assert convert(5900, "kg/m^3", "g/cm3") == 5.9


@pytest.mark.parametrize(
    ("source", "target"), [("kg", "K"), ("furlongs_of_joy", "m"), ("m", "]["), ("", "K")]
)
def test_what_cannot_be_converted_is_refused(source, target):
    with pytest.raises(IngestError) as error:
        convert(1.0, source, target)
    assert error.value.hint


def test_money_is_a_unit_and_no_currency_is_another():
    assert convert(2.0, "EUR/g", "EUR/kg") == pytest.approx(2000.0)
    with pytest.raises(IngestError, match="cannot be converted"):
        convert(1.0, "EUR", "USD")


def test_units_of_the_laboratory_are_known():
    assert all(
        map(
            known,
            [
                "degC",
                "°C",
                "mg/mL",
                "%",
                "1",
                "",
                "eV/atom",
                "J",
                "mol/L",
                "µL/min",
                "S/cm",
                "g/cm3",
                "m2/g",
                "MPa*m^0.5",
                "MPa*m**0.5",
            ],
        )
    )
    assert not any(map(known, ["foo", "°X", "1/0", "5"]))
