"""Readings that are not right, since an instrument was not: a person says since when, and all of them are void."""

from datetime import datetime

from agent.core.actor import Actor
from agent.core.adapter import Measurement
from agent.core.history import current
from agent.core.job import Observation
from agent.data.store import Store
from agent.errors import GateError
from agent.ingest.amend import correct
from agent.resolved import campaign_of


def void_since(
    store: Store, instrument: str, since: datetime, reason: str, by: Actor, now: datetime
) -> list[str]:
    """Make every reading void that an instrument has brought since then, of whichever campaign; a line for each.

    What it replaces stays in the store, superseded. Samples are not made anew, and nothing is sent.

    Args:
        store: Where they are.
        instrument: Which.
        since: From when on its readings are not right.
        reason: Why.
        by: The person who says so.
        now: When.

    Raises:
        GateError: somebody else than a person says it.
    """
    if by.kind != "person":
        raise GateError(f"{by} cannot make readings void", "a person does")
    there = {job.id for job in store.jobs_on(instrument)}
    told = []
    for entry in store.entries():
        campaign = campaign_of(store, entry.id)
        trials: dict[str, list[Observation]] = {}
        for one in current(store.observations(entry.id)):
            if one.job in there and one.at >= since and one.void is None:
                trials.setdefault(one.trial, []).append(one)
        for name, wrong in trials.items():
            trial = store.trial(name)
            correct(store, campaign, trial, [_void(one, reason) for one in wrong], by, now)
            values = ", ".join(f"{one.objective} {_said(one)}" for one in wrong)
            told.append(f"{entry.name}, trial {trial.number}: {values} is void")
    return told


def _void(one: Observation, reason: str) -> Measurement:
    return Measurement(
        trial=one.trial,
        objective=one.objective,
        unit=one.unit,
        replicate=one.replicate,
        void=reason,
    )


def _said(one: Observation) -> str:
    if one.value is not None:
        return f"{one.value:.4g}"
    return f"< {one.high:.4g}" if one.high is not None else f"> {one.low:.4g}"
