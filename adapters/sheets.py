"""The run sheet: a CSV file that a person fills in and saves again, maybe with a spreadsheet.

One row a trial: job, trial, each parameter (`temperature [°C]`), an empty column for each objective
(`yield [%]`, or the classes to choose from: `phase [cubic | melt]`), comment. A person may add rows
(replicates) and columns `executed temperature [°C]`. A step that takes a sample on says which one; one that
only makes a sample has a column for the place where it is put.
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from adapters.cells import Reading, number, reading, unwritten, written
from agent.core.adapter import Measurement
from agent.core.job import Job
from agent.core.trial import Plan
from agent.core.values import Point, Scalar
from agent.errors import IngestError

EXECUTED = "executed "
SAMPLE, PLACE = "sample", "place"
NO_UNIT = "-"
_LABEL = re.compile(r"^(?P<name>.*?)\s*\[(?P<unit>[^\[\]]*)\]$")
_DISPLAY = 1e-4
"""Relative difference that a spreadsheet's display rounding may have made."""


class Sheet(NamedTuple):
    """A sheet that was read: its measurements, the comments, and which cells are still blank; of each trial the
    settings as executed, and where its sample was put.
    """

    measurements: tuple[Measurement, ...]
    comments: tuple[str, ...]
    blank: tuple[tuple[str, str], ...]
    executed: dict[str, Point]
    places: dict[str, str]


class _Column(NamedTuple):
    """What one column of a sheet holds, and for which name and unit."""

    kind: str
    name: str = ""
    unit: str = ""


class _Row(NamedTuple):
    """One filled row, with what is needed to say where it stands."""

    line: int
    plan: Plan
    cells: dict[_Column, str]
    decimal_comma: bool


def label(name: str, unit: str) -> str:
    """A column's header: `temperature [°C]`; `pH [-]` where there is no unit."""
    return f"{name} [{unit or NO_UNIT}]"


def render(job: Job) -> str:
    """The run sheet of a job, to be filled in."""
    parameters = {
        name: setting.unit for plan in job.plans for name, setting in plan.parameters.items()
    }
    objectives = {name: unit for plan in job.plans for name, unit in plan.objectives.items()}
    asked = [(name, _asked(job, name) or unit) for name, unit in objectives.items()]
    out = io.StringIO()
    writer = csv.writer(out)
    headers = [label(*column) for column in (*parameters.items(), *asked)]
    taken = [SAMPLE] if job.samples else []
    put = [] if objectives else [PLACE]
    writer.writerow(["job", "trial", *taken, *headers, *put, "comment"])
    for plan in job.plans:
        settings = [
            written(plan.parameters[name].value) if name in plan.parameters else ""
            for name in parameters
        ]
        where = [_whereabouts(job, plan.trial)] if job.samples else []
        writer.writerow(
            [job.id, plan.trial, *where, *settings, *[""] * len([*objectives, *put]), ""]
        )
    return out.getvalue()


def _whereabouts(job: Job, trial: str) -> str:
    """Which sample it is about: its code, and where it lies."""
    sample = job.sample_of(trial)
    if sample is None:
        return ""
    return written(f"{sample.code}, at {sample.place}" if sample.place else sample.code)


def _asked(job: Job, objective: str) -> str:
    """The classes to choose from; nothing of values, and where a name would break the header."""
    names = next((plan.classes[objective] for plan in job.plans if objective in plan.classes), ())
    told = " | ".join(names)
    return "" if set("[],;\t\r\n") & set(told) else told


def parse(job: Job, text: str) -> Sheet:
    """What a person has written into the sheet of `job`.

    Decimal commas are understood where the columns are separated by semicolons.

    Raises:
        IngestError: something in it has to be mended; nothing is taken from such a sheet.
    """
    measurements: list[Measurement] = []
    settings: dict[str, Point] = {}
    places: dict[str, str] = {}
    comments: list[str] = []
    blank: list[tuple[str, str]] = []
    counts: dict[tuple[str, str], int] = {}
    seen = set()
    for row in _rows(job, text):
        plan = row.plan
        seen.add(plan.trial)
        executed = _executed(row)
        if executed is not None:
            settings[plan.trial] = executed
        for column, cell in row.cells.items():
            if column.kind == "comment" and cell.strip():
                comments.append(f"{plan.trial}: {unwritten(cell.strip())}")
            if column.kind == PLACE and cell.strip():
                places[plan.trial] = unwritten(cell.strip())
            if column.kind != "objective" or column.name not in plan.objectives:
                continue
            answer = _reading(row, column, cell)
            if answer is None:
                blank.append((plan.trial, column.name))
                continue
            key = (plan.trial, column.name)
            counts[key] = counts.get(key, 0) + 1
            measurements.append(
                Measurement(
                    trial=plan.trial,
                    objective=column.name,
                    unit=column.unit,
                    replicate=counts[key],
                    executed=executed,
                    analysis="run sheet",
                    **answer._asdict(),
                )
            )
    blank += [(p.trial, name) for p in job.plans if p.trial not in seen for name in p.objectives]
    return Sheet(tuple(measurements), tuple(comments), tuple(blank), settings, places)


def _rows(job: Job, text: str) -> Iterator[_Row]:
    if "\0" in text:
        raise IngestError("it is not text as it should be: save it as CSV (UTF-8)")
    # A Mac's line ends, a mixture of both, and a paragraph in the comment: all are read.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter)
    columns = _columns(job, next(lines, []))
    plans = {plan.trial: plan for plan in job.plans}
    for line, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            raise IngestError(f"line {line} has more cells than the header")
        padded = [*cells, *[""] * len(columns)][: len(columns)]
        row = dict(zip(columns, padded, strict=True))
        trial, of = row[_Column("trial")].strip(), row.get(_Column("job"), "").strip()
        if trial not in plans:
            raise IngestError(
                f"line {line}: '{trial}' is no trial of this job (they are: {', '.join(plans)})"
            )
        if of not in {"", job.id}:
            raise IngestError(f"line {line} belongs to another job, '{of}'")
        yield _Row(line, plans[trial], row, delimiter == ";")


def _lines(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text), delimiter=delimiter)
    except csv.Error as error:
        raise IngestError(f"it cannot be read as CSV: {error}") from error


def _delimiter(text: str) -> str:
    header = text.lstrip().partition("\n")[0]
    return max(",;\t", key=header.count)


def _columns(job: Job, header: list[str]) -> list[_Column]:
    columns = [_column(job, cell.strip()) for cell in header]
    while columns and columns[-1].kind == "nothing":
        columns.pop()
    named = [column for column in columns if column.kind != "nothing"]
    twice = {c.name or c.kind for c in named if named.count(c) > 1}
    if twice:
        raise IngestError(f"column '{twice.pop()}' is there twice")
    if _Column("trial") not in columns:
        raise IngestError("there is no column 'trial': restore the sheet's first line")
    asked = {name for plan in job.plans for name in plan.objectives}
    if missing := asked - {c.name for c in columns if c.kind == "objective"}:
        raise IngestError(f"there is no column for {', '.join(sorted(missing))}")
    # Blank headers over blank cells: a spreadsheet leaves them; each must still have its own key.
    return [c if c.kind != "nothing" else _Column("nothing", str(i)) for i, c in enumerate(columns)]


def _column(job: Job, header: str) -> _Column:
    if header in {"job", "trial", "comment"} or (header == SAMPLE and job.samples):
        return _Column(header)
    if header == PLACE and not any(plan.objectives for plan in job.plans):
        return _Column(header)
    if not header:
        return _Column("nothing")
    parameters = {name: s for plan in job.plans for name, s in plan.parameters.items()}
    objectives = {name: unit for plan in job.plans for name, unit in plan.objectives.items()}
    labelled = _LABEL.match(header)
    name = labelled["name"] if labelled else header
    bare = name.removeprefix(EXECUTED)
    expected = objectives.get(name) if name in objectives else None
    if expected is None and (found := parameters.get(name, parameters.get(bare))) is not None:
        expected = found.unit
    if expected is None:
        raise IngestError(f"column '{header}' is not known: remove it, or use the comment")
    if labelled is None and name in objectives and _asked(job, name):
        return _Column("objective", name, expected)
    if labelled is None:
        raise IngestError(f"column '{header}' has no unit: write '{label(name, expected)}'")
    unit = "" if labelled["unit"].strip() == NO_UNIT else labelled["unit"].strip()
    if name in objectives:
        # Of classes there are names in the brackets, and no unit.
        unit = expected if any(name in plan.classes for plan in job.plans) else unit
        return _Column("objective", name, unit)
    if unit != expected:
        raise IngestError(
            f"column '{header}' was planned in [{expected or NO_UNIT}]: use that unit"
        )
    return (
        _Column("parameter", name, unit) if name in parameters else _Column("executed", bare, unit)
    )


def _reading(row: _Row, column: _Column, cell: str) -> Reading | None:
    try:
        classes = row.plan.classes.get(column.name, ())
        return reading(unwritten(cell), decimal_comma=row.decimal_comma, classes=classes)
    except ValueError as error:
        raise IngestError(f"line {row.line}, column '{column.name}': {error}") from error


def _executed(row: _Row) -> Point | None:
    """The settings as executed, if any were written down; planned ones must not be altered."""
    planned = row.plan.settings()
    executed: Point = {}
    for column, cell in row.cells.items():
        if column.kind not in {"parameter", "executed"} or not cell.strip():
            continue
        if column.name not in planned:
            continue
        value = _setting(row, column, cell, planned[column.name])
        if column.kind == "executed":
            executed[column.name] = value
        elif not _same(value, planned[column.name]):
            raise IngestError(
                f"line {row.line}: '{column.name}' was planned as {planned[column.name]}; leave "
                f"that, and write what was done into '{label(EXECUTED + column.name, column.unit)}'"
            )
    return {**planned, **executed} if executed else None


def _setting(row: _Row, column: _Column, cell: str, planned: Scalar) -> Scalar:
    text = unwritten(cell.strip())
    if isinstance(planned, str):
        return text
    try:
        return number(text, decimal_comma=row.decimal_comma)
    except ValueError as error:
        raise IngestError(f"line {row.line}, column '{column.name}': {error}") from error


def _same(one: Scalar, other: Scalar) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return math.isclose(one, other, rel_tol=_DISPLAY)
