"""The statements with which a store is read, each made ready once.

What they ask for are named parameters, mostly `wanted`.
"""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import ColumnElement, bindparam, func, or_, select

from agent.core.job import Job, JobStatus
from agent.core.register import Entry, JournalEntry, Revision
from agent.core.trial import Trial
from agent.core.values import Value
from agent.data.ready import Ready
from agent.data.rows import TABLES, query
from agent.data.tables import table

_TRIALS, _JOBS, _LINKS = TABLES[Trial], TABLES[Job], table("job_trials")
_ENTRIES, _REVISIONS, _LINES = TABLES[Entry], TABLES[Revision], TABLES[JournalEntry]
_BLOBS = table("blobs")
_OF = _REVISIONS.c.campaign == bindparam("wanted")

ENTRIES = Ready(query(Entry).order_by(_ENTRIES.c.at, _ENTRIES.c.id))
ENTRY = Ready(
    query(Entry).where(
        or_(_ENTRIES.c.name == bindparam("wanted"), _ENTRIES.c.id == bindparam("wanted"))
    )
)
LATEST = Ready(select(func.max(_REVISIONS.c.number)).where(_OF))
LAST_REVISION = Ready(query(Revision).where(_OF).order_by(_REVISIONS.c.number.desc()).limit(1))
REVISION = Ready(query(Revision).where(_OF, _REVISIONS.c.number == bindparam("number")))
JOBS_OF = Ready(
    query(Job)
    .join(_LINKS, _LINKS.c.job == _JOBS.c.id)
    .where(_LINKS.c.trial == bindparam("wanted"))
    .order_by(_JOBS.c.seq)
)
LAST_LINE = Ready(
    query(JournalEntry)
    .where(
        _LINES.c.campaign == bindparam("wanted"),
        _LINES.c.event == bindparam("event"),
        _LINES.c.subject == bindparam("subject"),
    )
    .order_by(_LINES.c.seq.desc())
    .limit(1)
)
BLOB = Ready(select(_BLOBS.c.content).where(_BLOBS.c.sha256 == bindparam("wanted")))


@cache
def jobs_on(statuses: frozenset[JobStatus]) -> Ready:
    """The jobs of an instrument in one of these states, as they were intended."""
    states = _in(Job, statuses)
    asked = query(Job).where(_JOBS.c.instrument == bindparam("wanted"), states)
    return Ready(asked.order_by(_JOBS.c.intended_at, _JOBS.c.seq, _JOBS.c.id))


@cache
def of_campaign(cls: type[Value], order: str) -> Ready:
    """The records of a campaign."""
    kept = TABLES[cls].c
    return Ready(query(cls).where(kept.campaign == bindparam("wanted")).order_by(kept[order]))


@cache
def in_states(cls: type[Value], order: str, statuses: frozenset[str]) -> Ready:
    """Those of them that are in one of these states."""
    kept = TABLES[cls].c
    of_it = query(cls).where(kept.campaign == bindparam("wanted"), _in(cls, statuses))
    return Ready(of_it.order_by(kept[order]))


@cache
def about_trial(cls: type[Value], order: str) -> Ready:
    """The records about a trial."""
    kept = TABLES[cls].c
    return Ready(query(cls).where(kept.trial == bindparam("wanted")).order_by(kept[order]))


@cache
def beside_trials(cls: type[Value], order: str) -> Ready:
    """The records about the trials of a campaign, in the order of these."""
    kept = TABLES[cls].c
    joined = query(cls).join(_TRIALS, _TRIALS.c.id == kept.trial)
    of_it = joined.where(_TRIALS.c.campaign == bindparam("wanted"))
    return Ready(of_it.order_by(_TRIALS.c.number, kept[order]))


@cache
def counted(cls: type[Value]) -> Ready:
    """How many records of a campaign are in each state."""
    kept = TABLES[cls].c
    counting = select(kept.status, func.count()).where(kept.campaign == bindparam("wanted"))
    return Ready(counting.group_by(kept.status))


@cache
def highest(cls: type[Value]) -> Ready:
    """The highest number of a campaign's records; null without one."""
    kept = TABLES[cls].c
    return Ready(select(func.max(kept.number)).where(kept.campaign == bindparam("wanted")))


def _in(cls: type[Value], statuses: Iterable[str]) -> ColumnElement[bool]:
    kept = TABLES[cls].c
    return or_(*(kept.status == str(status) for status in sorted(statuses)))
