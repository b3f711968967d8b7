"""Campaigns that are killed and run again until they are finished, judged by the lab's own count."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.core.budget import counts
from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import JournalBroken
from tests.lab.disk import damaged
from tests.lab.running import Desk, Executed, Forked, Laboratory, Site, ended, until
from tests.lab.seams import KILL, LOOKING, SEAMS

LEASE = ("--lease", "5")
_KILLS_A_CAMPAIGN = 5
_EXPERIMENTS = 12


@dataclass
class Judgement:
    """What a campaign came to. `doubles`: executed more than once; `losses`: executed without a
    result in the store; `faults`: everything else that does not hold.
    """

    doubles: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not (self.doubles or self.losses or self.faults)


def judge(
    site: Desk, executed: Mapping[str, int], spoiled: Collection[str] = frozenset()
) -> Judgement:
    """Hold a finished campaign's store against the laboratory's own count.

    Args:
        site: Where the store is.
        executed: Key -> how often it was begun, by the laboratory's account.
        spoiled: Those of them that never came to an end: a person has said that they failed.
    """
    found = Judgement([f"{key} executed {n} times" for key, n in executed.items() if n > 1])
    with Store.open(site.database, create=False) as store:
        entry = store.entry("fire")
        jobs = {job.id: job for job in store.jobs(entry.id)}
        observed = {one.job for one in store.observations(entry.id)}
        of_trial = Counter(key.partition(".")[0] for key in executed)
        found.doubles += [f"{t} executed by {n} jobs" for t, n in of_trial.items() if n > 1]
        for key in executed:
            wanted = JobStatus.FAILED if key in spoiled else JobStatus.DONE
            status = jobs[key].status if key in jobs else "not in the store"
            if status is not wanted or (key in observed) is (key in spoiled):
                found.losses.append(f"{key} was executed, and is {status}")
        done = {trial.id for trial in store.trials(entry.id, TrialStatus.DONE)}
        made = {key.partition(".")[0] for key in executed if key not in spoiled}
        if done != made:
            found.faults.append(f"done {sorted(done)}, executed {sorted(made)}")
        started = sum(map(counts, jobs.values()))
        budget = store.revision(entry.id).document["budget"]["experiments"]
        if not started == sum(executed.values()) == budget:
            found.faults.append(f"{started} started, {executed} executed, {budget} in the budget")
        if entry.status is not CampaignStatus.FINISHED:
            found.faults.append(f"the campaign is {entry.status}")
        try:
            store.verify(entry.id)
        except JournalBroken as error:
            found.faults.append(str(error))
    if site.database.startswith("sqlite:"):
        found.faults += damaged(site.database.removeprefix("sqlite:///"))
    if site.say("replay", "fire") != 0:
        found.faults.append("the replay differs")
    return found


@dataclass
class Tally:
    """What all the campaigns came to: seam -> kills there, and the judgements."""

    kills: Counter[str] = field(default_factory=Counter)
    judgements: list[Judgement] = field(default_factory=list)

    def total(self, what: str) -> int:
        """How many `doubles`, `losses` or `faults` there are in all."""
        return sum(len(getattr(one, what)) for one in self.judgements)

    def words(self) -> list[str]:
        """Everything that does not hold."""
        return [w for one in self.judgements for w in (*one.doubles, *one.losses, *one.faults)]


def ordeal(
    folder: Path,
    seams: Iterable[str],
    at_random: int = 0,
    seed: int = 0,
    how: type[Forked] | type[Executed] = Forked,
    options: tuple[str, ...] = ("--direct",),
    *,
    informed: bool = False,
    **environ: str,
) -> Tally:
    """Kill `athanor run` once at each of `seams` and `at_random` times at any moment; several kills
    a campaign, which is then run to its end and judged. `informed` campaigns have priors.
    """
    tally = Tally()
    waiting: list[str | None] = [*seams, *[None] * at_random]
    moments = _moments(seed)
    number = 0
    while waiting:
        number += 1
        place, beside = folder / f"site{number}", folder / f"lab{number}"
        more = {"experiments": _EXPERIMENTS, "informed": informed}
        with Laboratory(beside) as lab, Site(place, lab, **more) as site:
            site.environ.update(environ)
            code: int | None = None
            for _ in range(min(_KILLS_A_CAMPAIGN, len(waiting))):
                seam = waiting[0]
                code = _killed(site, seam, next(moments), how, options)
                if code != -signal.SIGKILL:
                    break
                tally.kills[seam or "at any moment"] += 1
                waiting.pop(0)
            if code == -signal.SIGKILL:
                code = _finished(site, how, options)
            assert code == 0, f"exit code {code}: {site.log.read_text()[-3000:]}"
            tally.judgements.append(judge(site, lab.counts()))
        assert number <= 3 * tally.kills.total() + 5, f"never reached: {waiting[:1]}"
    return tally


def _killed(
    site: Site,
    seam: str | None,
    moment: float,
    how: type[Forked] | type[Executed],
    options: tuple[str, ...],
) -> int:
    if seam is not None and seam in LOOKING:
        before = f"{LOOKING[seam]}:1"
        doubt = _ended(site.run(*options, *LEASE, how=how, **{KILL: before}))
        if doubt != -signal.SIGKILL:
            return doubt
    if seam is not None:
        return _ended(site.run(*options, *LEASE, how=how, **{KILL: f"{seam}:1"}))
    running = site.run(*options, *LEASE, how=how)
    deadline = time.monotonic() + moment
    until(lambda: running.code() is not None or time.monotonic() > deadline, "for the moment")
    if running.code() is None:
        os.kill(running.pid, signal.SIGKILL)
    return _ended(running)


def _finished(site: Site, how: type[Forked] | type[Executed], options: tuple[str, ...]) -> int:
    return _ended(site.run(*options, *LEASE, how=how))


def _ended(running: Forked | Executed) -> int:
    code = ended(running)
    if isinstance(running, Executed):
        running.sweep()
    return code


def _moments(seed: int) -> Iterator[float]:
    generator = random.Random(seed)
    while True:
        yield generator.uniform(0.1, 2.5)


def all_seams(times: int = 1) -> list[str]:
    """Every seam, `times` times, the rounds in different orders."""
    generator = random.Random(1)
    found: list[str] = []
    for _ in range(times):
        found += generator.sample([*SEAMS, *LOOKING], len(SEAMS) + len(LOOKING))
    return found
