"""The composition root: opens stores, finds adapters by name, and puts a laboratory together.

The only module that knows adapters. Names come from the entry-point group `athanor.adapters` and
from the operators' file; nothing else is ever imported by name.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.values import digest
from agent.data.store import Store
from agent.dispatch.process import this_process
from agent.errors import AdapterError, AthanorError
from agent.lab import Lab

GROUP = "athanor.adapters"
STORE, OPERATORS = "ATHANOR_STORE", "ATHANOR_OPERATORS"

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        time.sleep(seconds)


class Operators(BaseModel):
    """The operators' file: what people who answer for the instruments have allowed.

    `adapters` is the allow-list of dotted names: name -> `module:Class`. `unattended` names the
    physical instruments that campaigns may use without a review.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapters: dict[str, str] = Field(default_factory=dict)
    unattended: frozenset[str] = frozenset()

    @property
    def limits(self) -> str:
        """Hash of what is in force; every approval binds it. "" where there is no file."""
        return digest(self) if self.adapters or self.unattended else ""


def operators(path: str | None = None) -> Operators:
    """The operators' file at `path`, by default where ATHANOR_OPERATORS says; empty without one.

    Raises:
        AthanorError: it cannot be read.
    """
    import yaml

    path = path or os.environ.get(OPERATORS)
    if not path:
        return Operators()
    try:
        return Operators.model_validate(yaml.safe_load(Path(path).read_text()) or {})
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise AthanorError(
            f"the operators' file {path} cannot be read: {error}", "see docs/adapters.md"
        ) from error


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


class AdapterClasses(Mapping[str, type[Any]]):
    """Adapter name -> class, imported when asked for: one broken adapter cannot stop the others."""

    def __init__(self, allowed: Operators | None = None) -> None:
        self._points: dict[str, EntryPoint] = {
            point.name: point for point in entry_points(group=GROUP)
        }
        for name, target in (allowed or operators()).adapters.items():
            self._points[name] = EntryPoint(name=name, value=target, group=GROUP)

    def __iter__(self) -> Iterator[str]:
        """The names, sorted."""
        return iter(sorted(self._points))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._points)

    def __getitem__(self, name: str) -> type[Any]:
        """The class of that name.

        Raises:
            AdapterError: there is none of that name, or it cannot be imported.
        """
        if name not in self._points:
            near = get_close_matches(name, self._points) or sorted(self._points)
            raise AdapterError(f"no adapter is named {name!r}", f"there is: {', '.join(near)}")
        module, _, attribute = self._points[name].value.partition(":")
        try:
            found: type[Any] = getattr(import_module(module), attribute)
        except Exception as error:  # whatever other people's code may raise
            raise AdapterError(
                f"the adapter {name!r} cannot be loaded: {_said(error)}",
                "is its package installed?",
            ) from error
        return found


class SettingsModels(Mapping[str, type[BaseModel]]):
    """Adapter name -> the model of its settings, imported when asked for."""

    def __init__(self, classes: AdapterClasses | None = None) -> None:
        self._classes = classes or AdapterClasses()

    def __iter__(self) -> Iterator[str]:
        """The names, sorted."""
        return iter(self._classes)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._classes)

    def __getitem__(self, name: str) -> type[BaseModel]:
        """The settings model of the adapter of that name."""
        model: type[BaseModel] = self._classes[name].Settings
        return model


def adapter_of(campaign: Campaign, classes: AdapterClasses | None = None) -> Adapter:
    """The adapter that the campaign names, made with its settings; `${NAME}` comes from the environment.

    Raises:
        AdapterError: it cannot be loaded, or its settings do not fit.
    """
    execution = campaign.execution
    cls = (classes or AdapterClasses())[execution.adapter]
    try:
        settings = cls.Settings.model_validate(_resolved(execution.settings))
    except ValidationError as error:
        raise AdapterError(
            f"the settings of {execution.adapter} do not fit: {error}", "athanor check FILE"
        ) from error
    try:
        made: Adapter = cls(settings)
    except AdapterError:
        raise
    except Exception as error:  # whatever other people's code may raise
        raise AdapterError(
            f"the adapter {execution.adapter!r} cannot be made: {_said(error)}",
            "see its settings in the campaign file, and its documentation",
        ) from error
    return made


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


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


@dataclass(frozen=True)
class Wiring:
    """What `laboratory` needs besides the campaign; tests pass other things in."""

    clock: SystemClock = field(default_factory=SystemClock)
    allowed: Operators = field(default_factory=operators)


def laboratory(store: Store, campaign: Campaign, wiring: Wiring | None = None) -> Lab:
    """The outside world of one campaign: the store, its instrument, the time, and this process."""
    wiring = wiring or Wiring()
    adapter = adapter_of(campaign, AdapterClasses(wiring.allowed))
    return Lab(
        store=store,
        adapters={campaign.execution.target: adapter},
        clock=wiring.clock,
        me=this_process(),
        unattended=wiring.allowed.unattended,
        limits=wiring.allowed.limits,
    )
