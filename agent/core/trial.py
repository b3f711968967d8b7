"""Trial, Proposal, Review, Plan and Approval: one point on its way from idea to what may be sent."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from agent.core.actor import Actor
from agent.core.grounds import Grounds
from agent.core.values import Point, Scalar, Value, digest, later

Role = Literal["candidate", "replicate", "blank", "control", "standard"]


class TrialStatus(StrEnum):
    """Where a trial stands; `core.lifecycle` says which steps there are."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_PROGRESS = "in progress"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    VOIDED = "voided"


OPEN = frozenset({TrialStatus.PROPOSED, TrialStatus.APPROVED, TrialStatus.IN_PROGRESS})
"""The states in which a trial may still bring a result: its point is pending."""


class Trial(Value):
    """One point that is wanted known, from idea to result.

    `point` holds the space's own columns; `settings` spells it out as it would be sent, with the
    columns of its pool. Neither changes: an edit is a new Review.
    """

    id: str
    campaign: str
    number: int = Field(ge=1)
    revision: int = Field(ge=1)
    batch: int = Field(ge=0)
    decision: str | None = None
    role: Role = "candidate"
    fidelity: str = "target"
    steps: tuple[str, ...] = ("run",)
    point: Point
    settings: Point
    replicate_of: str | None = None
    origin: str = "campaign"
    status: TrialStatus = TrialStatus.PROPOSED
    at: AwareDatetime


class Prediction(Value):
    """What the surrogate expects of one objective, in its unit; `sd` is of the underlying mean."""

    mean: float
    sd: float = Field(ge=0)


class Proposal(Value):
    """The point and why. Never changes.

    `feasible` is the probability that it works, once something in the campaign did not; `shares`
    splits the acquisition (exploit, explore, feasible); `why` is one sentence for a reviewer; `grounds` is
    what a model's choice rests on.
    """

    id: str
    trial: str
    decision: str
    prediction: dict[str, Prediction]
    acquisition: str
    score: float | None
    feasible: float | None = later(None, ge=0, le=1)
    shares: dict[str, float]
    why: str
    grounds: Grounds | None = later(None)
    at: AwareDatetime


class Review(Value):
    """A verdict on a trial, with the full effective point that it is about."""

    id: str
    trial: str
    number: int = Field(ge=1)
    verdict: Literal["approve", "edit", "reject"]
    by: Actor
    reasons: tuple[str, ...] = ()
    point: Point
    settings: Point
    at: AwareDatetime


class Setting(Value):
    """One value with its unit ("" is dimensionless or a name)."""

    value: Scalar
    unit: str = ""


class Plan(Value):
    """What will be sent for one step of one trial: the very thing that an approval binds.

    `objectives` maps what is to be measured to its unit. Where that is a class, `classes` has the names,
    and the value of a reading is the number of its class there, from 0.
    """

    trial: str
    revision: int
    step: str
    fidelity: str
    instrument: str
    parameters: dict[str, Setting]
    objectives: dict[str, str]
    instrument_settings: dict[str, Any] = Field(default_factory=dict)
    limits: str = ""
    classes: dict[str, tuple[str, ...]] = later({})

    @property
    def digest(self) -> str:
        """sha256 of the plan's canonical JSON."""
        return digest(self)

    def settings(self) -> Point:
        """The parameters' values without their units."""
        return {name: setting.value for name, setting in self.parameters.items()}


class Approval(Value):
    """Permission to send one plan once; expiring, revocable, consumed by a job. `standing` is the standing
    approval in whose name it was given, if it was.
    """

    id: str
    trial: str
    review: str
    step: str
    instrument: str
    digest: str
    by: Actor
    at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None
    job: str | None = None
    standing: str | None = later(None)
