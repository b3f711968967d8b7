"""`execution`, of a campaign or an oracle: is there such an adapter, and does it take these settings?

Paths become absolute.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from agent.core.execution import Reached
from agent.errors import AthanorError
from agent.load import references, shape
from agent.load.faults import Findings, Loc, did_you_mean

SettingsModels = Mapping[str, type[BaseModel]]
"""Adapter name -> the model of what it takes under `execution.settings`."""

Executing = TypeVar("Executing", bound=Reached)
_FOLDER = re.compile(r"folder|director|(^|_)dir($|_)", re.IGNORECASE)
_SECRET = re.compile(r"(^|_)(password|passwd|secret|token|api_?key|credential)s?$", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where the campaign file lies, and the environment that it is read in."""

    folder: Path
    environ: Mapping[str, str]


def resolved(
    findings: Findings, reached: Executing, models: SettingsModels, place: Place, at: Loc
) -> Executing:
    """`reached` (which stands at `at`) with absolute paths; what its adapter does not take is a
    fault.
    """
    model = _model(findings, reached.adapter, models, at)
    if model is None:
        return reached
    settings, references_at = _absolute(findings, model, reached.settings, place, (*at, "settings"))
    alike: dict[str, dict[str, Any]] = {}
    if not reached.instruments:
        _validate(findings, model, settings, (*at, "settings"), references_at)
    for name, own in reached.instruments.items():
        within = (*at, "instruments", name)
        alike[name], found = _absolute(findings, model, own, place, within)
        _validate(findings, model, {**settings, **alike[name]}, within, references_at | found)
    return reached.model_copy(update={"settings": settings, "instruments": alike})


def _absolute(
    findings: Findings,
    model: type[BaseModel],
    given: Mapping[str, Any],
    place: Place,
    within: Loc,
) -> tuple[dict[str, Any], set[Loc]]:
    """Settings with absolute paths, and the places that hold a reference."""
    settings = dict(given)
    references_at = _check_references(findings, settings, within)
    for loc, text in list(_paths(model, settings, ())):
        path = _path(findings, (*within, *loc), text, place)
        if path is not None:
            _put(settings, loc, str(path))
    return settings, references_at


def _validate(
    findings: Findings,
    model: type[BaseModel],
    settings: Mapping[str, Any],
    within: Loc,
    references_at: set[Loc],
) -> None:
    try:
        model.model_validate(settings)
    except ValidationError as error:
        shape.note_all(findings, within, error, model, references_at)


def _model(
    findings: Findings, name: str, models: SettingsModels, at: Loc
) -> type[BaseModel] | None:
    known = sorted(models)
    if name not in known:
        near = did_you_mean(name, known, "the adapters are")
        findings.fault((*at, "adapter"), f"there is no adapter {name!r}", near)
        return None
    try:
        return models[name]
    except AthanorError as error:
        # The mapping imports an adapter when it is asked for, and its packages may be absent.
        findings.fault((*at, "adapter"), error.message, error.hint)
        return None


def _path(findings: Findings, at: Loc, text: str, place: Place) -> Path | None:
    path = references.located(findings, at, text, place.folder, place.environ)
    if path is None:
        return None
    name = next((str(step) for step in reversed(at) if isinstance(step, str)), "")
    if not _FOLDER.search(name):
        references.existing_file(findings, at, path)
    elif not path.exists():
        findings.warn(
            at, f"the folder {path} is not there yet", "make it before the first dispatch"
        )
    if _FOLDER.search(name) and next(p for p in (path, *path.parents) if p.exists()).is_file():
        # A folder may be made, but not where a file stands in the way.
        findings.fault(at, f"{path} cannot be a folder: a file stands in the way", "name another")
    return path


def _paths(annotation: object, value: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """The places of texts that a model takes as paths."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _paths(args[0], value, loc)
    elif annotation is Path and isinstance(value, str):
        yield loc, value
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if isinstance(value, dict):
            for name, info in annotation.model_fields.items():
                if name in value:
                    yield from _paths(info.annotation, value[name], (*loc, name))
    elif isinstance(value, dict) and origin is dict:
        for key, item in value.items():
            yield from _paths(args[1], item, (*loc, key))
    elif isinstance(value, list) and origin in (list, tuple, set, frozenset):
        for n, item in enumerate(value):
            yield from _paths(args[0], item, (*loc, n))
    elif origin is not None and origin not in (dict, list, tuple, set, frozenset):
        # A union: its first member that takes paths decides.
        found = ([*_paths(member, value, loc)] for member in args)
        yield from next((paths for paths in found if paths), [])


def _put(settings: dict[str, Any], loc: Loc, text: str) -> None:
    """Replace one text, copying what is on the way: the document keeps what its writer wrote."""
    here: Any = settings
    for step in loc[:-1]:
        here[step] = dict(here[step]) if isinstance(here[step], dict) else list(here[step])
        here = here[step]
    here[loc[-1]] = text


def _check_references(findings: Findings, value: object, loc: Loc) -> set[Loc]:
    """The places that hold a reference; wrong ones and secrets written out are faults."""
    if isinstance(value, dict):
        items: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return set()
    found: set[Loc] = set()
    for key, item in items:
        at = (*loc, key)
        if not isinstance(item, str):
            found |= _check_references(findings, item, at)
            continue
        if references.checked(findings, at, item) and references.refers(item):
            found.add(at)
        elif item and isinstance(key, str) and _SECRET.search(key):
            mend = f"write ${{{key.upper()}}} here, and set that variable where the agent runs"
            findings.fault(at, "a secret is written out, and would be stored", mend)
    return found
