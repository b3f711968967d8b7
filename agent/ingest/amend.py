"""Readings that a person brings of a trial that has ended: in the place of others, or what was missing."""

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest

from agent.core import ids
from agent.core.actor import Actor
from agent.core.adapter import Measurement
from agent.core.campaign import Campaign
from agent.core.history import current
from agent.core.job import CORRECTED, Job, JobStatus, Observation
from agent.core.objective import Objective
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.data.writing import Transaction
from agent.errors import IngestError
from agent.ingest.admit import Reading, admit

_TAKES = frozenset({TrialStatus.DONE, TrialStatus.PARTIAL, TrialStatus.FAILED})


def correct(
    store: Store,
    campaign: Campaign,
    trial: Trial,
    readings: Sequence[Measurement],
    by: Actor,
    now: datetime,
) -> dict[str, int]:
    """The new readings of an objective take the place of all the older ones: of one each, and what
    is left of the older ones is void. Objective -> how many there were.

    Raises:
        IngestError: there is nothing to correct of an objective.
    """
    counts = {}
    with store.write(by, now) as tx:
        standing = current(store.observations_of(trial.id))
        for name in dict.fromkeys(one.objective for one in readings):
            old = [one for one in standing if one.objective == name]
            old.sort(key=lambda one: one.left_over)
            new = [one for one in readings if one.objective == name]
            if not old:
                raise IngestError(
                    f"{trial.id} has no {name} to correct", "record it without --correct"
                )
            for number, (before, after) in enumerate(zip_longest(old, new), start=1):
                if after is None and before is not None and before.left_over:
                    continue
                corrected = _corrected(tx, campaign, before or old[-1], after, by, now)
                if before is None:
                    corrected = corrected.model_copy(
                        update={"supersedes": None, "replicate": _next(old, number - len(old))}
                    )
                tx.observe(corrected)
            counts[name] = sum(not one.left_over for one in old)
        if trial.status is TrialStatus.FAILED and any(one.void is None for one in readings):
            tx.supplement(trial.id, [one.name for one in campaign.objectives])
    return counts


def supplement(
    store: Store,
    campaign: Campaign,
    trial: Trial,
    readings: Sequence[Measurement],
    by: Actor,
    now: datetime,
) -> None:
    """Readings of objectives that are missing; of a failed trial, too: it did work after all.

    Raises:
        IngestError: the trial cannot take them.
    """
    with store.write(by, now) as tx:
        trial, jobs = store.trial(trial.id), store.jobs_of(trial.id)
        _check(campaign, trial, jobs, readings, current(store.observations_of(trial.id)))
        for one in readings:
            objective = _objective(campaign, one.objective)
            taken = jobs[-1].sample_of(trial.id) if jobs else None
            tx.observe(
                Observation(
                    id=ids.record(trial.campaign, "O", tx.number(trial.campaign, "observation")),
                    campaign=trial.campaign,
                    trial=trial.id,
                    objective=objective.name,
                    fidelity=trial.fidelity,
                    replicate=one.replicate,
                    job=jobs[-1].id if jobs else None,
                    sample=taken.id if taken else None,
                    executed=taken.executed if taken else None,
                    unit=objective.unit,
                    origin=trial.origin,
                    by=by,
                    at=now,
                    **admit(one, objective)._asdict(),
                )
            )
        tx.supplement(trial.id, [one.name for one in campaign.objectives])


def _check(
    campaign: Campaign,
    trial: Trial,
    jobs: Sequence[Job],
    readings: Sequence[Measurement],
    standing: Sequence[Observation],
) -> None:
    elsewhere = "results that were made otherwise: athanor import"
    if trial.status not in _TAKES:
        raise IngestError(f"{trial.id} is {trial.status}: it waits for no result", elsewhere)
    there = {one.objective for one in standing} & {one.objective for one in readings}
    if there:
        raise IngestError(
            f"{trial.id} is {trial.status}, and has its {', '.join(sorted(there))}",
            "to replace it: --correct",
        )
    if trial.status is not TrialStatus.FAILED:
        return
    if not jobs or jobs[-1].status is not JobStatus.FAILED:
        raise IngestError(f"{trial.id} has failed, and nothing was executed for it", elsewhere)
    if all(one.void is not None for one in readings):
        raise IngestError(
            f"{trial.id} has failed: void adds nothing to that",
            f"to say why: athanor judge {campaign.name} {trial.number} infeasible (or fault)",
        )


def _next(old: Sequence[Observation], number: int) -> int:
    return max(one.replicate for one in old) + number


def _corrected(
    tx: Transaction,
    campaign: Campaign,
    old: Observation,
    measurement: Measurement | None,
    by: Actor,
    now: datetime,
) -> Observation:
    objective = _objective(campaign, old.objective)
    reading = Reading(void=CORRECTED) if measurement is None else admit(measurement, objective)
    return Observation(
        id=ids.record(old.campaign, "O", tx.number(old.campaign, "observation")),
        campaign=old.campaign,
        trial=old.trial,
        objective=old.objective,
        fidelity=old.fidelity,
        replicate=old.replicate,
        job=old.job,
        sample=old.sample,
        unit=objective.unit,
        executed=old.executed,
        supersedes=old.id,
        by=by,
        at=now,
        **reading._asdict(),
    )


def _objective(campaign: Campaign, name: str) -> Objective:
    return next(one for one in campaign.objectives if one.name == name)
