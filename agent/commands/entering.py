"""How a campaign file enters the store: as a new campaign, or as the next revision of one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from agent.commands.common import Exit, console
from agent.core.actor import Actor
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import NotFound

FileArgument = Annotated[
    Path, typer.Argument(help="A campaign file (YAML), or the name of a campaign in the store.")
]


def enter(store: Store, file: Path, by: Actor, *, yes: bool) -> str:
    """The campaign's name, after its file (if one is given) has entered the store."""
    from agent.assemble import (
        AdapterClasses,
        SettingsModels,
        SystemClock,
        adapter_of,
        operators,
    )
    from agent.decide.review import rule_in_force
    from agent.enrol import enrol
    from agent.load import Revised, read

    if not file.is_file() and file.suffix not in {".yaml", ".yml"}:
        try:
            return store.entry(str(file)).name
        except NotFound as error:
            hint = f"there is no such file either; {error.hint}"
            raise NotFound(f"no campaign is named {str(file)!r}", hint) from error

    def agree(change: Revised, outside: dict[str, tuple[str, ...]]) -> bool:
        console.print(f"[bold]{file.name} has changed[/bold] since it was last run:")
        for line in change.diff:
            console.print(f"  {escape(line)}", highlight=False)
        for trial, reasons in outside.items():
            why = escape("; ".join(reasons))
            if store.trial(trial).status is TrialStatus.IN_PROGRESS:
                where = resolved.campaign.execution.target
                line = f"[red]{trial} is at {where} already[/red], and is not taken back: {why}"
            else:
                line = f"{trial} goes back to review: {why}"
            console.print(f"  {line}", highlight=False)
        return yes or typer.confirm("Go on with it as the next revision?")

    resolved = read(file, SettingsModels())
    for warning in resolved.warnings:
        console.print(f"[yellow]note[/yellow] {escape(warning)}", highlight=False)
    allowed = operators()
    rule_in_force(
        resolved.campaign.review,
        adapter_of(resolved.campaign, AdapterClasses(allowed)).capabilities(),
        unattended=resolved.campaign.execution.target in allowed.unattended,
    )
    entered = enrol(store, resolved, by, SystemClock().now(), agree)
    if entered.done == "declined":
        raise typer.Exit(Exit.USAGE)
    if entered.done != "unchanged":
        console.print(
            f"{entered.entry.name}: {entered.done} as revision {entered.revision}", highlight=False
        )
    return entered.entry.name
