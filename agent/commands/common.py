"""What the commands share: the store option, who speaks, exit codes, and how things are printed."""

import getpass
import json
import os
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent.core.actor import Actor
from agent.data.store import Store


class Exit(IntEnum):
    """What the exit code of a command says. Kept from version to version."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    PERSON = 3
    INSTRUMENT = 4
    HELD = 5
    DIFFERENT = 6
    PAUSED = 7
    INTERRUPTED = 130


# Into a file or another program whole lines go; a terminal tells its width itself.
console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200)
errors = Console(stderr=True)

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="ATHANOR_STORE",
        help="Store: a file, sqlite:///PATH or postgresql://…",
        show_default="in your data folder",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
ByOption = Annotated[
    str | None, typer.Option("--by", help="Who says so; default: the user who is logged in.")
]
NameArgument = Annotated[str, typer.Argument(help="Name (or id) of a campaign in the store.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; whoever looks later reads it.")]


def person(name: str | None) -> Actor:
    """The person at the keyboard."""
    return Actor(kind="person", name=name or getpass.getuser())


def existing(url: str | None) -> Store:
    """The store at `url`; it must be there already."""
    from agent.assemble import open_store

    return open_store(url, create=False)


def show_json(value: Any) -> None:
    """Print a value as JSON, unstyled and unwrapped."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A plain table; every cell is escaped, numbers stand to the right."""
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], (int, float)) for row in rows)
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*(escape(cell(item)) for item in row))
    return made


def unit(text: str) -> str:
    """A unit as it stands behind a number: nothing for what has none."""
    return "" if text == "1" else text


def cell(item: object) -> str:
    """A value as a person reads it."""
    if item is None:
        return "–"
    return f"{item:.6g}" if isinstance(item, float) else str(item)
