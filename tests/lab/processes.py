"""`athanor` as processes that may be ended at any moment, and what they are given of disk and time."""

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

ROOT = Path(__file__).resolve().parents[2]
FILE_KIB, CLOCK_S = "ATHANOR_TEST_FILE_KIB", "ATHANOR_TEST_CLOCK_S"
"""No file of the process may grow beyond; by so much its clock is ahead."""

PATIENCE_S = 240.0
"""How long anything may take before a test fails: the machine may be very busy."""

_PRELOADED = [
    "agent.assemble", "agent.cli", "agent.commands.display", "agent.decide.propose", "agent.enrol",
    "agent.load", "agent.loop", "agent.replay", "agent.report", "agent.status", "httpx", "yaml",
    "tests.lab.processes",
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
    from agent.assemble import SystemClock, Wiring, laboratory, open_store
    from agent.core.actor import Actor
    from agent.enrol import enrol
    from agent.load import read
    from agent.loop import run_rounds
    from agent.named import SettingsModels
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
