"""CSV and Parquet tables as columns of cells; what cannot be read is a fault with its row."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from agent.load.faults import Findings, Loc, did_you_mean, listed

_MOST_ROWS = 200_000


@dataclass(frozen=True)
class Table:
    """Columns of cells, as texts; `first_row` is the number that a person gives the first one."""

    columns: dict[str, tuple[str, ...]]
    first_row: int

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))

    def numbers(self, column: str) -> list[float]:
        """The cells as numbers; NaN where one is none."""
        return [_number(cell) for cell in self.columns[column]]

    def named(self, rows: Sequence[int]) -> str:
        """Rows as a person counts them: `row 3`, `rows 3, 5, 9`."""
        shown = listed([row + self.first_row for row in rows], 6)
        return f"row {shown}" if len(rows) == 1 else f"rows {shown}"


def read(findings: Findings, loc: Loc, path: Path) -> Table | None:
    """The table in `path`; None, with the fault at `loc`, if it cannot be read."""
    suffix = path.suffix.casefold()
    if suffix not in (".csv", ".parquet"):
        findings.fault(loc, f"{path.name} is neither .csv nor .parquet", "save the table as CSV")
        return None
    try:
        table = _csv(path) if suffix == ".csv" else _parquet(path)
    except pd.errors.EmptyDataError:
        findings.fault(loc, f"the table {path.name} is empty", "give it a header and rows")
        return None
    except UnicodeDecodeError:
        findings.fault(loc, f"the table {path.name} is not UTF-8 text", "save it as CSV UTF-8")
        return None
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).strip().splitlines() or ["unreadable"]
        findings.fault(loc, f"the table {path.name} cannot be read: {reason[0]}", "check the file")
        return None
    return table if _usable(findings, loc, path, table) else None


def is_blank(cell: str) -> bool:
    """Whether a cell says that there is nothing."""
    return cell.casefold() in ("", "-", "nan", "na", "n/a", "null", "none")


def column(findings: Findings, loc: Loc, table: Table, name: str) -> bool:
    """Whether the table has the column; a fault at `loc` if not."""
    if name in table.columns:
        return True
    near = did_you_mean(name, table.columns, "the columns are")
    there = f"; the columns are {listed(table.columns)}" if near.startswith("did") else ""
    findings.fault(loc, f"the table has no column {name!r}{there}", near)
    return False


def numeric(findings: Findings, loc: Loc, table: Table, name: str) -> tuple[float, ...] | None:
    """A column of numbers; None, with the fault, if a cell is empty or is none."""
    values = table.numbers(name)
    cells = table.columns[name]
    bad = [row for row, value in enumerate(values) if not math.isfinite(value)]
    empty = [row for row in bad if is_blank(cells[row])]
    if empty:
        what = f"the column {name!r} has no number in {table.named(empty)}"
        findings.fault(loc, what, "fill it in, leave the rows out, or name other descriptors")
    elif bad:
        what = (
            f"the column {name!r} has {cells[bad[0]][:40]!r}, not a number, in {table.named(bad)}"
        )
        findings.fault(loc, what, "mend the cells, or name the columns of numbers as descriptors")
    return None if bad else tuple(value + 0.0 for value in values)


def _csv(path: Path) -> Table:
    # The header is read as a row, so that a column that stands twice is seen and not renamed.
    frame = pd.read_csv(
        path, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False,
        encoding="utf-8-sig",
    ).fillna("")  # fmt: skip
    cells = [[str(cell).strip() for cell in row] for row in frame.to_numpy().tolist()]
    head, body = cells[0], cells[1:]
    while body and not any(body[-1]):
        body.pop()
    twice = sorted({name for name in head if name and head.count(name) > 1})
    if twice:
        raise ValueError(f"the column {twice[0]!r} stands twice")
    if len(head) == 1 and ";" in head[0]:
        raise ValueError("its columns are separated by semicolons; save it with commas")
    return Table({name: tuple(row[n] for row in body) for n, name in enumerate(head) if name}, 2)


def _parquet(path: Path) -> Table:
    frame = pd.read_parquet(path)
    return Table(
        {
            str(name): tuple("" if pd.isna(cell) else str(cell).strip() for cell in frame[name])
            for name in frame.columns
        },
        1,
    )


def _usable(findings: Findings, loc: Loc, path: Path, table: Table) -> bool:
    if not table.rows:
        findings.fault(loc, f"the table {path.name} has no rows", "give it at least one")
    elif table.rows > _MOST_ROWS:
        what = f"the table {path.name} has {table.rows} rows, more than {_MOST_ROWS}"
        findings.fault(loc, what, "leave out what nobody would choose")
    return 0 < table.rows <= _MOST_ROWS


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
