"""What becomes of a measurement: a value or a bound in the objective's unit, or void with a reason."""

from math import inf, isclose
from typing import Any

import pytest

from agent.core.adapter import Measurement
from agent.core.objective import Objective
from agent.ingest.admit import admit

MASS = Objective(name="mass", unit="mg", goal="maximise", plausible=(0.0, 1000.0))
HEAT = Objective(name="heat", unit="degC", goal="minimise")


def measured(unit: str = "mg", **more: Any) -> Measurement:
    return Measurement(trial="t1", objective="mass", unit=unit, **more)


def unchecked(**more: Any) -> Measurement:
    """What an adapter that does not validate may hand over."""
    return measured().model_copy(update=more)


@pytest.mark.parametrize(
    ("given", "value", "sd"),
    [
        (measured(value=2.0), 2.0, None),
        (measured(value=2.0, sd=0.5), 2.0, 0.5),
        (measured("g", value=0.5, sd=0.001), 500.0, 1.0),
        (measured(value=0.0), 0.0, None),
        (measured(value=1000.0), 1000.0, None),
    ],
)
def test_a_value_is_taken_in_in_the_objectives_unit(
    given: Measurement, value: float, sd: float | None
) -> None:
    reading = admit(given, MASS)
    assert reading.value is not None
    assert isclose(reading.value, value)
    assert reading.sd is None if sd is None else isclose(reading.sd or 0.0, sd)
    assert (reading.low, reading.high, reading.void) == (None, None, None)


def test_a_temperature_is_absolute_and_its_uncertainty_a_difference() -> None:
    reading = admit(measured("kelvin", value=373.15, sd=2.0), HEAT)
    assert reading.value is not None
    assert reading.sd is not None
    assert isclose(reading.value, 100.0)
    assert isclose(reading.sd, 2.0)


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        (measured(low=1.0), 1.0, None),
        (measured(high=1.0), None, 1.0),
        (measured("g", low=0.001, high=0.002), 1.0, 2.0),
    ],
)
def test_a_bound_stays_a_bound(given: Measurement, low: float | None, high: float | None) -> None:
    reading = admit(given, MASS)
    assert (reading.value, reading.low, reading.high, reading.void) == (None, low, high, None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (measured(void="spilled"), "spilled"),
        (measured(void=""), "void"),
        (measured(void="spilled", value=1.0), "spilled"),
        (measured(), "nothing was read"),
        (measured(sd=1.0), "nothing was read"),
        (measured("second", value=2.0), "2 second"),
        (measured("second", low=2.0), "> 2 second"),
        (measured("no such unit", value=2.0), "no such unit"),
        (measured(value=1000.1), "implausible: 1000.1 mg is outside 0 to 1000"),
        (measured(value=-1e-9), "implausible"),
        (measured(high=-1.0), "implausible: < -1 mg is outside 0 to 1000"),
        (measured(low=1001.0), "implausible"),
        (unchecked(value=float("nan")), "not a finite number"),
        (unchecked(value=inf), "not a finite number"),
        (unchecked(value=1.0, sd=inf), "not a finite number"),
        (unchecked(low=-inf), "not a finite number"),
    ],
)
def test_what_cannot_be_taken_in_is_void_with_its_reason(given: Measurement, reason: str) -> None:
    reading = admit(given, MASS)
    assert reading.void is not None
    assert reason in reading.void
    assert (reading.value, reading.low, reading.high, reading.sd) == (None, None, None, None)
