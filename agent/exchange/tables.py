"""Reading a file of results: CSV, Parquet or JSON, as headers and rows of cells."""

import io
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from agent.errors import IngestError
from agent.exchange.cells import Cell, unescaped

_MEDIA = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
}


_COMMA = re.compile(r"[<>≤≥]?=?\s*[-+−]?\d*,\d+([eE][-+]?\d+)?")


class Sheet(NamedTuple):
    """A file of results: its bytes and what they say."""

    content: bytes
    media: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def read(path: Path) -> Sheet:
    """The file at `path`, by its ending.

    Raises:
        IngestError: it is not there, or cannot be read as a table with rows.
    """
    media = _MEDIA.get(path.suffix.lower())
    if media is None:
        raise IngestError(f"{path.name} has no known ending", f"use one of {', '.join(_MEDIA)}")
    try:
        content = path.read_bytes()
        table = _frame(content, media)
    except (OSError, ValueError, RecursionError, pd.errors.ParserError) as error:
        raise IngestError(
            f"{path} cannot be read: {str(error).splitlines()[0]}",
            "a table with headings in its first line",
        ) from error
    if not len(table):
        raise IngestError(
            f"{path.name} has no rows", "one row a result, headings in the first line"
        )
    headers = tuple(str(name).strip() for name in table.columns)
    columns = [[_cell(cell) for cell in table.iloc[:, at]] for at in range(len(headers))]
    return Sheet(content, media, headers, tuple(zip(*columns, strict=True)))


def _frame(content: bytes, media: str) -> pd.DataFrame:
    source = io.BytesIO(content)
    if media == "text/csv":
        # As text: a choice that is called NA would else be a missing value. Without a header, since
        # pandas renames headers that come twice.
        separator = _separator(content)
        raw = pd.read_csv(
            source,
            sep=separator,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            header=None,
        )
        named = raw.iloc[1:].map(unescaped)
        if separator == ";":
            named = named.map(_with_point)
        named.columns = pd.Index(raw.iloc[0])
        return named
    if media == "application/json":
        records = json.loads(content)
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise ValueError("it is not a list of objects, one a row")
        return pd.DataFrame(records, dtype=object)
    return pd.read_parquet(source)


def _separator(content: bytes) -> str:
    """What stands between the columns: a German spreadsheet saves CSV with semicolons."""
    headers = content.lstrip().partition(b"\n")[0].decode("utf-8", "replace")
    return max(",;\t", key=headers.count)


def _with_point(cell: str) -> str:
    """A number with a decimal comma, as it is written elsewhere."""
    return cell.replace(",", ".") if _COMMA.fullmatch(cell.strip()) else cell


def _cell(cell: Any) -> Cell:
    if isinstance(cell, str):
        # JSON may hold halves of characters, which no file and no database takes.
        return cell.encode("utf-8", "replace").decode()
    if pd.api.types.is_list_like(cell):
        return str(cell)
    if cell is None or bool(pd.isna(cell)):
        return None
    return float(cell) if isinstance(cell, float) else _plain(cell)


def _plain(cell: Any) -> Cell:
    number = getattr(cell, "item", lambda: cell)()
    return number if isinstance(number, int | float) else str(number)
