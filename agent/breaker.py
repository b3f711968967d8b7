"""The circuit breaker: an instrument that fails again and again is held before it spoils more."""

from datetime import datetime

from agent.core.instrument import BREAKER, tripped
from agent.core.record import Tested, record_of
from agent.core.register import Lease
from agent.data.store import Store
from agent.standing import Standing


def why_trip(store: Store, standing: Standing) -> str | None:
    """Why the campaign's instrument is to be held; None if it is not, or is held already."""
    if standing.held is not None:
        return None
    name = standing.campaign.execution.target
    told = (readings(standing, one.name) for one in standing.campaign.objectives)
    words, jobs = store.holds(name), store.jobs_on(name)
    return next((why for one in told if (why := tripped(words, jobs, one))), None)


def readings(standing: Standing, objective: str) -> list[tuple[Tested, datetime]]:
    """The predictions of an objective that were put to the test, those in question too, and when."""
    seen: dict[str, datetime] = {}
    for one in standing.observations:
        seen.setdefault(one.trial, one.at)
    tested = record_of(standing.decisions, standing.trials, standing.measured, objective)
    return sorted(((one, seen[one.trial]) for one in tested), key=lambda pair: pair[1])


def trip(store: Store, lease: Lease, standing: Standing, why: str, now: datetime) -> None:
    """Hold the instrument; the campaign's journal says so too.

    Raises:
        LeaseLost: somebody else has taken over.
    """
    name = standing.campaign.execution.target
    with store.write(BREAKER, now, lease) as tx:
        tx.record(lease.name, "instrument.held", name, {"reason": why})
        tx.hold(name, why)
