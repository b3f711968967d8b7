"""`athanor screen`: samples come by, and each is asked for or let pass."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from agent.commands.common import (
    ByOption,
    JsonOption,
    StoreOption,
    console,
    errors,
    person,
)
from agent.commands.entering import FileArgument, enter
from agent.core.register import CampaignStatus
from agent.core.space import describe


def screen(
    file: FileArgument,
    samples: Annotated[
        Path | None,
        typer.Option(
            "--samples",
            help="A CSV of samples, a row each; without it they are read from the standard input, "
            "a JSON object a line.",
        ),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Accept a changed file as the next revision without asking."
        ),
    ] = False,
    by: ByOption = None,
) -> None:
    """Say of each sample that comes by whether to measure it; what is asked for is carried out."""
    from agent.assemble import laboratory, open_store
    from agent.resolved import campaign_of, space_of
    from agent.samples import of_csv, of_lines, screened

    with open_store(store) as opened:
        name = enter(opened, file, person(by), yes=yes)
        campaign = campaign_of(opened, opened.entry(name).id)
        space, lab = space_of(opened, campaign), laboratory(opened, campaign)
        stream = typer.get_text_stream("stdin")
        come = of_lines(stream, space) if samples is None else of_csv(samples, space)
        seen = asked = 0
        for said in screened(lab, name, come):
            seen, asked = seen + 1, asked + said.ask
            if as_json:
                typer.echo(said.model_dump_json())
                continue
            word = "[green]ask[/green] " if said.ask else "pass"
            where = escape(describe(said.point, space.units))
            console.print(f"{said.sample:>4}  {word}  {where}  {escape(said.why)}", highlight=False)
        errors.print(f"{asked} of {seen} samples asked for", highlight=False)
        entry = opened.entry(name)
        if entry.status is not CampaignStatus.ACTIVE:
            said_why = f"{entry.name} is {entry.status}, and looks at no more: {entry.reason}"
            errors.print(escape(said_why), highlight=False)
