"""`athanor doctor`: is everything such that a night can be trusted to it?"""

from typing import Annotated

import typer
from rich.markup import escape

from agent.commands.common import Exit, JsonOption, StoreOption, console, show_json

_COLOURS = {"ok": "green", "note": "yellow", "fault": "red"}


def doctor(
    store: StoreOption = None,
    ask: Annotated[
        bool,
        typer.Option(
            "--instruments/--no-instruments",
            help="Ask the instruments of active campaigns how they are.",
        ),
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Look at packages, store, clock, leases, jobs, instruments and Prefect. Exit code 1 if one is at fault."""
    from agent.assemble import SystemClock
    from agent.doctor import examine

    found = []
    for one in examine(store, SystemClock().now(), ask=ask):
        found.append(one)
        if not as_json:
            level = f"[{_COLOURS[one.level]}]{one.level:5}[/{_COLOURS[one.level]}]"
            console.print(f"{level} {one.about:10} {escape(one.said)}", highlight=False)
            if one.mend:
                console.print(f"{'':16} → {escape(one.mend)}", highlight=False)
    if as_json:
        show_json([one.model_dump(mode="json") for one in found])
    if any(one.level == "fault" for one in found):
        raise typer.Exit(Exit.FAULT)
