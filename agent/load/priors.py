"""Priors -> sources: results of others, in this campaign's columns and units."""

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.core import expressions
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter
from agent.core.pools import PoolColumn
from agent.core.source import Source, SourceRow, TransferPrior
from agent.core.space import SearchSpace
from agent.core.units import convert, known
from agent.core.values import Point, Scalar
from agent.errors import IngestError
from agent.load import tables
from agent.load.faults import Findings, Loc, did_you_mean, listed

_LABEL = re.compile(r"^(?P<name>.*?)\s*\[(?P<unit>[^\[\]]*)\]$")
_NO_UNIT = frozenset({"", "1", "dimensionless"})
_LEAST_ROWS = 2
_MOST_POINTS = 400


@dataclass(frozen=True)
class Results:
    """What a source has: columns of cells, of equal length, and the units that are known of them."""

    columns: Mapping[str, Sequence[Scalar]]
    units: Mapping[str, str]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(next(iter(self.columns.values()), ()))


def of_table(findings: Findings, loc: Loc, path: Path) -> Results | None:
    """The results in a table whose headers may carry units: `T [K]`; None, with the fault, if none."""
    table = tables.read(findings, (*loc, "table"), path)
    if table is None:
        return None
    parted = {header: _LABEL.match(header) for header in table.columns}
    return Results(
        {
            (label["name"] if label else header): table.columns[header]
            for header, label in parted.items()
        },
        {label["name"]: label["unit"].strip() for label in parted.values() if label},
    )


def of_formula(
    findings: Findings, loc: Loc, prior: TransferPrior, space: SearchSpace
) -> Source | None:
    """What physics expects at up to 400 points that fill the space; None, with every fault noted.

    A formula is a source like any other: its shape is believed as far as it proves right.
    """
    # Imported here: torch is slow to load, and most campaigns have no formula.
    from agent.decide.candidates import listed as every  # noqa: PLC0415
    from agent.decide.candidates import sampled  # noqa: PLC0415
    from agent.learn.encoding import Encoding  # noqa: PLC0415

    at = (*loc, "formula")
    tree = expressions.formula(prior.formula or "")
    texts, known_ = _texts(space), _known_columns(space)
    for name in sorted(expressions.names(tree)):
        if name not in known_:
            findings.fault(at, f"the campaign has no column {name!r}", did_you_mean(name, known_))
        elif name in texts:
            findings.fault(at, f"{name} is a name, and cannot be computed with", "use descriptors")
    if not findings.clean(at):
        return None
    encoding = Encoding.of(space)
    points = every(encoding) or sampled(encoding, _MOST_POINTS, 0)
    some = range(0, len(points), -(-len(points) // _MOST_POINTS))
    rows = []
    for row in some:
        point = points.point(row)
        value = _computed(tree, space.settings(point) | _descriptors(space, point))
        if value is not None:
            rows.append(SourceRow(point=point, value=value))
    if len({row.value for row in rows}) < _LEAST_ROWS:
        findings.fault(at, "it is the same everywhere, or can be computed nowhere", "mend it")
        return None
    return Source(name=prior.called, trust=prior.trust, rows=tuple(rows))


def _computed(tree: ast.expr, settings: Mapping[str, Scalar]) -> float | None:
    try:
        value = float(expressions.evaluate(tree, settings))
    except (ArithmeticError, TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _descriptors(space: SearchSpace, point: Point) -> Point:
    """The descriptors of the candidates that a point chooses."""
    found: Point = {}
    for one in space.parameters:
        if isinstance(one, PoolColumn) and one.name in space.pools:
            found.update(space.pools[one.name].row(str(point[one.name])))
    return found


def source(
    findings: Findings,
    loc: Loc,
    prior: TransferPrior,
    results: Results,
    space: SearchSpace,
    objective: Objective,
) -> Source | None:
    """The source that a prior's results come to; None, with every fault noted, if none.

    Args:
        findings: Takes faults and warnings.
        loc: The prior's place.
        prior: What the file says of it.
        results: What it has.
        space: The campaign's space, with its pools.
        objective: What the campaign wants.
    """
    _check_names(findings, loc, prior, space)
    values, comparable = _values(findings, loc, prior, results, objective)
    settings = {
        name: column
        for name in _wanted(prior, results, space)
        if (column := _setting(findings, loc, prior, results, space, name)) is not None
    }
    if not findings.clean(loc) or values is None:
        return None
    if not settings:
        what = f"it knows none of the columns {listed(space.columns)}"
        findings.fault((*loc, "columns"), what, "name its columns: temperature: T [K]")
        return None
    rows = _rows(values, settings)
    if len({row.value for row in rows}) < _LEAST_ROWS:
        findings.fault(
            loc, f"{prior.called} has fewer than two results that differ", "leave it out"
        )
        return None
    _warn(findings, loc, prior, space, settings, rows, results.rows)
    return Source(name=prior.called, trust=prior.trust, rows=rows, comparable=comparable)


def _wanted(prior: TransferPrior, results: Results, space: SearchSpace) -> list[str]:
    """The columns to look for: of candidates that it does not name, their descriptors."""
    found: list[str] = []
    for parameter in space.parameters:
        named = any(
            prior.columns.get(name, name) in results.columns or name in prior.fixed
            for name in parameter.columns
        )
        if isinstance(parameter, PoolColumn) and parameter.pool and not named:
            found += parameter.pool.descriptors
        else:
            found += parameter.columns
    return found


def _known_columns(space: SearchSpace) -> list[str]:
    """The space's columns, and the descriptors of its pools."""
    pools = [one.pool for one in space.parameters if isinstance(one, PoolColumn) and one.pool]
    return [*space.columns, *(name for pool in pools for name in pool.descriptors)]


def _check_names(findings: Findings, loc: Loc, prior: TransferPrior, space: SearchSpace) -> None:
    for key, names in (("columns", prior.columns), ("fixed", prior.fixed)):
        for name in names:
            if name not in _known_columns(space):
                near = did_you_mean(name, _known_columns(space), "the columns are")
                findings.fault((*loc, key, name), f"the campaign has no column {name!r}", near)
    for name in prior.columns.keys() & prior.fixed.keys():
        findings.fault((*loc, "fixed", name), "it is mapped to a column too", "keep one of the two")


def _values(
    findings: Findings, loc: Loc, prior: TransferPrior, results: Results, objective: Objective
) -> tuple[list[float] | None, bool]:
    """The results, NaN where there is none, and whether they are in the objective's unit."""
    name, unit = _asked(prior.value or objective.name, results)
    at = (*loc, "value")
    if name not in results.columns:
        near = did_you_mean(name, results.columns, "its columns are")
        findings.fault(at, f"{prior.called} has no column {name!r}", near)
        return None, False
    numbers = _numbers(findings, at, prior, results, name, blank=True)
    if numbers is None:
        return None, False
    if unit is None:
        if objective.unit not in _NO_UNIT:
            what = f"the results of {prior.called} have no unit"
            findings.fault(at, what, f"write value: {name} [{objective.unit}]")
        return numbers, True
    try:
        return [_converted(one, unit, objective.unit) for one in numbers], True
    except IngestError as error:
        if prior.value is not None and known(unit):
            return numbers, False
        mend = "if it is another quantity that goes with it, name the column: value: NAME [UNIT]"
        findings.fault(at, f"{prior.called}: {error.message}", mend)
        return None, False


def _setting(
    findings: Findings,
    loc: Loc,
    prior: TransferPrior,
    results: Results,
    space: SearchSpace,
    name: str,
) -> list[Scalar] | None:
    """A column of the campaign as the source has it; None if it does not know it."""
    if name in prior.fixed:
        return [prior.fixed[name]] * results.rows
    theirs, unit = _asked(prior.columns.get(name, name), results)
    at = (*loc, "columns", name)
    if theirs not in results.columns:
        if name in prior.columns:
            near = did_you_mean(theirs, results.columns, "its columns are")
            findings.fault(at, f"{prior.called} has no column {theirs!r}", near)
        return None
    if name in _texts(space):
        return [str(cell) for cell in results.columns[theirs]]
    numbers = _numbers(findings, at, prior, results, theirs, blank=False)
    wanted = space.units.get(name, "")
    if numbers is None:
        return None
    if unit is None:
        if wanted not in _NO_UNIT:
            what = f"the column {theirs!r} of {prior.called} has no unit"
            findings.fault(at, what, f"write {name}: {theirs} [{wanted}]")
        return list(numbers)
    try:
        return [_converted(one, unit, wanted) for one in numbers]
    except IngestError as error:
        findings.fault(at, f"{prior.called}: {error.message}", f"it is needed in {wanted or '1'}")
        return None


def _asked(text: str, results: Results) -> tuple[str, str | None]:
    """A column's name and unit, as the file or else the source says."""
    label = _LABEL.match(text)
    if text in results.columns or label is None:
        return text, results.units.get(text)
    return label["name"], results.units.get(label["name"], label["unit"].strip())


def _numbers(
    findings: Findings, at: Loc, prior: TransferPrior, results: Results, name: str, *, blank: bool
) -> list[float] | None:
    found: list[float] = []
    for row, cell in enumerate(results.columns[name], start=1):
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
        empty = isinstance(cell, str) and tables.is_blank(cell)
        if not math.isfinite(number) and not (blank and empty):
            what = f"{str(cell)[:40]!r} in result {row} of {prior.called} is not a number"
            findings.fault(at, what, "mend the cell, or leave the row out")
            return None
        found.append(number)
    return found


def _converted(value: float, unit: str, wanted: str) -> float:
    return value if math.isnan(value) else convert(value, unit or "1", wanted or "1")


def _texts(space: SearchSpace) -> frozenset[str]:
    """The columns whose settings are names."""
    named = (CategoricalParameter, PoolColumn)
    return frozenset(
        column for one in space.parameters if isinstance(one, named) for column in one.columns
    )


def _rows(
    values: Sequence[float], settings: Mapping[str, Sequence[Scalar]]
) -> tuple[SourceRow, ...]:
    rows = []
    for at, value in enumerate(values):
        if math.isfinite(value):
            point: Point = {name: column[at] for name, column in settings.items()}
            rows.append(SourceRow(point=point, value=value))
    return tuple(rows)


def _described(parameter: PoolColumn, settings: Mapping[str, Sequence[Scalar]]) -> bool:
    """Whether the source knows every descriptor of the candidates."""
    return parameter.pool is not None and all(
        name in settings for name in parameter.pool.descriptors
    )


def _warn(
    findings: Findings,
    loc: Loc,
    prior: TransferPrior,
    space: SearchSpace,
    settings: Mapping[str, Sequence[Scalar]],
    rows: Sequence[SourceRow],
    count: int,
) -> None:
    """What a person should know: what it does not know, what means nothing here, and leaks."""
    missing = [
        name
        for one in space.parameters
        for name in one.columns
        if name not in settings and not (isinstance(one, PoolColumn) and _described(one, settings))
    ]
    if missing:
        what = f"{prior.called} does not know {listed(missing)}"
        findings.warn(loc, what, "if all its rows have one setting, say so under `fixed`")
    if len(rows) < count:
        findings.warn(loc, f"{count - len(rows)} of {count} rows of {prior.called} have no result")
    strange = {
        str(cell)
        for one in space.parameters
        if isinstance(one, CategoricalParameter) and one.name in settings
        for cell in settings[one.name]
        if str(cell) not in one.choices
    }
    if strange:
        what = f"{prior.called} has {listed(sorted(strange), 4)}, no choice here: rows left out"
        findings.warn(loc, what)
    if all(name in settings for name in space.columns) and space.size() is not None:
        leaks = sum(row.point in space for row in rows)
        if leaks:
            what = f"{leaks} of {len(rows)} rows of {prior.called} are candidates of this campaign"
            mend = "right for a simulation or another laboratory; a back-test would be cheating"
            findings.warn(loc, what, mend if prior.trust == "same" else "")
