"""`athanor check --unattended`: what a night would be like, by what the store and the file say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from rich.markup import escape

from agent.commands.common import console
from agent.core.adapter import Capabilities
from agent.core.budget import Use, room
from agent.core.campaign import Campaign, ReviewRule
from agent.core.hours import closed
from agent.core.instrument import in_force
from agent.core.job import JobStatus
from agent.core.night import Beforehand, Night, forecast, spared, spelt
from agent.core.operators import InForce, InstrumentRules
from agent.core.standing_approval import Cover, scope_of
from agent.core.stock import Need
from agent.core.trial import Plan, Setting, TrialStatus
from agent.data.store import Store
from agent.dispatch.plans import plans_for
from agent.dispatch.standing_approvals import in_force as unused
from agent.errors import NotFound, SchemaBehind, StoreError
from agent.standing import Standing, stand

_LAST = 20
"""So many of the last jobs say how long one takes."""


@dataclass(frozen=True)
class Evening:
    """What the file and its operators say: the campaign, one of its instruments, and what the first proposals
    would send there; and all the settings of these.
    """

    campaign: Campaign
    instrument: str
    limits_of: Callable[[str], InForce]
    capabilities: Capabilities
    review: ReviewRule
    first: Sequence[Plan]
    settings: Sequence[Mapping[str, Setting]]

    @property
    def rules(self) -> InstrumentRules:
        """What the operators say of its instrument."""
        return self.limits_of(self.instrument).rules


@dataclass(frozen=True)
class Asked:
    """What the user asks: how long the night is, maybe how long an experiment takes, and which store."""

    seconds: float
    each: float | None
    store: str | None


def show_night(evenings: Sequence[Evening], asked: Asked, now: datetime) -> bool:
    """Print a forecast of the night, of each instrument; whether nothing is known that would end it before the
    morning.
    """
    console.print(f"\n[bold]unattended for {spelt(asked.seconds)}[/bold]:")
    store = _store(asked.store)
    try:
        nights = [_night(store, evening, asked, now) for evening in evenings]
    finally:
        if store is not None:
            store.close()
    told = {night.instrument: forecast(night) for night in nights}
    alike = evenings[0].campaign.execution.by_step(str) if evenings else []
    others = spared(told, alike)
    for name, lines in told.items():
        if len(told) > 1:
            console.print(f"  [bold]{escape(name)}[/bold]")
        for line in lines:
            sign = "[red]stops[/red]" if line.stops else "[green]ok[/green]   "
            console.print(f"  {sign} {escape(line.text)}", highlight=False)
        if name in others:
            what = f"the night goes on without {name}: {', '.join(others[name])} can do all of it"
            console.print(f"  [green]ok[/green]    {escape(what)}", highlight=False)
    what = (
        "failures, what later proposals use, other campaigns there, and results that would hold it"
    )
    console.print(f"  not foreseen: {what}", highlight=False)
    stopped = {name for name, lines in told.items() if any(line.stops for line in lines)}
    return stopped <= others.keys()


def _store(url: str | None) -> Store | None:
    """The store, if there is one: a campaign can be checked before its first run.

    Raises:
        SchemaBehind: it is of another version than this program.
    """
    from agent.assemble import open_store

    try:
        return open_store(url, create=False)
    except SchemaBehind:
        raise
    except StoreError as error:
        told = f"{error.message}: what is left, and how long jobs took, is not known"
        console.print(f"  [yellow]note[/yellow] {escape(told)}", highlight=False)
        return None


def _night(store: Store | None, evening: Evening, asked: Asked, now: datetime) -> Night:
    campaign, name = evening.campaign, evening.instrument
    standing = None if store is None else _standing(store, campaign.name, now)
    ready = () if standing is None else standing.of(TrialStatus.APPROVED)
    use = Use(experiments=0, cost=0.0, seconds=0.0) if standing is None else standing.use
    wall = campaign.budget.wall_time
    able = evening.capabilities
    at_once = campaign.policy.concurrency
    if able.effect == "physical":
        at_once = min(at_once, able.parallel)
    doubt = store.in_doubt(name) if store else []
    scope = scope_of(campaign, lambda one: evening.limits_of(one).hash)
    covers = [one for one in _covers(store, standing, now) if one.given.scope == scope]
    return Night(
        begin=now,
        seconds=asked.seconds,
        instrument=name,
        each=_each(store, asked, name),
        at_once=at_once,
        left=room(campaign.budget, use),
        wall=None if wall is None else max(wall.seconds - use.seconds, 0.0),
        reviewed=evening.review.mode == "required",
        approved=[_expires(store, one.id) for one in ready] if store else (),
        uses=_uses(evening, standing),
        levels=store.levels(name) if store else {},
        hold=in_force(store.holds(name), now) if store else None,
        doubt=doubt[0].id if doubt else "",
        closed=_closed(evening, now, now + timedelta(seconds=asked.seconds)),
        standing=[Beforehand(one.left, one.given.until) for one in covers],
        outside=sum(
            all(one.given.against(point, scope) for one in covers) for point in evening.settings
        ),
    )


def _covers(store: Store | None, standing: Standing | None, now: datetime) -> list[Cover]:
    """The standing approvals that let something through now."""
    if store is None or standing is None:
        return []
    return unused(store, standing.entry.id, now)


def _closed(
    evening: Evening, now: datetime, morning: datetime
) -> list[tuple[datetime, datetime, str]]:
    """The quiet and reserved hours of the night."""
    found = closed(evening.rules.hours, evening.campaign.name, now, morning)
    return [(begin, end, f"{one}: {one.reason}") for begin, end, one in found]


def _standing(store: Store, name: str, now: datetime) -> Standing | None:
    try:
        return stand(store, name, now)
    except NotFound:
        return None


def _each(store: Store | None, asked: Asked, name: str) -> tuple[float, str] | None:
    """How long an experiment takes: as the user says, else as the last ones on the instrument did."""
    if asked.each is not None:
        return asked.each, "as you say"
    spans = [
        (job.ended_at - job.started_at).total_seconds()
        for job in (store.jobs_on(name) if store else ())
        if job.status is JobStatus.DONE and job.started_at and job.ended_at
    ][-_LAST:]
    taken = median(spans) if spans else 0.0
    if taken <= 0:
        return None
    return taken, f"the median of the last {len(spans)} on {name}"


def _expires(store: Store, trial: str) -> datetime | None:
    unused = [one for one in store.approvals_of(trial) if one.job is None and not one.revoked_at]
    return unused[-1].expires_at if unused else None


def _uses(evening: Evening, standing: Standing | None) -> list[tuple[Need, ...]]:
    """What approved trials use, then what first proposals would."""
    ready = standing.sendable if standing else ()
    plans = [
        plan
        for one in ready
        if standing
        for plan in plans_for(one, standing.effective[one.id], evening.campaign, lambda _: "")
        if plan.instrument == evening.instrument
    ]
    return [evening.rules.needs(plan) for plan in (*plans, *evening.first)]
