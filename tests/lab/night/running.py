"""A simulated night: a furnace and a reader, two campaigns that share them, faults, and people who are called.

Twelve hours pass in a few minutes: servers, agents and people go by one clock that runs fast. The servers are the real
ones, the agents are processes, and what people do is what the commands do that they are told.
"""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from agent.assemble import SystemClock
from agent.core.actor import Actor
from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.data.store import Store
from agent.resolved import campaign_of
from agent.voiding import void_since
from tests.lab.madsci.furnace import FurnaceNode
from tests.lab.running import until
from tests.lab.sila.running import Furnace as SilaProcess

EVENING, HOURS = datetime(2026, 3, 1, 22, tzinfo=UTC), 12.0
MATERIALS = ("perovskite", "oxide")
CONTACTS = {"furnace": "Ben, 4711", "reader": "Anna, 0815"}
TIPS, RACK = 12, 48
"""Tips in the evening, and in a rack that is put in."""

_PART = re.compile(r"for a person \((?P<contact>[^)]*)\): (?P<what>.*)")
_LEASE_S = 7 * 86400.0
"""A heart that beats by the clock of the machine is too slow for a night that passes in minutes."""


class Pace(NamedTuple):
    """How simulated time runs: since which moment of the machine's clock, and how fast."""

    since: float
    scale: float


class FastClock(SystemClock):
    """The clock of the night."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def now(self) -> datetime:
        return EVENING + timedelta(seconds=(time.time() - self._pace.since) * self._pace.scale)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._pace.scale)


class Call(NamedTuple):
    """Somebody is wanted: when, in which campaign's words, who, and why."""

    at: datetime
    campaign: str
    contact: str
    what: str


class Reader(SilaProcess):
    """The reader's process."""

    module = "tests.lab.night.reader"


def tend(file: str, url: str, started: str, told: str, operators: str) -> None:
    """What `athanor run FILE --direct` does, by the clock of the night, once that has started; each new word is a
    line of `told`.
    """
    os.environ["ATHANOR_OPERATORS"], os.environ["OMP_NUM_THREADS"] = operators, "1"
    log = Path(told).with_suffix(".log").open("a", buffering=1)
    sys.stdout = sys.stderr = log
    from agent.assemble import Wiring, laboratory, open_store
    from agent.enrol import enrol
    from agent.load import read
    from agent.loop import Round, run_rounds
    from agent.named import SettingsModels

    whole = read(file, SettingsModels())
    Path(told).with_suffix(".ready").touch()
    until(Path(started).exists, "for the evening")
    pace = Pace(*json.loads(Path(started).read_text()))
    clock, me = FastClock(pace), Actor(kind="person", name="anna")
    last = ""

    def tell(round_: Round) -> None:
        nonlocal last
        if round_.reason != last:
            last = round_.reason
            line = {"at": clock.now().isoformat(), "state": round_.state, "reason": last}
            with Path(told).open("a") as lines:
                lines.write(json.dumps(line) + "\n")

    with open_store(url) as store:
        entry = enrol(store, whole, me, clock.now(), lambda *_: True).entry
        lab = laboratory(store, campaign_of(store, entry.id), Wiring(clock=clock))
        run_rounds(lab, entry.name, tell, ttl_s=_LEASE_S)


class Agent:
    """The agent of one campaign, which may die."""

    def __init__(self, *given: object) -> None:
        self._given = given
        self.start()

    def start(self) -> None:
        self._process: BaseProcess = get_context("forkserver").Process(
            target=tend, args=self._given, daemon=True
        )
        self._process.start()

    @property
    def lives(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """As a power cut would."""
        os.kill(self._process.pid or 0, signal.SIGKILL)
        self._process.join()


class Night:
    """The servers, the agents and the people of one night.

    Args:
        folder: Where everything lies.
        scale: So much faster than the machine's clock.
    """

    def __init__(self, folder: Path, scale: float) -> None:
        self.folder, self.scale = folder, scale
        self.url = f"sqlite:///{folder / 'night.db'}"
        self.events: list[tuple[datetime, str]] = []
        self.calls: list[Call] = []
        self._due: list[tuple[datetime, Call]] = []
        self._seen: dict[str, int] = {}
        (folder / "bench").mkdir(parents=True)

    @contextmanager
    def open(self) -> Iterator["Night"]:
        """Start the servers, fill the tips, and start the agents."""
        there = {"NIGHT_BENCH": str(self.folder / "bench"), "NIGHT_SCALE": str(self.scale)}
        with ExitStack() as stack:
            os.environ.update(there)
            self.furnace = stack.enter_context(
                FurnaceNode(
                    self.folder / "furnace",
                    module="tests.lab.night.furnace",
                    NODE_ENABLE_RATE_LIMITING="false",
                    **there,
                )
            )
            self.reader = stack.enter_context(Reader(self.folder / "reader"))
            self.store = stack.enter_context(Store.open(self.url))
            operators = self.folder / "operators.yaml"
            operators.write_text(yaml.safe_dump(self._operators()))
            self.agents = {name: self._agent(name, operators) for name in MATERIALS}
            try:
                self._begin()
                yield self
            finally:
                for agent in self.agents.values():
                    if agent.lives:
                        agent.kill()

    def _begin(self) -> None:
        """The clock starts when both agents have everything imported: twelve hours of it are minutes."""
        waiting = [self.folder / f"{name}.ready" for name in MATERIALS]
        until(lambda: all(one.exists() for one in waiting), "for the agents")
        pace = Pace(time.time(), self.scale)
        self.clock = FastClock(pace)
        self._write(lambda tx: tx.count("reader", "tips", TIPS, "1", "evening"), "anna")
        scrap = self.folder / "started.tmp"
        scrap.write_text(json.dumps(pace))
        scrap.rename(self.folder / "started")

    def until(self, hour: float, patience_s: float = 600.0) -> None:
        """Let the night go on to so many hours after its beginning; people answer their calls meanwhile."""
        deadline = time.monotonic() + patience_s
        while self.clock.now() < EVENING + timedelta(hours=hour):
            assert time.monotonic() < deadline, "the night takes too long"
            self._listen()
            for at, call in list(self._due):
                if self.clock.now() >= at:
                    self._due.remove((at, call))
                    self._answer(call)
            time.sleep(0.05)

    def happen(self, what: str, do: Callable[[], object]) -> None:
        """Something happens; it is written down."""
        do()
        self.events.append((self.clock.now(), what))

    def morning(self) -> None:
        """A person stops both campaigns, and waits until they have wound down."""
        for name in MATERIALS:
            entry = self.store.entry(name).id
            if self.store.entry(name).status is CampaignStatus.ACTIVE:
                self._write(
                    lambda tx, id=entry: tx.set_status(id, CampaignStatus.STOPPED, "morning"),
                    "anna",
                )
        until(lambda: not any(one.lives for one in self.agents.values()), "for the agents to end")

    def flag(self, where: str, name: str) -> Path:
        """The file that makes a server do something wrong while it is there."""
        return self.folder / where / name

    def _agent(self, name: str, operators: Path) -> Agent:
        file, told = self.folder / f"{name}.yaml", self.folder / f"{name}.jsonl"
        file.write_text(yaml.safe_dump(self._campaign(name), sort_keys=False))
        return Agent(str(file), self.url, str(self.folder / "started"), str(told), str(operators))

    def _listen(self) -> None:
        """Read what the agents have said since; whoever is called for something new, comes."""
        for name in MATERIALS:
            file = self.folder / f"{name}.jsonl"
            lines = file.read_text().splitlines() if file.exists() else []
            for line in lines[self._seen.get(name, 0) :]:
                said = json.loads(line)
                for part in said["reason"].split("; and "):
                    if (found := _PART.match(part)) is not None:
                        at = datetime.fromisoformat(said["at"])
                        self._called(Call(at, name, found["contact"], found["what"]))
            self._seen[name] = len(lines)

    def _called(self, call: Call) -> None:
        """Both campaigns may call for the same thing: whoever is on their way already is not called again."""
        about = _about(call.what)
        if any(_about(waiting.what) == about for _, waiting in self._due):
            return
        self.calls.append(call)
        sleepy = 25 if call.contact.startswith("Anna") else 40
        self._due.append((self.clock.now() + timedelta(minutes=sleepy), call))

    def _answer(self, call: Call) -> None:
        """What somebody who was called does: what they were told."""
        who, kind = call.contact.partition(",")[0].lower(), _about(call.what)
        if kind == "tips":
            what = f"{who} puts a rack of {RACK} tips in"
            self.happen(what, lambda: self._write(_filled, who))
        elif kind == "reader is held":
            self.happen(
                f"{who} cleans the needle and releases the reader", lambda: self._clean(who)
            )
        elif kind == "furnace is faulted":
            self.flag("furnace", "fault").unlink(missing_ok=True)
            self.happen(f"{who} puts in a thermocouple and resets the furnace", self.furnace.reset)
        elif kind.startswith("what became of"):
            job = kind.split()[3]
            self.happen(f"{who} looks what became of {job}", lambda: self._resolve(job, who))
        else:
            raise AssertionError(f"nobody knows what to do about: {call.what}")

    def _clean(self, who: str) -> None:
        """The needle is clean again; what was read since it clogged is void."""
        flag = self.flag("reader", "empty")
        clogged = next(at for at, what in self.events if "needle clogs" in what)
        flag.unlink(missing_ok=True)
        by, why = Actor(kind="person", name=who), "an empty well: the needle was clogged"
        for line in void_since(self.store, "reader", clogged, why, by, self.clock.now()):
            self.events.append((self.clock.now(), f"{who} says of {line}"))
        self._write(lambda tx: tx.release("reader", "needle cleaned"), who)

    def _resolve(self, job: str, who: str) -> None:
        """By what the instrument itself has counted."""
        found = self.store.job(job)
        if found.status is not JobStatus.UNKNOWN:
            return
        counted = self.furnace.counts() if found.step == "anneal" else self.reader.counts()
        fate = JobStatus.FAILED if counted[job] else JobStatus.REFUSED
        settling = campaign_of(self.store, found.campaign).settling

        def said(tx: Any) -> None:
            tx.move_job(job, fate, message="looked at the instrument's own account")
            for trial in found.trials:
                tx.settle(trial, settling)

        self._write(said, who)

    def _write(self, said: Callable[[Any], object], who: str) -> None:
        with self.store.write(Actor(kind="person", name=who), self.clock.now()) as tx:
            said(tx)

    def _campaign(self, material: str) -> dict[str, Any]:
        furnace = {
            "url": self.furnace.url,
            "action": "anneal",
            "parameters": {
                "temperature": {"unit": "degC", "executed": "actual.temperature"},
                "minutes": {"unit": "min"},
            },
            "constants": {"material": material},
            "job_argument": "sample_id",
            "sample": {"placed": "tray"},
        }
        reader = {
            "host": "127.0.0.1",
            "port": self.reader.port,
            "insecure": True,
            "feature": "Reader",
            "command": "Read",
            "key": "JobId",
            "lookup": {"command": "GetResult", "state": "State", "uuid": "Execution"},
            "withdraw": "Withdraw",
            "sample": {"job": "MadeBy", "place": "Place"},
            "objectives": {"absorbance": {"unit": "1", "at": "Absorbance"}},
            "meanings": {"broken off": "lost"},
            "deadline_s": 30.0,
        }
        anneal = {"name": "anneal", "adapter": "madsci", "instrument": "furnace"}
        read = {"name": "read", "adapter": "sila", "instrument": "reader"}
        return {
            "name": material,
            "parameters": [
                _continuous("temperature", "degC", 90, 210),
                _continuous("minutes", "min", 5, 40),
            ],
            "objectives": [
                {"name": "absorbance", "unit": "1", "goal": "maximise", "plausible": [0, 3]}
            ],
            "budget": {"experiments": 60},
            "policy": {"in_flight": 2},
            "stop": {"confirm": 0},
            "execution": {
                "steps": [
                    {**anneal, "settings": furnace},
                    {**read, "settings": reader, "parameters": [], "repeatable": True},
                ],
                "attempts": 10,
                "poll": {"limit": 1, "unit": "min"},
            },
            "review": {"mode": "none"},
            "seed": 11,
        }

    def _operators(self) -> dict[str, Any]:
        signed = {"by": "the operators", "at": "2026-03-01"}
        limits = {
            "temperature": {"low": 20, "high": 300, "unit": "degC"},
            "minutes": {"low": 1, "high": 60, "unit": "min"},
        }
        broken = {"pattern": "thermocouple", "kind": "instrument", "reason": "it is replaced"}
        furnace = {"limits": limits, "signed": signed, "failures": [broken], "share": {}}
        reader = {"limits": {}, "signed": signed, "stocks": {"tips": {"uses": 1}}, "share": {}}
        told = {"furnace": furnace, "reader": reader}
        return {
            "unattended": list(told),
            "instruments": {name: {**one, "contact": CONTACTS[name]} for name, one in told.items()},
        }


def _continuous(name: str, unit: str, low: float, high: float) -> dict[str, Any]:
    whole = {"name": name, "type": "continuous", "unit": unit, "low": low, "high": high}
    return {**whole, "resolution": 1}


def _filled(tx: Any) -> None:
    tx.fill("reader", "tips", RACK, "1", "a new rack")


def _about(what: str) -> str:
    """What a call is about, the same whichever campaign says it."""
    for known in ("reader is held", "furnace is faulted"):
        if what.startswith(known):
            return known
    if "tips" in what:
        return "tips"
    return " ".join(what.split()[:4])
