"""A physical instrument that counts what it does, and an adapter of it that may break a promise."""

from dataclasses import dataclass, field

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
from agent.core.harmless import Declaration
from agent.core.job import Job
from agent.core.trial import Plan
from agent.errors import Refused, Unreachable


@dataclass
class Bench:
    """What stands on the bench: executions by key, in order; keys that were withdrawn; orders."""

    executed: list[str] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    looks: dict[str, int] = field(default_factory=dict)
    stops: int = 0


class ShamSettings(BaseModel):
    """How it behaves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: str = Field(default="", description="Which promise it breaks.")
    looks: int = Field(default=1, description="How often it is running when it is looked at.")


class ShamAdapter:
    Settings = ShamSettings

    def __init__(self, settings: ShamSettings, bench: Bench) -> None:
        self.settings, self.bench = settings, bench

    def _breaks(self, promise: str) -> bool:
        return self.settings.fault == promise

    def capabilities(self) -> Capabilities:
        return Capabilities(
            effect="physical",
            lookup="sure",
            on_cancel="it ends",
            on_lost_contact="" if self._breaks("capabilities") else "it waits",
            on_emergency_stop="it ends",
            version="sham 1",
        )

    def health(self) -> Health:
        return Health(state="busy", reason="a run") if self._running() else Health(state="ready")

    def _running(self) -> bool:
        over = self.settings.looks
        return any(
            self.bench.looks.get(key, 0) < over and key not in self.bench.cancelled
            for key in self.bench.executed
        )

    def check(self, plan: Plan) -> tuple[str, ...]:
        wrong = plan.parameters["x"].value != 1.0 or plan.objectives != {"y": "mg"}
        return ("x must be 1",) if wrong else ()

    def prepare(self, job: Job) -> Handle:
        if reasons := self.check(job.plans[0]):
            raise Refused("; ".join(reasons))
        return {"key": job.id}

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        if job.id in self.bench.withdrawn and not self._breaks("barred"):
            raise Refused(f"{job.id} was withdrawn")
        if self._running():
            raise Refused("it is busy")
        self.bench.executed.append(job.id)
        if self._breaks("silent"):
            raise Unreachable("no answer")
        if self._breaks("twice"):
            note({"key": job.id})
            raise TypeError("a fault in somebody's code")

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        if self._breaks("silent") and job.id in self.bench.executed:
            return Sighting(state="absent", reason="it says nothing of it")
        if job.id not in self.bench.executed:
            self.bench.withdrawn.add(job.id)
            return Sighting(state="absent", sure=True)
        return Sighting(state="running", handle={"key": job.id})

    def collect(self, job: Job, handle: Handle) -> Outcome:
        if job.id in self.bench.cancelled:
            return Outcome(state="cancelled")
        if self._breaks("endless"):
            return Outcome(state="running")
        looks = self.bench.looks[job.id] = self.bench.looks.get(job.id, 0) + 1
        if looks <= self.settings.looks:
            return Outcome(state="running")
        seen = float(looks) if self._breaks("changing") else 2.0
        made = Measurement(trial=job.trials[0], objective="y", unit="mg", value=seen)
        return Outcome(state="done", measurements=(made,))

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        self.bench.cancelled.add(job.id)
        return "confirmed"

    def emergency_stop(self) -> None:
        self.bench.stops += 1


def declaration(**given: object) -> Declaration:
    """What may be done with it."""
    whole = {
        "execution": {"adapter": "sham", "poll": {"limit": 0.001, "unit": "s"}},
        "good": {"parameters": {"x": 1.0}, "objectives": {"y": "mg"}},
        "bad": {"parameters": {"x": 9.0}, "objectives": {"y": "mg"}},
        "executions": 7,
        "may": ["cancel"],
        "wait": {"limit": 0.3, "unit": "s"},
        **given,
    }
    return Declaration.model_validate(whole)
