"""The columns of the space, over all parameters and pools: names, kinds, ranges, units."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.core.compositions import CompositionParameter
from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.pools import Pool, PoolColumn
from agent.core.space import Parameter
from agent.core.values import Scalar
from agent.load import units
from agent.load.faults import Findings, Loc, did_you_mean
from agent.load.shape import Parts

MOST_LEVELS = 100_000
_LARGEST, _NARROWEST = 1e15, 1e-30


@dataclass(frozen=True)
class Known:
    """What is known of a column: every setting it can take, or the range of its numbers.

    Both are None where its parameter is at fault: it exists, and nothing more is said of it.
    """

    values: tuple[Scalar, ...] | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_text(self) -> bool:
        """Whether its settings are texts."""
        return self.values is not None and isinstance(self.values[0], str)

    @property
    def is_number(self) -> bool:
        """Whether its settings are numbers."""
        return self.low is not None


Columns = dict[str, Known]
"""Column -> what is known of it."""


def check_numbers(findings: Findings, loc: Loc, parameter: Parameter) -> None:
    """Ladders of too many rungs, and numbers that no arithmetic is exact with, are faults."""
    match parameter:
        case ContinuousParameter(low=low, high=high):
            if max(abs(low), abs(high)) > _LARGEST or high - low < max(
                _NARROWEST, 1e-12 * max(abs(low), abs(high))
            ):
                what = f"{low:g} to {high:g} is too wide, or too narrow, to compute with"
                findings.fault(loc, what, "use another unit")
            elif parameter.resolution is not None and (high - low) / parameter.resolution > 1e12:
                findings.fault((*loc, "resolution"), "it is too fine", "give what can be set")
            rungs = 0.0
        case IntegerParameter(low=low, high=high):
            rungs = high - low + 1
        case DiscreteParameter(low=float(low), high=float(high), step=float(step)):
            rungs = (high - low) / step + 1
            if max(abs(low), abs(high)) > _LARGEST:
                findings.fault(loc, f"{low:g} to {high:g} is too wide", "use another unit")
        case DiscreteParameter(levels=tuple(levels)):
            rungs = len(levels)
            if max(abs(level) for level in levels) > _LARGEST:
                findings.fault((*loc, "levels"), "a level is too large", "use another unit")
        case CompositionParameter(total=total, step=step):
            rungs = total / step
        case _:
            rungs = 0.0
    if not rungs <= MOST_LEVELS:
        what = f"it has {rungs:.3g} settings, more than {MOST_LEVELS}"
        findings.fault(loc, what, "take a wider step, or type: continuous with a resolution")


def columns(findings: Findings, parts: Parts, pools: Mapping[str, Pool]) -> Columns:
    """Every column that a constraint may speak of; a name that stands twice is a fault."""
    found: Columns = {}
    for n, raw in enumerate(_blocks(findings, "parameters")):
        loc: Loc = ("parameters", n)
        parameter = parts.parameters.get(n)
        if parameter is None:
            for at, name in _raw_names(raw):
                _add(findings, (*loc, *at), found, name, Known())
            continue
        for at, name, known in _own(parameter, pools):
            _add(findings, (*loc, *at), found, name, known)
        if isinstance(parameter, PoolColumn) and parameter.name in pools:
            for name, known in _of_pool(pools[parameter.name]).items():
                _add(findings, loc, found, name, known, "a column of its table")
    for n, objective in parts.objectives.items():
        if objective.name in found:
            what = f"{objective.name!r} is also a parameter, or a column of one"
            findings.fault(("objectives", n, "name"), what, "what is measured needs its own name")
    return found


def check_units(findings: Findings, parts: Parts) -> None:
    """Units of parameters, of their tables' columns, of objectives and of the context."""
    for key in ("parameters", "objectives"):
        # As written, so that what else is wrong with a parameter does not hide its unit.
        for n, raw in enumerate(_blocks(findings, key)):
            unit = raw.get("unit")
            if isinstance(unit, str) and (unit.strip() or key == "parameters"):
                _unit(findings, (key, n, "unit"), unit, str(raw.get("name", "")))
    for n, parameter in parts.parameters.items():
        loc: Loc = ("parameters", n)
        if not isinstance(parameter, PoolColumn):
            continue
        ref = parameter.pool
        for name, unit in parameter.units.items():
            at = (*loc, "units", name)
            _unit(findings, at, unit, name)
            if ref is not None and name not in (*ref.labels, *ref.descriptors):
                near = did_you_mean(name, (*ref.descriptors, *ref.labels), "the columns are")
                findings.fault(at, f"the table has no column {name!r}", near)
    for n, objective in parts.objectives.items():
        if not objective.unit.strip():
            at = ("objectives", n, "unit")
            findings.fault(at, "an objective needs a unit", "write unit: '1' if it has none")
    for name, quantity in parts.single.get("context", {}).items():
        _unit(findings, ("context", name, "unit"), quantity.unit, name)


def _unit(findings: Findings, loc: Loc, unit: str, name: str) -> None:
    odd = units.oddity(unit, name)
    if odd is not None:
        note = findings.fault if odd.fatal else findings.warn
        note(loc, odd.what, odd.mend)


def _add(
    findings: Findings, loc: Loc, found: Columns, name: str, known: Known, what: str = "the name"
) -> None:
    if name in found:
        findings.fault(loc, f"{what}, {name!r}, is taken", "every column needs a name of its own")
    else:
        found[name] = known


def _blocks(findings: Findings, key: str) -> list[dict[str, object]]:
    """The items of a list, as written; an empty block for each that is none."""
    written = findings.document.data.get(key)
    items = written if isinstance(written, list) else []
    return [item if isinstance(item, dict) else {} for item in items]


def _raw_names(raw: dict[str, object]) -> list[tuple[Loc, str]]:
    """The names in a parameter that is at fault, as far as they can be told."""
    parts = raw.get("components")
    named: list[tuple[Loc, object]]
    if isinstance(parts, list):
        items = [item.get("name") if isinstance(item, dict) else None for item in parts]
        named = [(("components", n, "name"), name) for n, name in enumerate(items)]
    else:
        named = [(("name",), raw.get("name"))]
    return [(at, name) for at, name in named if isinstance(name, str)]


def _own(parameter: Parameter, pools: Mapping[str, Pool]) -> list[tuple[Loc, str, Known]]:
    match parameter:
        case ContinuousParameter(low=low, high=high):
            return [(("name",), parameter.name, Known(low=low, high=high))]
        case DiscreteParameter() | IntegerParameter():
            values = tuple(parameter.values)
            return [(("name",), parameter.name, Known(values, min(values), max(values)))]
        case CategoricalParameter(choices=choices):
            return [(("name",), parameter.name, Known(choices))]
        case CompositionParameter():
            absent = parameter.may_be_absent()
            return [
                (
                    ("components", n, "name"),
                    component.name,
                    Known(low=0.0 if absent else component.low, high=parameter.high(component)),
                )
                for n, component in enumerate(parameter.components)
            ]
        case _:
            pool = pools.get(parameter.name)
            return [(("name",), parameter.name, Known() if pool is None else Known(pool.ids))]


def _of_pool(pool: Pool) -> Columns:
    texts = {name: Known(tuple(dict.fromkeys(cells))) for name, cells in pool.labels.items()}
    numbers = {
        name: Known(tuple(sorted(set(cells))), min(cells), max(cells))
        for name, cells in pool.descriptors.items()
    }
    return {**texts, **numbers}
