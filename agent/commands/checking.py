"""`athanor check`: a campaign file, only looked at."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from agent.commands import asking
from agent.commands.common import Exit, StoreOption, console
from agent.commands.instruments import span
from agent.commands.limits import show_limits, show_operators
from agent.commands.spaces import show_space
from agent.commands.unattended import Asked, Evening, show_night
from agent.core.adapter import Adapter, Capabilities, Health
from agent.core.budget import affordable
from agent.core.campaign import Campaign, ReviewRule
from agent.core.constraints import Constraint
from agent.core.history import Effective, Pending
from agent.core.leeway import leeway
from agent.core.operators import InstrumentRules
from agent.core.seeds import derived
from agent.core.space import SearchSpace, describe
from agent.core.trial import Plan, Trial
from agent.core.values import Point
from agent.core.winner import USUAL, samples_wanted

if TYPE_CHECKING:
    from agent.load import Resolved
    from agent.named import AdapterClasses


def check(
    file: Annotated[Path | None, typer.Argument(help="A campaign file (YAML).")] = None,
    points: Annotated[int, typer.Option(help="How many first proposals to try.")] = 3,
    operators: Annotated[
        Path | None,
        typer.Option(
            help="An operators' file: alone it is looked over, with a campaign file it counts instead "
            "of that of ATHANOR_OPERATORS."
        ),
    ] = None,
    unattended: Annotated[
        str | None,
        typer.Option(help="Forecast a night of that length without people: '12 h'."),
    ] = None,
    each: Annotated[
        str | None,
        typer.Option(
            help="How long an experiment takes: '20 min'; default: as the last ones on the instrument did."
        ),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Look a campaign file over: its space, the adapter's health, a dry run of the first proposals.

    With --unattended, forecast a night, too: how many experiments fit in, what runs out when, and what would
    wait for a person; the exit code is 1 if it would stop early. With --operators, look the operators' file
    over: limits, rules, failures, stocks and signatures.
    """
    if operators is not None:
        show_operators(operators)
    if file is not None:
        asked = None
        if unattended is not None:
            asked = Asked(span(unattended), None if each is None else span(each), store)
        _check_campaign(file, points, None if operators is None else str(operators), asked)
    elif operators is None or unattended is not None:
        raise typer.BadParameter("give a campaign file, or --operators FILE")


def _check_campaign(
    file: Path, points: int, operators_file: str | None, asked: Asked | None
) -> None:
    from agent.allowed import operators
    from agent.assemble import SystemClock, adapters_of
    from agent.decide.review import rule_in_force
    from agent.load import read
    from agent.named import AdapterClasses, PretrainedModels, SettingsModels

    allowed = operators(operators_file)
    classes = AdapterClasses(allowed)
    resolved = read(file, SettingsModels(classes), models=PretrainedModels(allowed))
    campaign, space = resolved.campaign, resolved.campaign.space.bound(resolved.pools)
    for warning in resolved.warnings:
        console.print(f"[yellow]note[/yellow] {escape(warning)}", highlight=False)
    show_space(campaign, space)
    made = adapters_of(campaign, classes)
    able = asking.able(made)
    health = {name: asking.well(one) for name, one in made.items()}
    rule = rule_in_force(campaign.review, able, allowed.unattended)
    _show_adapters(campaign, able, health, rule)
    _show_winner(campaign, able)
    _check_oracles(campaign, classes)
    limits = {name: allowed.in_force(name).rules for name in made}
    released = [show_limits(name, space, limits[name], able[name]) for name in made]
    left = leeway(space, campaign.execution, lambda name: limits[name])
    found, notes = first_points(resolved, space, points, left)
    plans = [(point, _plans(campaign, space, point)) for point in found]
    good = _dry_run(resolved, space, made, limits, plans, notes)
    if asked is not None:
        evenings = [
            Evening(
                campaign,
                name,
                allowed.in_force,
                able[name],
                rule,
                [plan for _, each in plans for plan in each if plan.instrument == name],
                [space.labelled(space.settings(point)) for point in found],
            )
            for name in made
        ]
        good = show_night(evenings, asked, SystemClock().now()) and good
    ill = {one.state for one in health.values()} & {"unreachable", "faulted"}
    if not (good and all(released)) or ill:
        raise typer.Exit(Exit.FAULT)


def _show_adapters(
    campaign: Campaign,
    able: Mapping[str, Capabilities],
    health: Mapping[str, Health],
    rule: ReviewRule,
) -> None:
    """A line for each instrument; of several the step, and the name, too."""
    several = len(able) > 1
    for step in campaign.execution.order:
        for name in (one.instrument for one in step.stations):
            here = health[name]
            why = f" ({here.reason})" if here.reason else ""
            where = f"{step.name}, {name}: " if several else ""
            again = ", repeatable" if step.repeatable else ""
            console.print(
                f"adapter   {escape(where)}{step.adapter}: {here.state}{escape(why)}; "
                f"effect {able[name].effect}{again}; review {rule.mode}",
                highlight=False,
            )
            if able[name].effect == "physical":
                for line in able[name].safe_states:
                    console.print(f"          {escape(line)}", highlight=False)


def _show_winner(campaign: Campaign, able: Mapping[str, Capabilities]) -> None:
    physical = any(one.effect == "physical" for one in able.values())
    usual = USUAL if physical else 0
    samples = samples_wanted(campaign, usual)
    most = affordable(campaign.budget)
    if samples:
        count = f"{samples} experiments" if most is None else f"{samples} of {most} experiments"
        priced = most is None and campaign.budget.cost is not None
        kept = "paid for" if priced else "made" if most is None else "kept"
        console.print(f"winner    {count} are {kept} to make it anew", highlight=False)
    if campaign.aim.single and campaign.stop.confirm is None and samples < usual:
        what = (
            f"the budget is small for {usual} samples of the winner made anew: it keeps {samples}"
        )
        console.print(f"[yellow]note[/yellow] {what} (stop: confirm)", highlight=False)


def _check_oracles(campaign: Campaign, classes: "AdapterClasses") -> None:
    from agent.assemble import adapter_of
    from agent.oracles import asked_first, check_pure

    for asked in asked_first(campaign).values():
        check_pure(asked, adapter_of(asked, classes).capabilities())


def _dry_run(
    resolved: "Resolved",
    space: SearchSpace,
    made: Mapping[str, Adapter],
    limits: Mapping[str, InstrumentRules],
    plans: Sequence[tuple[Point, Sequence[Plan]]],
    notes: Sequence[str],
) -> bool:
    """Whether there are first proposals, and nothing speaks against them: no adapter, no limits."""
    campaign = resolved.campaign
    console.print("\n[bold]first proposals[/bold] (nothing is sent):")
    if campaign.policy.samples == "stream":
        what = "nothing is proposed: these stand for samples that come by (athanor screen)"
        console.print(f"  [yellow]note[/yellow] {what}", highlight=False)
    good = True
    later = [prior.called for prior in campaign.priors if prior.source is None]
    if later:
        what = f"{', '.join(later)}: known when it is run, which then begins elsewhere"
        console.print(f"  [yellow]note[/yellow] {escape(what)}", highlight=False)
    for note in notes:
        console.print(f"  [yellow]note[/yellow] {escape(note)}", highlight=False)
    if not plans:
        console.print(
            "  [red]no point was found that keeps every constraint, and the operators' limits[/red]"
        )
    can = "the adapter can do it" if len(made) == 1 else "the adapters can do it"
    for point, each in plans:
        reasons = _against(made, limits, each)
        verdict = f"[red]{escape('; '.join(reasons))}[/red]" if reasons else f"[green]{can}[/green]"
        console.print(f"  {escape(describe(point, space.units))}: {verdict}", highlight=False)
        good = good and not reasons
    return good and bool(plans)


def _against(
    made: Mapping[str, Adapter], limits: Mapping[str, InstrumentRules], plans: Sequence[Plan]
) -> list[str]:
    """What speaks against a step that none of its instruments can do."""
    told: dict[str, list[tuple[str, ...]]] = {}
    for plan in plans:
        where = plan.instrument
        told.setdefault(plan.step, []).append(
            (*asking.against(made[where], plan), *limits[where].reasons(plan))
        )
    several = len(told) > 1
    return [
        f"{step}: {reason}" if several else reason
        for step, each in told.items()
        if all(each)
        for reason in each[0]
    ]


def first_points(
    resolved: "Resolved", space: SearchSpace, count: int, left: tuple[Constraint, ...] = ()
) -> tuple[list[Point], tuple[str, ...]]:
    """The points that a run would begin with, as far as they depend on no result, in what the operators have
    `left` of the space; and the notes of the first decision, on priors that it cannot use, say.

    Of what earlier campaigns know nothing is seen here: they are read where there is a store.
    """
    from agent.decide.propose import propose
    from agent.decide.situation import Situation

    campaign, sources = resolved.campaign, resolved.sources
    policy, found, number = campaign.policy, list[Pending](), 0
    notes: tuple[str, ...] = ()
    while len(found) < count:
        number += 1
        seed = derived(campaign.seed, "decision", number)
        situation = Situation(
            space.within(left),
            campaign.objective,
            policy,
            pending=tuple(found),
            sources=sources,
            also=campaign.objectives[1:],
            trade_off=campaign.trade_off,
            spending=campaign.spending(space, 0.0, {}, [one.point for one in found]),
            leeway=left,
            seed=seed,
            started=len(found),
        )
        selection = propose(situation, min(policy.batch_size, policy.concurrency))
        chosen = selection.choices
        notes = notes or selection.notes
        if not chosen:
            break
        found += [Pending(trial=f"{number}.{at}", point=one.point) for at, one in enumerate(chosen)]
    return [one.point for one in found[:count]], notes


def _plans(campaign: Campaign, space: SearchSpace, point: Point) -> tuple[Plan, ...]:
    """What would be sent for a point, to each instrument."""
    from agent.dispatch.plans import plans_for

    settings = space.settings(point)
    trial = Trial(
        id="check-T0001",
        campaign="check",
        number=1,
        revision=1,
        batch=1,
        steps=campaign.execution.names,
        point=point,
        settings=settings,
        at=datetime(2000, 1, 1, tzinfo=UTC),
    )
    return plans_for(trial, Effective(point=point, settings=settings), campaign, lambda _: "")
