"""Revisions: what has changed between two campaigns, and what of it may not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from pydantic import BaseModel

from agent.core.campaign import Campaign
from agent.core.compositions import CompositionParameter
from agent.core.history import TARGET
from agent.core.parameters import ContinuousParameter, DiscreteParameter
from agent.core.pools import CandidatesParameter, MaterialParameter, Pool, PoolColumn
from agent.core.space import Parameter, SearchSpace
from agent.core.values import Point
from agent.errors import Fault

_ANEW = "start a new campaign"
_FIXED_OBJECTIVE = ("name", "unit", "goal", "target", "low", "high", "classes")


@dataclass(frozen=True)
class Revised:
    """What has changed, a line each, and what of it is refused."""

    diff: tuple[str, ...]
    refused: tuple[Fault, ...]


def revise(old: Campaign, new: Campaign) -> Revised:
    """How `new` differs from `old`, and which of the differences make it another campaign.

    What may change: budget, stop, review, policy, execution, constraints, bounds, levels, choices,
    new parameters that say what older rows had, priors, context and descriptions.
    """
    return Revised(tuple(_diff(_plain(old), _plain(new), "")), tuple(_refused(old, new)))


def outside(space: SearchSpace, points: Mapping[str, Point]) -> dict[str, tuple[str, ...]]:
    """Of these points, by trial, those that the space does not hold, with the reasons."""
    found = {trial: space.reasons(point) for trial, point in points.items()}
    return {trial: reasons for trial, reasons in found.items() if reasons}


def old_rows_reason(parameter: Parameter, pool: Pool | None = None) -> str | None:
    """Why `old_rows` cannot be what older rows had; None if it can, or is not given."""
    given = parameter.old_rows
    if given is None or given == "unknown":
        return None
    match parameter:
        case CompositionParameter():
            return f"one value, {given!r}, cannot stand for several components"
        case CandidatesParameter() | MaterialParameter():
            return None if pool is None else parameter.reason(given, pool)
        case ContinuousParameter() | DiscreteParameter():
            # Older rows need not be on the grid; they only have to be in the range.
            numbers = getattr(parameter, "levels", None) or (parameter.low, parameter.high)
            low, high = min(numbers), max(numbers)
            if isinstance(given, str) or not low <= given <= high:
                return f"{given!r} is outside {low:g} to {high:g} {parameter.unit}".rstrip()
            return None
    return parameter.reason(given)


def _refused(old: Campaign, new: Campaign) -> Iterable[Fault]:
    for key in ("name", "seed"):
        yield from _fixed(key, getattr(old, key), getattr(new, key))
    if len(old.objectives) != len(new.objectives):
        yield Fault("objectives", "their number is fixed", _ANEW)
    for before, after in zip(old.objectives, new.objectives, strict=False):
        for key in _FIXED_OBJECTIVE:
            path = f"objectives.{before.name}.{key}"
            yield from _fixed(path, getattr(before, key), getattr(after, key))
    earlier = {parameter.name: parameter for parameter in old.parameters}
    later = {parameter.name: parameter for parameter in new.parameters}
    for name, parameter in earlier.items():
        if name in later:
            yield from _parameter(f"parameters.{name}", parameter, later[name])
        else:
            yield Fault(f"parameters.{name}", "a parameter cannot be taken away", _ANEW)
    for name, parameter in later.items():
        if name not in earlier:
            yield from _added(f"parameters.{name}", parameter)


def _added(path: str, parameter: Parameter) -> Iterable[Fault]:
    if parameter.old_rows is None:
        what = "a new parameter must say what the rows measured so far had"
        yield Fault(f"{path}.old_rows", what, "write old_rows: the value they had, or unknown")
    elif reason := old_rows_reason(parameter):
        yield Fault(f"{path}.old_rows", reason, "give a value in its range, or unknown")


def _parameter(path: str, old: Parameter, new: Parameter) -> Iterable[Fault]:
    if old.type != new.type:
        yield from _fixed(f"{path}.type", old.type, new.type)
        return
    yield from _fixed(f"{path}.unit", old.unit, new.unit)
    yield from _fixed(f"{path}.old_rows", old.old_rows, new.old_rows)
    match old, new:
        case ContinuousParameter(), ContinuousParameter():
            yield from _fixed(f"{path}.scale", old.scale, new.scale)
        case CompositionParameter(), CompositionParameter():
            names = (", ".join(old.columns), ", ".join(new.columns))
            yield from _fixed(f"{path}.components", *names)
            yield from _fixed(f"{path}.total", old.total, new.total)
        case CandidatesParameter(), CandidatesParameter():
            yield from _fixed(f"{path}.id_column", old.id_column, new.id_column)
            if old.id_column is None:
                # Without an id column candidates are called by their descriptors.
                yield from _fixed(f"{path}.descriptors", *map(_described, (old, new)))
        case MaterialParameter(), MaterialParameter():
            sites = [", ".join(sorted(p.prototypes[0].sites)) for p in (old, new)]
            yield from _fixed(f"{path}.prototypes.sites", *sites)
    if isinstance(old, PoolColumn) and isinstance(new, PoolColumn):
        for name in sorted(old.units.keys() & new.units.keys()):
            yield from _fixed(f"{path}.units.{name}", old.units[name], new.units[name])


def _described(parameter: CandidatesParameter) -> str:
    names = parameter.pool.descriptors if parameter.pool else parameter.descriptors or ()
    return ", ".join(names)


def _fixed(path: str, old: object, new: object) -> Iterable[Fault]:
    if old != new:
        yield Fault(path, f"it is fixed: {_shown(old)}, not {_shown(new)}", _ANEW)


def _plain(campaign: Campaign) -> dict[str, Any]:
    """The campaign as nested dicts, with named things under their names."""
    document = campaign.model_dump(mode="json")
    document["parameters"] = {item["name"]: item for item in document["parameters"]}
    document["objectives"] = {item["name"]: item for item in document["objectives"]}
    priors = zip(campaign.priors, document["priors"], strict=True)
    document["priors"] = {prior.called: _with_rows(item) for prior, item in priors}
    document["constraints"] = [str(constraint) for constraint in campaign.constraints]
    for parameter in document["parameters"].values():
        if "components" in parameter:
            parameter["components"] = {item["name"]: item for item in parameter["components"]}
        if "prototypes" in parameter:
            parameter["prototypes"] = {item["name"]: item for item in parameter["prototypes"]}
        if parameter.get("pool"):
            parameter["pool"] = (
                f"{parameter['pool']['rows']} candidates ({parameter['pool']['sha256'][:8]})"
            )
    return document


def _with_rows(prior: dict[str, Any]) -> dict[str, Any]:
    source = prior["source"]
    told = {key: value for key, value in prior.items() if key not in {"found", "source"}}
    if told["fidelity"] == TARGET:
        del told["fidelity"]
    rows = source and f"{source['rows']} rows ({source['sha256'][:8]})"
    return {**told, "source": rows}


def _diff(old: object, new: object, path: str) -> Iterable[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            at = f"{path}.{key}" if path else key
            if key not in new:
                yield f"{at}: removed {_shown(old[key])}"
            elif key not in old:
                yield f"{at}: added {_shown(new[key])}"
            else:
                yield from _diff(old[key], new[key], at)
    elif _are_names(old) and _are_names(new) and set(old) != set(new):
        gone = [f"- {_shown(item)}" for item in old if item not in new]
        come = [f"+ {_shown(item)}" for item in new if item not in old]
        yield f"{path}: {', '.join(gone + come)}"
    else:
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _are_names(value: object) -> TypeGuard[list[str | float]]:
    return isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value)


def _shown(value: object) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if value is None:
        return "none"
    if value == "":
        return "''"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if item not in (None, "", {}, [])}
        return "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in kept.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)
