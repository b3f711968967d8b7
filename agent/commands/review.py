"""`athanor review`: see what the agent wants to do, and say yes, no, or something else."""

import shlex
from typing import Annotated, Literal

import typer
from rich.markup import escape

from agent.commands.common import (
    ByOption,
    JsonOption,
    NameArgument,
    StoreOption,
    console,
    errors,
    existing,
    person,
    show_json,
)
from agent.commands.proposals import Tested, as_document, calibrated, show
from agent.commands.standing_approvals import (
    Beforehand,
    CountOption,
    RevokeOption,
    StandingOption,
    UntilOption,
    show_standing,
)
from agent.core.campaign import Campaign
from agent.core.space import SearchSpace, describe
from agent.core.trial import Trial, TrialStatus
from agent.core.values import Point, Scalar
from agent.data.store import Store
from agent.dispatch.reviewing import Verdict
from agent.dispatch.reviewing import review as write
from agent.errors import GateError, NotFound, OutsideLimits, SpaceError
from agent.resolved import campaign_of, space_of

Trials = Annotated[
    list[str] | None, typer.Option(help="Trial, by number or id; 'all'. May be repeated.")
]


def review(
    name: NameArgument,
    approve: Trials = None,
    reject: Trials = None,
    edit: Annotated[str | None, typer.Option(help="Trial to change before it is approved.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="For --edit: setting=value. May be repeated.")
    ] = None,
    standing: StandingOption = None,
    count: CountOption = None,
    until: UntilOption = None,
    revoke: RevokeOption = None,
    reason: Annotated[
        list[str] | None, typer.Option("--reason", help="Why. May be repeated.")
    ] = None,
    store: StoreOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the proposals that wait, or approve, edit or reject them. At a terminal it asks one by one.

    With --standing, approve beforehand what lies within a region, so many times, until then; the list
    begins with what such standing approvals still let through.
    """
    reasons = tuple(reason or ())
    with existing(store) as opened:
        entry = opened.entry(name)
        campaign = campaign_of(opened, entry.id)
        beforehand = Beforehand(standing, count, until, revoke)
        if beforehand.done(opened, campaign, person(by), reasons) and not (
            edit or approve or reject
        ):
            return
        waiting = opened.trials(entry.id, TrialStatus.PROPOSED)
        desk = _Desk(opened, campaign, person(by).name, reasons)
        edited = _pick(waiting, [edit] if edit else [])
        approved, rejected = _pick(waiting, approve or []), _pick(waiting, reject or [])
        _once([*edited, *approved, *rejected])
        for trial in edited:
            desk.say(trial, "edit", _settings(set_ or []))
        beyond = desk.approve(approved)
        for trial in rejected:
            desk.say(trial, "reject")
        _tell(beyond)
        if edit or approve or reject:
            return
        if as_json:
            show_json([as_document(opened, campaign, trial) for trial in waiting])
            return
        show_standing(opened, entry.id, campaign)
        if not waiting:
            console.print(f"Nothing of {entry.name} waits for a review.")
        elif console.is_terminal and typer.get_text_stream("stdin").isatty():
            desk.ask(waiting, calibrated(opened, entry.id))
        else:
            tested = calibrated(opened, entry.id)
            for trial in waiting:
                show(opened, campaign, trial, tested)
            console.print(
                f"\n[bold]athanor review {entry.name} --approve all[/bold]"
                " | --reject N --reason … | --edit N --set name=value"
            )


class _Desk:
    """One person's review of a campaign's proposals."""

    def __init__(self, store: Store, campaign: Campaign, by: str, reasons: tuple[str, ...]) -> None:
        self._store, self._campaign, self._by, self._reasons = store, campaign, by, reasons

    def say(
        self,
        trial: Trial,
        word: Literal["approve", "edit", "reject"],
        changes: dict[str, str] | None = None,
        reasons: tuple[str, ...] = (),
    ) -> None:
        from agent.allowed import operators
        from agent.assemble import SystemClock

        space = space_of(self._store, self._campaign) if word == "edit" else None
        written = write(
            self._store,
            trial,
            self._campaign,
            Verdict(
                word,
                person(self._by),
                reasons or self._reasons,
                _edited(trial, changes or {}, space) if space else None,
            ),
            SystemClock().now(),
            space=space,
            limits_of=operators().in_force,
        )
        said = {
            "approve": "[green]approved[/green]",
            "edit": "[green]edited and approved[/green]",
            "reject": "[red]rejected[/red]",
        }
        console.print(
            f"{trial.id} {said[written.verdict]}: {escape(describe(written.settings))}",
            highlight=False,
        )

    def approve(self, trials: list[Trial]) -> list[OutsideLimits]:
        """Approve what can be; why the others are not."""
        found = []
        for trial in trials:
            try:
                self.say(trial, "approve")
            except OutsideLimits as outside:
                found.append(outside)
        return found

    def ask(self, waiting: list[Trial], tested: Tested) -> None:
        for trial in waiting:
            show(self._store, self._campaign, trial, tested)
            while not self._answer(trial):
                pass

    def _answer(self, trial: Trial) -> bool:
        answer = typer.prompt("  [a]pprove  [e]dit  [r]eject  [s]kip  [q]uit", default="s")[
            :1
        ].lower()
        if answer == "q":
            raise typer.Exit
        if answer == "a":
            return self._said(trial, "approve")
        elif answer == "r":
            self.say(trial, "reject", reasons=(typer.prompt("  why"),))
        elif answer == "e":
            changes = shlex.split(typer.prompt("  setting=value …"))
            return self._said(trial, "edit", changes)
        return answer in "ares"

    def _said(
        self, trial: Trial, word: Literal["approve", "edit"], changes: list[str] | None = None
    ) -> bool:
        """Whether it could be said; what speaks against it is shown, and asked again."""
        try:
            self.say(trial, word, None if changes is None else _settings(changes))
        except (SpaceError, OutsideLimits) as error:
            console.print(f"  [red]{escape(str(error))}[/red]")
            return False
        return True


def _tell(beyond: list[OutsideLimits]) -> None:
    """Say of each why it was not approved.

    Raises:
        OutsideLimits: the last one.
    """
    for outside in beyond[:-1]:
        errors.print(f"[red]error[/red] {escape(str(outside))}", highlight=False)
    if beyond:
        raise beyond[-1]


def _pick(waiting: list[Trial], asked: list[str]) -> list[Trial]:
    if "all" in asked:
        return waiting
    by_name = {
        **{trial.id: trial for trial in waiting},
        **{str(trial.number): trial for trial in waiting},
    }
    unknown = [one for one in asked if one not in by_name]
    if unknown:
        numbers = ", ".join(str(trial.number) for trial in waiting) or "none"
        raise NotFound(f"no proposal {unknown[0]} waits for a review", f"waiting: {numbers}")
    return list({by_name[one].id: by_name[one] for one in asked}.values())


def _once(trials: list[Trial]) -> None:
    ids = [trial.id for trial in trials]
    twice = next((one for one in trials if ids.count(one.id) > 1), None)
    if twice is not None:
        raise GateError(f"{twice.id} has two verdicts", "say one of each trial; nothing was done")


def _settings(texts: list[str]) -> dict[str, str]:
    wrong = [text for text in texts if "=" not in text]
    if wrong or not texts:
        raise SpaceError(
            f"cannot read {wrong[0] if wrong else 'the edit'!r}", "write --set temperature=80"
        )
    return dict(text.split("=", 1) for text in texts)


def _edited(trial: Trial, changes: dict[str, str], space: SearchSpace) -> Point:
    unknown = [name for name in changes if name not in space.columns]
    if unknown:
        raise SpaceError(
            f"{unknown[0]!r} is not a setting", f"there is: {', '.join(space.columns)}"
        )
    return {
        **trial.point,
        **{name: _scalar(trial.point[name], text) for name, text in changes.items()},
    }


def _scalar(like: Scalar, text: str) -> Scalar:
    if isinstance(like, str):
        return text
    try:
        return int(text) if isinstance(like, int) and text.lstrip("+-").isdigit() else float(text)
    except ValueError as error:
        raise SpaceError(f"{text!r} is not a number", "write it like 80 or 0.5") from error
