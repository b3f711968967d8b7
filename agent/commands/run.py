"""`athanor run`: a campaign file, carried out."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from agent.commands.common import ByOption, Exit, StoreOption, console, person
from agent.core.actor import Actor
from agent.core.register import CampaignStatus
from agent.core.trial import OPEN
from agent.data.store import Store
from agent.errors import NotFound

_PREFECT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
}
"""Set unless the user has set them: no telemetry, patience on a busy machine, quiet."""

FileArgument = Annotated[
    Path, typer.Argument(help="A campaign file (YAML), or the name of a campaign in the store.")
]


def run(
    file: FileArgument,
    store: StoreOption = None,
    no_wait: Annotated[
        bool,
        typer.Option(
            "--no-wait",
            help="Leave as soon as only a person or an instrument can go on (exit code 3 or 4).",
        ),
    ] = False,
    direct: Annotated[
        bool, typer.Option("--direct", help="Take the steps in this process, without Prefect.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write the report to this HTML file at the end.")
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Accept a changed file as the next revision without asking."
        ),
    ] = False,
    lease_s: Annotated[
        float,
        typer.Option(
            "--lease", help="Seconds after which a silent holder may be taken over.", hidden=True
        ),
    ] = 30.0,
    by: ByOption = None,
) -> None:
    """Run a campaign until it has ended. Run it again to go on after an interruption."""
    from agent.assemble import open_store

    with open_store(store) as opened:
        name = _enter(opened, file, person(by), yes=yes)
        entry = opened.entry(name)
        ended = entry.status in {CampaignStatus.FINISHED, CampaignStatus.STOPPED}
        if ended and not any(trial.status in OPEN for trial in opened.trials(entry.id)):
            console.print(f"{name} is {entry.status}: {entry.reason}")
            console.print(
                "To go on, give it more budget in its file, or: [bold]athanor resume[/bold]"
            )
        else:
            code = _carry_out(opened, name, wait=not no_wait, direct=direct, lease_s=lease_s)
            _finish(opened, name)
            if code is not Exit.DONE:
                _write_report(opened, name, report)
                raise typer.Exit(code)
        _write_report(opened, name, report)


def _enter(store: Store, file: Path, by: Actor, *, yes: bool) -> str:
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

    if not file.exists() and file.suffix not in {".yaml", ".yml"}:
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
            console.print(
                f"  {trial} goes back to review: {escape('; '.join(reasons))}", highlight=False
            )
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


def _carry_out(store: Store, name: str, *, wait: bool, direct: bool, lease_s: float) -> Exit:
    from agent.assemble import STORE
    from agent.commands.display import Display

    with Display(store, name, console) as display:
        display.say("loading the models")
        if direct:
            last = _direct(store, name, display.watch, wait=wait, lease_s=lease_s)
        else:
            for key, value in _PREFECT.items():
                os.environ.setdefault(key, value)
            # Not as an argument of the flow: Prefect keeps those, and a URL may hold a password.
            os.environ[STORE] = store.url
            server = os.environ.get("PREFECT_API_URL", "Prefect's temporary server")
            display.say(f"connecting to {server} (10 to 20 s the first time)")
            from agent.flow import WATCH, campaign

            token = WATCH.set(display.watch)
            try:
                last = campaign(name, wait=wait, lease_s=lease_s)
            finally:
                WATCH.reset(token)
    if last["state"] in {"finished", "stopped"}:
        return Exit.DONE
    if last["state"] == "paused":
        return Exit.PAUSED
    return Exit.PERSON if last["person"] else Exit.INSTRUMENT


def _direct(store: Store, name: str, watch: Any, *, wait: bool, lease_s: float) -> dict[str, Any]:
    from agent.assemble import laboratory
    from agent.loop import run_rounds
    from agent.standing import campaign_of

    lab = laboratory(store, campaign_of(store, store.entry(name).id))
    last = run_rounds(lab, name, watch, wait=wait, ttl_s=lease_s)
    return {"state": last.state, "reason": last.reason, "person": last.person}


def _finish(store: Store, name: str) -> None:
    from agent.commands.status import show_one

    show_one(store, name)


def _write_report(store: Store, name: str, path: Path | None) -> None:
    from agent.assemble import SystemClock
    from agent.report import write

    if path is not None:
        write(store, name, path, SystemClock().now())
        console.print(f"report: {path.resolve()}", highlight=False, soft_wrap=True)
