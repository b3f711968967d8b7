"""`athanor run`: a campaign file, carried out."""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from agent.commands.common import ByOption, Exit, StoreOption, console, errors, person
from agent.commands.entering import FileArgument, enter
from agent.core.register import CampaignStatus
from agent.core.trial import OPEN
from agent.data.store import Store
from agent.following import LOG, LOG_FILE, told

_PREFECT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
}
"""Set unless the user has set them: no telemetry, patience on a busy machine, quiet."""


class LogForm(StrEnum):
    """How the log is written."""

    JSON = "json"


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
    log: Annotated[
        LogForm | None,
        typer.Option(
            "--log", envvar=LOG, help="Tell the journal as it is written: json, one line an event."
        ),
    ] = None,
    log_file: Annotated[
        Path | None,
        typer.Option(
            "--log-file",
            envvar=LOG_FILE,
            help="Add these lines to this file.",
            show_default="the error stream",
        ),
    ] = None,
    by: ByOption = None,
) -> None:
    """Run a campaign until it has ended. Run it again to go on after an interruption."""
    from agent.assemble import SystemClock, open_store

    begun, logged = SystemClock().now(), _asked_for(log, log_file)
    with open_store(store) as opened:

        def carry_out(which: str) -> Exit:
            with told(opened, opened.entry(which).id, begun, logged):
                return _carry_out(opened, which, wait=not no_wait, direct=direct, lease_s=lease_s)

        def first(oracle: str) -> None:
            _ask(opened, oracle, carry_out)

        name = enter(opened, file, person(by), yes=yes, first=first)
        entry = opened.entry(name)
        ended = entry.status in {CampaignStatus.FINISHED, CampaignStatus.STOPPED}
        if ended and not any(trial.status in OPEN for trial in opened.trials(entry.id)):
            console.print(escape(f"{name} is {entry.status}: {entry.reason}"))
            console.print(_onwards(name, entry.status))
        else:
            try:
                code = carry_out(name)
            except KeyboardInterrupt:
                errors.print("interrupted, and nothing is lost: run it again to go on")
                raise typer.Exit(Exit.INTERRUPTED) from None
            _finish(opened, name)
            if code is not Exit.DONE:
                _write_report(opened, name, report)
                raise typer.Exit(code)
        _write_report(opened, name, report)


def _asked_for(form: LogForm | None, file: Path | None) -> dict[str, str]:
    """What is asked of the log, as the environment says it."""
    if file is not None:
        return {LOG: LogForm.JSON, LOG_FILE: str(file)}
    return {} if form is None else {LOG: form}


def _ask(store: Store, name: str, carry_out: Callable[[str], Exit]) -> None:
    """Run the campaign of an oracle to its end; what it says is a prior of the next one."""
    entry = store.entry(name)
    if entry.status is CampaignStatus.FINISHED:
        return
    console.print(escape(f"{name}: asked first"))
    try:
        code = carry_out(name)
    except KeyboardInterrupt:
        errors.print("interrupted, and nothing is lost: run it again to go on")
        raise typer.Exit(Exit.INTERRUPTED) from None
    if code is not Exit.DONE:
        _finish(store, name)
        raise typer.Exit(code)


def _onwards(name: str, status: CampaignStatus) -> str:
    if status is CampaignStatus.STOPPED:
        return f"To go on after all: [bold]athanor resume {name}[/bold]"
    return "To go on, change in its file what ended it (more budget, say), and run the file again."


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
            from agent.flow import WATCH, campaign, connect, reaching

            connect()
            token = WATCH.set(display.watch)
            try:
                last = reaching(lambda: campaign(name, wait=wait, lease_s=lease_s))
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
    from agent.resolved import campaign_of

    lab = laboratory(store, campaign_of(store, store.entry(name).id))
    last = run_rounds(lab, name, watch, wait=wait, ttl_s=lease_s)
    return {"state": last.state, "reason": last.reason, "person": last.person}


def _finish(store: Store, name: str) -> None:
    from agent.commands.status import show_one

    _reckon(store, name)
    show_one(store, name)


def _reckon(store: Store, name: str) -> None:
    """What the priors of a campaign that has ended have saved; Ctrl-C leaves it open."""
    from agent.assemble import SystemClock
    from agent.standing import stand

    standing = stand(store, name, SystemClock().now())
    if standing.entry.status is CampaignStatus.FINISHED and standing.campaign.sources:
        from agent.commands.priors import reckon

        try:
            reckon(store, standing, each=False)
        except KeyboardInterrupt:
            errors.print(f"not reckoned: [bold]athanor priors show {name}[/bold] does it later")


def _write_report(store: Store, name: str, path: Path | None) -> None:
    from agent.assemble import SystemClock
    from agent.report import write

    if path is not None:
        write(store, name, path, SystemClock().now())
        console.print(f"report: {path.resolve()}", highlight=False, soft_wrap=True)
