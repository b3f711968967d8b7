"""Tables of candidates and of descriptors -> pools, the same for every order of the rows."""

import math
import re
from collections.abc import Collection
from pathlib import Path

from agent.core.parameters import CategoricalParameter
from agent.core.pools import CandidatesParameter, Pool
from agent.load import tables
from agent.load.faults import Findings, Loc, listed
from agent.load.tables import Table

Row = tuple[str, tuple[str, ...], tuple[float, ...]]
"""Id, labels, descriptors of one candidate."""


def candidates(
    findings: Findings, loc: Loc, parameter: CandidatesParameter, path: Path, apart: Collection[str]
) -> Pool | None:
    """The pool of a candidates parameter; None, with every fault noted, if there is none.

    Args:
        findings: Takes the faults.
        loc: The parameter's place.
        parameter: What the file says of it.
        path: Its table.
        apart: Names of objectives: columns that are results, never descriptors.
    """
    table = tables.read(findings, (*loc, "file"), path)
    if table is None:
        return None
    named = parameter.descriptors
    listed_columns = [
        *((("id_column",), name) for name in (parameter.id_column,) if name is not None),
        *((("descriptors", n), name) for n, name in enumerate(named or ())),
        *((("labels", n), name) for n, name in enumerate(parameter.labels)),
    ]
    there = [tables.column(findings, (*loc, *at), table, name) for at, name in listed_columns]
    if not all(there):
        return None
    descriptors = named if named is not None else _default(findings, loc, parameter, table, apart)
    numbers = _numbers(findings, loc, table, descriptors, named is not None)
    if numbers is None:
        return None
    if not numbers:
        what = f"no column of numbers in {path.name} describes the candidates"
        findings.fault(
            (*loc, "descriptors"), what, "add one, or use a parameter of type categorical"
        )
        return None
    rows = _unique(findings, loc, table, _rows(parameter, table, numbers))
    return None if rows is None else _pool(rows, parameter.labels, tuple(numbers))


def described(
    findings: Findings, loc: Loc, parameter: CategoricalParameter, path: Path
) -> dict[str, dict[str, float]] | None:
    """Choice -> descriptors, from a descriptor file; None, with every fault noted, if unfit."""
    at = (*loc, "descriptor_file")
    table = tables.read(findings, at, path)
    if table is None:
        return None
    first, *others = table.columns
    keys = table.columns[first]
    missing = [choice for choice in parameter.choices if choice not in keys]
    twice = [choice for choice in parameter.choices if keys.count(choice) > 1]
    if missing:
        what = f"no row of {path.name} describes {listed(missing)}"
        findings.fault(at, what, f"its first column, {first!r}, must name every choice")
    elif twice:
        findings.fault(at, f"{path.name} describes {listed(twice)} twice", "keep one row of each")
    elif not others:
        findings.fault(at, f"{path.name} has no column of numbers", "add one beside the choices")
    if missing or twice or not others:
        return None
    kept = [keys.index(choice) for choice in parameter.choices]
    wanted = Table(
        {name: tuple(table.columns[name][row] for row in range(table.rows)) for name in others},
        table.first_row,
    )
    numbers = {name: tables.numeric(findings, at, wanted, name) for name in others}
    if any(column is None for column in numbers.values()):
        return None
    return {
        choice: {name: column[row] for name, column in numbers.items() if column is not None}
        for choice, row in zip(parameter.choices, kept, strict=True)
    }


def natural(text: str) -> tuple[tuple[int, float, str], ...]:
    """A key that sorts `S2` before `S10`."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, float(p), p) if p[0].isdecimal() else (1, 0.0, p) for p in parts)


def _default(
    findings: Findings,
    loc: Loc,
    parameter: CandidatesParameter,
    table: Table,
    apart: Collection[str],
) -> tuple[str, ...]:
    """Every column of numbers that is not the id, a label or a result."""
    found = []
    for name in table.columns:
        if name in (parameter.id_column, *parameter.labels, *apart):
            continue
        cells = table.columns[name]
        good = sum(map(math.isfinite, table.numbers(name)))
        if good == len(cells):
            found.append(name)
        elif 0 < good >= sum(not tables.is_blank(cell) for cell in cells) / 2:
            # Mostly numbers: leaving such a column out in silence would hide a slip in a cell.
            tables.numeric(findings, (*loc, "descriptors"), table, name)
    return tuple(found)


def _numbers(
    findings: Findings, loc: Loc, table: Table, names: tuple[str, ...], listed_by_hand: bool
) -> dict[str, tuple[float, ...]] | None:
    found: dict[str, tuple[float, ...]] = {}
    for n, name in enumerate(names):
        at = (*loc, "descriptors", n) if listed_by_hand else (*loc, "descriptors")
        values = tables.numeric(findings, at, table, name)
        if values is not None:
            found[name] = values
    return found if findings.clean((*loc, "descriptors")) else None


def _rows(
    parameter: CandidatesParameter, table: Table, numbers: dict[str, tuple[float, ...]]
) -> list[Row]:
    rows: list[Row] = []
    for n in range(table.rows):
        values = tuple(column[n] for column in numbers.values())
        labels = tuple(table.columns[name][n] for name in parameter.labels)
        if parameter.id_column is None:
            pairs = zip(numbers, values, strict=True)
            identity = ", ".join(f"{name}={value:.10g}" for name, value in pairs)
        else:
            identity = table.columns[parameter.id_column][n]
        rows.append((identity, labels, values))
    return rows


def _unique(findings: Findings, loc: Loc, table: Table, rows: list[Row]) -> list[Row] | None:
    """One row for each id, in an order of their own; None, with the fault, if two rows quarrel."""
    unnamed = [n for n, row in enumerate(rows) if not row[0]]
    if unnamed:
        what = f"the id is empty in {table.named(unnamed)}"
        findings.fault((*loc, "id_column"), what, "name every candidate")
        return None
    first: dict[str, int] = {}
    for n, row in enumerate(rows):
        before = first.setdefault(row[0], n)
        if _content(rows[before]) != _content(row):
            what = f"{row[0]!r} stands in {table.named([before, n])} with different contents"
            findings.fault((*loc, "file"), what, "give each candidate an id of its own")
            return None
    # Of rows that differ only beyond what the id shows, the smallest stands for all.
    kept = {row[0]: row for row in sorted(rows, reverse=True)}
    return sorted(kept.values(), key=lambda row: natural(row[0]))


def _content(row: Row) -> tuple[object, ...]:
    return row[1], tuple(f"{value:.10g}" for value in row[2])


def _pool(rows: list[Row], labels: tuple[str, ...], descriptors: tuple[str, ...]) -> Pool:
    return Pool(
        ids=tuple(row[0] for row in rows),
        labels={name: tuple(row[1][n] for row in rows) for n, name in enumerate(labels)},
        descriptors={name: tuple(row[2][n] for row in rows) for n, name in enumerate(descriptors)},
    )
