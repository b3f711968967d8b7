"""Standing approvals: given by a person for a region, and reviewed by in their name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.core import ids
from agent.core.actor import Actor
from agent.core.campaign import Campaign
from agent.core.history import Effective
from agent.core.limits import Limit
from agent.core.operators import InForce
from agent.core.register import Lease
from agent.core.standing_approval import (
    Cover,
    Revocation,
    StandingApproval,
    beyond,
    covering,
    scope_of,
)
from agent.core.trial import Trial
from agent.data.store import Store
from agent.dispatch.reviewing import Verdict, review
from agent.errors import GateError, OutsideLimits


@dataclass(frozen=True)
class Asked:
    """What a person permits beforehand: how many trials, until when, within which region, and why."""

    region: dict[str, Limit]
    count: int
    until: datetime
    reasons: tuple[str, ...]


def give(
    store: Store,
    id: str,
    campaign: Campaign,
    asked: Asked,
    by: Actor,
    now: datetime,
    limits_of: Callable[[str], InForce],
) -> StandingApproval:
    """Write a standing approval of a campaign on its instruments.

    Args:
        store: Where it is written.
        id: The campaign's.
        campaign: Its latest revision.
        asked: What is permitted.
        by: Who permits it.
        now: When.
        limits_of: What the operators say of an instrument: nothing beyond that is permitted.

    Raises:
        OutsideLimits: the region is wider than the operators' limits of each instrument of a step.
        GateError: somebody else than a person gives it.
        LifecycleError: it is to end in the past, or no reason is given.
    """
    for step in campaign.execution.order:
        names = [one.instrument for one in step.stations]
        told = [beyond(asked.region, limits_of(name).rules.limits) for name in names]
        if all(told):
            raise OutsideLimits(names[0], told[0], against="the region", mend="narrow it")
    with store.write(by, now) as tx:
        number = tx.number(id, "standing approval")
        given = StandingApproval(
            id=ids.record(id, "S", number),
            campaign=id,
            number=number,
            instruments=campaign.execution.instruments_named,
            region=asked.region,
            scope=scope_of(campaign, lambda name: limits_of(name).hash),
            count=asked.count,
            until=asked.until,
            by=by,
            reasons=asked.reasons,
            at=now,
        )
        tx.give_standing(given)
    return given


def revoke(store: Store, given: StandingApproval, reason: str, by: Actor, now: datetime) -> None:
    """Take a standing approval back, with what was approved for it and not sent.

    Raises:
        GateError: somebody else than a person does it.
        LifecycleError: it was revoked before, or no reason is given.
    """
    with store.write(by, now) as tx:
        number = tx.number(given.campaign, "revocation")
        tx.revoke_standing(
            Revocation(
                id=ids.record(given.campaign, "K", number),
                campaign=given.campaign,
                standing=given.id,
                reason=reason,
                by=by,
                at=now,
            )
        )


def review_in_its_name(
    store: Store,
    lease: Lease,
    trial: Trial,
    campaign: Campaign,
    point: Effective,
    now: datetime,
    limits_of: Callable[[str], InForce],
) -> StandingApproval | None:
    """Approve a proposal in the name of a standing approval that covers it, and count it against that, in one
    transaction; None if none does, or another process was faster.
    """
    covers = store.standing_approvals(trial.campaign)
    if not covers:
        return None
    settings = campaign.space.labelled(point.settings)
    found = covering(covers, settings, scope_of(campaign, lambda name: limits_of(name).hash), now)
    if found is None:
        return None
    why = (f"{found.by.name} has approved it beforehand: {found.where}", *found.reasons)
    verdict = Verdict("approve", found.rule, why, standing=found)
    try:
        review(store, trial, campaign, verdict, now, lease=lease, limits_of=limits_of)
    except GateError:
        return None
    return found


def in_force(store: Store, campaign: str, now: datetime) -> list[Cover]:
    """The standing approvals of a campaign that are neither used up, over nor taken back."""
    return [one for one in store.standing_approvals(campaign) if one.in_force(now)]


def still_stands(store: Store, campaign: str, standing: str | None) -> bool:
    """Whether what was approved in the name of a standing approval may be permitted again; True of what was not."""
    covers = store.standing_approvals(campaign) if standing is not None else []
    return standing is None or any(
        one.given.id == standing and one.revoked is None for one in covers
    )


__all__ = ["Asked", "give", "in_force", "review_in_its_name", "revoke", "still_stands"]
