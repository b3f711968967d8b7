"""What a campaign may name: adapters and pretrained models, imported when one asks for them.

Names come from the entry-point groups `athanor.adapters` and `athanor.models` and from the operators' file;
nothing else is ever imported by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import FunctionType
from typing import Any

from pydantic import BaseModel

from agent.allowed import operators
from agent.core.operators import Operators
from agent.core.source import Predict
from agent.errors import AdapterError

GROUP, MODELS = "athanor.adapters", "athanor.models"


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
                f"the {self._what} {name!r} cannot be loaded: {type(error).__name__}: {error}",
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
        return partial(_predicted, name, made)


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


def _predicted(name: str, model: Any, rows: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Mean and deviation of each row, by the pretrained model of that name."""
    import torch

    X = torch.tensor(rows, dtype=torch.float64)
    try:
        # The same answers each time that a file is read: a model may draw samples.
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            told = model.posterior(X)
            means, variances = told.mean.flatten(), told.variance.flatten()
            pairs = zip(means.tolist(), variances.clamp_min(0).sqrt().tolist(), strict=True)
            found = [(float(mean), float(sd)) for mean, sd in pairs]
    except Exception as error:  # whatever other people's code may raise
        raise AdapterError(
            f"the model {name!r} cannot be asked: {type(error).__name__}: {error}",
            f"it was given {len(rows)} rows of {X.shape[-1]} inputs",
        ) from error
    if len(found) != len(rows):
        raise AdapterError(
            f"the model {name!r} gave {len(found)} values for {len(rows)} rows",
            "a posterior of one output is needed",
        )
    return found
