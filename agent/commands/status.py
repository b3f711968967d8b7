"""`athanor status`: how the campaigns stand."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.markup import escape

from agent.attempt import troubles
from agent.commands.account import best_of, lines, used
from agent.commands.common import (
    JsonOption,
    StoreOption,
    console,
    errors,
    existing,
    show_json,
    table,
)
from agent.core.job import JobStatus
from agent.core.operators import InForce
from agent.core.standing_approval import scope_of
from agent.core.stock import Shortage
from agent.data.store import Store
from agent.dispatch.standing_approvals import in_force
from agent.errors import NotFound, OperatorsError
from agent.resolved import asked_for
from agent.savings import remembered
from agent.sharing import turns
from agent.standing import Standing, stand
from agent.status import Summary, summarise
from agent.wanting import shut_now, wanting


def status(
    name: Annotated[
        str | None, typer.Argument(help="One campaign; without it, all of them.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a campaign stands, or all of them: best so far, budget, and what it waits for."""
    from agent.assemble import SystemClock

    now = SystemClock().now()
    with existing(store) as opened:
        names, oracles = _named(opened, name, alone=as_json)
        standings = [stand(opened, one, now) for one in names]
        summaries = [_summary(opened, one) for one in standings]
    if as_json:
        show_json([summary.model_dump(mode="json") for summary in summaries])
    elif name:
        if oracles:
            console.print(f"[bold]{escape(name)}[/bold]  has not begun; first it asks")
        for standing, summary in zip(standings, summaries, strict=True):
            _one(standing, summary)
    else:
        _all(summaries)


def _named(store: Store, name: str | None, *, alone: bool) -> tuple[list[str], bool]:
    """The campaigns that are meant, and whether they are oracles that are asked before one begins;
    `alone` takes none of these in its place: a machine would read them as the campaign.
    """
    if name is None:
        return [entry.id for entry in store.entries()], False
    try:
        return [store.entry(name).id], False
    except NotFound:
        oracles = [] if alone else asked_for(store, name)
        if not oracles:
            raise
        return oracles, True


def show_one(store: Store, name: str) -> None:
    """Print how one campaign stands."""
    from agent.assemble import SystemClock

    standing = stand(store, name, SystemClock().now())
    _one(standing, _summary(store, standing))


def _summary(store: Store, standing: Standing) -> Summary:
    """The summary, with what approved trials wait for; a broken operators' file hides no campaign."""
    from agent.allowed import operators

    missing: tuple[Shortage, ...] = ()
    shut, turn, contacts = None, None, dict[str, str]()
    covers = in_force(store, standing.entry.id, standing.now)
    scope: str | None = None
    # Else the file need not be read.
    if covers or standing.sendable or standing.held or standing.jobs_in(JobStatus.UNKNOWN):
        try:
            allowed = operators()
            scope = scope_of(standing.campaign, lambda one: allowed.in_force(one).hash)
            contacts = {
                name: one.contact for name, one in allowed.instruments.items() if one.contact
            }
            missing = wanting(store, standing, allowed.in_force)
            shut = shut_now(standing, allowed.in_force)
            turn = _turn(store, standing, allowed.in_force)
        except OperatorsError as error:
            errors.print(f"[yellow]note[/yellow] {escape(error.message)}", highlight=False)
    permitted = [one.told(scope) for one in covers]
    return summarise(
        standing,
        remembered(store, standing),
        missing,
        shut,
        turn,
        permitted,
        troubles=troubles(store, standing.entry.id, standing.in_flight, standing.now),
        contacts=contacts,
    )


def _turn(store: Store, standing: Standing, limits_of: Callable[[str], InForce]) -> str | None:
    """To whom the campaign gives way, by what the store knows; how much room there is, it does not."""
    for step in filter(None, map(standing.step_of, standing.sendable)):
        told = []
        for name in (one.instrument for one in step.stations):
            asked = turns(store, name, limits_of(name), standing.now, standing.entry.id)
            why = None if asked is None else asked.gives_way(standing.entry.name)
            told.append(why and f"{name}: {why}")
        if all(told):
            return told[0]
    return None


def _all(summaries: list[Summary]) -> None:
    if not summaries:
        console.print("No campaigns yet. Start one: [bold]athanor run FILE[/bold]")
        return
    rows = [
        (one.name, one.state, used(one), one.measured, best_of(one), one.waits_for or one.reason)
        for one in summaries
    ]
    console.print(
        table(
            "",
            ("campaign", "state", "budget", "measured", "best", "waits for, or ended because"),
            rows,
        )
    )


def _one(standing: Standing, summary: Summary) -> None:
    headline = f"[bold]{summary.name}[/bold]  {summary.state}"
    console.print(headline + (f": {escape(summary.reason)}" if summary.reason else ""))
    for line in lines(standing, summary):
        console.print(f"  {line}", highlight=False)
