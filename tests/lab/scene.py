"""One campaign at a laboratory, with everything that can happen to it.

The agent is killed at a seam or at any moment, or lies still while another takes over and then wakes; a second
agent is started beside it; the laboratory is killed and started again, or lies still; a sending is lost, or its
answer, or it comes late; the disk is full for a while; the clock jumps; the database is killed. Whoever is asked
looks into the laboratory's account, as a person would, and says what became of a job.
"""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.attended import HELD, Attended, Running, send
from tests.lab.database import Database
from tests.lab.disk import SmallDisk
from tests.lab.labs import Lab, cut_short
from tests.lab.ordeal import Judgement, judge
from tests.lab.running import CLOCK_S, FILE_KIB, Desk, ended
from tests.lab.seams import KILL, STOP

_MOST_RUNS = 400
_MOST_S = 600.0


@dataclass
class Chaos:
    """What happened, and what it came to.

    Attributes:
        faults: Kind -> how often it happened.
        judgements: Of the campaigns that were finished.
        trials: How many these had.
        asked: How often a person has answered.
        stuck: The end of the log of each campaign that was not finished.
        unsaid: What the agent should have said, and has not.
    """

    faults: Counter[str] = field(default_factory=Counter)
    judgements: list[Judgement] = field(default_factory=list)
    trials: int = 0
    asked: int = 0
    stuck: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)

    def total(self, what: str) -> int:
        """How many `doubles`, `losses` or `faults` there are in all."""
        return sum(len(getattr(one, what)) for one in self.judgements)

    def words(self) -> list[str]:
        """Everything that does not hold."""
        told = [w for one in self.judgements for w in (*one.doubles, *one.losses, *one.faults)]
        return [*told, *self.stuck, *self.unsaid]


@dataclass(frozen=True)
class Setting:
    """Under which circumstances a campaign is run.

    Attributes:
        trials: How many it has.
        lookup: What the laboratory promises of a look-up.
        database: A PostgreSQL for the store; None for a file.
        small_disk: Whether that file is on a disk that can be full.
        still_s: For how many seconds the laboratory lies still at most.
    """

    trials: int
    lookup: str
    database: Database | None = None
    small_disk: bool = False
    still_s: float = 1.5


class Scene:
    """One campaign with everything that can happen to it.

    Args:
        folder: For its files.
        seed: Of what happens, and when.
        lab: Where it is carried out; the scene starts and ends it.
        chaos: Where it is counted.
        setting: The circumstances.
    """

    def __init__(self, folder: Path, seed: int, lab: Lab, chaos: Chaos, setting: Setting) -> None:
        self._random = random.Random(seed)
        self._chaos, self._setting = chaos, setting
        self._stack = ExitStack()
        self.lab = self._stack.enter_context(lab)
        self._disk: SmallDisk | None = None
        self._desk = self._stack.enter_context(self._desk_in(folder, seed))
        self._desk.environ.update(lab.environ)
        self._agent = Attended(self._desk, lab)
        self._woken: list[Running] = []

    def _desk_in(self, folder: Path, seed: int) -> Desk:
        url, setting = None, self._setting
        if setting.database is not None:
            url = setting.database.fresh(f"chaos_{self.lab.name}{seed}")
        elif setting.small_disk:
            self._disk = self._stack.enter_context(SmallDisk(folder / "disk"))
            url = f"sqlite:///{self._disk.folder / 'lab.db'}"
        told = self.lab.campaign(setting.trials, setting.lookup)
        return Desk(folder / "site", told, self.lab.allowed(), url)

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *told: object) -> None:
        self._stack.close()

    @property
    def over(self) -> bool:
        """Whether the campaign has ended by itself: nothing more can happen to it."""
        return self._agent.over

    def suffer(self, fault: str) -> None:
        """Let one fault happen while the campaign runs; it counts if it did."""
        self._agent.going()
        self._wait(0.02, 0.4)
        if self._random.random() < 0.5:
            self._until_at_work(1.5)
        own = self.lab.own_faults.get(fault)
        if own is not None:
            own()
        if own is not None or FAULTS[fault](self):
            self._chaos.faults[fault] += 1

    def _until_at_work(self, most_s: float) -> None:
        """Wait until a sample is being made, but not for ever."""
        deadline = time.monotonic() + most_s
        while time.monotonic() < deadline and not cut_short(self.lab) - self.lab.spoiled():
            time.sleep(0.02)

    def finish(self) -> None:
        """Run to the end, with a person who answers, and judge."""
        deadline = time.monotonic() + _MOST_S
        while self._agent.ended(self._agent.going(), deadline) != 0:
            if self._agent.runs > _MOST_RUNS or time.monotonic() > deadline:
                self._chaos.stuck.append(self._desk.log.read_text()[-1500:])
                return
        for one in self._woken:
            ended(one)
        self._chaos.faults.update(self.lab.wire.lost)
        self._chaos.asked += self._agent.asked
        self._chaos.trials += self._setting.trials
        executed, spoiled = self.lab.counts(), self.lab.spoiled() - set(self.lab.results())
        self._chaos.judgements.append(judge(self._desk, executed, spoiled))

    def _wait(self, least: float, most: float) -> None:
        time.sleep(self._random.uniform(least, most))

    # ---- what can happen to the agent ----

    def kill_at_a_seam(self) -> bool:
        """The agent is killed at a named line."""
        self._agent.quiet()
        seam = f"{self._random.choice(self.lab.seams)}:{self._random.randint(1, 3)}"
        return self._agent.ended(self._agent.start(**{KILL: seam})) == -signal.SIGKILL

    def kill(self) -> bool:
        """The agent is killed at any moment."""
        running = self._agent.going()
        send(running, signal.SIGKILL)
        return ended(running) == -signal.SIGKILL

    def sleep_and_wake(self) -> bool:
        """The agent lies still, another takes over when its lease is out; then it wakes beside that one."""
        first = self._agent.going()
        send(first, signal.SIGSTOP)
        if first.code() is not None:
            return False
        return self._overtake(first)

    def sleep_at_a_seam(self) -> bool:
        """The agent lies still at a named line, where it holds up no other; another takes over, and it wakes."""
        self._agent.quiet()
        seams = [one for one in self.lab.seams if not one.startswith("before commit")]
        seam = f"{self._random.choice(seams)}:{self._random.randint(1, 3)}"
        first = self._agent.start(**{STOP: seam})
        return self._agent.lies_still(first) and self._overtake(first)

    def _overtake(self, first: Running) -> bool:
        taken = self._agent.taken_over()
        self._wait(0.0, 1.0)
        send(first, signal.SIGCONT)
        if not taken:
            self._agent.running = first
            return False
        self._woken.append(first)
        return True

    def second_agent(self) -> bool:
        """Another agent is started on the same campaign."""
        first = self._agent.going()
        code = self._agent.ended(self._agent.beside())
        self._agent.running = first
        return code == HELD

    def clock_jumps(self) -> bool:
        """The agent's clock is two hours ahead, or behind, for one of its runs."""
        self._agent.quiet()
        hours = self._random.choice([-2, 2])
        running = self._agent.start(**{CLOCK_S: str(3600 * hours)})
        self._wait(0.3, 1.0)
        send(running, signal.SIGKILL)
        ended(running)
        return True

    # ---- to the laboratory, and the way to it ----

    def lab_killed(self) -> bool:
        """The laboratory loses its power, and has it again."""
        self.lab.kill()
        self._wait(0.0, 0.5)
        self.lab.open()
        return True

    def lab_stopped(self) -> bool:
        """The laboratory lies still for a while."""
        self.lab.lie_still()
        self._wait(0.2, self._setting.still_s)
        self.lab.go_on()
        # What lay unread there is taken up now: nobody knows yet what becomes of it.
        self._agent.look_anew()
        return True

    def request_lost(self) -> bool:
        """A sending never arrives."""
        self.lab.wire.lose("lost request")
        return False  # counted when it is lost

    def reply_lost(self) -> bool:
        """The answer to a sending never arrives."""
        self.lab.wire.lose("lost reply")
        return False  # counted when it is lost

    def request_late(self) -> bool:
        """A sending arrives when its sender has given up."""
        self.lab.wire.lose("late request")
        return False  # counted when it is lost

    # ---- to the store ----

    def no_file_grows(self) -> bool:
        """No file may grow beyond what the database's is: nothing can be written."""
        self._agent.quiet()
        store = self._desk.store
        size = store.stat().st_size // 1024 if store.exists() else 0
        return self._agent.ended(self._agent.start(**{FILE_KIB: str(max(size // 4, 8))})) != 0

    def disk_full(self) -> bool:
        """Another file takes all of the disk, or all but the pages of a part of a commit; then it is freed.

        The agent must have ended with a plain word of it; whoever looks meanwhile sees the campaign, or is told.
        """
        if self._disk is None:
            return False
        running = self._agent.going()
        self._desk.log.touch()
        begun = self._desk.log.stat().st_size
        self._disk.fill(self._random.choice([0, 0, 4, 8, 16, 32, 64]))
        try:
            deadline = time.monotonic() + 20.0
            while running.code() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            self._disk.fill()
            if running.code() in {None, 0, HELD}:  # it waits, and has nothing to write
                return False
            assert self._desk.say("status") in {0, 1}
        finally:
            self._disk.free()
        told = self._desk.log.read_bytes()[begun:].decode(errors="replace")
        if running.code() != 1 or "Traceback" in told or "free some space" not in told:
            self._chaos.unsaid.append(f"no plain word of a full disk: {told[-1500:]}")
        return True

    def database_killed(self) -> bool:
        """The database loses its power, and has it again."""
        if self._setting.database is None:
            return False
        self._setting.database.kill()
        self._wait(0.0, 0.5)
        self._setting.database.open()
        return True


FAULTS: dict[str, Callable[[Scene], bool]] = {
    "agent killed at a seam": Scene.kill_at_a_seam,
    "agent killed": Scene.kill,
    "agent asleep, another takes over": Scene.sleep_and_wake,
    "agent asleep at a seam, another takes over": Scene.sleep_at_a_seam,
    "two agents": Scene.second_agent,
    "laboratory killed": Scene.lab_killed,
    "laboratory asleep": Scene.lab_stopped,
    "request lost": Scene.request_lost,
    "reply lost": Scene.reply_lost,
    "request late": Scene.request_late,
    "no file grows": Scene.no_file_grows,
    "disk full": Scene.disk_full,
    "clock jumps": Scene.clock_jumps,
    "database killed": Scene.database_killed,
}
