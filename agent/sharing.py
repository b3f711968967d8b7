"""Whose turn it is on a shared instrument, as the store and the operators' file have it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from agent.core.adapter import Capabilities
from agent.core.history import effective
from agent.core.hours import closed
from agent.core.instrument import holds_within
from agent.core.lifecycle import due
from agent.core.operators import NOTHING_SAID, InForce
from agent.core.stock import shortages
from agent.core.trial import Approval, TrialStatus
from agent.core.turns import Claim, Turns
from agent.data.store import Store
from agent.dispatch.plans import plans_for
from agent.lab import Lab
from agent.resolved import campaign_of


def turns(
    store: Store, instrument: str, limits: InForce, now: datetime, present: str = ""
) -> Turns | None:
    """Who wants an instrument now, and who has had it lately; None where its operators do not share it.

    A campaign wants it if it is active, has something that is permitted and that the stocks are enough for,
    and is looked after: its lease is held, or was within the time for which it is waited for.

    Args:
        store: Where campaigns and jobs are.
        instrument: Its name.
        limits: What the operators say of it.
        now: The time.
        present: The id of a campaign that is looked after by whoever asks.
    """
    share = limits.rules.share
    if share is None:
        return None
    since = now - timedelta(seconds=max(share.window_s, share.turn_s))
    held = holds_within(store.holds(instrument), since, now)
    found = []
    for campaign, approvals in store.permitted(instrument, now).items():
        seen = present == campaign or _seen_since(store, campaign, now - share.patience)
        ready = [one for one in approvals if _sendable(store, one, limits)] if seen else []
        if ready:
            name = store.entry(campaign).name
            shut = closed(limits.rules.hours, name, since, now + timedelta(microseconds=1))
            spans = (*held, *((begin, end) for begin, end, _ in shut))
            found.append(Claim(name, ready[0].at, ready[-1].at, spans))
    return Turns(share, found, store.stays(instrument, since), now)


def gives_way(
    lab: Lab, campaign: str, instrument: str, able: Capabilities, busy: int
) -> str | None:
    """Why a campaign sends nothing to an instrument now though it could: another one is next; None if it may,
    or the instrument only computes.

    Args:
        lab: The outside world.
        campaign: Its id.
        instrument: The name of the instrument.
        able: What that is able to.
        busy: How many jobs it has.
    """
    if able.effect != "physical":
        return None
    limits = lab.limits.get(instrument, NOTHING_SAID)
    asked = turns(lab.store, instrument, limits, lab.clock.now(), campaign)
    if asked is None:
        return None
    return asked.gives_way(lab.store.entry(campaign).name, able.parallel - busy)


def told(asked: Turns) -> Sequence[str]:
    """Who is next, and who then, each with the reason why it is before the one after it."""
    names = [one.campaign for one in asked.order]
    return [*(f"{one}: {asked.why(one, after)}" for one, after in pairwise(names)), *names[-1:]]


def _seen_since(store: Store, campaign: str, since: datetime) -> bool:
    lease = store.lease(campaign)
    return lease is not None and max(lease.expires_at, lease.seen_at or lease.expires_at) > since


def _sendable(store: Store, approval: Approval, limits: InForce) -> bool:
    """Whether what an approval permits is the next step of its trial, and the stocks are enough for it."""
    trial = store.trial(approval.trial)
    between = len(trial.steps) > 1 and trial.status is TrialStatus.IN_PROGRESS
    if trial.status is not TrialStatus.APPROVED and not between:
        return False  # under way on one that is alike, or it waits for another review
    if len(trial.steps) > 1 and due(trial.steps, store.jobs_of(trial.id)) != approval.step:
        return False
    if not limits.rules.stocks:
        return True
    campaign = campaign_of(store, trial.campaign)
    wanted = effective([trial], store.reviews_of(trial.id))[trial.id]
    plans = plans_for(trial, wanted, campaign, lambda _: limits.hash, (approval.step,))
    levels = store.levels(approval.instrument)
    return any(
        not shortages(approval.instrument, limits.rules.needs(plan), levels)
        for plan in plans
        if plan.instrument == approval.instrument
    )
