"""`athanor store …`: make, look at, verify and upgrade a store."""

from contextlib import suppress
from typing import Annotated

import typer

from agent.commands.common import JsonOption, StoreOption, console, existing, show_json
from agent.core.register import JournalEntry
from agent.core.worded import last_words
from agent.data.store import Store
from agent.following import EVERY_S, Follower, written

_TOLD = ("instrument", "step", "to", "verdict", "code", "objective")
"""Keys of a line's data that stand beside its subject."""

store = typer.Typer(help="Make, verify and upgrade a store.", no_args_is_help=True)


@store.command()
def create(store: StoreOption = None) -> None:
    """Make an empty store (running a campaign makes one too)."""
    from agent.assemble import open_store

    with open_store(store) as opened:
        console.print(f"the store {opened.where} is ready", highlight=False)


@store.command()
def verify(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Check the hash chain of every campaign's journal."""
    with existing(store) as opened:
        lines = {entry.name: opened.verify(entry.id) for entry in opened.entries()}
    if as_json:
        show_json(lines)
        return
    for name, count in lines.items():
        console.print(f"{name}: {count} lines, the chain holds", highlight=False)


@store.command()
def journal(
    name: Annotated[str, typer.Argument(help="Name (or id) of a campaign.")],
    last: Annotated[int, typer.Option(help="How many of the last lines.")] = 20,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", help="As JSON, one line an event, and those that come, until Ctrl-C."
        ),
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the account of what was done, by whom, when."""
    with existing(store) as opened:
        if follow:
            _follow(opened, opened.entry(name).id, last)
            return
        entries = opened.journal(opened.entry(name).id)[-last:]
    if as_json:
        show_json([entry.model_dump(mode="json") for entry in entries])
        return
    for entry in entries:
        when = f"{entry.seq:>5}  {entry.at:%Y-%m-%d %H:%M:%S}"
        line = f"{when}  {entry.by!s:<24}  {entry.event:<20}  {entry.subject:<20}  {_told(entry)}"
        console.print(line.rstrip(), highlight=False, markup=False, soft_wrap=True)


def _told(entry: JournalEntry) -> str:
    """What of a line a person looks for: where, what became of it, and what was said; `--json` has all of it."""
    found = [str(entry.data[key]) for key in _TOLD if entry.data.get(key)]
    said = entry.data.get("message") or entry.data.get("reason") or ""
    reasons = (
        [last_words(str(said))]
        if said
        else entry.data.get("reasons") or entry.data.get("diff") or []
    )
    return ": ".join(part for part in (", ".join(found), "; ".join(reasons)) if part)


def _follow(store: Store, campaign: str, last: int) -> None:
    from agent.assemble import SystemClock

    known = len(store.journal(campaign))
    clock = SystemClock()
    with suppress(KeyboardInterrupt):
        follower = Follower(
            store, campaign, lambda line: typer.echo(written(line)), lambda e: e.seq > known - last
        )
        while True:
            clock.sleep(EVERY_S)
            follower.look()


@store.command()
def forget(store: StoreOption = None) -> None:
    """Forget the models of sources, which are computed again when they are needed."""
    with existing(store) as opened:
        count = opened.forget()
    console.print(f"{count} forgotten; no result and no decision was touched", highlight=False)


@store.command()
def upgrade(
    store: StoreOption = None,
    no_backup: Annotated[
        bool, typer.Option("--no-backup", help="You have made a backup yourself.")
    ] = False,
) -> None:
    """Bring an older store up to this program; a backup is made first."""
    from agent.assemble import SystemClock, default_store
    from agent.data.upgrade import upgrade as bring_up

    done = bring_up(store or default_store(), SystemClock().now(), backup=not no_backup)
    if done.before == done.after:
        console.print(f"nothing to do: it is at {done.after}, the newest", highlight=False)
        return
    console.print(f"upgraded from {done.before} to {done.after}", highlight=False)
    if done.backup:
        console.print(f"the copy made before: {done.backup}", highlight=False, soft_wrap=True)
