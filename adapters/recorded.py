"""A table of recorded experiments, looked up by its input columns: exactly, or the nearest one."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adapters.cells import is_blank
from agent.core.values import Point, Scalar
from agent.errors import Unreachable

Key = tuple[float | str, ...]

TOLERANCE = 1e-9
"""Relative difference below which two numbers are one number written twice."""

NOUGHT = 1e-12
"""Share of a column's range below which a difference is what arithmetic left of a nought."""


class Match(NamedTuple):
    """A recorded point: its settings, its rows, and whether the categories agree with the asked."""

    point: Point
    rows: tuple[int, ...]
    agrees: bool


class Recorded:
    """The rows of one file, as text cells, column by column."""

    def __init__(self, columns: Mapping[str, Sequence[str]]) -> None:
        self.columns = {name: list(cells) for name, cells in columns.items()}
        self._indexes: dict[tuple[str, ...], Index] = {}

    @classmethod
    def read(cls, file: Path, where: Mapping[str, Scalar], needed: Sequence[str]) -> "Recorded":
        """Read a CSV or Parquet file, keeping the rows that agree with `where`.

        Raises:
            Unreachable: it cannot be read, or lacks one of the `needed` columns.
        """
        try:
            frame = _frame(file)
        except (OSError, ValueError) as error:
            raise Unreachable(
                f"the table {file} cannot be read: {error}", "check `file` in the settings"
            ) from error
        missing = [name for name in [*needed, *where] if name not in frame.columns]
        if missing:
            raise Unreachable(
                f"the table {file} has no column {', '.join(map(repr, missing))}",
                f"its columns are: {', '.join(map(str, frame.columns))}",
            )
        whole = cls({str(name): [_text(cell) for cell in frame[name]] for name in frame.columns})
        return whole.only(where) if where else whole

    def only(self, where: Mapping[str, Scalar]) -> "Recorded":
        """The rows whose cells agree with `where`.

        Raises:
            Unreachable: there are none.
        """
        rows = self.index(tuple(where)).exact(where)
        if rows is None:
            raise Unreachable(
                f"no row of the table has {spelt(where)}", "check `where` in the settings"
            )
        return Recorded(
            {name: [cells[row] for row in rows.rows] for name, cells in self.columns.items()}
        )

    def index(self, columns: tuple[str, ...]) -> "Index":
        """The index over `columns`, built once."""
        if columns not in self._indexes:
            self._indexes[columns] = Index({name: self.columns[name] for name in columns})
        return self._indexes[columns]


class Index:
    """The distinct points over some columns. A column is numeric if all its cells are numbers."""

    def __init__(self, columns: Mapping[str, Sequence[str]]) -> None:
        self.names = tuple(columns)
        self.numeric = tuple(all(_is_number(cell) for cell in columns[name]) for name in columns)
        rows: dict[Key, list[int]] = {}
        for row, cells in enumerate(zip(*columns.values(), strict=True)):
            rows.setdefault(self._key(cells), []).append(row)
        self._rows = rows
        self._keys = list(rows)
        self._grid = self._numbers(self._keys)
        spans = np.ptp(self._grid, axis=0) if len(self._keys) else np.ones(sum(self.numeric))
        # A column of one value says nothing about distance within it, but a query may still be off.
        self._spans = np.where(spans > 0, spans, 1.0)
        self._families: dict[Key, list[int]] = {}
        for place, key in enumerate(self._keys):
            self._families.setdefault(self._names_of(key), []).append(place)

    def exact(self, point: Mapping[str, Scalar]) -> Match | None:
        """The recorded point at `point`, to 1e-9 relative; nothing if there is none."""
        key = self._asked(point)
        if key is None:
            return None
        if key in self._rows:
            return self._match(key, True)
        # Two spellings of a number may fall on two sides of a rounding step.
        places = np.asarray(self._families.get(self._names_of(key), []), dtype=int)
        asked, recorded = self._numbers([key]), self._grid[places]
        gaps = np.abs(recorded - asked)
        scale = TOLERANCE * np.maximum(np.abs(recorded), np.abs(asked))
        close = np.flatnonzero(np.all(gaps <= np.maximum(scale, NOUGHT * self._spans), axis=1))
        if not len(close):
            return None
        best = close[int(np.argmin(np.linalg.norm(gaps[close] / self._spans, axis=1)))]
        return self._match(self._keys[int(places[best])], True)

    def nearest(self, point: Mapping[str, Scalar]) -> Match | None:
        """The nearest recorded point, numbers scaled by their recorded range.

        Where no recorded point agrees in the categories (`agrees` is false), the nearest is the
        one with the fewest other categories. Nothing if the table is empty.
        """
        if not self._keys:
            return None
        key = self._asked(point)
        if key is None:
            return self._match(self._keys[0], False)
        family = self._families.get(self._names_of(key))
        places = np.arange(len(self._keys)) if family is None else np.asarray(family)
        offsets = (self._grid[places] - self._numbers([key])) / self._spans
        distances = np.linalg.norm(offsets, axis=1)
        if family is None:
            wanted = self._names_of(key)
            distances = distances + [
                len(self.names) * sum(a != b for a, b in zip(wanted, names, strict=True))
                for names in map(self._names_of, self._keys)
            ]
        return self._match(self._keys[int(places[int(np.argmin(distances))])], family is not None)

    def _match(self, key: Key, agrees: bool) -> Match:
        point: Point = dict(zip(self.names, key, strict=True))
        return Match(point, tuple(self._rows[key]), agrees)

    def _asked(self, point: Mapping[str, Scalar]) -> Key | None:
        cells = [point[name] for name in self.names]
        if not all(
            _is_number(cell) for cell, numeric in zip(cells, self.numeric, strict=True) if numeric
        ):
            return None
        return self._key(cells)

    def _key(self, cells: Sequence[Scalar]) -> Key:
        return tuple(
            float(f"{float(cell):.9e}") if numeric else _text(cell)
            for cell, numeric in zip(cells, self.numeric, strict=True)
        )

    def _numbers(self, keys: Sequence[Key]) -> NDArray[np.float64]:
        picked = [[v for v, n in zip(key, self.numeric, strict=True) if n] for key in keys]
        return np.asarray(picked, dtype=np.float64).reshape(len(keys), sum(self.numeric))

    def _names_of(self, key: Key) -> Key:
        return tuple(v for v, n in zip(key, self.numeric, strict=True) if not n)


def spelt(point: Mapping[str, Scalar]) -> str:
    """`a=1, b=x`: a point for a message."""
    return ", ".join(f"{name}={_text(value)}" for name, value in point.items())


def _frame(file: Path) -> pd.DataFrame:
    if file.suffix.lower() in {".parquet", ".pq"}:
        return pd.read_parquet(file)
    # As text: a category called "None" or "NA" would else become a missing value.
    return pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return str(cell).strip()


def _is_number(cell: Scalar) -> bool:
    if not isinstance(cell, str):
        return math.isfinite(cell)
    if is_blank(cell):
        return False
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
