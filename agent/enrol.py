"""A resolved campaign file enters the store: as a new campaign, or as the next revision of one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from agent.core import ids
from agent.core.actor import Actor
from agent.core.history import effective
from agent.core.job import JobStatus
from agent.core.register import CampaignStatus, Entry, Revision
from agent.core.trial import OPEN, TrialStatus
from agent.data.store import Store
from agent.data.writing import Transaction
from agent.earlier import gathered
from agent.errors import CampaignError, NotFound
from agent.load import Resolved, Revised, outside, revise
from agent.resolved import campaign_of


@dataclass(frozen=True)
class Enrolment:
    """What became of a file: the campaign's entry, the number of its revision, and what was done.

    `outside` names the open trials that are not in the new space: trial -> reasons. `warnings` tell
    of priors that the store was asked for.
    """

    entry: Entry
    revision: int
    done: Literal["registered", "revised", "unchanged", "declined"]
    outside: dict[str, tuple[str, ...]]
    warnings: tuple[str, ...] = ()


def enrol(
    store: Store,
    resolved: Resolved,
    by: Actor,
    now: datetime,
    agree: Callable[[Revised, dict[str, tuple[str, ...]]], bool],
) -> Enrolment:
    """Register the campaign, or revise the one of its name after `agree` has seen the difference.

    Priors that name earlier campaigns take the rows that those have by now: more of them are a
    revision too.

    Raises:
        CampaignError: a prior cannot be used, or the change is not one that a revision can make
            (every fault is listed).
    """
    told = len(resolved.warnings)
    resolved = gathered(store, resolved, now)
    done = _entered(store, resolved, by, now, agree)
    return replace(done, warnings=resolved.warnings[told:])


def _entered(
    store: Store,
    resolved: Resolved,
    by: Actor,
    now: datetime,
    agree: Callable[[Revised, dict[str, tuple[str, ...]]], bool],
) -> Enrolment:
    try:
        entry = store.entry(resolved.campaign.name)
    except NotFound:
        return _register(store, resolved, by, now)
    old = campaign_of(store, entry.id)
    number = store.revision(entry.id).number
    if old == resolved.campaign:
        return Enrolment(entry, number, "unchanged", {})
    change = revise(old, resolved.campaign)
    if change.refused:
        raise CampaignError(
            f"{entry.name} cannot be changed like this",
            "give the file another name to start a new campaign",
            change.refused,
        )
    strangers = _strangers(store, entry, resolved)
    if not agree(change, strangers):
        return Enrolment(entry, number, "declined", strangers)
    _revise(store, entry, number + 1, resolved, change, by, now, strangers)
    return Enrolment(store.entry(entry.id), number + 1, "revised", strangers)


def _register(store: Store, resolved: Resolved, by: Actor, now: datetime) -> Enrolment:
    entry = Entry(id=ids.new_campaign(), name=resolved.campaign.name, at=now)
    revision = _revision(entry, 1, resolved, (), by, now)
    with store.write(by, now) as tx:
        _keep(tx, resolved)
        tx.register(entry, revision)
    return Enrolment(entry, 1, "registered", {})


def _revise(
    store: Store,
    entry: Entry,
    number: int,
    resolved: Resolved,
    change: Revised,
    by: Actor,
    now: datetime,
    strangers: dict[str, tuple[str, ...]],
) -> None:
    with store.write(by, now) as tx:
        _keep(tx, resolved)
        tx.revise(_revision(entry, number, resolved, change.diff, by, now))
        if entry.status in {CampaignStatus.FINISHED, CampaignStatus.STOPPED}:
            tx.set_status(entry.id, CampaignStatus.ACTIVE, f"revision {number}")
        made = {trial for job in store.jobs(entry.id, JobStatus.DONE) for trial in job.trials}
        for trial in store.trials(entry.id, TrialStatus.APPROVED):
            if trial.id in strangers and trial.id not in made:  # what has begun is finished
                tx.move_trial(
                    trial.id, TrialStatus.PROPOSED, f"outside the space of revision {number}"
                )


def _strangers(store: Store, entry: Entry, resolved: Resolved) -> dict[str, tuple[str, ...]]:
    trials = store.trials(entry.id, *OPEN)
    wanted = effective(trials, store.reviews(entry.id))
    space = resolved.campaign.space.bound(resolved.pools)
    return outside(space, {trial.id: wanted[trial.id].point for trial in trials})


def _keep(tx: Transaction, resolved: Resolved) -> None:
    for content in resolved.blobs.values():
        tx.put_blob(content, "application/json")


def _revision(
    entry: Entry, number: int, resolved: Resolved, diff: tuple[str, ...], by: Actor, now: datetime
) -> Revision:
    return Revision(
        campaign=entry.id,
        number=number,
        document=resolved.campaign.model_dump(mode="json"),
        source=resolved.source,
        diff=diff,
        by=by,
        at=now,
    )
