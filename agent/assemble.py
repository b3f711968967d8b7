"""The composition root: opens stores, finds adapters by name, and puts a laboratory together.

The only module that knows adapters. Names come from the entry-point groups `athanor.adapters` and
`athanor.models` and from the operators' file; nothing else is ever imported by name.
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.execution import Execution, Station
from agent.core.harmless import Declaration, Promise
from agent.core.operators import Operators
from agent.core.source import Predict
from agent.data.store import Store
from agent.dispatch.process import this_process
from agent.errors import AdapterError, MissingExtra
from agent.lab import Lab

if TYPE_CHECKING:
    from adapters.proof.proving import Proof as Proof  # noqa: PLC0414 - commands name it

GROUP, MODELS = "athanor.adapters", "athanor.models"
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


def operators(path: str | None = None) -> Operators:
    """The operators' file at `path`, by default where ATHANOR_OPERATORS says; empty without one.

    Raises:
        OperatorsError: it cannot be used; every fault is listed.
    """
    path = path or os.environ.get(OPERATORS)
    if not path:
        return Operators()
    from agent.load.operators import read_operators

    return read_operators(path)[0]


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


class Named(Mapping[str, Any]):
    """Name -> what it names, imported when asked for: one that is broken cannot stop the others.

    Args:
        what: What they are: "adapter".
        group: Entry points of installed packages.
        allowed: What the operators name beside: name -> `module:attribute`.
    """

    def __init__(self, what: str, group: str, allowed: Mapping[str, str]) -> None:
        self._what = what
        self._points = {point.name: point for point in entry_points(group=group)}
        for name, target in allowed.items():
            self._points[name] = EntryPoint(name=name, value=target, group=group)

    def __iter__(self) -> Iterator[str]:
        """The names, sorted."""
        return iter(sorted(self._points))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._points)

    def origin(self, name: str) -> str:
        """Where what has that name comes from: an installed package, or the operators' file."""
        dist = self._points[name].dist
        return "operators' file" if dist is None else f"{dist.name} {dist.version}"

    def __getitem__(self, name: str) -> Any:
        """What has that name.

        Raises:
            AdapterError: there is none of that name, or it cannot be imported.
        """
        if name not in self._points:
            near = get_close_matches(name, self._points) or sorted(self._points)
            hint = f"there is: {', '.join(near)}" if near else "none is installed"
            raise AdapterError(f"no {self._what} is named {name!r}", hint)
        module, _, attribute = self._points[name].value.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except Exception as error:  # whatever other people's code may raise
            raise AdapterError(
                f"the {self._what} {name!r} cannot be loaded: {_said(error)}",
                "is its package installed?",
            ) from error


class AdapterClasses(Named):
    """Adapter name -> class."""

    def __init__(self, allowed: Operators | None = None) -> None:
        super().__init__("adapter", GROUP, (allowed or operators()).adapters)


class PretrainedModels(Mapping[str, Predict]):
    """Name -> pretrained model with a `posterior` as BoTorch's have: rows in, mean and deviation out."""

    def __init__(self, allowed: Operators | None = None) -> None:
        self._named = Named("model", MODELS, (allowed or operators()).models)

    def __iter__(self) -> Iterator[str]:
        """The names, sorted."""
        return iter(self._named)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._named)

    def __getitem__(self, name: str) -> Predict:
        """The model of that name.

        Raises:
            AdapterError: there is none of that name, or it cannot be imported, or it has no posterior.
        """
        found = self._named[name]
        made = found() if isinstance(found, type | FunctionType) else found
        if not callable(getattr(made, "posterior", None)):
            raise AdapterError(
                f"the model {name!r} has no posterior",
                "name an object that has what BoTorch's have",
            )

        def predict(rows: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
            import torch

            X = torch.tensor(rows, dtype=torch.float64)
            try:
                # The same answers each time that a file is read: a model may draw samples.
                with torch.no_grad(), torch.random.fork_rng(devices=[]):
                    torch.manual_seed(0)
                    told = made.posterior(X)
                    means, variances = told.mean.flatten(), told.variance.flatten()
                    pairs = zip(means.tolist(), variances.clamp_min(0).sqrt().tolist(), strict=True)
                    found = [(float(mean), float(sd)) for mean, sd in pairs]
            except Exception as error:  # whatever other people's code may raise
                raise AdapterError(
                    f"the model {name!r} cannot be asked: {_said(error)}",
                    f"it was given {len(rows)} rows of {X.shape[-1]} inputs",
                ) from error
            if len(found) != len(rows):
                raise AdapterError(
                    f"the model {name!r} gave {len(found)} values for {len(rows)} rows",
                    "a posterior of one output is needed",
                )
            return found

        return predict


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
            f"the adapter {station.adapter!r} cannot be made: {_said(error)}",
            "see its settings in the campaign file, and its documentation",
        ) from error
    return made


def _unfit(error: ValidationError) -> str:
    """What is wrong, and where, without what was given: it may be a key from the environment."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    places = (".".join(str(part) for part in one["loc"]) or "all of them" for one in faults)
    return "; ".join(f"{where}: {one['msg']}" for where, one in zip(places, faults, strict=True))


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
