"""Which process this is, and whether another one is known to be dead."""

import os
import socket
from functools import cache
from pathlib import Path

from agent.core.actor import Process

_PROC = Path("/proc")


@cache
def boot() -> str:
    """The id of this machine's present boot; "" where the system does not tell."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


@cache
def namespace() -> str:
    """The pid namespace of this process; "" where the system does not tell."""
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def started(pid: int) -> str | None:
    """When process `pid` of this machine started, in clock ticks since boot; None if it is gone.

    A zombie is gone: it can send nothing any more. "" if it is there and may not be looked at.
    """
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return "" if _there(pid) else None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _there(pid: int) -> bool:
    """Whether there is such a process: /proc may hide those of other users (`hidepid`)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def this_process() -> Process:
    """This process, named so that another can later know that it is dead."""
    return Process(
        host=socket.gethostname(),
        boot=boot(),
        pid=os.getpid(),
        started=started(os.getpid()) or "",
        namespace=namespace(),
    )


def within_sight(process: Process) -> bool:
    """Whether this process could tell that `process` is dead: same host, and same namespace of pids."""
    told = process.host == socket.gethostname() and bool(process.boot) and bool(boot())
    return told and (process.boot != boot() or process.namespace == namespace())


def known_dead(process: Process) -> bool:
    """Whether `process` is certainly dead: of this host and an earlier boot, or its pid is gone or
    another's by now. False means that it is not known.
    """
    if not within_sight(process):
        return False
    if process.boot != boot():
        return True
    since = started(process.pid)
    return since is None or ("" not in {since, process.started} and since != process.started)
