"""Instruments in the store: what is said of them, and one campaign at a time that takes them."""

from datetime import datetime

from sqlalchemy import bindparam, func, or_, select

from agent.core.instrument import Hold, Standard, in_force
from agent.core.job import UNENDED, Job, JobStatus
from agent.core.register import CampaignStatus, Entry
from agent.core.trial import OPEN, Approval, Setting, Trial
from agent.core.turns import Stay
from agent.data.leases import insert_new
from agent.data.reading import Reading
from agent.data.ready import Ready
from agent.data.rows import TABLES, from_row, query
from agent.data.tables import table
from agent.data.writer import Writer
from agent.errors import GateError, LifecycleError

_HOLDS, _JOBS, _INSTRUMENTS = TABLES[Hold], TABLES[Job], table("instruments")
_WORDS = Ready(
    query(Hold).where(_HOLDS.c.instrument == bindparam("wanted")).order_by(_HOLDS.c.number)
)
_LOCK = Ready(
    select(_INSTRUMENTS.c.name).where(_INSTRUMENTS.c.name == bindparam("wanted")).with_for_update()
)
_OPEN = Ready(
    select(_JOBS.c.status, func.count())
    .where(
        _JOBS.c.instrument == bindparam("wanted"),
        _JOBS.c.id != bindparam("mine"),
        or_(*(_JOBS.c.status == str(one) for one in sorted(UNENDED))),
    )
    .group_by(_JOBS.c.status)
)
_APPROVALS, _TRIALS, _ENTRIES = TABLES[Approval], TABLES[Trial], TABLES[Entry]
_PERMITTED = (
    query(Approval)
    .add_columns(_TRIALS.c.campaign)
    .join(_TRIALS, _TRIALS.c.id == _APPROVALS.c.trial)
    .join(_ENTRIES, _ENTRIES.c.id == _TRIALS.c.campaign)
    .where(
        _APPROVALS.c.instrument == bindparam("wanted"),
        _APPROVALS.c.job.is_(None),
        _APPROVALS.c.revoked_at.is_(None),
        or_(_APPROVALS.c.expires_at.is_(None), _APPROVALS.c.expires_at > bindparam("now")),
        _TRIALS.c.status.in_([str(one) for one in OPEN]),
        _ENTRIES.c.status == str(CampaignStatus.ACTIVE),
    )
    .order_by(_TRIALS.c.campaign, _APPROVALS.c.seq)
)
_STAYS = (
    select(_ENTRIES.c.name, _JOBS.c.intended_at, _JOBS.c.ended_at)
    .join(_ENTRIES, _ENTRIES.c.id == _JOBS.c.campaign)
    .where(
        _JOBS.c.instrument == bindparam("wanted"),
        _JOBS.c.status != str(JobStatus.REFUSED),
        or_(_JOBS.c.status != str(JobStatus.CANCELLED), _JOBS.c.started_at.is_not(None)),
        or_(_JOBS.c.ended_at.is_(None), _JOBS.c.ended_at > bindparam("since")),
    )
    .order_by(_JOBS.c.intended_at, _JOBS.c.id)
)


class InstrumentReading(Reading):
    """The questions about instruments."""

    def holds(self, instrument: str) -> list[Hold]:
        """What was said of an instrument, in order."""
        return self._all(Hold, _WORDS, wanted=instrument)

    def instruments(self) -> list[str]:
        """Every instrument that was ever used or spoken of."""
        with self._database.reading() as connection:
            used = connection.execute(select(_JOBS.c.instrument).distinct()).scalars().all()
            named = connection.execute(select(_INSTRUMENTS.c.name)).scalars().all()
        return sorted({*used, *named})

    def jobs_on(self, instrument: str) -> list[Job]:
        """Every job on an instrument, of whichever campaign, as they were intended."""
        asked = query(Job).where(_JOBS.c.instrument == instrument)
        return self._all(Job, asked.order_by(_JOBS.c.intended_at, _JOBS.c.id))

    def permitted(self, instrument: str, now: datetime) -> dict[str, list[Approval]]:
        """Active campaign (id) -> what may be sent to the instrument for it: approvals that are neither used
        nor revoked nor expired, of trials that are open, oldest first.
        """
        with self._database.reading() as connection:
            rows = connection.execute(_PERMITTED, {"wanted": instrument, "now": now}).all()
        found: dict[str, list[Approval]] = {}
        for *row, campaign in rows:
            found.setdefault(campaign, []).append(from_row(Approval, row))
        return found

    def stays(self, instrument: str, since: datetime) -> list[Stay]:
        """Which campaigns' jobs were on an instrument after `since`, in the order in which they were intended;
        without those that were surely never executed.
        """
        with self._database.reading() as connection:
            rows = connection.execute(_STAYS, {"wanted": instrument, "since": since}).all()
        return [Stay(name, begin, end) for name, begin, end in rows]


class InstrumentWriting(Writer):
    """The part of a transaction that is about instruments."""

    def hold(
        self,
        instrument: str,
        reason: str,
        until: datetime | None = None,
        standard: Standard | None = None,
    ) -> Hold:
        """From now on the instrument takes nothing.

        Args:
            instrument: Which.
            reason: Why.
            until: When it ends by itself.
            standard: What it must read before it is released; what an earlier hold that lasts asks for
                stays asked for.

        Raises:
            GateError: the agent says it: a person does, or a rule.
            LifecycleError: it is to end in the past, or by itself though a standard is asked for; or no reason
                is given.
        """
        last = in_force(self._words(instrument), self.now)
        standard = standard or (last.standard if last else None)
        if until is not None and standard is not None:
            raise LifecycleError(
                f"{instrument} is not released by itself: a standard is to be right first",
                "leave --until out",
            )
        if until is not None and until <= self.now:
            raise LifecycleError(f"{until:%Y-%m-%d %H:%M} is over", "give a time that is to come")
        return self._say(instrument, "hold", reason, until, standard)

    def release(self, instrument: str, reason: str, reading: Setting | None = None) -> Hold:
        """From now on the instrument takes jobs again.

        Raises:
            GateError: somebody else than a person says it, or the standard that the hold asks for is not
                right, or not read.
            LifecycleError: it is not held, or no reason is given.
        """
        if self.by.kind != "person":
            raise GateError(f"{self.by} cannot release {instrument}", "a person does")
        held = in_force(self._words(instrument), self.now)
        if held is None:
            raise LifecycleError(f"{instrument} is not held", "athanor instrument list")
        if held.standard is None:
            return self._say(instrument, "release", reason, None)
        value = _right(instrument, held.standard, reading)
        return self._say(instrument, "release", reason, None, held.standard, value)

    def take(self, job: Job, parallel: int | None) -> None:
        """See that the instrument of a job, which is intended already, may be given it; nobody else gives it
        one meanwhile.

        Args:
            job: Which.
            parallel: So many jobs it takes at the same time; None is without limit.

        Raises:
            GateError: it is held, in doubt or at work.
        """
        instrument = job.instrument
        if self._connection.dialect.name == "postgresql":  # SQLite has one writer at a time
            self._lock_instrument(instrument)
        held = in_force(self._words(instrument), self.now)
        if held is not None:
            raise GateError(str(held), f"athanor instrument release {instrument}")
        others = self._others(job)
        if others.pop(JobStatus.UNKNOWN, 0):
            raise GateError(
                f"{instrument} is held: what became of a job is not known", "athanor resolve"
            )
        if parallel is not None and sum(others.values()) >= parallel:
            raise GateError(f"{instrument} is at work", "it is sent when there is room")

    def _say(
        self,
        instrument: str,
        word: str,
        reason: str,
        until: datetime | None,
        standard: Standard | None = None,
        reading: float | None = None,
    ) -> Hold:
        if self.by.kind == "agent":
            raise GateError(f"{self.by} cannot {word} {instrument}", "a person or a rule does")
        if not reason.strip():
            raise LifecycleError("it is not said why", "give a reason: --reason 'the lamp is out'")
        self._lock_instrument(instrument)
        number = len(self._words(instrument)) + 1
        said = Hold.model_validate(
            {
                "id": f"{instrument}.{number}",
                "instrument": instrument,
                "number": number,
                "word": word,
                "reason": reason,
                "until": until,
                "standard": standard,
                "reading": reading,
                "by": self.by,
                "at": self.now,
            }
        )
        self._insert(said)
        return said

    def _words(self, instrument: str) -> list[Hold]:
        rows = _WORDS.rows(self._connection, {"wanted": instrument})
        return [from_row(Hold, row) for row in rows]

    def _lock_instrument(self, name: str) -> None:
        """Enter it, if nobody has spoken of it yet; on PostgreSQL its row is locked, after the campaign's."""
        if _LOCK.first(self._connection, {"wanted": name}) is None:
            insert_new(self._connection, "instruments", {"name": name})
            _LOCK.first(self._connection, {"wanted": name})

    def _others(self, job: Job) -> dict[JobStatus, int]:
        """How many other jobs of its instrument are under way or in doubt, by state."""
        asked = {"wanted": job.instrument, "mine": job.id}
        rows = _OPEN.rows(self._connection, asked)
        return {JobStatus(status): int(count) for status, count in rows}


def _right(instrument: str, standard: Standard, reading: Setting | None) -> float:
    """The reading of a standard, if it is right.

    Raises:
        GateError: it is not, or there is none.
    """
    mend = f"measure it: athanor instrument release {instrument} --standard 'VALUE {standard.unit}'"
    if reading is None:
        raise GateError(f"{instrument} is held until a standard is right ({standard})", mend)
    if against := standard.right.against(reading):
        raise GateError(f"{instrument} stays held, {standard.name}: {against}", mend)
    return float(standard.right.reads(reading) or 0.0)
