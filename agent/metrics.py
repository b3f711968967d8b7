"""A store in numbers for Prometheus: its campaigns, what waits in them, and its instruments. Only read.

Names and meanings are promised: dashboards are built on them. The text is written by Prometheus's own
library.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from agent import __version__
from agent.core.instrument import Hold, State, state_now
from agent.core.job import Job, JobStatus
from agent.core.register import CampaignStatus, JournalEntry
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import AthanorError
from agent.standing import Standing, stand
from agent.status import limits

Labels = Sequence[str]


class Wait(NamedTuple):
    """Something that waits: for whom (`review`, `person`, `instrument`), and since when."""

    whom: str
    since: datetime


WHOM = ("review", "person", "instrument")


def waits(standing: Standing, doubted: Mapping[str, datetime]) -> list[Wait]:
    """What waits in a campaign.

    Args:
        standing: The campaign.
        doubted: Job in doubt -> since when it is.
    """
    found = [Wait("review", trial.at) for trial in standing.of(TrialStatus.PROPOSED)]
    found += [
        Wait("person", doubted.get(job.id, job.intended_at))
        for job in standing.jobs_in(JobStatus.UNKNOWN)
    ]
    if standing.held and standing.of(TrialStatus.APPROVED):
        found.append(Wait("person", standing.held.at))
    found += [Wait("instrument", job.started_at or job.intended_at) for job in standing.in_flight]
    return found


class Families:
    """The families of numbers, filled campaign by campaign and instrument by instrument."""

    def __init__(self) -> None:
        self.made: list[GaugeMetricFamily] = []
        make, one = self._make, ("campaign",)
        self.state = make("campaign_state", "1 for the state a campaign is in", (*one, "state"))
        self.used = make("campaign_budget_used", "Used of a limit", (*one, "limit", "unit"))
        self.limit = make("campaign_budget_limit", "A limit", (*one, "limit", "unit"))
        self.best = make("campaign_best", "Best value so far", (*one, "objective", "unit"))
        self.volume = make("campaign_hypervolume", "What the front of several dominates", one)
        self.trials = make("campaign_trials", "Trials by status", (*one, "status"))
        self.waiting = make("campaign_waiting", "Things that wait, by for whom", (*one, "whom"))
        self.oldest = make(
            "campaign_oldest_wait_seconds", "Age of the oldest of them; 0 for none", (*one, "whom")
        )
        self.last = make(
            "campaign_last_activity_timestamp_seconds", "When its journal had its last line", one
        )
        self.lines = make("campaign_journal_lines", "Lines of its journal", one)
        self.instrument = make(
            "instrument_state", "1 for the state an instrument is in", ("instrument", "state")
        )
        self.jobs = make(
            "instrument_jobs",
            "Jobs by status, and failed ones by kind",
            ("instrument", "status", "failure"),
        )

    def _make(self, name: str, help: str, labels: Labels) -> GaugeMetricFamily:
        self.made.append(GaugeMetricFamily(f"athanor_{name}", help, labels=labels))
        return self.made[-1]

    def campaign(self, standing: Standing, head: JournalEntry, found: Sequence[Wait]) -> None:
        """Add a campaign: how it stands, its journal's last line, and what waits in it."""
        name, aim = standing.entry.name, standing.campaign.aim
        for status in CampaignStatus:
            self.state.add_metric((name, status), float(standing.entry.status is status))
        for one in limits(standing):
            self.used.add_metric((name, one.name, one.unit), one.used)
            self.limit.add_metric((name, one.name, one.unit), one.limit)
        if standing.best is not None:
            self.best.add_metric((name, ", ".join(aim.names), aim.unit), standing.best.value)
        if standing.hypervolume is not None:
            self.volume.add_metric((name,), standing.hypervolume)
        counts = Counter(trial.status for trial in standing.trials)
        for kind in TrialStatus:
            self.trials.add_metric((name, kind), counts[kind])
        for whom in WHOM:
            ages = [(standing.now - one.since).total_seconds() for one in found if one.whom == whom]
            self.waiting.add_metric((name, whom), len(ages))
            self.oldest.add_metric((name, whom), max(ages, default=0.0))
        self.last.add_metric((name,), head.at.timestamp())
        self.lines.add_metric((name,), head.seq)

    def add_instrument(
        self, name: str, words: Sequence[Hold], jobs: Sequence[Job], now: datetime
    ) -> None:
        """Add an instrument: what was said of it, and its jobs over all campaigns."""
        now_in = state_now(words, jobs, now)
        for state in get_args(State):
            self.instrument.add_metric((name, state), float(state == now_in))
        counts = Counter((str(job.status), job.failure or "") for job in jobs)
        for status in JobStatus:
            if status is not JobStatus.FAILED:
                counts.setdefault((str(status), ""), 0)
        for (kind, failure), count in sorted(counts.items()):
            self.jobs.add_metric((name, kind, failure), count)


class Collector:
    """Reads the store each time that it is asked; what has no new line is not read again.

    Args:
        store: Which; it is read beside those who write.
        now: Tells the time.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self._kept: dict[str, tuple[str, Standing]] = {}

    def collect(self) -> Iterator[Metric]:
        """The families; of a store that cannot be read only that it cannot."""
        families, up = Families(), 1.0
        try:
            self._fill(families)
        except AthanorError:
            families, up = Families(), 0.0
        told = GaugeMetricFamily(
            "athanor_up", "Whether the store could be read", labels=("version",)
        )
        told.add_metric((__version__,), up)
        yield told
        yield from families.made

    def _fill(self, families: Families) -> None:
        now = self._now()
        for campaign, head in sorted(self._store.heads().items()):
            standing = self._standing(campaign, head, now)
            families.campaign(standing, head, waits(standing, self._doubted(standing)))
        for name in self._store.instruments():
            words, jobs = self._store.holds(name), self._store.jobs_on(name)
            families.add_instrument(name, words, jobs, now)

    def _standing(self, campaign: str, head: JournalEntry, now: datetime) -> Standing:
        kept = self._kept.get(campaign)
        if kept is None or kept[0] != head.hash:
            kept = head.hash, stand(self._store, campaign, now)
            self._kept[campaign] = kept
        names = kept[1].campaign.execution.instruments_named
        words = {name: tuple(self._store.holds(name)) for name in names}
        return replace(kept[1], now=now, words=words)

    def _doubted(self, standing: Standing) -> dict[str, datetime]:
        jobs = standing.jobs_in(JobStatus.UNKNOWN)
        lines = [self._store.last_line(standing.entry.id, "job.moved", job.id) for job in jobs]
        return {line.subject: line.at for line in lines if line is not None}


def registry(store: Store, now: Callable[[], datetime]) -> CollectorRegistry:
    """What Prometheus's library serves."""
    made = CollectorRegistry()
    made.register(Collector(store, now))
    return made


def exposition(store: Store, now: Callable[[], datetime]) -> str:
    """All numbers now, in the text format that Prometheus reads."""
    return generate_latest(registry(store, now)).decode()


__all__ = ["WHOM", "Collector", "Families", "Wait", "exposition", "registry", "waits"]
