"""The emergency stop: the instrument first, and what can be written of it afterwards."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from agent.core.actor import Actor
from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.register import CampaignStatus
from agent.data.store import Store
from agent.errors import AthanorError, StoreError
from agent.resolved import campaign_of

_WHY = "emergency stop"


def emergency_stop(adapter: Adapter) -> str | None:
    """Bring an instrument to its safe state; what its adapter said against it, None if nothing.

    Whatever other people's code raises, the caller is told, and goes on to hold the instrument.
    """
    try:
        adapter.emergency_stop()
    except Exception as error:  # noqa: BLE001 - nothing may keep the rest from being done
        return f"{type(error).__name__}: {error}"
    return None


def write_down(
    opening: Callable[[], AbstractContextManager[Store]],
    campaign: Campaign,
    by: Actor,
    reason: str,
    now: datetime,
) -> list[str]:
    """Hold the instruments and pause every campaign on them; a line for each thing that was done, or was not.

    Args:
        opening: Opens the store; it may be down.
        campaign: Whose instruments were stopped.
        by: Who stopped it.
        reason: Why.
        now: When.
    """
    targets, why = campaign.execution.instruments_named, f"{_WHY}: {reason}" if reason else _WHY
    try:
        with opening() as store:
            return _held(store, targets, by, why, now)
    except (AthanorError, OSError) as error:
        return [
            f"NOT written down, the store cannot be used: {error}",
            *(f"when it can: athanor instrument hold {one} --reason '{why}'" for one in targets),
        ]


def _held(store: Store, targets: Sequence[str], by: Actor, why: str, now: datetime) -> list[str]:
    told = []
    for target in targets:
        with store.write(by, now) as tx:
            held = tx.hold(target, why)
        told.append(f"{held}: athanor instrument release {target}")
    for entry in store.entries():
        if entry.status is not CampaignStatus.ACTIVE:
            continue
        there = campaign_of(store, entry.id).execution.instruments_named
        stopped = [one for one in targets if one in there]
        if not stopped:
            continue
        try:
            with store.write(by, now) as tx:
                for target in stopped:
                    tx.record(entry.id, "instrument.stopped", target, {"reason": why})
                tx.set_status(entry.id, CampaignStatus.PAUSED, why)
            told.append(f"{entry.name} is paused")
        except StoreError as error:
            told.append(f"{entry.name} could not be paused: {error}")
    return told
