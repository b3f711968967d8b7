"""What a lab server's command takes and gives back: parameters on the way there, results on the way back.

The campaign says it under `execution.settings`, once for each server, so that the campaign itself stays
the same: which argument a parameter is sent as, where in the command's answer an objective is read, and in
which units.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from adapters.cells import Reading, reading
from adapters.pure import objective_reasons, same_unit
from agent.core.adapter import Measurement, Outcome
from agent.core.job import SampleRef
from agent.core.trial import Plan
from agent.core.values import Point, Scalar

_ABSENT = object()


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Argument(_Closed):
    """How a parameter is sent. A text alone is its unit."""

    unit: str = Field(default="", description="Unit that the command takes it in.")
    name: str | None = Field(
        default=None, description="Name of the command's argument; by default the parameter's."
    )
    executed: str | None = Field(
        default=None,
        description="Where the answer says what was really set, in the same unit: 'actual.temperature'.",
    )


class Answer(_Closed):
    """Where an objective is read. A text alone is its unit."""

    unit: str = Field(default="", description="Unit that the answer gives it in.")
    at: str | None = Field(
        default=None,
        description="Place in the answer, names with dots between: 'results.yield'; by default the "
        "objective's name.",
    )
    sd: str | None = Field(
        default=None, description="Place of its standard uncertainty, in the same unit."
    )


class Carried(_Closed):
    """How a command is told of the sample that an earlier step has made, and tells where it has put one."""

    code: str | None = Field(
        default=None, description="Argument that takes the sample's code: 'suzuki-007'."
    )
    job: str | None = Field(
        default=None,
        description="Argument that takes the id of the job that made it, by which the instrument that made it "
        "knows it.",
    )
    place: str | None = Field(
        default=None, description="Argument that takes the place where it lies."
    )
    placed: str | None = Field(
        default=None,
        description="Where the answer says where it has put the sample: 'slot'; the next step is told.",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The arguments that tell of the sample."""
        return tuple(filter(None, (self.code, self.job, self.place)))

    def example(self, trial: str) -> SampleRef | None:
        """A sample to look a plan over with, before there is one; None where the command is told of none."""
        if not self.names:
            return None
        return SampleRef(id="example", trial=trial, job="example", code="example", place="example")

    def arguments(self, sample: SampleRef) -> dict[str, str]:
        """What is sent of a sample."""
        told = {self.code: sample.code, self.job: sample.job, self.place: sample.place}
        return {name: value or "" for name, value in told.items() if name is not None}


def _from_unit(told: Any) -> Any:
    return {"unit": told} if isinstance(told, str) else told


class Signature(_Closed):
    """What a command takes and gives back; settings of an adapter inherit it."""

    parameters: dict[str, Annotated[Argument, BeforeValidator(_from_unit)]] | None = Field(
        default=None,
        description="What can be set: parameter -> unit, or unit, name and executed. By default whatever "
        "is asked, under its own name.",
    )
    objectives: dict[str, Annotated[Answer, BeforeValidator(_from_unit)]] = Field(
        default_factory=dict,
        description="What is measured: objective -> unit, or unit, at and sd. Nothing, where a step only makes "
        "what another one measures.",
    )
    sample: Carried = Field(
        default=Carried(),
        description="Where an experiment has several steps: the arguments that tell of the sample, as code, job "
        "and place, and where the answer says where it was placed.",
    )
    constants: dict[str, Any] = Field(
        default_factory=dict,
        description="Arguments that are always sent, the same for every trial.",
    )

    def reasons(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against a plan that the command cannot take, or does not answer."""
        found = objective_reasons(plan, {name: one.unit for name, one in self.objectives.items()})
        for name, setting in plan.parameters.items():
            if self.parameters is None:
                continue
            if name not in self.parameters:
                known = ", ".join(self.parameters)
                found.append(f"parameter '{name}' cannot be set here (known: {known})")
            elif not same_unit(setting.unit, self.parameters[name].unit):
                unit = self.parameters[name].unit
                found.append(f"parameter '{name}' is sent in '{unit}', not in '{setting.unit}'")
        names = [*(self.argument(name) for name in plan.parameters), *self.sample.names]
        twice = {name for name in names if names.count(name) > 1 or name in self.constants}
        found += [f"the argument '{name}' would be sent twice" for name in sorted(twice)]
        return tuple(found)

    def argument(self, parameter: str) -> str:
        """The name that a parameter is sent under."""
        told = (self.parameters or {}).get(parameter)
        return parameter if told is None or told.name is None else told.name

    def arguments(self, plan: Plan, sample: SampleRef | None = None) -> dict[str, Any]:
        """What is sent: each parameter under its argument's name, what tells of the sample, and the constants."""
        sent: dict[str, Scalar] = {
            self.argument(name): setting.value for name, setting in plan.parameters.items()
        }
        carried = self.sample.arguments(sample) if sample else {}
        return {**self.constants, **sent, **carried}

    def outcome(self, plan: Plan, answer: Mapping[str, Any], raw: str | None = None) -> Outcome:
        """What came of a command that has ended well."""
        executed, placed = self._executed(plan, answer), self.sample.placed
        place = None if placed is None else _scalar(_at(answer, placed))
        return Outcome(
            state="done",
            measurements=self.measurements(plan, answer),
            executed={} if executed is None else {plan.trial: executed},
            places={}
            if place is None
            else {plan.trial: f"{place:g}" if isinstance(place, float) else place},
            raw=raw,
        )

    def measurements(self, plan: Plan, answer: Mapping[str, Any]) -> tuple[Measurement, ...]:
        """What a command's answer says of each objective of a plan.

        Where it says nothing, or nothing that is a number or a bound such as "<0.5", the reading is void,
        with the reason.
        """
        executed = self._executed(plan, answer)
        found = []
        for name, unit in plan.objectives.items():
            told = self.objectives[name]
            where = told.at or name
            seen = _seen(_at(answer, where), where, plan.classes.get(name, ()))
            sd = None if told.sd is None else _number(_at(answer, told.sd))
            found.append(
                Measurement(
                    trial=plan.trial,
                    objective=name,
                    unit=unit,
                    sd=sd if sd is not None and sd >= 0 and seen.void is None else None,
                    executed=executed,
                    **seen._asdict(),
                )
            )
        return tuple(found)

    def _executed(self, plan: Plan, answer: Mapping[str, Any]) -> Point | None:
        """The settings as executed, where the answer tells of some; the others as they were sent."""
        told = {
            name: _scalar(_at(answer, one.executed))
            for name, one in (self.parameters or {}).items()
            if one.executed is not None and name in plan.parameters
        }
        real = {name: value for name, value in told.items() if value is not None}
        return {**plan.settings(), **real} if real else None


def _at(answer: Any, where: str) -> Any:
    """What lies at a place, names with dots between; `_ABSENT` where nothing does."""
    if isinstance(answer, Mapping) and where in answer:
        return answer[where]
    for name in where.split("."):
        if isinstance(answer, Mapping) and name in answer:
            answer = answer[name]
        elif isinstance(answer, Sequence) and not isinstance(answer, str) and name.isdigit():
            answer = answer[int(name)] if int(name) < len(answer) else _ABSENT
        else:
            return _ABSENT
    return answer


def _seen(told: Any, where: str, classes: Sequence[str]) -> Reading:
    if told is _ABSENT:
        return Reading(void=f"the answer has nothing at '{where}'")
    if isinstance(told, str):
        try:
            return reading(told, classes=classes) or Reading(void=f"'{where}' is blank")
        except ValueError as error:
            return Reading(void=f"'{where}': {error}")
    value = _number(told)
    if value is None or (classes and value not in range(len(classes))):
        return Reading(void=f"'{where}' is no {'class' if classes else 'finite number'}: {told!r}")
    return Reading(value=value)


def _number(told: Any) -> float | None:
    """A finite number; None for all else."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    return float(told) if math.isfinite(told) else None


def _scalar(told: Any) -> Scalar | None:
    return told if isinstance(told, str) else _number(told)
