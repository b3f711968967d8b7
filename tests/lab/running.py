"""The laboratory as a process of its own, and `athanor` as processes that may be ended at any moment."""

import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol
from urllib.request import urlopen

import yaml

from tests.lab.server import ACCOUNT, PORT, yielded

ROOT = Path(__file__).resolve().parents[2]
FILE_KIB, CLOCK_S = "ATHANOR_TEST_FILE_KIB", "ATHANOR_TEST_CLOCK_S"
"""No file of the process may grow beyond; by so much its clock is ahead."""

PATIENCE_S = 240.0
"""How long anything may take before a test fails: the machine may be very busy."""

_PRELOADED = [
    "agent.assemble", "agent.cli", "agent.commands.display", "agent.decide.propose", "agent.enrol",
    "agent.load", "agent.loop", "agent.replay", "agent.report", "agent.status", "httpx", "yaml",
    "tests.lab.running",
]  # fmt: skip


def until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it has not come to hold.
    """
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain: {what}")
        time.sleep(0.02)


class Laboratory:
    """The lab's process. Its folder outlives it: `kill` and `open` again is a restart."""

    def __init__(self, folder: Path, seconds: float = 0.05, gels_above: float = math.inf) -> None:
        self._folder, self._seconds, self._gels_above = folder, seconds, gels_above
        self._port = 0
        folder.mkdir(parents=True, exist_ok=True)

    def open(self) -> "Laboratory":
        """Start it, on the port that it had before, and wait until it answers."""
        (self._folder / PORT).unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.lab.server", "--folder", str(self._folder)]
        command += ["--seconds", str(self._seconds), "--port", str(self._port)]
        command += ["--gels-above", str(self._gels_above)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        until((self._folder / PORT).exists, "for the laboratory to open")
        self._port = int((self._folder / PORT).read_text())
        return self

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def counts(self) -> dict[str, int]:
        """Key -> how often it was executed, by its own account."""
        with urlopen(self.url, timeout=PATIENCE_S) as answer:
            counts: dict[str, int] = json.load(answer)
            return counts

    def result(self, key: str) -> float | None:
        """What a job measured, by its account; None if it was never executed."""
        done = [line for line in self.account() if (line["did"], line["key"]) == ("execute", key)]
        return yielded(done[0]["parameters"]) if done else None  # type: ignore[arg-type]

    def account(self) -> list[dict[str, object]]:
        """Every line of its account, in order."""
        file = self._folder / ACCOUNT
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def kill(self) -> None:
        """End it, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "Laboratory":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.kill()


class Running(Protocol):
    """An `athanor` on its way."""

    pid: int

    def code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        ...


class Forked:
    """`athanor`, forked from a process that has everything imported: the same code, in no time."""

    def __init__(self, arguments: list[str], environ: Mapping[str, str], log: Path) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
        self._process: BaseProcess = context.Process(
            target=_athanor, args=(arguments, dict(environ), str(log)), daemon=True
        )
        self._process.start()
        self.pid = self._process.pid or 0

    def code(self) -> int | None:
        return self._process.exitcode


class Executed:
    """`athanor`, as people start it."""

    def __init__(self, arguments: list[str], environ: Mapping[str, str], log: Path) -> None:
        command = [str(Path(sys.executable).with_name("athanor")), *arguments]
        whole = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command, env=whole, cwd=ROOT, stdout=file, stderr=file, start_new_session=True
            )
        self.pid = self._process.pid

    def code(self) -> int | None:
        return self._process.poll()

    def sweep(self) -> None:
        """End what it has started and left behind (Prefect's temporary server)."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _athanor(arguments: list[str], environ: dict[str, str], log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ.update(environ)
    sys.argv = ["athanor", *arguments]
    if FILE_KIB in environ:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        most = 1024 * int(environ[FILE_KIB])
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - the log is no database
    if CLOCK_S in environ:
        _run_ahead(Path(arguments[1]), arguments[3], float(environ[CLOCK_S]))
        return
    from agent.cli import main

    main()


def _run_ahead(file: Path, url: str, seconds: float) -> None:
    """What `athanor run FILE --direct` does, by a clock that is ahead by so much."""
    from agent.assemble import SettingsModels, SystemClock, Wiring, laboratory, open_store
    from agent.core.actor import Actor
    from agent.enrol import enrol
    from agent.load import read
    from agent.loop import run_rounds
    from agent.resolved import campaign_of

    class Ahead(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=seconds)

    clock, me = Ahead(), Actor(kind="person", name="anna")
    with open_store(url) as store:
        entry = enrol(store, read(file, SettingsModels()), me, clock.now(), lambda *_: True).entry
        lab = laboratory(store, campaign_of(store, entry.id), Wiring(clock=clock))
        run_rounds(lab, entry.name, lambda _: None, ttl_s=5.0)


def ended(running: Running) -> int:
    """Wait for the end; the exit code."""
    until(lambda: running.code() is not None, f"for process {running.pid} to end")
    code = running.code()
    assert code is not None
    return code


def stopped(running: Running) -> bool:
    """Whether the process lies still (SIGSTOP)."""
    try:
        stat = Path(f"/proc/{running.pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


class Site:
    """A folder with a campaign file, an operators' file, a store and a log, beside a laboratory.

    Args:
        folder: Where.
        lab: Which laboratory.
        database: URL of the store, where it is not to be a file in the folder.
        rules: What the operators say of the laboratory.
        more: Of `campaign`.
    """

    def __init__(
        self,
        folder: Path,
        lab: Laboratory,
        database: str | None = None,
        rules: Mapping[str, object] | None = None,
        **more: object,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store, self.log = folder / "lab.db", folder / "log.txt"
        self.database = database or f"sqlite:///{self.store}"
        self.file = folder / "fire.yaml"
        told = campaign(**{"url": lab.url, **more})  # type: ignore[arg-type]
        self.file.write_text(yaml.safe_dump(told, sort_keys=False))
        self.operators = folder / "operators.yaml"
        self.allow(RULES if rules is None else rules)
        self._started: list[Forked | Executed] = []
        self.environ = {"ATHANOR_OPERATORS": str(self.operators), "OMP_NUM_THREADS": "1"}

    def allow(self, rules: Mapping[str, object]) -> None:
        """Write the operators' file: what they say of the laboratory, if anything."""
        allowed = {
            "adapters": {"lab": "tests.lab.adapter:LabAdapter"},
            "unattended": ["lab"],
            "instruments": {"lab": dict(rules)} if rules else {},
        }
        self.operators.write_text(yaml.safe_dump(allowed, sort_keys=False))

    def run(
        self,
        *options: str,
        how: type[Forked] | type[Executed] = Forked,
        **environ: str,
    ) -> Forked | Executed:
        """Start `athanor run FILE`."""
        given = ["run", str(self.file), "--store", self.database, *options]
        self._started.append(how(given, {**self.environ, **environ}, self.log))
        return self._started[-1]

    def say(self, *arguments: str) -> int:
        """Run another command of `athanor` to its end; its exit code."""
        given = [*arguments, "--store", self.database]
        return ended(Forked(given, self.environ, self.log))

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        """End what was started and still runs, or lies still."""
        for running in self._started:
            if running.code() is None:
                os.kill(running.pid, signal.SIGKILL)
                ended(running)
            if isinstance(running, Executed):
                running.sweep()


RULES: dict[str, object] = {
    "limits": {"x": {"low": 0, "high": 10}, "y": {"low": 0, "high": 10}},
    "signed": {"by": "the operators", "at": "2026-03-01"},
}
"""What the operators of the laboratory say of it, unless a test says otherwise."""

PRIORS = [
    {"formula": "x + sin(x) + y", "name": "theory", "trust": "same"},
    {"formula": "cos(3 * x) * y", "name": "hearsay", "trust": "maybe"},
]


def campaign(
    url: str,
    experiments: int = 6,
    lookup: str = "sure",
    deadline_s: float | None = None,
    *,
    informed: bool = False,
) -> dict[str, object]:
    """A campaign of the small laboratory, as its file says it; `informed` by priors."""
    execution: dict[str, object] = {
        "adapter": "lab",
        "settings": {"url": url, "lookup": lookup},
        "attempts": 50,
        "poll": {"limit": 0.02, "unit": "s"},
    }
    if deadline_s is not None:
        execution["deadline"] = {"limit": deadline_s, "unit": "s"}
    policy = {"name": "random", "initial": {"size": 2}, "in_flight": 2}
    if informed:
        policy = {"name": "expected_improvement", "in_flight": 2}
    return {
        "name": "fire",
        "parameters": [
            {"name": "x", "type": "continuous", "low": 0, "high": 10},
            {"name": "y", "type": "continuous", "low": 0, "high": 10},
        ],
        "objectives": [{"name": "mass", "unit": "mg", "goal": "maximise"}],
        "budget": {"experiments": experiments},
        "priors": PRIORS if informed else [],
        "policy": policy,
        "execution": execution,
        "review": {"mode": "none"},
        "seed": 3,
    }
