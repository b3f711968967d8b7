"""How a campaign file enters the store: as a new campaign, or as the next revision of one."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from agent.commands import asking
from agent.commands.common import Exit, console
from agent.commands.limits import wider
from agent.core.actor import Actor
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import NotFound

FileArgument = Annotated[
    Path, typer.Argument(help="A campaign file (YAML), or the name of a campaign in the store.")
]


def enter(
    store: Store,
    file: Path,
    by: Actor,
    *,
    yes: bool,
    first: Callable[[str], None] | None = None,
) -> str:
    """The campaign's name, after its file (if one is given) has entered the store.

    Args:
        store: Where it enters.
        file: The file, or a name.
        by: Who enters it.
        yes: Whether a changed file is accepted without asking.
        first: Runs the campaign of an oracle that has to be asked first, by its name; without, such
            a file cannot enter before they have been run.
    """
    from agent.allowed import operators
    from agent.assemble import SystemClock, adapter_of, adapters_of
    from agent.decide.review import check_released, rule_in_force
    from agent.enrol import enrol
    from agent.load import Revised, read
    from agent.named import AdapterClasses, PretrainedModels, SettingsModels
    from agent.oracles import asked_first, check_own, check_pure
    from agent.resolved import campaign_of

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
                where = ", ".join(dict.fromkeys(job.instrument for job in store.jobs_of(trial)))
                line = f"[red]{trial} is at {where} already[/red], and is not taken back: {why}"
            else:
                line = f"{trial} goes back to review: {why}"
            console.print(f"  {line}", highlight=False)
        question = "Go on with it as the next revision? (--yes: without asking)"
        return yes or typer.confirm(question)

    resolved = read(file, SettingsModels(), models=PretrainedModels())
    _note(resolved.warnings)
    allowed = operators()
    made = adapters_of(resolved.campaign, AdapterClasses(allowed))
    able = asking.able(made)
    rule_in_force(resolved.campaign.review, able, allowed.unattended)
    for target, capabilities in able.items():
        limits = allowed.in_force(target).rules
        check_released(limits, capabilities, target)
        _note(wider(resolved.space, limits))
    if first is not None:
        for asked in asked_first(resolved.campaign).values():
            check_pure(asked, adapter_of(asked, AdapterClasses(allowed)).capabilities())
            known = [entry for entry in store.entries() if entry.name == asked.name]
            for entry in known:
                check_own(asked, campaign_of(store, entry.id))
            one = replace(resolved, campaign=asked, source="", warnings=())
            enrol(store, one, by, SystemClock().now(), lambda *_: True)
            first(asked.name)
    entered = enrol(store, resolved, by, SystemClock().now(), agree)
    _note(entered.warnings)
    if entered.done == "declined":
        raise typer.Exit(Exit.USAGE)
    if entered.done != "unchanged":
        console.print(
            f"{entered.entry.name}: {entered.done} as revision {entered.revision}", highlight=False
        )
    return entered.entry.name


def _note(warnings: Iterable[str]) -> None:
    for warning in warnings:
        console.print(f"[yellow]note[/yellow] {escape(warning)}", highlight=False)
