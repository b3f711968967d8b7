"""What every adapter that only computes has in common: nothing is sent, so nothing can be lost.

`collect` is a function of the job and the settings alone. Random draws hang on the seed, on the
trial's number and on its parameters, never on the campaign's random id: two policies that ask for
the same point as the same trial see the same noise, so that back-tests are paired.
"""

# ruff: noqa: ARG002 - the contract names the arguments, whether or not an adapter needs them

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from agent.core.adapter import (
    Cancellation,
    Capabilities,
    Handle,
    Health,
    Measurement,
    Note,
    Outcome,
    Sighting,
)
from agent.core.job import FailureKind, Job
from agent.core.trial import Plan
from agent.core.values import digest

DIMENSIONLESS = frozenset({"", "1", "-", "dimensionless"})
"""Ways to write that there is no unit."""


class Failure(NamedTuple):
    """Why one trial of a job brought nothing."""

    kind: FailureKind
    message: str


class Result(NamedTuple):
    """What one trial of a job brought, with the document of how."""

    measurements: tuple[Measurement, ...]
    raw: str | None = None


def utc_now() -> datetime:
    """The wall clock, aware, in UTC."""
    return datetime.now(UTC)


def same_unit(one: str, other: str) -> bool:
    """Whether two units are written alike; all ways to write no unit are one."""
    return one == other or {one, other} <= DIMENSIONLESS


def draw(seed: int, purpose: str, plan: Plan, attempt: int = 1) -> random.Random:
    """A generator of its own for one purpose of one trial, the same in every campaign.

    The campaign's token in the trial's id (`k7f3q2-T0012`) is left out.
    """
    number = plan.trial.rpartition("-")[2]
    key = digest([seed, purpose, number, attempt, plan.settings()])
    return random.Random(int(key[:16], 16))  # noqa: S311 - noise, not a secret


def objective_reasons(plan: Plan, known: Mapping[str, str]) -> list[str]:
    """Reasons against a plan whose objectives are not `known` (name -> unit)."""
    reasons = []
    for name, unit in plan.objectives.items():
        if name not in known:
            reasons.append(f"objective '{name}' is not measured here (known: {', '.join(known)})")
        elif not same_unit(unit, known[name]):
            reasons.append(f"objective '{name}' is given in '{known[name]}', not in '{unit}'")
    return reasons


class PureSettings(BaseModel):
    """Base of the settings: closed, so that a misspelt key is an error, and frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    fidelities: tuple[str, ...] = Field(
        default=("target",), min_length=1, description="Names of the fidelities that this answers."
    )
    cost: float | None = Field(
        default=None, ge=0, description="What one job is said to have cost, in the budget's unit."
    )
    max_trials_per_job: int = Field(
        default=1, ge=1, description="Trials that go together in one job, as on a plate."
    )
    parallel: int = Field(default=1, ge=1, description="Jobs that it takes at the same time.")


class PureAdapter:
    """Base of the adapters that compute; a subclass brings `version`, `check` and `compute`."""

    Settings: type[BaseModel]
    settings: PureSettings
    effect: ClassVar[Literal["pure"]] = "pure"

    def version(self) -> str:
        """What computes, with its version."""
        raise NotImplementedError

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against sending `plan`; empty if there are none."""
        raise NotImplementedError

    def compute(self, plan: Plan) -> Result | Failure:
        """One trial's measurements, or why there are none."""
        raise NotImplementedError

    def capabilities(self) -> Capabilities:
        """Pure, and surely looked up: there is nothing to be lost."""
        return Capabilities(
            effect=self.effect,
            lookup="sure",
            max_trials_per_job=self.settings.max_trials_per_job,
            parallel=self.settings.parallel,
            fidelities=self.settings.fidelities,
            on_cancel="nothing runs between two questions; the result is dropped",
            on_lost_contact="nothing: it computes in the agent's own process",
            on_emergency_stop="nothing is to be stopped: it moves and heats nothing",
            version=self.version(),
        )

    def health(self) -> Health:
        """Always ready."""
        return Health(state="ready")

    def prepare(self, job: Job) -> Handle:
        """An empty handle: the job itself is all that `collect` needs."""
        return {}

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        """Nothing lasting: the computation is done by `collect`."""

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        """Running: a job that only has to be computed can always be collected."""
        return Sighting(state="running", handle=handle or self.prepare(job))

    def collect(self, job: Job, handle: Handle) -> Outcome:
        """The computed outcome; failed only if no trial of the job brought anything."""
        return merged(job, {plan.trial: self.compute(plan) for plan in job.plans}).model_copy(
            update={"cost": self.settings.cost}
        )

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        """Confirmed: nothing is running."""
        return "confirmed"

    def emergency_stop(self) -> None:
        """Nothing moves, so there is nothing to stop."""

    def fidelity_reasons(self, plan: Plan) -> list[str]:
        """A reason if the plan's fidelity is not one of the settings'."""
        known = self.settings.fidelities
        if plan.fidelity in known:
            return []
        return [f"fidelity '{plan.fidelity}' is not offered (known: {', '.join(known)})"]


class SimulatedSettings(PureSettings):
    """Settings of a simulated instrument: how long it takes, how often it fails, and its seed."""

    delay_s: float = Field(default=0.0, ge=0, description="Wall time that a job takes, in seconds.")
    failure_rate: float = Field(
        default=0.0, ge=0, le=1, description="Share of the jobs that fail, drawn from the seed."
    )
    failure_kind: FailureKind = Field(
        default="instrument", description="How a job that was drawn to fail is classified."
    )
    seed: int = Field(default=0, description="Seed of noise, replicate draws and failures.")
    parallel: int = Field(default=96, ge=1, description="Jobs that it takes at the same time.")


class SimulatedAdapter(PureAdapter):
    """A pure adapter that behaves like an instrument: it takes its time, and it may fail."""

    settings: SimulatedSettings

    def __init__(self, settings: SimulatedSettings, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self._now = now

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        """Notes when the job started, which is all that a delay needs."""
        note({**handle, "started": self._now().isoformat()})

    def collect(self, job: Job, handle: Handle) -> Outcome:
        """Running until the delay has passed; then the drawn failure, or what was computed."""
        started = handle.get("started")
        begun = datetime.fromisoformat(started) if started else job.started_at
        if begun and (self._now() - begun).total_seconds() < self.settings.delay_s:
            return Outcome(state="running")
        chance = draw(self.settings.seed, "failure", job.plans[0], job.attempt).random()
        if chance < self.settings.failure_rate:
            return Outcome(
                state="failed",
                failure=self.settings.failure_kind,
                message="simulated failure",
                cost=self.settings.cost,
            )
        return super().collect(job, handle)


def merged(job: Job, results: Mapping[str, Result | Failure]) -> Outcome:
    """One outcome of a job from what became of each of its trials.

    Where some trials failed and others did not, the failed ones' objectives are void.
    """
    failures = {trial: item for trial, item in results.items() if isinstance(item, Failure)}
    message = "; ".join(dict.fromkeys(failure.message for failure in failures.values()))
    if len(failures) == len(results):
        first = next(iter(failures.values()))
        return Outcome(state="failed", failure=first.kind, message=message)
    measurements: list[Measurement] = []
    documents = []
    for plan in job.plans:
        result = results[plan.trial]
        if isinstance(result, Failure):
            measurements += [
                Measurement(trial=plan.trial, objective=name, unit=unit, void=result.message)
                for name, unit in plan.objectives.items()
            ]
        else:
            measurements += result.measurements
            documents += [result.raw] if result.raw is not None else []
    raw = None if not documents else documents[0]
    if len(documents) > 1:
        raw = "[" + ",".join(documents) + "]"
    return Outcome(state="done", measurements=tuple(measurements), message=message, raw=raw)
