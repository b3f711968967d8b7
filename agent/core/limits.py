"""What one parameter of an instrument may be set to, whoever asks for it."""

from typing import Any

from pydantic import Field, model_validator

from agent.core.trial import Setting
from agent.core.values import Scalar, Value
from agent.errors import IngestError

UNLIMITED = "unlimited"
"""How a file says that a parameter may be set to anything."""

_NO_UNIT = frozenset({"", "1", "dimensionless"})


class Limit(Value):
    """What one parameter may be set to: numbers from `low` to `high` in `unit`, some `names`, or anything.

    `unset` is what it is where a plan does not set it: rules count with that.
    """

    low: float | None = Field(default=None, description="the least that it may be set to")
    high: float | None = Field(default=None, description="the most that it may be set to")
    unit: str = Field(default="", description="unit of low, high and unset; '' is dimensionless")
    names: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="the choices that are allowed"
    )
    unlimited: bool = Field(default=False, description="whether it may be set to anything")
    unset: Scalar | None = Field(
        default=None, description="what it is where a plan does not set it; rules count with it"
    )

    @model_validator(mode="before")
    @classmethod
    def _spelt(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        if given != UNLIMITED:
            raise ValueError(f"{given!r} is no limit: low, high and unit, or names, or {UNLIMITED}")
        return {"unlimited": True}

    @model_validator(mode="after")
    def _sane(self) -> "Limit":
        ranged = self.low is not None or self.high is not None
        if ranged + (self.names is not None) + self.unlimited != 1:
            raise ValueError(f"one of: low or high (or both); names; {UNLIMITED}")
        if self.unit and not ranged:
            raise ValueError("a unit is of low and high; names have none")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is above high")
        if self.unset is not None and (reason := self._beyond(self.unset)):
            raise ValueError(f"unset: {reason}")
        return self

    def reads(self, setting: Setting) -> Scalar | None:
        """The setting in this limit's unit; None if it cannot be read in it, or is no number where one is due."""
        if self.names is not None or self.unlimited:
            return setting.value
        if isinstance(setting.value, str):
            return None
        plain = setting.unit in _NO_UNIT, self.unit in _NO_UNIT
        if setting.unit == self.unit or all(plain):
            return setting.value
        if any(plain):
            return None  # an unlabelled number is in no unit
        from agent.core.units import convert  # noqa: PLC0415 - pint is heavy, and seldom needed here

        try:
            return convert(setting.value, setting.unit, self.unit)
        except IngestError:
            return None

    def against(self, setting: Setting) -> str | None:
        """Why the parameter may not be set to this; None if it may."""
        value = self.reads(setting)
        if value is not None:
            return self._beyond(value)
        if isinstance(setting.value, str):
            return f"{setting.value!r} is no number"
        return (
            f"its unit is {setting.unit or 'none'!r}, and that of its limit {self.unit or 'none'!r}"
        )

    def _beyond(self, value: Scalar) -> str | None:
        if self.names is not None:
            return None if value in self.names else f"{value!r} is not allowed: {self}"
        if self.unlimited:
            return None
        if isinstance(value, str):
            return f"{value!r} is no number"
        above = self.low is None or value >= self.low
        below = self.high is None or value <= self.high
        return (
            None if above and below else f"{value:.12g} {self._unit}".rstrip() + f" is not {self}"
        )

    def __str__(self) -> str:
        """As a person would write it."""
        if self.names is not None:
            return f"one of {', '.join(self.names)}"
        if self.unlimited:
            return UNLIMITED
        if self.low is None:
            return f"at most {self.high:.12g} {self._unit}".rstrip()
        if self.high is None:
            return f"at least {self.low:.12g} {self._unit}".rstrip()
        return f"{self.low:.12g} to {self.high:.12g} {self._unit}".rstrip()

    @property
    def _unit(self) -> str:
        return "" if self.unit in _NO_UNIT else self.unit
