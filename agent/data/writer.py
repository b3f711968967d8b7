"""What every kind of writing does: lock the campaign, write the fact, and write the journal line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from agent.core.actor import Actor
from agent.core.clock import utc
from agent.core.job import Job, JobStatus
from agent.core.lifecycle import TRIAL, check_step
from agent.core.register import CampaignStatus, Entry, JournalEntry
from agent.core.trial import Trial, TrialStatus
from agent.core.values import Value
from agent.data import journal
from agent.data.ready import Ready
from agent.data.rows import TABLES, Record, from_row, insertion, move, query_one, to_row
from agent.data.statements import JOBS_OF
from agent.errors import LifecycleError, NotFound, StoreError

_CAMPAIGNS, _JOURNAL = TABLES[Entry], TABLES[JournalEntry]
_STATUS = Ready(
    select(_CAMPAIGNS.c.status).where(_CAMPAIGNS.c.id == bindparam("wanted")).with_for_update()
)
_HEAD = Ready(
    select(_JOURNAL.c.seq, _JOURNAL.c.hash)
    .where(_JOURNAL.c.campaign == bindparam("wanted"))
    .order_by(_JOURNAL.c.seq.desc())
    .limit(1)
)


class Writer:
    """One open transaction, by one actor, at one moment."""

    def __init__(self, connection: Connection, by: Actor, now: datetime) -> None:
        self._connection = connection
        self.by = by
        self.now = utc(now)
        self._heads: dict[str, journal.Head] = {}
        self._locked: set[str] = set()
        # Trials and jobs of locked campaigns: nobody else changes them until this is written.
        self._trials: dict[str, Trial] = {}
        self._jobs: dict[str, Job] = {}

    def record(self, campaign: str, event: str, subject: str, data: dict[str, Any]) -> int:
        """Write one line of the journal by itself; its `seq`.

        Raises:
            NotFound: there is no such campaign.
        """
        self._lock(campaign)
        entry = journal.seal(
            self._head(campaign),
            campaign=campaign,
            at=self.now,
            by=self.by,
            event=event,
            subject=subject,
            data=data,
        )
        self._insert(entry)
        self._heads[campaign] = journal.Head(entry.seq, entry.hash)
        return entry.seq

    def _lock(self, campaign: str) -> None:
        """See that there is such a campaign; on PostgreSQL its row is locked, so that its journal cannot fork.

        Everything that writes locks the campaign before anything else of it: no deadlock.
        """
        if campaign not in self._locked:
            self._status(campaign)

    def _status(self, campaign: str) -> CampaignStatus:
        """The status of a campaign, which is locked by that."""
        found = _STATUS.scalar(self._connection, {"wanted": campaign})
        if found is None:
            raise NotFound(f"there is no campaign {campaign}", "register it first")
        self._locked.add(campaign)
        return CampaignStatus(found)

    def _head(self, campaign: str) -> journal.Head:
        if campaign not in self._heads:
            row = _HEAD.first(self._connection, {"wanted": campaign})
            self._heads[campaign] = journal.START if row is None else journal.Head(*row)
        return self._heads[campaign]

    def _insert(self, record: Value, **more: int) -> None:
        insertion(type(record)).change(self._connection, {**to_row(record), **more})

    def _insert_all(self, records: Sequence[Value]) -> None:
        if records:
            rows = [to_row(record) for record in records]
            self._connection.execute(insertion(type(records[0])).statement, rows)

    def _one(self, cls: type[Record], id: str) -> Record:
        found = self._found(cls, id)
        if found is None:
            raise NotFound(f"there is no {cls.__name__.lower()} {id}")
        return found

    def _found(self, cls: type[Record], id: str) -> Record | None:
        row = query_one(cls).first(self._connection, {"wanted": id})
        return None if row is None else from_row(cls, row)

    def _jobs_of(self, trial: Trial) -> list[Job]:
        rows = JOBS_OF.rows(self._connection, {"wanted": trial.id})
        return [from_row(Job, row) for row in rows]

    def _locked_trial(self, id: str) -> Trial:
        if id not in self._trials:
            trial = self._one(Trial, id)
            late = self._lock_late(trial.campaign)
            self._trials[id] = self._one(Trial, id) if late else trial
        return self._trials[id]

    def _locked_job(self, id: str) -> Job:
        if id not in self._jobs:
            job = self._one(Job, id)
            late = self._lock_late(job.campaign)
            self._jobs[id] = self._one(Job, id) if late else job
        return self._jobs[id]

    def _lock_late(self, campaign: str) -> bool:
        """Lock the campaign of a row that was read without; whether the row may have changed."""
        if self._connection.dialect.name != "postgresql":
            # SQLite has one writer at a time, and a row names no campaign that is not there.
            self._locked.add(campaign)
            return False
        late = campaign not in self._locked
        self._lock(campaign)
        return late

    def _take(self, trial: Trial, target: TrialStatus) -> None:
        """Take one step of a trial's life, if it is still where `trial` says.

        Raises:
            LifecycleError: there is no such step, it is another's, or another was faster.
        """
        check_step(TRIAL, trial.status, target, self.by)
        self._change(Trial, trial.id, trial.status, {"status": target})

    def _change(
        self,
        cls: type[Value],
        id: str,
        status: TrialStatus | JobStatus,
        columns: dict[str, Any],
    ) -> None:
        self._trials.pop(id, None)
        self._jobs.pop(id, None)
        row = {"wanted": id, "still": str(status), **columns}
        if move(cls).change(self._connection, row) != 1:
            raise LifecycleError(
                f"{cls.__name__.lower()} {id} is no longer {status}", "another step was faster"
            )

    def _trials_of(self, campaign: str, ids: Sequence[str]) -> list[Trial]:
        """The trials of these ids, all of `campaign`, which is locked.

        Raises:
            StoreError: one is not.
        """
        found = {id: self._trials.get(id) or self._found(Trial, id) for id in ids}
        of_it = {id: one for id, one in found.items() if one and one.campaign == campaign}
        if missing := found.keys() - of_it.keys():
            raise StoreError(f"campaign {campaign} has no trial {', '.join(sorted(missing))}")
        self._trials |= of_it
        return [of_it[id] for id in ids]
