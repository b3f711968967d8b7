"""The document against the core's models, piece by piece: one broken piece hides no other."""

import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from agent.core.campaign import Campaign
from agent.core.constraints import Constraint
from agent.core.objective import Objective
from agent.core.source import TransferPrior
from agent.core.space import Parameter
from agent.load.faults import Document, Findings, Loc, listed
from agent.load.fields import MADE_BY_LOADER, keys, written_like
from agent.load.words import plain

T = TypeVar("T")
_LISTS: dict[str, Any] = {
    "parameters": Parameter,
    "constraints": Constraint,
    "objectives": Objective,
    "priors": TransferPrior,
}
_READERS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(_LISTS[name] if name in _LISTS else Annotated[info.annotation, info])
    for name, info in Campaign.model_fields.items()
}


@dataclass
class Parts:
    """What of a document is sound: single keys, and the items of its lists by position."""

    single: dict[str, Any] = field(default_factory=dict)
    parameters: dict[int, Parameter] = field(default_factory=dict)
    constraints: dict[int, Constraint] = field(default_factory=dict)
    objectives: dict[int, Objective] = field(default_factory=dict)
    priors: dict[int, TransferPrior] = field(default_factory=dict)

    def campaign(self) -> Campaign:
        """All of it; only where nothing is at fault."""
        return Campaign(
            parameters=tuple(self.parameters.values()),
            constraints=tuple(self.constraints.values()),
            objectives=tuple(self.objectives.values()),
            priors=tuple(self.priors.values()),
            **self.single,
        )


def parts(findings: Findings) -> Parts:
    """Every sound piece of the document; each unsound one is a fault."""
    data = findings.document.data
    for key in data:
        if key not in Campaign.model_fields:
            findings.unknown((key,), key, keys(Campaign))
        elif key in MADE_BY_LOADER:
            _made(findings, (key,))
    found = Parts()
    for name, info in Campaign.model_fields.items():
        if name not in data:
            if info.is_required():
                findings.fault(
                    (name,), f"the key {name!r} is missing", written_like(Campaign, name)
                )
        elif name in _LISTS:
            getattr(found, name).update(_items(findings, name))
        else:
            read = validated(findings, (name,), _READERS[name], data[name])
            if findings.clean((name,)):
                found.single[name] = read
    return found


def _items(findings: Findings, name: str) -> dict[int, Any]:
    value = findings.document.data[name]
    if not isinstance(value, list):
        is_mapping = isinstance(value, dict)
        what = "it is a block of keys, not a list" if is_mapping else "it is not a list"
        findings.fault((name,), what, f"start each of the {name} with '- '")
        return {}
    if not value and Campaign.model_fields[name].is_required():
        findings.fault((name,), "it is empty", written_like(Campaign, name))
    found = {}
    for n, item in enumerate(value):
        read = validated(findings, (name, n), _READERS[name], _by_hand(findings, (name, n), item))
        if findings.clean((name, n)):
            found[n] = read
    return found


def _by_hand(findings: Findings, loc: Loc, item: object) -> object:
    """`item` without what only the loader makes, which is a fault where it is written."""
    if not isinstance(item, dict) or MADE_BY_LOADER.isdisjoint(item):
        return item
    for key in MADE_BY_LOADER & item.keys():
        _made(findings, (*loc, key))
    return {key: value for key, value in item.items() if key not in MADE_BY_LOADER}


def _made(findings: Findings, loc: Loc) -> None:
    findings.fault(loc, f"{loc[-1]} is made by the loader", "leave the key out")


def validated(findings: Findings, loc: Loc, reader: TypeAdapter[T], value: object) -> T | None:
    """`value` as the reader's type; None, with every fault noted, if it is not one."""
    try:
        return reader.validate_python(value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(findings, loc, detail, Campaign)
    except (ArithmeticError, MemoryError):
        # The core computes with what it is given; such numbers are nobody's settings.
        findings.fault(loc, "a number in it is too large, or too fine, to compute with", "")
    return None


def note_all(
    findings: Findings,
    loc: Loc,
    error: ValidationError,
    model: type[BaseModel],
    skip: Collection[Loc] = (),
) -> None:
    """The faults of a model that stands at `loc`, but for those at places to skip."""
    for detail in error.errors(include_url=False):
        place = _place(findings.document, loc, detail)
        if place not in skip:
            _note(findings, loc, detail, model)


def _note(findings: Findings, loc: Loc, detail: ErrorDetails, root: type[BaseModel]) -> None:
    place = _place(findings.document, loc, detail)
    within = detail["loc"] if root is not Campaign else (*loc, *detail["loc"])
    if detail["type"] == "union_tag_not_found":
        expected = _tags(_annotation(root, within))
        what = f"the key 'type' is missing; the types are {listed(expected)}"
        findings.fault((*place, "type"), what, f"write e.g. type: {listed(expected[:1])}")
        return
    if detail["type"] == "union_tag_invalid":
        place = (*place, "type")
    key = next((str(step) for step in reversed(place) if isinstance(step, str)), "")
    if detail["type"] == "extra_forbidden":
        owner = _owner(root, within)
        findings.unknown(place, key, keys(owner) if owner else ())
        return
    what, mend = plain(detail, _owner(root, within), key, findings.document.written.get(place))
    findings.fault(place, what, mend)


def _place(document: Document, loc: Loc, detail: ErrorDetails) -> Loc:
    """Pydantic's place without the names of union members, which stand in no file."""
    found, here = loc, document.at(loc)
    steps = detail["loc"]
    for n, step in enumerate(steps):
        missing = n == len(steps) - 1 and detail["type"] == "missing"
        if isinstance(here, Mapping) and (step in here or missing):
            found, here = (*found, step), here.get(step)
        elif here is None and missing:
            found = (*found, step)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            found, here = (*found, step), here[step]
    return found


def _owner(root: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model that has the field at the end of `loc`."""
    around = _annotation(root, loc[:-1])
    return around if isinstance(around, type) and issubclass(around, BaseModel) else None


def _annotation(root: object, loc: Loc) -> object:
    here: object = root
    for step in loc:
        here = _inside(_bare(here), step)
    return _bare(here)


def _inside(here: object, step: str | int) -> object:
    if isinstance(here, type) and issubclass(here, BaseModel):
        known = here.model_fields.get(str(step))
        if known is not None:
            return known.annotation
        return here if here.__name__ == step else None
    origin, args = get_origin(here), get_args(here)
    if origin in (Union, types.UnionType):
        return next((member for member in args if _tag(member) == step), here)
    if origin in (list, tuple, set, frozenset) and args:
        return args[0]
    return args[1] if origin is dict else here


def _bare(annotation: object) -> object:
    """Without `Annotated` and `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return _bare(members[0]) if len(members) == 1 else annotation
    return annotation


def _tag(member: object) -> str | None:
    if not (isinstance(member, type) and issubclass(member, BaseModel)):
        return None
    kind = member.model_fields.get("type")
    return None if kind is None else cast(str, kind.default)


def _tags(union: object) -> list[str]:
    return [tag for member in get_args(union) if (tag := _tag(member)) is not None]
