"""Is a measurement fit to be taken in? Unit, finite, plausible. What is not is kept as void, with the reason."""

import math
from typing import NamedTuple

from agent.core.adapter import Measurement
from agent.core.objective import Objective
from agent.core.units import convert, convert_difference
from agent.errors import IngestError


class Reading(NamedTuple):
    """A measurement in the objective's unit: exactly one of value, bound (low, high), void."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    void: str | None = None
    sd: float | None = None


def admit(measurement: Measurement, objective: Objective) -> Reading:
    """The measurement in the objective's unit; void, with the reason, if it cannot be taken in."""
    if measurement.void is not None:
        return Reading(void=measurement.void or "void")
    given = (measurement.value, measurement.low, measurement.high, measurement.sd)
    if any(number is not None and not math.isfinite(number) for number in given):
        return Reading(void=f"not a finite number: {measurement.value}")
    if measurement.value is None and measurement.low is None and measurement.high is None:
        return Reading(void="nothing was read")
    try:
        return _plausible(_converted(measurement, objective), objective)
    except IngestError as error:
        return Reading(void=f"{_shown(measurement)}: {error.message}")


def _converted(measurement: Measurement, objective: Objective) -> Reading:
    def to_unit(number: float | None) -> float | None:
        return None if number is None else convert(number, measurement.unit, objective.unit)

    sd = measurement.sd
    if sd is not None:
        sd = abs(convert_difference(sd, measurement.unit, objective.unit))
    value = to_unit(measurement.value)
    if value is not None:
        return Reading(value=value, sd=sd)
    return Reading(low=to_unit(measurement.low), high=to_unit(measurement.high), sd=sd)


def _plausible(reading: Reading, objective: Objective) -> Reading:
    if objective.classed:
        return _a_class(reading, objective)
    if objective.plausible is None:
        return reading
    lowest, highest = objective.plausible
    low = reading.low if reading.value is None else reading.value
    high = reading.high if reading.value is None else reading.value
    if not (low is not None and low > highest) and not (high is not None and high < lowest):
        return reading
    shown = f"{_number(reading)} {objective.unit}"
    why = f"{shown} is outside {lowest:g} to {highest:g}, what the campaign calls plausible"
    return Reading(void=f"implausible: {why}")


def _a_class(reading: Reading, objective: Objective) -> Reading:
    """The number of a class, without an uncertainty; a bound says nothing of classes."""
    if reading.value is not None and objective.is_class(reading.value):
        return Reading(value=reading.value)
    shown = "a bound" if reading.value is None else f"{reading.value:g}"
    return Reading(void=f"{shown} is none of the classes {', '.join(objective.classes)}")


def _shown(measurement: Measurement) -> str:
    return f"{_number(measurement)} {measurement.unit}".strip()


def _number(one: Measurement | Reading) -> str:
    """A value, or the limits of a bound."""
    if one.value is not None:
        return f"{one.value:g}"
    if one.low is not None and one.high is not None:
        return f"{one.low:g} to {one.high:g}"
    return f"< {one.high:g}" if one.high is not None else f"> {one.low:g}"
