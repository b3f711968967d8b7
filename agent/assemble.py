"""The composition root: opens stores, makes adapters, and puts a laboratory together.

The only module that imports `adapters`; a campaign's are found by their names, in `agent.named`.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from agent.allowed import operators
from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.execution import Execution, Station
from agent.core.harmless import Declaration, Promise
from agent.core.operators import Operators
from agent.data.store import Store
from agent.dispatch.process import this_process
from agent.errors import AdapterError, AthanorError, MissingExtra
from agent.lab import Lab
from agent.named import AdapterClasses

if TYPE_CHECKING:
    from adapters.proof.proving import Proof as Proof  # noqa: PLC0414 - commands name it

Answer = TypeVar("Answer")

STORE = "ATHANOR_STORE"

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        time.sleep(seconds)


def default_store() -> str:
    """Where the store is when nobody says: ATHANOR_STORE, or the user's data folder."""
    if os.environ.get(STORE):
        return os.environ[STORE]
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return f"sqlite:///{base / 'athanor' / 'athanor.db'}"


def open_store(url: str | None = None, *, create: bool = True) -> Store:
    """The store at `url`, by default at `default_store()`; its folder is made where it is missing."""
    where = url or default_store()
    if create and where.startswith("sqlite:///"):
        Path(where.removeprefix("sqlite:///")).expanduser().parent.mkdir(
            parents=True, exist_ok=True
        )
    return Store.open(where, create=create)


def adapters_of(campaign: Campaign, classes: AdapterClasses | None = None) -> dict[str, Adapter]:
    """Instrument -> its adapter, of every instrument that the campaign names.

    Raises:
        AdapterError: one cannot be loaded, or its settings do not fit.
    """
    classes = classes or AdapterClasses()
    return {one.instrument: adapter_at(one, classes) for one in campaign.execution.everywhere}


def adapter_of(campaign: Campaign, classes: AdapterClasses | None = None) -> Adapter:
    """The adapter of the first instrument that the campaign names.

    Raises:
        AdapterError: it cannot be loaded, or its settings do not fit.
    """
    return adapter_for(campaign.execution, classes)


def adapter_for(execution: Execution, classes: AdapterClasses | None = None) -> Adapter:
    """The adapter of the first instrument of an execution."""
    return adapter_at(execution.everywhere[0], classes or AdapterClasses())


def adapter_at(station: Station, classes: AdapterClasses) -> Adapter:
    """The adapter that is named, made with its settings; `${NAME}` comes from the environment.

    Raises:
        AdapterError: it cannot be loaded, or its settings do not fit.
    """
    cls = classes[station.adapter]
    try:
        settings = cls.Settings.model_validate(_resolved(station.settings))
    except ValidationError as error:
        raise AdapterError(
            f"the settings of {station.adapter} do not fit: {_unfit(error)}", "athanor check FILE"
        ) from error
    try:
        made: Adapter = cls(settings)
    except AdapterError:
        raise
    except Exception as error:  # whatever other people's code may raise
        raise AdapterError(
            f"the adapter {station.adapter!r} cannot be made: {type(error).__name__}: {error}",
            "see its settings in the campaign file, and its documentation",
        ) from error
    return made


def asked(question: Callable[[], Answer]) -> Answer:
    """What an adapter answers to somebody who asks outside of a campaign's steps.

    Raises:
        AdapterError: it raised something, whatever that was.
    """
    try:
        return question()
    except AthanorError:
        raise
    except Exception as error:  # whatever other people's code may raise
        raise AdapterError(
            f"its adapter raised {type(error).__name__}: {error}", "mend the adapter"
        ) from error


def _unfit(error: ValidationError) -> str:
    """What is wrong, and where, without what was given: it may be a key from the environment."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    places = (".".join(str(part) for part in one["loc"]) or "all of them" for one in faults)
    return "; ".join(f"{where}: {one['msg']}" for where, one in zip(places, faults, strict=True))


def _resolved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item) for item in value]
    return _REFERENCE.sub(_secret, value) if isinstance(value, str) else value


def _secret(match: re.Match[str]) -> str:
    name = match.group(1)
    if name not in os.environ:
        raise AdapterError(f"the environment variable {name} is not set", f"export {name}=…")
    return os.environ[name]


def proof_of(
    declared: Declaration, told: Callable[[Promise], None], classes: AdapterClasses | None = None
) -> "Proof":
    """The contract suite on the adapter that was declared; nothing is tried yet.

    Args:
        declared: What may be done.
        told: Called with each promise when it is known whether it was kept.
        classes: The adapters that there are.

    Raises:
        AdapterError: the adapter cannot be made.
        MissingExtra: pytest, which runs the suite, is not installed.
    """
    classes = classes or AdapterClasses()
    try:
        from adapters.proof.proving import Proof
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        raise MissingExtra(
            "the contract suite is run by pytest, which is not installed",
            'pip install "athanor[testing]"',
        ) from error
    return Proof(declared, lambda: adapter_for(declared.execution, classes), this_process(), told)


@dataclass(frozen=True)
class Wiring:
    """What `laboratory` needs besides the campaign; tests pass other things in."""

    clock: SystemClock = field(default_factory=SystemClock)
    allowed: Operators = field(default_factory=operators)


def laboratory(store: Store, campaign: Campaign, wiring: Wiring | None = None) -> Lab:
    """The outside world of one campaign: the store, its instruments, the time, and this process."""
    wiring = wiring or Wiring()
    return Lab(
        store=store,
        adapters=adapters_of(campaign, AdapterClasses(wiring.allowed)),
        clock=wiring.clock,
        me=this_process(),
        unattended=wiring.allowed.unattended,
        limits={
            name: wiring.allowed.in_force(name) for name in campaign.execution.instruments_named
        },
    )
