"""Priors -> sources: results of others, in this campaign's columns and units."""

import math
from collections.abc import Mapping, Sequence

from agent.core.objective import Objective
from agent.core.pools import PoolColumn
from agent.core.source import Source, SourceRow, TransferPrior
from agent.core.space import SearchSpace
from agent.core.units import convert_difference, known
from agent.core.values import Point, Scalar
from agent.errors import IngestError
from agent.load.faults import Findings, Loc, did_you_mean, listed
from agent.load.misfits import Offered, tell
from agent.load.results import NO_UNIT, Results, converted, numbers
from agent.load.target import Target

_LEAST_ROWS = 2


def source(
    findings: Findings, loc: Loc, prior: TransferPrior, results: Results, target: Target
) -> Source | None:
    """The source that a prior's results come to; None, with every fault noted, if none.

    Args:
        findings: Takes faults and warnings.
        loc: The prior's place.
        prior: What the file says of it.
        results: What it has.
        target: The campaign that it is a prior of.
    """
    _check_names(findings, loc, prior, target)
    values, comparable = _values(findings, loc, prior, results, target.objective)
    settings = {
        name: column
        for name in (*_wanted(prior, results, target.space), *target.context)
        if (column := _setting(findings, loc, prior, results, target, name)) is not None
    }
    if not findings.clean(loc) or values is None:
        return None
    if not settings.keys() - target.context.keys():
        what = f"it knows none of the columns {listed(target.space.columns)}"
        findings.fault((*loc, "columns"), what, "name its columns: temperature: T [K]")
        return None
    deviations = _deviations(prior, results, target.objective) if comparable else None
    rows = _rows(values, deviations, settings)
    if len({row.value for row in rows}) < _LEAST_ROWS:
        findings.fault(
            loc, f"{prior.called} has fewer than two results that differ", "leave it out"
        )
        return None
    tell(Offered(findings, loc, prior, results, target, settings, rows))
    context = {name: one.value for name, one in target.context.items() if name in settings}
    return Source(
        name=prior.called, trust=prior.trust, rows=rows, comparable=comparable, context=context
    )


def _wanted(prior: TransferPrior, results: Results, space: SearchSpace) -> list[str]:
    """The columns to look for; of candidates their descriptors, too: they may not be in the pool."""
    found: list[str] = []
    for parameter in space.parameters:
        named = any(
            prior.columns.get(name, name) in results.columns or name in prior.fixed
            for name in parameter.columns
        )
        if named or not isinstance(parameter, PoolColumn):
            found += parameter.columns
        if isinstance(parameter, PoolColumn) and parameter.pool:
            found += parameter.pool.descriptors
    return found


def _check_names(findings: Findings, loc: Loc, prior: TransferPrior, target: Target) -> None:
    for key, names in (("columns", prior.columns), ("fixed", prior.fixed)):
        for name in names:
            if name not in target.columns:
                near = did_you_mean(name, target.columns, "the columns are")
                findings.fault((*loc, key, name), f"the campaign has no column {name!r}", near)
    for name, value in prior.fixed.items():
        number = isinstance(value, int | float)
        if name in target.columns and number is (name in target.texts):
            what = f"{value!r} is no {'name' if number else 'number'}, as {name} is"
            findings.fault((*loc, "fixed", name), what, "write what its rows have there")
    for name in prior.columns.keys() & prior.fixed.keys():
        findings.fault((*loc, "fixed", name), "it is mapped to a column too", "keep one of the two")


def _values(
    findings: Findings, loc: Loc, prior: TransferPrior, results: Results, objective: Objective
) -> tuple[list[float] | None, bool]:
    """The results, NaN where there is none, and whether they are in the objective's unit."""
    name, unit = results.asked(prior.value or objective.name)
    at = (*loc, "value")
    if name not in results.columns:
        near = did_you_mean(name, results.columns, "its columns are")
        findings.fault(at, f"{prior.called} has no column {name!r}", near)
        return None, False
    found = numbers(findings, at, prior.called, results, name, blank=True)
    if found is None or _contradicts(findings, at, prior, results, prior.value or name):
        return None, False
    if unit is None:
        if objective.unit not in NO_UNIT:
            what = f"the results of {prior.called} have no unit"
            findings.fault(at, what, f"write value: {name} [{objective.unit}]")
        return found, True
    try:
        return [converted(one, unit, objective.unit) for one in found], True
    except IngestError as error:
        if prior.value is not None and known(unit):
            return found, False
        mend = "if it is another quantity that goes with it, name the column: value: NAME [UNIT]"
        findings.fault(at, f"{prior.called}: {error.message}", mend)
        return None, False


def _setting(
    findings: Findings, loc: Loc, prior: TransferPrior, results: Results, target: Target, name: str
) -> list[Scalar] | None:
    """A column of the campaign as the source has it; None if it does not know it."""
    if name in prior.fixed:
        return [prior.fixed[name]] * results.rows
    theirs, unit = results.asked(prior.columns.get(name, name))
    at = (*loc, "columns", name)
    if theirs not in results.columns:
        if name in prior.columns:
            near = did_you_mean(theirs, results.columns, "its columns are")
            findings.fault(at, f"{prior.called} has no column {theirs!r}", near)
        return None
    if name in target.texts:
        return [str(cell) for cell in results.columns[theirs]]
    found = numbers(findings, at, prior.called, results, theirs, blank=False)
    wanted = target.unit(name)
    asked = prior.columns.get(name, name)
    if found is None or _contradicts(findings, at, prior, results, asked):
        return None
    if unit is None:
        if wanted not in NO_UNIT:
            what = f"the column {theirs!r} of {prior.called} has no unit"
            findings.fault(at, what, f"write {name}: {theirs} [{wanted}]")
        return list(found)
    try:
        return [converted(one, unit, wanted) for one in found]
    except IngestError as error:
        findings.fault(at, f"{prior.called}: {error.message}", f"it is needed in {wanted or '1'}")
        return None


def _deviations(prior: TransferPrior, results: Results, objective: Objective) -> list[float] | None:
    """The standard uncertainties in the objective's unit."""
    _, unit = results.asked(prior.value or objective.name)
    if results.sd is None:
        return None
    if unit is None:
        return list(results.sd)
    return [convert_difference(sd, unit or "1", objective.unit or "1") for sd in results.sd]


def _contradicts(
    findings: Findings, at: Loc, prior: TransferPrior, results: Results, asked: str
) -> bool:
    own = results.contradicted(asked)
    if own is not None:
        what = f"{asked!r} is in {own or '1'}, says {prior.called} itself"
        findings.fault(at, what, "one of the two is wrong: mend it here, or there")
    return own is not None


def _rows(
    values: Sequence[float],
    deviations: Sequence[float] | None,
    settings: Mapping[str, Sequence[Scalar]],
) -> tuple[SourceRow, ...]:
    rows = []
    for at, value in enumerate(values):
        if math.isfinite(value):
            point: Point = {name: column[at] for name, column in settings.items()}
            sd = None if deviations is None else deviations[at]
            rows.append(SourceRow(point=point, value=value, sd=sd))
    return tuple(rows)
