"""The tables around the nouns: the register of campaigns, leases, documents and the journal."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, MetaData, UniqueConstraint
from sqlmodel import Field, SQLModel

from agent.data.columns import Canonical, instant, key, nested, whole

Json = Any


class Row(SQLModel):
    """The base of the tables, with a catalogue of its own."""

    metadata = MetaData()


class CampaignRow(Row, table=True):
    """`register.Entry`."""

    __tablename__ = "campaigns"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    status: str
    reason: str
    at: datetime = instant()


class CounterRow(Row, table=True):
    """The last number given out of each kind."""

    __tablename__ = "counters"
    campaign: str = Field(primary_key=True, foreign_key="campaigns.id")
    kind: str = Field(primary_key=True)
    value: int = whole()


class RevisionRow(Row, table=True):
    """`register.Revision`."""

    __tablename__ = "revisions"
    campaign: str = Field(primary_key=True, foreign_key="campaigns.id")
    number: int = whole(primary_key=True)
    document: Json = nested()
    source: str
    diff: Json = nested()
    by: Json = nested()
    at: datetime = instant()


class BlobRow(Row, table=True):
    """A document of an instrument, named by its own hash."""

    __tablename__ = "blobs"
    sha256: str = Field(primary_key=True)
    media: str
    size: int = whole()
    content: bytes = Field(sa_type=LargeBinary)


class LeaseRow(Row, table=True):
    """`register.Lease`."""

    __tablename__ = "leases"
    name: str = Field(primary_key=True)
    holder: Json = Field(sa_type=Canonical)
    fence: int = whole()
    expires_at: datetime = instant()
    seen_at: datetime | None = instant(nullable=True)


class InstrumentRow(Row, table=True):
    """A name that is locked while its instrument is given something."""

    __tablename__ = "instruments"
    name: str = Field(primary_key=True)


class HoldRow(Row, table=True):
    """`instrument.Hold`."""

    __tablename__ = "holds"
    __table_args__ = (UniqueConstraint("instrument", "number"),)
    id: str = Field(primary_key=True)
    instrument: str = Field(foreign_key="instruments.name", index=True)
    number: int = whole()
    word: str
    reason: str
    until: datetime | None = instant(nullable=True)
    standard: Json = nested(nullable=True)
    reading: float | None
    by: Json = nested()
    at: datetime = instant()


class MovementRow(Row, table=True):
    """`stock.Movement`."""

    __tablename__ = "movements"
    __table_args__ = (UniqueConstraint("instrument", "item", "number"),)
    id: str = Field(primary_key=True)
    instrument: str = Field(foreign_key="instruments.name")
    item: str
    number: int = whole()
    word: str
    amount: float
    level: float
    unit: str
    job: str | None = key("jobs.id")
    reason: str
    by: Json = nested()
    at: datetime = instant()


class JournalRow(Row, table=True):
    """`register.JournalEntry`."""

    __tablename__ = "journal"
    campaign: str = Field(primary_key=True, foreign_key="campaigns.id")
    seq: int = whole(primary_key=True)
    at: datetime = instant()
    by: Json = nested()
    event: str
    subject: str
    data: Json = nested()
    previous: str
    hash: str


class RememberedRow(Row, table=True):
    """What was computed and may be forgotten at any time, by the hash of what it is of."""

    __tablename__ = "remembered"
    key: str = Field(primary_key=True)
    value: Json = Field(sa_type=Canonical)
    sha256: str
    at: datetime = instant()
