"""`athanor review --standing …`, `--revoke`: what people permit beforehand, and take back."""

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.markup import escape

from agent.commands.common import console
from agent.commands.instruments import moment
from agent.core.actor import Actor
from agent.core.campaign import Campaign
from agent.core.standing_approval import StandingApproval, region_of, scope_of
from agent.data.store import Store
from agent.dispatch.standing_approvals import Asked, give, in_force, revoke
from agent.errors import NotFound

StandingOption = Annotated[
    str | None,
    typer.Option(
        "--standing",
        metavar="REGION",
        help="Approve beforehand what lies within: 'temperature 60..90, solvent DMF|DMSO', or 'all'; with "
        "--count, --until and --reason.",
    ),
]
CountOption = Annotated[
    int | None, typer.Option("--count", min=1, help="For --standing: how many trials.")
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        "--until",
        help="For --standing: until when: '12 h', '2 d', or 2026-12-01T08:00 (your time).",
    ),
]
RevokeOption = Annotated[
    int | None,
    typer.Option(
        "--revoke", metavar="NUMBER", help="Take a standing approval back; with --reason."
    ),
]


@dataclass(frozen=True)
class Beforehand:
    """What a person says beforehand: of a region, how many and until when; or which one is taken back."""

    region: str | None
    count: int | None
    until: str | None
    revoke: int | None

    def done(self, store: Store, campaign: Campaign, by: Actor, reasons: tuple[str, ...]) -> bool:
        """Write it; whether there was anything.

        Raises:
            SpaceError: the region cannot be read.
            OutsideLimits: it is wider than the operators' limits.
            LifecycleError: it is to end in the past, was revoked before, or no reason is given.
            NotFound: there is none of that number.
            StoreError: that is no time.
        """
        if self.region is not None:
            _give(store, campaign, self.region, self, by, reasons)
        elif self.count is not None or self.until is not None:
            raise typer.BadParameter(
                "--count and --until are for --standing: say within which region"
            )
        if self.revoke is not None:
            _revoke(store, campaign, self.revoke, by, reasons)
        return self.region is not None or self.revoke is not None


def _give(
    store: Store,
    campaign: Campaign,
    region: str,
    told: Beforehand,
    by: Actor,
    reasons: tuple[str, ...],
) -> None:
    from agent.allowed import operators
    from agent.assemble import SystemClock

    if told.count is None or told.until is None:
        raise typer.BadParameter("--standing needs --count and --until: how many, and until when")
    now = SystemClock().now()
    asked = Asked(region_of(region, campaign.space), told.count, moment(told.until, now), reasons)
    limits_of = operators().in_force
    given = give(store, store.entry(campaign.name).id, campaign, asked, by, now, limits_of)
    where = ", ".join(given.instruments)
    what = f"standing approval {given.number}: {given.count} trials on {where} until"
    console.print(
        escape(f"{what} {given.until:%Y-%m-%d %H:%M} UTC, {given.where}"), highlight=False
    )
    console.print(
        f"take it back: [bold]athanor review {campaign.name} --revoke {given.number} --reason …[/bold]"
    )


def _revoke(
    store: Store, campaign: Campaign, number: int, by: Actor, reasons: tuple[str, ...]
) -> None:
    from agent.assemble import SystemClock

    given = _numbered(store, store.entry(campaign.name).id, number)
    revoke(store, given, "; ".join(reasons), by, SystemClock().now())
    console.print(
        f"standing approval {number} is revoked, and what was approved for it and not sent"
    )


def show_standing(store: Store, id: str, campaign: Campaign) -> None:
    """Print the standing approvals of a campaign that let something through, or would if nothing had changed."""
    from agent.allowed import operators
    from agent.assemble import SystemClock

    covers = in_force(store, id, SystemClock().now())
    if covers:
        allowed = operators()
        scope = scope_of(campaign, lambda name: allowed.in_force(name).hash)
        for one in covers:
            console.print(escape(one.told(scope)), highlight=False)


def _numbered(store: Store, campaign: str, number: int) -> StandingApproval:
    covers = {one.given.number: one.given for one in store.standing_approvals(campaign)}
    if number not in covers:
        there = ", ".join(map(str, covers)) or "none"
        raise NotFound(f"there is no standing approval {number}", f"there is: {there}")
    return covers[number]
