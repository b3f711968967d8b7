"""`athanor review`: see what the agent wants to do, and say yes, no, or something else."""

import shlex
from collections.abc import Mapping
from typing import Annotated, Literal

import typer
from rich.markup import escape

from agent.commands.common import (
    ByOption,
    JsonOption,
    NameArgument,
    StoreOption,
    console,
    existing,
    person,
    show_json,
)
from agent.commands.grounds import lines as grounds_lines
from agent.core.calibration import Calibration
from agent.core.campaign import Campaign
from agent.core.history import effective
from agent.core.space import SearchSpace, describe
from agent.core.trial import Proposal, Trial, TrialStatus
from agent.core.values import Point, Scalar
from agent.core.worded import reviewed
from agent.data.store import Store
from agent.dispatch.plans import plans_for
from agent.dispatch.reviewing import Verdict
from agent.dispatch.reviewing import review as write
from agent.errors import GateError, NotFound, OutsideLimits, SpaceError
from agent.resolved import campaign_of, space_of
from agent.standing import stand
from agent.status import without_priors

Tested = Mapping[str, Calibration]
"""Objective -> what results have shown of its predictions."""

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
    reason: Annotated[
        list[str] | None, typer.Option("--reason", help="Why. May be repeated.")
    ] = None,
    store: StoreOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the proposals that wait, or approve, edit or reject them. At a terminal it asks one by one."""
    with existing(store) as opened:
        entry = opened.entry(name)
        campaign = campaign_of(opened, entry.id)
        waiting = opened.trials(entry.id, TrialStatus.PROPOSED)
        desk = _Desk(opened, campaign, person(by).name, tuple(reason or ()))
        edited = _pick(waiting, [edit] if edit else [])
        approved, rejected = _pick(waiting, approve or []), _pick(waiting, reject or [])
        _once([*edited, *approved, *rejected])
        for trial in edited:
            desk.say(trial, "edit", _settings(set_ or []))
        for trial in approved:
            desk.say(trial, "approve")
        for trial in rejected:
            desk.say(trial, "reject")
        if edit or approve or reject:
            return
        if as_json:
            show_json([_as_json(opened, campaign, trial) for trial in waiting])
        elif not waiting:
            console.print(f"Nothing of {entry.name} waits for a review.")
        elif console.is_terminal and typer.get_text_stream("stdin").isatty():
            desk.ask(waiting, _tested(opened, entry.id))
        else:
            tested = _tested(opened, entry.id)
            for trial in waiting:
                _show(opened, campaign, trial, tested)
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
        from agent.assemble import SystemClock, operators

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

    def ask(self, waiting: list[Trial], tested: Tested) -> None:
        for trial in waiting:
            _show(self._store, self._campaign, trial, tested)
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


def _tested(store: Store, campaign: str) -> Tested:
    from agent.assemble import SystemClock

    found = stand(store, campaign, SystemClock().now()).calibrations
    return {one.objective: one for one in found}


def _show(store: Store, campaign: Campaign, trial: Trial, tested: Tested) -> None:
    proposal = store.proposal(trial.id)
    wanted = effective([trial], store.reviews_of(trial.id))[trial.id]
    console.print(
        f"\n[bold]{trial.number}[/bold]  {escape(describe(wanted.settings, campaign.space.units))}",
        highlight=False,
    )
    lines = _lines(campaign, proposal, tested)
    if proposal:
        numbers = {one.id: one.number for one in store.trials(trial.campaign)}
        lines += grounds_lines(proposal, trial.point, campaign, numbers)
    for line in lines:
        console.print(f"   {escape(line)}", highlight=False)
    decided = store.decision(proposal.decision) if proposal else None
    without = without_priors(decided, trial.point) if decided else None
    if without is not None:
        told = describe(without, campaign.space.units)
        same = "the same" if without == trial.point else told
        console.print(f"   without the priors: {escape(same)}", highlight=False)
    for line in _route(campaign, trial):
        console.print(f"   {escape(line)}", highlight=False)
    for where, reason in _against(store, campaign, trial):
        console.print(
            f"   [red]beyond the limits of {where}[/red]: {escape(reason)}", highlight=False
        )


def _route(campaign: Campaign, trial: Trial) -> list[str]:
    """Where a trial goes, step by step; of one step nothing need be said."""
    if len(trial.steps) == 1:
        return []
    steps = (campaign.execution.step(name) for name in trial.steps)
    told = (
        f"{step.name} on {' or '.join(one.instrument for one in step.stations)}"
        for step in steps
        if step is not None
    )
    return [", then ".join(told)]


def _against(store: Store, campaign: Campaign, trial: Trial) -> list[tuple[str, str]]:
    """On which instrument the operators' limits speak against a proposal as it stands, and what they say: where
    they do so on each that could do a step, it can only be edited or rejected.
    """
    from agent.assemble import operators

    allowed = operators()
    wanted = effective([trial], store.reviews_of(trial.id))[trial.id]
    plans = plans_for(trial, wanted, campaign, lambda _: "")
    told = ((one.instrument, allowed.in_force(one.instrument).rules.reasons(one)) for one in plans)
    return [(where, reason) for where, reasons in told for reason in reasons]


def _lines(campaign: Campaign, proposal: Proposal | None, tested: Tested) -> list[str]:
    if proposal is None:
        return ["given by a person"]
    lines = [proposal.why]
    for name, prediction in proposal.prediction.items():
        unit = next((o.unit for o in campaign.objectives if o.name == name), "")
        low, high = prediction.mean - 2 * prediction.sd, prediction.mean + 2 * prediction.sd
        lines.append(f"{name} is expected between {low:.4g} and {high:.4g} {unit} (95 %)")
        if name in tested:
            lines += reviewed(tested[name], prediction.mean, prediction.sd, unit)
    if proposal.shares:
        lines.append(", ".join(f"{name} {share:.0%}" for name, share in proposal.shares.items()))
    return lines


def _as_json(store: Store, campaign: Campaign, trial: Trial) -> dict[str, object]:
    proposal = store.proposal(trial.id)
    decided = store.decision(proposal.decision) if proposal else None
    state = (decided.state or {}) if decided else {}
    return {
        "trial": trial.model_dump(mode="json"),
        "proposal": proposal.model_dump(mode="json") if proposal else None,
        "beyond_limits": [reason for _, reason in _against(store, campaign, trial)],
        "priors": {
            "weights": state.get("weights", {}),
            "coefficients": state.get("coefficients", {}),
            "trusted": state.get("trusted", {}),
            "without": without_priors(decided, trial.point) if decided else None,
        },
    }
