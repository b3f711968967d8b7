"""Processes beside the program: Prefect's server, and what an earlier run has left behind."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from agent.doctor.finding import Finding, fault, note, ok

_SERVER = "prefect.server.api.server:create_app"
_PARENTS = ("athanor", "prefect", "python")


class Running(NamedTuple):
    """A process of this user: its words, and the address of Prefect's server in its environment."""

    pid: int
    parent: int
    words: tuple[str, ...]
    api: str = ""


class Answer(NamedTuple):
    """What Prefect's server says: its version, or why there is no answer."""

    version: str = ""
    silence: str = ""


def server(url: str | None, answer: Answer, installed: str | None) -> Finding:
    """Whether Prefect's server answers, and is of the version that is installed here.

    Args:
        url: PREFECT_API_URL; None where none is named.
        answer: What it says.
        installed: The version of the package here.
    """
    if not url:
        return ok("prefect", "PREFECT_API_URL is not set: each run brings a server of its own")
    if answer.silence:
        mend = "start it: prefect server start; or unset PREFECT_API_URL; or run with --direct"
        return fault("prefect", f"no answer from {url}: {answer.silence}", mend)
    told = f"{url} answers, version {answer.version}"
    if installed and _minor(installed) != _minor(answer.version):
        return note("prefect", f"{told}; here it is {installed}", "let them be of one version")
    return ok("prefect", told)


def leftovers(found: Iterable[Running], answers: Callable[[str], bool]) -> Iterator[Finding]:
    """Workers, and temporary servers whose run is gone.

    A worker that outlives its server takes the runs of the next one at the same address.

    Args:
        found: The processes of this user.
        answers: Whether anybody answers at an address.
    """
    every = {one.pid: one for one in found}
    for one in every.values():
        if any(_SERVER in word for word in one.words) and _orphaned(one, every):
            told = f"a temporary server of Prefect (pid {one.pid}), whose run is gone"
            yield note("process", told, f"it holds nothing: kill {one.pid}")
        elif _is_worker(one.words):
            where = one.api or "a server of its own"
            told = f"a worker (pid {one.pid}) of {where}"
            if one.api and not answers(one.api):
                mend = f"nobody answers there; end it before another server starts: kill {one.pid}"
                yield note("process", told, mend)
            else:
                yield ok("process", told)


def _is_worker(words: tuple[str, ...]) -> bool:
    names = [word.rpartition("/")[2] for word in words]
    return "prefect" in names and "worker" in names and "start" in names


def _orphaned(one: Running, every: dict[int, Running]) -> bool:
    parent = every.get(one.parent)
    return parent is None or not any(name in " ".join(parent.words) for name in _PARENTS)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
