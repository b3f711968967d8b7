"""`athanor pause | resume | stop | resolve | judge`: what people say of a campaign, a job or a trial."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from agent.commands.common import (
    ByOption,
    Exit,
    NameArgument,
    ReasonOption,
    StoreOption,
    console,
    errors,
    existing,
    person,
)
from agent.core.adapter import Adapter
from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.errors import AthanorError, LifecycleError

_ENDED = (CampaignStatus.STOPPED, CampaignStatus.FINISHED)
"""What is asked for, and what it is: who has finished need not be stopped."""


class Fate(StrEnum):
    """What a person can say of a job of which nobody knows what became."""

    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DONE = "done"


def pause(
    name: NameArgument, reason: ReasonOption = "", store: StoreOption = None, by: ByOption = None
) -> None:
    """Propose and send nothing more until it is resumed; what is running is still collected."""
    _say(name, CampaignStatus.PAUSED, reason or "paused by a person", store, by)


def resume(
    name: NameArgument, reason: ReasonOption = "", store: StoreOption = None, by: ByOption = None
) -> None:
    """Let a paused, stopped or finished campaign go on; then run it again."""
    _say(name, CampaignStatus.ACTIVE, reason, store, by)


def stop(
    name: Annotated[
        str, typer.Argument(help="Name (or id) of a campaign; with --emergency its file will do.")
    ],
    reason: ReasonOption = "",
    emergency: Annotated[
        bool,
        typer.Option(
            "--emergency",
            help="Bring its instruments to their safe state at once, whatever else is the case; then hold "
            "them, and pause every campaign on them. With the campaign's file no store is needed.",
        ),
    ] = False,
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """End a campaign: what was not sent is withdrawn, what is running is still collected."""
    if emergency:
        _stop_at_once(name, reason, store, by)
        return
    _say(name, CampaignStatus.STOPPED, reason or "stopped by a person", store, by)


def resolve(
    job: Annotated[str, typer.Argument(help="The job in doubt, as status names it.")],
    fate: Annotated[
        Fate,
        typer.Argument(
            help="refused: nothing was executed. failed: it was, without result. cancelled: it was stopped. "
            "done: it was, and measures nothing (its sample is there)."
        ),
    ],
    reason: Annotated[
        str, typer.Option("--reason", help="How you know.", prompt="How do you know?")
    ],
    under_way: Annotated[
        bool,
        typer.Option(
            "--under-way",
            help="Also of a job that was begun, and that its instrument will never end: it was switched off, say.",
        ),
    ] = False,
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """Say what became of a job when the agent cannot know. A result you have: athanor record."""
    from agent.assemble import SystemClock
    from agent.recording import resolve as write

    with existing(store) as opened:
        now = SystemClock().now()
        write(opened, job, JobStatus(fate), reason, person(by), now, under_way=under_way)
    console.print(f"{job} is {fate}.")


class Said(StrEnum):
    """What a person can say of a trial that has ended."""

    INFEASIBLE = "infeasible"
    FAULT = "fault"
    ACCEPT = "accept"
    REMAKE = "remake"


def judge(
    name: NameArgument,
    trial: Annotated[str, typer.Argument(help="Trial, by number or id.")],
    word: Annotated[
        Said,
        typer.Argument(
            help="Without a result: infeasible (its point does not work), fault (no property of the "
            "point). With one in question: accept (it is right), remake (measure it again)."
        ),
    ],
    reason: Annotated[
        str, typer.Option("--reason", help="How you know.", prompt="How do you know?")
    ],
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """Say why a trial has no result, whatever its instrument said, or that a result in question is right.

    A result you have: athanor record.
    """
    from agent.assemble import SystemClock
    from agent.judging import judge as write

    with existing(store) as opened:
        lines = write(opened, name, trial, word.value, reason, person(by), SystemClock().now())
    for line in lines:
        console.print(escape(line), highlight=False)


def _stop_at_once(name: str, reason: str, url: str | None, by: str | None) -> None:
    from agent.assemble import SystemClock, adapter_at
    from agent.emergency import emergency_stop, write_down
    from agent.load import read
    from agent.named import AdapterClasses, SettingsModels
    from agent.resolved import campaign_of

    if Path(name).is_file():
        campaign = read(Path(name), SettingsModels()).campaign
    else:
        with existing(url) as opened:
            campaign = campaign_of(opened, opened.entry(name).id)
    failed = False
    for station in campaign.execution.everywhere:
        target, against = station.instrument, None
        try:
            adapter = adapter_at(station, AdapterClasses())
            against = emergency_stop(adapter)
        except AthanorError as error:  # the others are stopped all the same
            against = str(error)
        if against is None:
            told = f"{target}: its adapter was told to stop, and did not object."
            console.print(escape(f"{told}{_declared(adapter)}"), highlight=False)
            continue
        failed = True
        errors.print(f"[red]{escape(target)} did NOT say that it stopped[/red]: {escape(against)}")
        errors.print("Stop it by hand.")
    now = SystemClock().now()
    for line in write_down(lambda: existing(url), campaign, person(by), reason, now):
        console.print(escape(line), highlight=False)
    if failed:
        raise typer.Exit(Exit.FAULT)


def _declared(adapter: Adapter) -> str:
    """What the instrument does at an emergency stop, as its adapter declares it."""
    from agent.assemble import asked

    try:
        words = asked(adapter.capabilities).on_emergency_stop
    except AthanorError:
        return ""
    return f" By its own word: {words}." if words else ""


def _say(name: str, status: CampaignStatus, reason: str, url: str | None, by: str | None) -> None:
    from agent.assemble import SystemClock

    with existing(url) as opened:
        entry = opened.entry(name)
        if entry.status is status or (status, entry.status) == _ENDED:
            why = f": {entry.reason}" if entry.reason else ""
            console.print(escape(f"{entry.name} is {entry.status} already{why}"))
            return
        if status is CampaignStatus.PAUSED and entry.status is not CampaignStatus.ACTIVE:
            raise LifecycleError(
                f"{entry.name} is {entry.status}: {entry.reason}", "only what runs can be paused"
            )
        with opened.write(person(by), SystemClock().now()) as tx:
            tx.set_status(entry.id, status, reason)
    console.print(escape(f"{entry.name} is {status}" + (f": {reason}" if reason else ".")))
