"""Job, Sample and Observation: what was sent, what it made, and what was seen."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, Field, model_validator

from agent.core.actor import Actor, Process
from agent.core.trial import Plan
from agent.core.values import Point, Value, later


class JobStatus(StrEnum):
    """Where a job stands; `core.lifecycle` says which steps there are."""

    INTENDED = "intended"
    STARTED = "started"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    UNKNOWN = "unknown"


IN_FLIGHT = frozenset({JobStatus.INTENDED, JobStatus.STARTED, JobStatus.RUNNING})
"""The states in which something may be going on at the instrument."""

UNENDED = IN_FLIGHT | {JobStatus.UNKNOWN}
"""Those, and the one of which only a person can say what became of it."""

FailureKind = Literal[
    "instrument", "infeasible", "not_converged", "resources", "timeout", "unclassified"
]
"""Why a job failed. `infeasible` is never a default: what is not classified teaches nothing."""


class Sample(Value):
    """What a job makes and others measure: a short code, its parent, lot and place; `executed` are the
    settings that it was really made with.
    """

    id: str
    campaign: str
    code: str
    job: str | None
    trial: str
    parent: str | None = None
    lot: str = ""
    place: str = ""
    executed: Point | None = later(None)
    at: AwareDatetime


class SampleRef(Value):
    """A sample as it is handed to a job that takes it on."""

    id: str
    trial: str
    job: str | None = None
    code: str
    lot: str = ""
    place: str = ""
    executed: Point | None = None


class Job(Value):
    """One execution of one step, for one or many trials, on one instrument, attempt k.

    Its id is the idempotency key, and travels as far as the server lets it. `stage` is the place of its
    step among the trial's, from 1; `samples` are what earlier steps made and this one takes. `fence` is the
    fencing number of the lease under which it was intended, `sender` the process that sends it.
    """

    id: str
    campaign: str
    trials: tuple[str, ...] = Field(min_length=1)
    plans: tuple[Plan, ...] = Field(min_length=1)
    approvals: tuple[str, ...]
    step: str
    stage: int = later(1, ge=1)
    samples: tuple[SampleRef, ...] = later(())
    instrument: str
    attempt: int = Field(ge=1)
    status: JobStatus = JobStatus.INTENDED
    failure: FailureKind | None = None
    message: str = ""
    handle: dict[str, Any] | None = None
    sender: Process
    fence: int
    cost: float = Field(default=0.0, ge=0)
    intended_at: AwareDatetime
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None

    def sample_of(self, trial: str) -> SampleRef | None:
        """The sample of a trial that this job takes; None where it makes it."""
        return next((one for one in self.samples if one.trial == trial), None)


CORRECTED = "corrected"
"""Why a reading is void in whose place no other one came, since the correction had fewer."""


class Observation(Value):
    """What was seen of one objective of one trial. Append-only; corrected by a newer one.

    Exactly one of: a `value`; a bound (`low` and/or `high`, censored); `void` with its reason.
    `sd` is the standard uncertainty, in `unit`. `executed` are the settings as executed.
    """

    id: str
    campaign: str
    trial: str
    objective: str
    fidelity: str = "target"
    replicate: int = Field(default=1, ge=1)
    job: str | None = None
    sample: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    void: str | None = None
    sd: float | None = Field(default=None, ge=0)
    unit: str
    executed: Point | None = None
    raw: str | None = None
    analysis: str = ""
    supersedes: str | None = None
    origin: str = "campaign"
    by: Actor
    at: AwareDatetime

    @model_validator(mode="after")
    def _one_kind(self) -> "Observation":
        kinds = [
            self.value is not None,
            self.low is not None or self.high is not None,
            self.void is not None,
        ]
        if sum(kinds) != 1:
            raise ValueError("an observation is exactly one of: a value, a bound, void")
        return self

    @property
    def left_over(self) -> bool:
        """Whether a correction has left nothing in this reading's place."""
        return self.void == CORRECTED and self.supersedes is not None

    @property
    def kind(self) -> Literal["value", "bound", "void"]:
        """Which of the three it is."""
        if self.value is not None:
            return "value"
        return "void" if self.void is not None else "bound"
