"""All campaigns of a store in turn: what a schedule does, so that no process has to live for weeks."""

from collections.abc import Callable

from agent.core.job import IN_FLIGHT
from agent.core.register import CampaignStatus, Entry
from agent.core.trial import TrialStatus
from agent.core.values import Value
from agent.data.store import Store
from agent.errors import AthanorError, LeaseHeld
from agent.loop import Round

_UNSENT = (TrialStatus.PROPOSED, TrialStatus.APPROVED)


class Turn(Value):
    """What one campaign's turn came to: the state of its last round, or `held` by another process, or
    `fault`; and why.
    """

    campaign: str
    state: str
    reason: str = ""


def to_advance(store: Store) -> list[Entry]:
    """The campaigns in which something can be done: the active ones, and of the others those that still
    have something at an instrument to collect, or to withdraw. Oldest first.
    """
    return [entry for entry in store.entries() if _open(store, entry)]


def advance_all(store: Store, advance: Callable[[Entry], Round]) -> list[Turn]:
    """Give each campaign that is to be advanced its turn; one that is held, or at fault, stops no other.

    Args:
        store: Where they are.
        advance: Advances one as far as it goes now.
    """
    return [_turn(entry, advance) for entry in to_advance(store)]


def _open(store: Store, entry: Entry) -> bool:
    if entry.status is CampaignStatus.ACTIVE:
        return True
    if store.jobs(entry.id, *IN_FLIGHT):
        return True
    return entry.status is CampaignStatus.STOPPED and bool(store.trials(entry.id, *_UNSENT))


def _turn(entry: Entry, advance: Callable[[Entry], Round]) -> Turn:
    try:
        last = advance(entry)
    except LeaseHeld as error:
        return Turn(campaign=entry.name, state="held", reason=str(error))
    except AthanorError as error:
        return Turn(campaign=entry.name, state="fault", reason=str(error))
    return Turn(campaign=entry.name, state=last.state, reason=last.reason)
