"""Record -> row and row -> record: one generic pair for every noun."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import Select, Table, bindparam, insert, select, update

from agent.core.decision import Decision
from agent.core.instrument import Hold
from agent.core.job import Job, Observation, Sample
from agent.core.judgement import Judgement
from agent.core.register import Entry, JournalEntry, Lease, Revision
from agent.core.standing_approval import Revocation, StandingApproval
from agent.core.stock import Movement
from agent.core.trial import Approval, Proposal, Review, Trial
from agent.core.values import Value
from agent.data.ready import Ready
from agent.data.tables import table
from agent.errors import StoreError

Record = TypeVar("Record", bound=Value)

TABLES: Mapping[type[Value], Table] = {
    Entry: table("campaigns"),
    Revision: table("revisions"),
    Trial: table("trials"),
    Proposal: table("proposals"),
    Review: table("reviews"),
    Approval: table("approvals"),
    StandingApproval: table("standing_approvals"),
    Revocation: table("revocations"),
    Job: table("jobs"),
    Sample: table("samples"),
    Observation: table("observations"),
    Judgement: table("judgements"),
    Decision: table("decisions"),
    Lease: table("leases"),
    Hold: table("holds"),
    Movement: table("movements"),
    JournalEntry: table("journal"),
}
"""Where each record is kept."""

_FIELDS = {cls: tuple(cls.model_fields) for cls in TABLES}
_SELECTS = {cls: select(*(TABLES[cls].c[f] for f in fields)) for cls, fields in _FIELDS.items()}
_BY_ID = {
    cls: Ready(_SELECTS[cls].where(kept.c.id == bindparam("wanted")))
    for cls, kept in TABLES.items()
    if "id" in kept.c
}
_MOVES: Mapping[type[Value], Ready] = {
    cls: Ready(
        update(TABLES[cls]).where(
            TABLES[cls].c.id == bindparam("wanted"), TABLES[cls].c.status == bindparam("still")
        )
    )
    for cls in (Trial, Job)
}
_INSERTS = {cls: Ready(insert(kept)) for cls, kept in TABLES.items()}


def to_row(record: Value) -> dict[str, Any]:
    """The columns of `record`; the column types turn them into what the database keeps."""
    told = record.model_dump()
    return {name: told.get(name, getattr(record, name)) for name in _FIELDS[type(record)]}


def from_row(cls: type[Record], row: Sequence[Any]) -> Record:
    """The record of a row that `query(cls)` selected, validated anew.

    Raises:
        StoreError: it is no such record: somebody else has written it.
    """
    try:
        return cls.model_validate(dict(zip(_FIELDS[cls], row, strict=True)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StoreError(
            f"a {cls.__name__.lower()} in the store ({row[0]}) is none: {where}: {first['msg']}",
            "somebody wrote to the database beside the program: compare with a backup",
        ) from error


def query(cls: type[Value]) -> Select[Any]:
    """A selection of the columns of `cls`, in the order of its fields."""
    return _SELECTS[cls]


def query_one(cls: type[Value]) -> Ready:
    """The same, ready, for the one row whose id is the parameter `wanted`."""
    return _BY_ID[cls]


def move(cls: type[Value]) -> Ready:
    """A change of the row whose id is `wanted`, if its status is `still` that."""
    return _MOVES[cls]


def insertion(cls: type[Value]) -> Ready:
    """An insertion of a row of `cls`."""
    return _INSERTS[cls]
