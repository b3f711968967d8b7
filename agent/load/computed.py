"""What formulas and pretrained models expect, at points that fill the space: sources like any other."""

import ast
import math
from collections.abc import Callable, Mapping

from agent.core import expressions
from agent.core.pools import PoolColumn
from agent.core.source import Predict, Source, SourceRow, TransferPrior
from agent.core.space import SearchSpace
from agent.core.units import convert_difference, known
from agent.core.values import Point, Scalar
from agent.errors import AthanorError, IngestError, SpaceError
from agent.load.faults import Findings, Loc, did_you_mean
from agent.load.results import NO_UNIT, converted, parted
from agent.load.target import Target

_MOST_POINTS = 400
_LEAST_ROWS = 2


Models = Mapping[str, Predict]
"""Name -> pretrained model; asking for one may raise an AthanorError."""


def of_formula(
    findings: Findings,
    loc: Loc,
    prior: TransferPrior,
    target: Target,
) -> Source | None:
    """What physics expects at up to 400 points that fill the space; None, with every fault noted.

    A formula is a source like any other: its shape is believed as far as it proves right.
    """
    at = (*loc, "formula")
    tree = expressions.formula(prior.formula or "")
    given = {name: one.value for name, one in target.context.items()}
    for name in sorted(expressions.names(tree)):
        if name not in target.columns:
            near = did_you_mean(name, target.columns)
            findings.fault(at, f"the campaign has no column {name!r}", near)
        elif name in target.texts:
            findings.fault(at, f"{name} is a name, and cannot be computed with", "use descriptors")
    if not findings.clean(at):
        return None
    rows = []
    try:
        for point, settings in _design(target.space):
            expected = _computed(tree, {**given, **settings})
            if expected is not None:
                rows.append(SourceRow(point=point, value=expected))
    except SpaceError as error:
        findings.fault(at, error.message, error.hint)
        return None
    return _told(findings, at, prior, rows)


def of_model(
    findings: Findings,
    loc: Loc,
    prior: TransferPrior,
    target: Target,
    models: Models,
) -> Source | None:
    """What a pretrained model expects at up to 400 points; None, with every fault noted.

    Its standard deviation is how unsure each row is.
    """
    at = (*loc, "model")
    predict = _named(findings, at, str(prior.model), models)
    columns = [
        _input(findings, (*loc, "inputs", n), text, target) for n, text in enumerate(prior.inputs)
    ]
    _, unit = parted(prior.value or "")
    wanted = target.objective.unit
    comparable = unit is None or _converts(unit, wanted)
    if unit is not None and not comparable and not known(unit):
        findings.fault((*loc, "value"), f"{unit!r} is no unit", "write it as pint reads it: eV")
    if predict is None or None in columns or not findings.clean(loc):
        return None
    context = {name: one.value for name, one in target.context.items()}
    places = [(point, {**context, **settings}) for point, settings in _design(target.space)]
    rows = [[read(settings) for read in columns if read is not None] for _, settings in places]
    try:
        told = predict(rows)
    except AthanorError as error:
        findings.fault(at, error.message, error.hint)
        return None
    found = []
    for (point, _), (mean, sd) in zip(places, told, strict=True):
        if math.isfinite(mean) and math.isfinite(sd):
            value, deviation = mean, sd
            if unit is not None and comparable:
                value = converted(mean, unit, wanted)
                deviation = convert_difference(sd, unit, wanted)
            found.append(SourceRow(point=point, value=value, sd=deviation or None))
    made = _told(findings, at, prior, found)
    return made and made.model_copy(update={"comparable": comparable})


def _named(findings: Findings, at: Loc, name: str, models: Models) -> Predict | None:
    there = sorted(models)
    if name not in there:
        none = "install a package that brings one, or name one in the operators' file"
        near = did_you_mean(name, there, "the models are") if there else none
        findings.fault(at, f"there is no model {name!r}", near)
        return None
    try:
        return models[name]
    except AthanorError as error:
        findings.fault(at, error.message, error.hint)
        return None


def _input(
    findings: Findings, at: Loc, text: str, target: Target
) -> Callable[[Point], float] | None:
    """Reads one input of a model from the settings of a point, in the model's unit."""
    name, unit = parted(text)
    if name not in target.columns:
        near = did_you_mean(name, target.columns, "the columns are")
        findings.fault(at, f"the campaign has no column {name!r}", near)
        return None
    if name in target.texts:
        findings.fault(at, f"{name} is a name, and a model takes numbers", "use descriptors")
        return None
    ours = target.unit(name)
    if unit is None:
        if ours not in NO_UNIT:
            what = f"it is not said in which unit the model takes {name}"
            findings.fault(at, what, f"write {name} [{ours}]")
            return None
        return lambda settings: float(settings[name])
    if not _converts(ours, unit):
        findings.fault(at, f"{name} is in {ours or '1'}, which is no {unit}", "mend the unit")
        return None
    return lambda settings: converted(float(settings[name]), ours, unit)


def _converts(unit: str, wanted: str) -> bool:
    try:
        converted(1.0, unit, wanted)
    except IngestError:
        return False
    return True


def _told(
    findings: Findings, at: Loc, prior: TransferPrior, rows: list[SourceRow]
) -> Source | None:
    if len({row.value for row in rows}) < _LEAST_ROWS:
        findings.fault(at, "it is the same everywhere, or can be computed nowhere", "mend it")
        return None
    return Source(name=prior.called, trust=prior.trust, rows=tuple(rows))


def _design(space: SearchSpace) -> list[tuple[Point, Point]]:
    """Up to 400 points that fill the space, each with its settings and descriptors."""
    # Imported here: torch is slow to load, and most campaigns compute no source.
    from agent.decide.candidates import listed as every  # noqa: PLC0415
    from agent.decide.candidates import sampled  # noqa: PLC0415
    from agent.learn.encoding import Encoding  # noqa: PLC0415

    encoding = Encoding.of(space)
    points = every(encoding) or sampled(encoding, _MOST_POINTS, 0)
    some = range(0, len(points), -(-len(points) // _MOST_POINTS))
    found = [points.point(row) for row in some]
    return [(point, space.settings(point) | _descriptors(space, point)) for point in found]


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
