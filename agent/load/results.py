"""Results of others as a file has them: columns of cells, and the units that are known of them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.core.source import TransferPrior
from agent.core.units import convert
from agent.core.values import Scalar
from agent.errors import IngestError
from agent.load import tables
from agent.load.faults import Findings, Loc, did_you_mean, listed

_LABEL = re.compile(r"^(?P<name>.*?)\s*\[(?P<unit>[^\[\]]*)\]$")
_LARGEST = 1e100
NO_UNIT = frozenset({"", "1", "dimensionless"})
"""Ways to say that there is no unit."""


@dataclass(frozen=True)
class Results:
    """What a source has: columns of cells, of equal length, and the units that are known of them.

    Attributes:
        columns: By name.
        units: Of those columns that say so.
        sd: Standard uncertainty of each result, if every one has it.
    """

    columns: Mapping[str, Sequence[Scalar]]
    units: Mapping[str, str]
    sd: Sequence[float] | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(next(iter(self.columns.values()), ()))

    def asked(self, text: str) -> tuple[str, str | None]:
        """A column's name and unit, as `text` or else the source says: `T [K]`."""
        name, unit = parted(text)
        if text in self.columns or unit is None:
            return text, self.units.get(text)
        return name, self.units.get(name, unit)

    def contradicted(self, text: str) -> str | None:
        """The unit that the source says, where `text` says another for the same column."""
        name, unit = parted(text)
        own = self.units.get(name)
        if text in self.columns or unit is None or own is None:
            return None
        try:
            same = convert(1.0, unit or "1", own or "1") == 1.0
            same = same and convert(0.0, unit or "1", own or "1") == 0.0
        except IngestError:
            same = False
        return None if same else own


def parted(text: str) -> tuple[str, str | None]:
    """`T [K]` -> T and K; None where no unit is written."""
    label = _LABEL.match(text)
    return (text, None) if label is None else (label["name"], label["unit"].strip())


def of_table(findings: Findings, loc: Loc, prior: TransferPrior, path: Path) -> Results | None:
    """The results in a table whose headers may carry units: `T [K]`; None, with every fault, if none."""
    table = tables.read(findings, (*loc, "table"), path)
    if table is None:
        return None
    names = {header: parted(header) for header in table.columns}
    plain = [name for name, _ in names.values()]
    twice = sorted({name for name in plain if plain.count(name) > 1})
    if twice:
        what = f"{path.name} has two columns named {twice[0]!r}, whose units differ"
        findings.fault((*loc, "table"), what, "give one of them another name")
        return None
    columns = {names[header][0]: list(cells) for header, cells in table.columns.items()}
    units = {name: unit for name, unit in names.values() if unit is not None}
    return _some(findings, loc, prior, Results(columns, units))


def _some(findings: Findings, loc: Loc, prior: TransferPrior, whole: Results) -> Results | None:
    """The rows that `where` asks for."""
    kept = [True] * whole.rows
    for name, wanted in prior.where.items():
        at = (*loc, "where", name)
        if name not in whole.columns:
            near = did_you_mean(name, whole.columns, "its columns are")
            findings.fault(at, f"{prior.called} has no column {name!r}", near)
            return None
        cells = whole.columns[name]
        kept = [good and _same(cell, wanted) for good, cell in zip(kept, cells, strict=True)]
        if not any(kept):
            there = listed(sorted({str(cell) for cell in cells}), 6)
            findings.fault(at, f"no row has {name} {wanted!r}", f"there is: {there}")
            return None
    columns = {
        name: [cell for cell, good in zip(cells, kept, strict=True) if good]
        for name, cells in whole.columns.items()
    }
    return Results(columns, whole.units)


def _same(cell: Scalar, wanted: Scalar) -> bool:
    if isinstance(wanted, str):
        return str(cell).strip() == wanted
    try:
        return float(cell) == float(wanted)
    except ValueError:
        return False


def numbers(
    findings: Findings, at: Loc, called: str, results: Results, name: str, *, blank: bool
) -> list[float] | None:
    """A column of numbers; None, with the fault, if a cell is none.

    Args:
        findings: Takes the fault.
        at: The place in the file that asks for it.
        called: The source.
        results: What it has.
        name: The column.
        blank: Whether a cell may be empty: NaN.
    """
    found: list[float] = []
    for row, cell in enumerate(results.columns[name], start=1):
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
        empty = isinstance(cell, str) and tables.is_blank(cell)
        if not math.isfinite(number) and not (blank and empty):
            what = f"{str(cell)[:40]!r} in result {row} of {called} is not a number"
            findings.fault(at, what, "mend the cell, or leave the row out")
            return None
        if abs(number) > _LARGEST:
            what = f"{number:g} in result {row} of {called} is beyond what anything measures"
            findings.fault(at, what, "mend the cell, or leave the row out")
            return None
        found.append(number)
    return found


def converted(value: float, unit: str, wanted: str) -> float:
    """A number in another unit; NaN stays.

    Raises:
        IngestError: the units do not measure the same.
    """
    return value if math.isnan(value) else convert(value, unit or "1", wanted or "1")
