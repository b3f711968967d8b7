"""A test function or a phase diagram as an instrument, with noise, delay and failures."""

from collections.abc import Callable
from datetime import datetime

from pydantic import Field, field_validator, model_validator

from adapters.benchmarks import FUNCTIONS, TestFunction
from adapters.diagrams import DIAGRAMS, Diagram
from adapters.pure import (
    Failure,
    Result,
    SimulatedAdapter,
    SimulatedSettings,
    draw,
    objective_reasons,
    utc_now,
)
from agent.core.adapter import Measurement
from agent.core.trial import Plan

KNOWN: dict[str, TestFunction | Diagram] = {**FUNCTIONS, **DIAGRAMS}
"""Name -> what can be evaluated."""


class FunctionSettings(SimulatedSettings):
    """Which function, what its value is called, and how noisy it is."""

    function: str = Field(
        description="Name of the test function, or of the phase diagram.",
        json_schema_extra={"enum": [*sorted(KNOWN)]},
    )
    objective: str = Field(default="value", description="Name of the objective that it measures.")
    unit: str = Field(default="", description="Unit of that objective; '' if it has none.")
    noise_sd: float = Field(
        default=0.0, ge=0, description="Standard deviation of Gaussian noise, in the unit."
    )

    @field_validator("function")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in KNOWN:
            raise ValueError(f"unknown function '{name}'; known: {', '.join(sorted(KNOWN))}")
        return name

    @model_validator(mode="after")
    def _quiet(self) -> "FunctionSettings":
        if self.function in DIAGRAMS and self.noise_sd:
            raise ValueError(f"noise_sd is of values, and {self.function} has phases: leave it out")
        return self


class FunctionAdapter(SimulatedAdapter):
    """Evaluates a test function at the plan's point, which is in the function's native units; or says
    which phase a diagram has there.

    Args:
        settings: Which function, and how it behaves.
        now: Tells the time, for `delay_s`.
    """

    Settings = FunctionSettings
    settings: FunctionSettings

    def __init__(self, settings: FunctionSettings, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(settings, now)

    @property
    def function(self) -> TestFunction | Diagram:
        """The test function, with its box and its optimum, or the diagram."""
        return KNOWN[self.settings.function]

    def version(self) -> str:
        """The function's name and its source."""
        return f"{self.settings.function}: {self.function.source}"

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against `plan`: unknown or missing parameters, values out of the native box."""
        known = {self.settings.objective: self.settings.unit}
        return (
            *objective_reasons(plan, known),
            *self.fidelity_reasons(plan),
            *self._class_reasons(plan),
            *self._point_reasons(plan),
        )

    def compute(self, plan: Plan) -> Result | Failure:
        """The function's value with noise; `infeasible` where a constraint is broken. Of a phase its
        number among the plan's classes.
        """
        reasons = [*self._class_reasons(plan), *self._point_reasons(plan)]
        reasons += [f"unknown objective '{o}'" for o in plan.objectives if not self._answers(o)]
        if reasons:
            return Failure("unclassified", "; ".join(reasons))
        point = plan.settings()
        if broken := self.function.broken(point):
            return Failure("infeasible", broken)
        value = self._value(plan)
        return Result(
            tuple(
                Measurement(
                    trial=plan.trial,
                    objective=name,
                    unit=unit,
                    value=value,
                    analysis=self.version(),
                )
                for name, unit in plan.objectives.items()
            )
        )

    def _value(self, plan: Plan) -> float:
        function, point = self.function, plan.settings()
        if isinstance(function, Diagram):
            return float(plan.classes[self.settings.objective].index(function.phase(point)))
        value = function.formula(point)
        if self.settings.noise_sd:
            value += draw(self.settings.seed, "noise", plan).gauss(0.0, self.settings.noise_sd)
        return value

    def _class_reasons(self, plan: Plan) -> list[str]:
        """Whether the plan's classes are the diagram's, in any order."""
        name, asked = self.settings.function, plan.classes.get(self.settings.objective, ())
        own = self.function.classes if isinstance(self.function, Diagram) else ()
        if asked and not own:
            return [f"{name} has values, and no classes"]
        return [f"the classes of {name} are {', '.join(own)}"] if set(asked) != set(own) else []

    def _answers(self, objective: str) -> bool:
        return objective == self.settings.objective

    def _point_reasons(self, plan: Plan) -> list[str]:
        domains = self.function.domains(tuple(plan.parameters))
        units = self.function.units if isinstance(self.function, Diagram) else {}
        reasons = [f"parameter '{n}' is missing" for n in domains if n not in plan.parameters]
        for name, setting in plan.parameters.items():
            domain = domains.get(name)
            if domain is None:
                reasons.append(f"{self.settings.function} has no parameter '{name}'")
            elif isinstance(domain[0], str):
                if setting.value not in domain:
                    reasons.append(f"'{name}' is one of {', '.join(map(str, domain))}")
            elif isinstance(setting.value, str):
                reasons.append(f"'{name}' is a number, not '{setting.value}'")
            elif setting.unit != units.get(name, setting.unit):
                reasons.append(f"'{name}' is in {units[name]}, not in {setting.unit or 'no unit'}")
            elif not domain[0] <= setting.value <= float(domain[1]):
                reasons.append(f"'{name}' = {setting.value} is not within {domain}")
            elif name in self.function.integers and setting.value != int(setting.value):
                reasons.append(f"'{name}' = {setting.value} is not a whole number")
        return reasons
