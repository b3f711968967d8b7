"""The circuit breaker: an instrument that fails again and again is held before it spoils more."""

from datetime import datetime

from agent.core.instrument import BREAKER, tripped
from agent.core.record import Tested, record_of
from agent.core.register import Lease
from agent.data.store import Store
from agent.standing import Standing


def why_trip(store: Store, standing: Standing, instrument: str) -> str | None:
    """Why an instrument of the campaign is to be held; None if it is not, or is held already."""
    if standing.hold_of(instrument) is not None:
        return None
    told = (readings(standing, one.name, instrument) for one in standing.campaign.objectives)
    words, jobs = store.holds(instrument), store.jobs_on(instrument)
    return next((why for one in told if (why := tripped(words, jobs, one))), None)


def readings(standing: Standing, objective: str, instrument: str) -> list[tuple[Tested, datetime]]:
    """The predictions of an objective that were put to the test on an instrument, those in question too, and
    when.
    """
    elsewhere = {job.id for job in standing.jobs if job.instrument != instrument}
    seen: dict[str, datetime] = {}
    for one in standing.observations:
        if one.objective == objective and one.job not in elsewhere:
            seen.setdefault(one.trial, one.at)
    near = standing.campaign.space.near
    tested = record_of(standing.decisions, standing.trials, standing.measured, objective, near)
    here = ((one, seen[one.trial]) for one in tested if one.trial in seen)
    return sorted(here, key=lambda pair: pair[1])


def trip(store: Store, lease: Lease, instrument: str, why: str, now: datetime) -> None:
    """Hold an instrument; the campaign's journal says so too.

    Raises:
        LeaseLost: somebody else has taken over.
    """
    with store.write(BREAKER, now, lease) as tx:
        tx.record(lease.name, "instrument.held", instrument, {"reason": why})
        tx.hold(instrument, why)
