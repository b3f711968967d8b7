"""One table for each record of `agent.core`, and the few that have no record.

A column has the name of its field. What a table has beyond its record: `seq` of approvals, jobs and
samples (the journal line that tells of them, which is their order). Tables without a record:
`counters`, `job_trials` (an index of `jobs.trials`), `blobs` and `remembered`. `register_tables` has those that are
not about trials.
"""

from datetime import datetime

from sqlalchemy import Index, Table, UniqueConstraint
from sqlmodel import Field

from agent.data.columns import instant, key, nested, whole
from agent.data.register_tables import Json, Row


class DecisionRow(Row, table=True):
    """`decision.Decision`."""

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("campaign", "number"),)
    id: str = Field(primary_key=True)
    campaign: str = Field(foreign_key="campaigns.id")
    number: int = whole()
    revision: int = whole()
    kind: str
    rows: Json = nested()
    pending: Json = nested()
    barred: Json = nested()
    infeasible: Json = nested()
    remakes: Json = nested()
    confirming: Json = nested(nullable=True)
    started: int = whole()
    batch: int = whole()
    seed: int = whole()
    clock: datetime = instant()
    budget: Json = nested()
    present: Json = nested()
    leeway: Json = nested()
    policy: Json = nested()
    choices: Json = nested()
    state: Json = nested(nullable=True)
    notes: Json = nested()
    outlook: Json = nested(nullable=True)
    ranking: Json = nested()
    fingerprint: Json = nested()
    at: datetime = instant()


class TrialRow(Row, table=True):
    """`trial.Trial`."""

    __tablename__ = "trials"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("trials_by_status", "campaign", "status"),
    )
    id: str = Field(primary_key=True)
    campaign: str = Field(foreign_key="campaigns.id")
    number: int = whole()
    revision: int = whole()
    batch: int = whole()
    decision: str | None = key("decisions.id")
    role: str
    fidelity: str
    steps: Json = nested()
    point: Json = nested()
    settings: Json = nested()
    replicate_of: str | None
    origin: str
    status: str
    at: datetime = instant()


class ProposalRow(Row, table=True):
    """`trial.Proposal`."""

    __tablename__ = "proposals"
    id: str = Field(primary_key=True)
    trial: str = Field(foreign_key="trials.id", unique=True)
    decision: str = key("decisions.id")
    prediction: Json = nested()
    acquisition: str
    score: float | None
    feasible: float | None
    shares: Json = nested()
    why: str
    grounds: Json = nested(nullable=True)
    at: datetime = instant()


class ReviewRow(Row, table=True):
    """`trial.Review`."""

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("trial", "number"),)
    id: str = Field(primary_key=True)
    trial: str = Field(foreign_key="trials.id")
    number: int = whole()
    verdict: str
    by: Json = nested()
    reasons: Json = nested()
    point: Json = nested()
    settings: Json = nested()
    at: datetime = instant()


class JobRow(Row, table=True):
    """`job.Job`."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("jobs_by_status", "campaign", "status"),
        Index("jobs_by_instrument", "instrument", "status"),
    )
    id: str = Field(primary_key=True)
    campaign: str = Field(foreign_key="campaigns.id")
    trials: Json = nested()
    plans: Json = nested()
    approvals: Json = nested()
    step: str
    stage: int = whole()
    samples: Json = nested()
    instrument: str
    attempt: int = whole()
    status: str
    failure: str | None
    message: str
    handle: Json = nested(nullable=True)
    sender: Json = nested()
    fence: int = whole()
    cost: float
    intended_at: datetime = instant()
    started_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    seq: int = whole()


class JobTrialRow(Row, table=True):
    """Which jobs a trial has: `jobs.trials`, turned round."""

    __tablename__ = "job_trials"
    job: str = Field(primary_key=True, foreign_key="jobs.id")
    trial: str = Field(primary_key=True, foreign_key="trials.id", index=True)


class ApprovalRow(Row, table=True):
    """`trial.Approval`."""

    __tablename__ = "approvals"
    id: str = Field(primary_key=True)
    trial: str = key("trials.id")
    review: str = key("reviews.id")
    step: str
    instrument: str
    digest: str
    by: Json = nested()
    at: datetime = instant()
    expires_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)
    job: str | None = key("jobs.id")
    standing: str | None = Field(index=True)
    seq: int = whole()


class StandingApprovalRow(Row, table=True):
    """`standing_approval.StandingApproval`."""

    __tablename__ = "standing_approvals"
    __table_args__ = (UniqueConstraint("campaign", "number"),)
    id: str = Field(primary_key=True)
    campaign: str = Field(foreign_key="campaigns.id")
    number: int = whole()
    instruments: Json = nested()
    region: Json = nested()
    scope: str
    count: int = whole()
    until: datetime = instant()
    by: Json = nested()
    reasons: Json = nested()
    at: datetime = instant()


class RevocationRow(Row, table=True):
    """`standing_approval.Revocation`."""

    __tablename__ = "revocations"
    id: str = Field(primary_key=True)
    campaign: str = key("campaigns.id")
    standing: str = Field(foreign_key="standing_approvals.id", unique=True)
    reason: str
    by: Json = nested()
    at: datetime = instant()


class SampleRow(Row, table=True):
    """`job.Sample`."""

    __tablename__ = "samples"
    __table_args__ = (UniqueConstraint("campaign", "code"),)
    id: str = Field(primary_key=True)
    campaign: str = Field(foreign_key="campaigns.id")
    code: str
    job: str | None = key("jobs.id")
    trial: str = key("trials.id")
    parent: str | None = key("samples.id")
    lot: str
    place: str
    executed: Json = nested(nullable=True)
    at: datetime = instant()
    seq: int = whole()


class ObservationRow(Row, table=True):
    """`job.Observation`."""

    __tablename__ = "observations"
    id: str = Field(primary_key=True)
    campaign: str = key("campaigns.id")
    trial: str = key("trials.id")
    objective: str
    fidelity: str
    replicate: int = whole()
    job: str | None = key("jobs.id")
    sample: str | None = key("samples.id")
    value: float | None
    low: float | None
    high: float | None
    void: str | None
    sd: float | None
    unit: str
    executed: Json = nested(nullable=True)
    raw: str | None
    analysis: str
    supersedes: str | None = Field(foreign_key="observations.id", unique=True)
    origin: str
    by: Json = nested()
    at: datetime = instant()


class JudgementRow(Row, table=True):
    """`judgement.Judgement`."""

    __tablename__ = "judgements"
    id: str = Field(primary_key=True)
    campaign: str = key("campaigns.id")
    trial: str = key("trials.id")
    word: str
    reason: str
    by: Json = nested()
    at: datetime = instant()


METADATA = Row.metadata
"""The catalogue of all tables."""


def table(name: str) -> Table:
    """The table of that name."""
    return METADATA.tables[name]
