"""Gathering the facts: the store, the instruments, Prefect's server and this machine. No judgement."""

import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

import httpx

from agent.allowed import operators
from agent.assemble import adapter_at, asked, default_store
from agent.core.adapter import Health
from agent.core.execution import Station
from agent.core.operators import Operators
from agent.core.register import CampaignStatus
from agent.data.address import file_of, parse
from agent.data.store import Store
from agent.decide.review import check_released
from agent.dispatch.process import known_dead, within_sight
from agent.doctor import instruments, packages, processes
from agent.doctor import store as stores
from agent.doctor.finding import Finding, fault, note, ok
from agent.errors import AthanorError, GateError, OperatorsError
from agent.named import AdapterClasses
from agent.resolved import campaign_of

_PATIENCE_S = 5.0
_PROC = Path("/proc")


def examine(url: str | None, now: datetime, *, ask: bool = True) -> Iterator[Finding]:
    """Look at everything that can be looked at; each finding as it is found.

    Args:
        url: The store's; default: where ATHANOR_STORE says.
        now: The time.
        ask: Whether the instruments of active campaigns are asked how they are.
    """
    yield from _packages()
    allowed: Operators | None = None
    try:
        allowed = operators()
        named = os.environ.get("ATHANOR_OPERATORS")
        yield ok("operators", named or "no file: nothing is sent to machines of physical effect")
    except OperatorsError as error:
        yield fault("operators", error.message, error.hint)
        for one in error.faults:
            yield fault("operators", f"{one.path}: {one.what}", one.mend)
    yield from _store(url, now, allowed if ask else None)
    api = os.environ.get("PREFECT_API_URL")
    answer = _asked(api) if api else processes.Answer()
    yield processes.server(api, answer, _version("prefect"))
    yield from processes.leftovers(_running(), lambda where: not _asked(where).silence)


def _packages() -> Iterator[Finding]:
    try:
        asked, told = requires("athanor") or [], metadata("athanor")
    except PackageNotFoundError:
        yield note("packages", "athanor is not installed as a package", "pip install -e .")
        return
    python = ".".join(map(str, sys.version_info[:3]))
    yield from packages.packages(python, told["Requires-Python"] or ">=3", asked, _version)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _store(url: str | None, now: datetime, allowed: Operators | None) -> Iterator[Finding]:
    where = url or default_store()
    try:
        file = file_of(parse(where))
        if file is not None and not file.exists():
            yield note("store", f"there is none at {file} yet", "athanor run FILE makes one")
            return
        with Store.open(where, create=False) as opened:
            yield from _opened(opened, file, now, allowed)
    except AthanorError as error:
        yield fault("store", error.message, error.hint)


def _opened(
    store: Store, file: Path | None, now: datetime, allowed: Operators | None
) -> Iterator[Finding]:
    yield ok("store", f"{store.where} opens, and is of this program's version")
    if file is not None and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        mend = f"chown or chmod {file.parent} and what is in it: beside the file it keeps another"
        yield fault("store", f"{file} or its folder may not be written by this user", mend)
    free = None if file is None else float(shutil.disk_usage(file.parent).free)
    yield from stores.kept(store.keeping(), free, now)
    entries, heads = store.entries(), store.heads()
    for entry in entries:
        try:
            yield ok("store", f"{entry.name}: {store.verify(entry.id)} lines, the chain holds")
        except AthanorError as error:
            yield fault("store", f"{entry.name}: {error.message}", error.hint)
    yield stores.clock(now, heads)
    names, every = {one.id: one.name for one in entries}, store.leases()
    yield from stores.leases(every, names, now, known_dead, within_sight)
    by_name = {one.name: one for one in every}
    for entry in entries:
        jobs = store.jobs(entry.id)
        yield from stores.jobs(entry, jobs)
        if entry.id in heads:
            yield from stores.abandoned(entry, jobs, heads[entry.id], by_name.get(entry.id), now)
    yield from instruments.holds({name: store.holds(name) for name in store.instruments()}, now)
    if allowed is not None:
        yield from _health(store, allowed)


def _health(store: Store, allowed: Operators) -> Iterator[Finding]:
    users: dict[str, list[str]] = defaultdict(list)
    asked: dict[str, Station] = {}
    for entry in store.entries():
        if entry.status is not CampaignStatus.ACTIVE:
            continue
        for station in campaign_of(store, entry.id).execution.everywhere:
            how = station.model_dump_json()
            asked[how] = station
            users[how].append(entry.name)
    for how, station in asked.items():
        yield instruments.health(station.instrument, users[how], _well(station, allowed))
        try:
            _released(station, allowed)
        except GateError as error:
            yield fault("operators", error.message, error.hint)


def _released(station: Station, allowed: Operators) -> None:
    """Whether anything may be sent to an instrument of a campaign; one that cannot be asked has a finding.

    Raises:
        GateError: nothing may.
    """
    name = station.instrument
    try:
        capabilities = asked(lambda: adapter_at(station, AdapterClasses(allowed)).capabilities())
    except AthanorError:
        return
    check_released(allowed.in_force(name).rules, capabilities, name)


def _well(station: Station, allowed: Operators) -> Health | str:
    try:
        return asked(lambda: adapter_at(station, AdapterClasses(allowed)).health())
    except AthanorError as error:
        return str(error)


def _asked(api: str) -> processes.Answer:
    try:
        with httpx.Client(timeout=_PATIENCE_S) as client:
            client.get(f"{api}/health").raise_for_status()
            told = client.get(f"{api}/admin/version")
            return processes.Answer(version=str(told.json()) if told.is_success else "unknown")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return processes.Answer(silence=f"{type(error).__name__}: {error}".rstrip(": "))


def _running() -> Iterator[processes.Running]:
    """The processes of this user; none where the system does not tell."""
    for folder in _PROC.glob("[0-9]*"):
        try:
            if folder.stat().st_uid != os.getuid():
                continue
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            told = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue  # it has ended meanwhile, or may not be looked at
        api = next((line for line in told if line.startswith("PREFECT_API_URL=")), "")
        address = api.partition("=")[2]
        yield processes.Running(int(folder.name), parent, tuple(filter(None, words)), address)
