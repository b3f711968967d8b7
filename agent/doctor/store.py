"""The store: how it is kept, whether its account holds, its clock, and who holds its campaigns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from agent.core.actor import Process
from agent.core.job import IN_FLIGHT, Job, JobStatus
from agent.core.register import CampaignStatus, Entry, JournalEntry, Lease
from agent.data.watching import Keeping
from agent.doctor.finding import Finding, fault, note, ok

_GB = 1e9
_SCARCE, _NONE = 1 * _GB, 0.1 * _GB
_DURABLE = {
    "sqlite": {"journal_mode": "wal", "synchronous": "2"},
    "postgresql": {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"},
}
_STRONGER = {("synchronous_commit", "remote_apply"), ("synchronous", "3")}
_EARLIER, _LATE = timedelta(seconds=1), timedelta(minutes=1)
_APART_S = 5.0
_QUIET = timedelta(minutes=15)
_NEVER = datetime(1970, 1, 2, tzinfo=UTC)


def kept(keeping: Keeping, free: float | None, now: datetime) -> Iterator[Finding]:
    """Whether what is written survives a power cut, there is room for more, and the clocks agree.

    Args:
        keeping: How the database is kept.
        free: Bytes on the disk of an SQLite file; None elsewhere.
        now: The time of this machine.
    """
    wanted = _DURABLE[keeping.kind] if keeping.file or keeping.kind != "sqlite" else {}
    for name, value in wanted.items():
        found = keeping.settings[name]
        if found != value and (name, found) not in _STRONGER:
            mend = (
                "another disk, or PostgreSQL" if keeping.kind == "sqlite" else f"{name} = {value}"
            )
            told = f"{name} is {found}: what was written may not survive a power cut"
            yield fault("store", told, mend)
        else:
            yield ok("store", f"{keeping.kind}: {name} is {found}")
    if free is not None:
        yield _room(free)
    if "now" in keeping.settings:
        apart = float(keeping.settings["now"]) - now.timestamp()
        told = f"the database's clock and this machine's are {abs(apart):.1f} s apart"
        mend = "set them by NTP: who holds a campaign until when is told by them"
        yield note("clock", told, mend) if abs(apart) > _APART_S else ok("clock", told)


def _room(free: float) -> Finding:
    told = f"{free / _GB:.1f} GB are free on its disk"
    mend = "make room: without it nothing is written, and so nothing is sent"
    if free < _NONE:
        return fault("store", told, mend)
    return note("store", told, mend) if free < _SCARCE else ok("store", told)


def clock(now: datetime, heads: Mapping[str, JournalEntry]) -> Finding:
    """Whether time has gone on since the last line of the store's journals.

    Args:
        now: The time of this machine.
        heads: Campaign -> the last line of its journal.
    """
    last = max((head.at for head in heads.values()), default=now)
    if now >= last - _EARLIER:
        return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, after all that is in the store")
    told = f"it is {now:%Y-%m-%d %H:%M:%S} UTC here, {last - now} before the journal's last line"
    mend = "set the clock (NTP): leases, holds and deadlines are by it"
    return fault("clock", told, mend) if last - now > _LATE else note("clock", told, mend)


def leases(
    held: Sequence[Lease],
    names: Mapping[str, str],
    now: datetime,
    dead: Callable[[Process], bool],
    within_sight: Callable[[Process], bool],
) -> Iterator[Finding]:
    """Who holds campaigns, and which holders are dead or lie still.

    Args:
        held: Every lease that was ever taken.
        names: Campaign id -> its name.
        now: The time.
        dead: Whether a process is known to be dead.
        within_sight: Whether that could be known here.
    """
    for lease in held:
        if lease.expires_at < _NEVER:
            continue  # given back
        name, who = names.get(lease.name, lease.name), lease.holder
        if dead(who):
            told = f"{name}: its last holder, {who}, is dead"
            yield note("lease", told, "nothing: the next one takes it over at once")
        elif lease.expires_at > now:
            yield ok("lease", f"{name} is held by {who}")
        elif within_sight(who):
            told = f"{name}: {who} is there, and silent since {lease.expires_at:%Y-%m-%d %H:%M} UTC"
            yield note("lease", told, f"does it lie still? kill -CONT {who.pid}, or end it")
        else:
            told = f"{name}: {who} is silent since {lease.expires_at:%Y-%m-%d %H:%M} UTC"
            yield note("lease", told, "look after that machine; the next one takes it over")


def jobs(entry: Entry, all_of: Sequence[Job]) -> Iterator[Finding]:
    """The jobs of a campaign of which only a person can say what became."""
    for job in all_of:
        if job.status is JobStatus.UNKNOWN:
            told = f"{entry.name}: what became of {job.id} on {job.instrument} is not known"
            mend = f"look there, then: athanor resolve {job.id} (a result: athanor record)"
            yield fault("job", f"{told}: {job.message}", mend)


def abandoned(
    entry: Entry, all_of: Sequence[Job], head: JournalEntry, lease: Lease | None, now: datetime
) -> Iterator[Finding]:
    """Whether a campaign has jobs at an instrument and nobody looks after them."""
    flying = [job.id for job in all_of if job.status in IN_FLIGHT]
    alive = lease is not None and lease.expires_at > now
    if not flying or alive or now - head.at < _QUIET:
        return
    told = (
        f"{entry.name}: nobody has collected {', '.join(flying)} since {head.at:%Y-%m-%d %H:%M} UTC"
    )
    mend = f"athanor run {entry.name}, or the schedule of prefect.yaml"
    if entry.status is not CampaignStatus.ACTIVE:
        told += f" (it is {entry.status})"
    yield note("job", told, mend)
