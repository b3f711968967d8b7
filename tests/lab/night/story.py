"""What happens in the simulated night, and what is found of it in the morning."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.report.page import write
from agent.standing import Standing, stand
from tests.lab.night.films import EMPTY
from tests.lab.night.running import CONTACTS, HOURS, MATERIALS, Night

SOURCES = {
    "furnace is faulted": "furnace",
    "reader is held": "reader",
    "tips": "reader",
    "what became of": "",  # the job's own instrument
}
"""What somebody is called for, and whose instrument it is."""


class Morning(NamedTuple):
    """What was found.

    Attributes:
        films: How many the furnace began, by its own count.
        readings: How many the reader began, by its own count.
        doubled: Executions of a job beyond its first, by the instruments' own counts.
        lost: Readings that the reader has brought to an end and the store does not have as they were.
        wasted: Films that came to nothing: lost in the furnace, not read, or read as an empty well.
        learnt: Readings of empty wells that a model has learnt and nobody doubts.
        stuck: Campaigns that stood still without anybody having been called.
        astray: Calls that did not go to who answers for the instrument.
        calls: How often somebody was called.
        best: Of each campaign, the best that it found.
        story: What happened, a line each.
    """

    films: int
    readings: int
    doubled: int
    lost: int
    wasted: int
    learnt: int
    stuck: int
    astray: int
    calls: int
    best: dict[str, float]
    story: tuple[str, ...]


def spent(folder: Path, scale: float, pages: Path | None = None) -> Morning:
    """A night, and the morning after it; each campaign's report is written to `pages`, if that is given."""
    with Night(folder, scale).open() as night:
        first, second = MATERIALS
        night.until(1.3)
        night.happen(f"the agent of {first} is killed", night.agents[first].kill)
        night.until(1.6)
        night.happen("the machine starts it again", night.agents[first].start)
        night.until(3.0)
        night.happen("the furnace's thermocouple opens", night.flag("furnace", "fault").touch)
        night.until(6.0)
        night.happen("the reader's needle clogs", night.flag("reader", "empty").touch)
        night.until(9.2)
        night.happen(f"the agent of {second} is killed", night.agents[second].kill)
        night.until(9.5)
        night.happen("the machine starts it again", night.agents[second].start)
        night.until(HOURS)
        night.morning()
        for name in MATERIALS if pages else ():
            write(night.store, name, (pages or folder) / f"{name}.html", night.clock.now())
        return found(night)


def found(night: Night) -> Morning:
    """Store and instruments, held against each other."""
    counts = night.furnace.counts() + night.reader.counts()
    standings = [stand(night.store, name, night.clock.now()) for name in MATERIALS]
    for one in standings:
        night.store.verify(one.entry.id)
    told = [(at, what) for at, what in night.events]
    told += [(one.at, f"{one.contact} is called: {_short(one.what)}") for one in night.calls]
    return Morning(
        films=sum(night.furnace.counts().values()),
        readings=sum(night.reader.counts().values()),
        doubled=sum(n - 1 for n in counts.values()),
        lost=_lost(night),
        wasted=sum(map(_wasted, standings)),
        learnt=sum(row.value == EMPTY for one in standings for row in one.rows),
        stuck=sum(map(_stuck, standings)),
        astray=sum(not _right(night.store, one.contact, one.what) for one in night.calls),
        calls=len(night.calls),
        best={one.entry.name: one.best.value if one.best else 0.0 for one in standings},
        story=tuple(f"{at:%H:%M}  {what}" for at, what in sorted(told)),
    )


def _short(what: str) -> str:
    """Without where the node listens: that is another one in each night."""
    return what.partition(": put it right")[0]


def _lost(night: Night) -> int:
    ended = {one["id"]: one["came"] for one in night.reader.account() if one["did"] == "done"}
    kept = {
        (one.job, one.value)  # those that were made void later, too
        for name in MATERIALS
        for one in night.store.observations(night.store.entry(name).id)
    }
    return sum(one not in kept for one in ended.items())


def _wasted(one: Standing) -> int:
    """Trials whose film was begun and has no reading that is right; the morning's last ones are no waste."""
    begun = Counter(trial for job in one.jobs if job.step == "anneal" for trial in job.trials)
    good = {seen.trial for seen in one.observations if seen.value not in (None, EMPTY)}
    stopped = {trial.id for trial in one.of(TrialStatus.CANCELLED)}
    return sum(trial not in good | stopped for trial in begun)


def _stuck(one: Standing) -> bool:
    under_way = one.in_flight or one.jobs_in(JobStatus.UNKNOWN)
    return one.entry.status is not CampaignStatus.STOPPED or bool(under_way)


def _right(store: Store, contact: str, what: str) -> bool:
    """Whether who was called is who answers for the instrument."""
    for known, instrument in SOURCES.items():
        if known in what:
            where = instrument or store.job(what.split()[3]).instrument
            return contact == CONTACTS[where]
    return False
