"""Execution: who carries an experiment out, in which steps, and with which settings."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import Field, model_validator

from agent.core.budget import Duration
from agent.core.values import Value, later

T = TypeVar("T")

ALONE = "run"
"""The step of an experiment that is done in one."""

_NAME = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]


class Station(Value):
    """An instrument that does a step: its name, and the adapter with the settings by which it is reached."""

    instrument: str
    adapter: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Reached(Value):
    """Who does something: an adapter by name and its settings; one instrument, or several alike."""

    adapter: str = Field(
        default="",
        description="name of an adapter: one that comes with it (docs/adapters.md), or an installed one",
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="what this adapter takes")
    instrument: str | None = Field(
        default=None, description="name of the instrument; default: the adapter's name"
    )
    instruments: dict[str, dict[str, Any]] = later(
        {},
        description="several that are alike: name -> the settings in which it differs. The first that can "
        "take an experiment gets it",
    )

    @model_validator(mode="after")
    def _named(self) -> "Reached":
        if self.instrument is not None and self.instruments:
            raise ValueError("give instrument, or instruments, which names several that are alike")
        return self

    @property
    def target(self) -> str:
        """The instrument's name; of several, the first one's."""
        return next(iter(self.instruments), self.instrument or self.adapter)

    @property
    def stations(self) -> tuple[Station, ...]:
        """The instruments that can do it, the one that is asked first in front."""
        alike = self.instruments or {self.target: {}}
        return tuple(
            Station(instrument=name, adapter=self.adapter, settings={**self.settings, **own})
            for name, own in alike.items()
        )


class Step(Reached):
    """One step of an experiment. The first makes the sample, later ones take it on."""

    name: _NAME = Field(description="what is done: anneal, read")
    parameters: tuple[str, ...] | None = Field(
        default=None, description="those that it is sent; default: all"
    )
    objectives: tuple[str, ...] | None = Field(
        default=None,
        description="those that it measures; default: of the last step those that no other does",
    )
    repeatable: bool = Field(
        default=False,
        description="it leaves the sample as it is, so that a failed one is done again, up to `attempts` times",
    )
    deadline: Duration | None = Field(
        default=None, description="in place of the execution's: a step may take longer than another"
    )


class Execution(Reached):
    """Who executes: an adapter by name and its settings, or several steps, each with its own."""

    steps: tuple[Step, ...] = later(
        (), description="in place of adapter: what is done one after the other, maybe elsewhere"
    )
    attempts: int = Field(
        default=3, ge=1, description="sendings of a trial that the adapter refuses"
    )
    deadline: Duration | None = Field(
        default=None, description="a job that takes longer is looked into by a person"
    )
    poll: Duration = Field(
        default=Duration(limit=1, unit="s"), description="pause between two looks at running jobs"
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Execution":
        if bool(self.adapter) == bool(self.steps):
            raise ValueError("give an adapter, or steps with an adapter each")
        if self.steps and (self.settings or self.instrument or self.instruments):
            raise ValueError("settings and instruments belong to each of the steps")
        if without := next((one.name for one in self.steps if not one.adapter), None):
            raise ValueError(f"the step {without!r} has no adapter")
        _check_once("steps", [one.name for one in self.steps])
        _check_once("instruments", [one.instrument for step in self.order for one in step.stations])
        return self

    @property
    def order(self) -> tuple[Step, ...]:
        """The steps, one after the other; of an execution without steps the only one."""
        if self.steps:
            return self.steps
        alone = self.model_dump(include=set(Reached.model_fields))
        return (Step(name=ALONE, deadline=self.deadline, **alone),)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps, in order."""
        return tuple(one.name for one in self.steps) or (ALONE,)

    @property
    def repeatable(self) -> frozenset[str]:
        """The steps that may be done again."""
        return frozenset(one.name for one in self.steps if one.repeatable)

    @property
    def everywhere(self) -> tuple[Station, ...]:
        """Every instrument that a trial may come to."""
        return tuple(station for step in self.order for station in step.stations)

    @property
    def instruments_named(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(one.instrument for one in self.everywhere)

    def by_step(self, told: Callable[[str], T]) -> list[list[T]]:
        """Of each step what is told of each of its instruments."""
        return [[told(one.instrument) for one in step.stations] for step in self.order]

    def step(self, name: str) -> Step | None:
        """The step of that name; None where there is none (any more)."""
        return next((one for one in self.order if one.name == name), None)

    def deadline_of(self, step: str) -> Duration | None:
        """How long a job of a step may take."""
        found = self.step(step)
        return (found.deadline if found else None) or self.deadline


def _check_once(what: str, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        mend = "each does one step of a campaign" if what == "instruments" else "name them apart"
        raise ValueError(f"two of the {what} are called {twice!r}: {mend}")
