"""Results -> checked -> observed: what an adapter brings becomes observations, in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent.core import ids
from agent.core.actor import AGENT, Actor
from agent.core.adapter import Adapter, Measurement, Outcome
from agent.core.campaign import Campaign
from agent.core.clock import Clock
from agent.core.failures import FailureLine, classified
from agent.core.job import UNENDED, Job, JobStatus, Observation, Sample, SampleRef
from agent.core.register import Lease
from agent.core.values import Point
from agent.data.store import Store
from agent.data.writing import Transaction
from agent.errors import IngestError, Unreachable
from agent.ingest.admit import admit

_ENDS = {"done": JobStatus.DONE, "failed": JobStatus.FAILED, "cancelled": JobStatus.CANCELLED}


def collect(
    store: Store,
    lease: Lease,
    campaign: Campaign,
    job: Job,
    adapter: Adapter,
    clock: Clock,
    failures: Sequence[FailureLine] = (),
) -> tuple[str, str]:
    """Ask for the results of a started job and take in what there is: its state, and a word about it.

    `failures` is the operators' table of what the instrument's failures mean.

    Raises:
        LeaseLost: somebody else has taken over; what was collected was not written.
    """
    try:
        outcome = adapter.collect(job, job.handle or {})
    except Unreachable as silence:
        return "silent", str(silence)
    ingest(store, lease, campaign, job, outcome, clock.now(), failures=failures)
    return outcome.state, outcome.message


def ingest(
    store: Store,
    lease: Lease | None,
    campaign: Campaign,
    job: Job,
    outcome: Outcome,
    now: datetime,
    by: Actor = AGENT,
    failures: Sequence[FailureLine] = (),
) -> None:
    """Write what `outcome` brings: raw document, observations, samples, and the job's new state.

    The agent writes under its lease; a person who records results needs none. Where the job has
    ended meanwhile, what the agent brings is only written down.

    Raises:
        IngestError: a person brings it, and the job has ended.
    """
    with store.write(by, now, lease) as tx:
        raw = tx.put_blob(outcome.raw.encode(), "application/json") if outcome.raw else None
        job = tx.job(job.id)
        if job.status not in UNENDED:
            if by.kind == "person":
                raise IngestError(f"{job.id} is {job.status} since", "record it again")
            tx.record(job.campaign, "outcome.late", job.id, _told(outcome, raw))
            return
        seen = {
            (one.trial, one.objective, one.replicate)
            for trial in job.trials
            for one in store.observations_of(trial)
            if one.job == job.id
        }
        for measurement in outcome.measurements:
            one = (measurement.trial, measurement.objective, measurement.replicate)
            if one not in seen:
                seen.add(one)
                _observe(tx, campaign, job, _made(outcome, measurement), raw, now, by)
        _move(tx, campaign, job, _judged(tx, job, outcome, failures), now)


def _made(outcome: Outcome, measurement: Measurement) -> Measurement:
    """A measurement with the settings that its sample was executed with, where the outcome has them."""
    executed = {**outcome.executed.get(measurement.trial, {}), **(measurement.executed or {})}
    return measurement.model_copy(update={"executed": executed or None})


def _judged(
    tx: Transaction, job: Job, outcome: Outcome, failures: Sequence[FailureLine]
) -> Outcome:
    """A failed outcome with the kind that the operators' table says, and in its message why."""
    if outcome.state != "failed":
        return outcome
    message = outcome.message
    if outcome.code and outcome.code not in message:
        message = f"{outcome.code}: {message}" if message else outcome.code
    found = classified(outcome, failures)
    if found is None:
        return outcome.model_copy(update={"message": message})
    told = {
        "code": outcome.code,
        "said": outcome.failure,
        "kind": found.kind,
        "line": found.number,
        "table": found.line.model_dump(mode="json", exclude_none=True),
    }
    tx.record(job.campaign, "failure.classified", job.id, told)
    words = f"{message} [{found}]" if message else str(found)
    return outcome.model_copy(update={"failure": found.kind, "message": words})


def _told(outcome: Outcome, raw: str | None) -> dict[str, Any]:
    return {**outcome.model_dump(mode="json", exclude={"raw"}), "raw": raw}


def ingest_timeout(store: Store, lease: Lease, campaign: Campaign, job: Job, now: datetime) -> None:
    """A pure job that took too long has failed: it can be computed again without harm."""
    late = Outcome(state="failed", failure="timeout", message="no end within the deadline")
    ingest(store, lease, campaign, job, late, now)


def _observe(
    tx: Transaction,
    campaign: Campaign,
    job: Job,
    measurement: Measurement,
    raw: str | None,
    now: datetime,
    by: Actor,
) -> None:
    objective = next((o for o in campaign.objectives if o.name == measurement.objective), None)
    plan = next((one for one in job.plans if one.trial == measurement.trial), None)
    asked = plan is not None and (by.kind == "person" or measurement.objective in plan.objectives)
    if objective is None or plan is None or not asked:
        tx.record(job.campaign, "measurement.unasked", job.id, measurement.model_dump(mode="json"))
        return
    reading, taken = admit(measurement, objective), job.sample_of(measurement.trial)
    tx.observe(
        Observation(
            id=ids.record(job.campaign, "O", tx.number(job.campaign, "observation")),
            campaign=job.campaign,
            trial=measurement.trial,
            objective=objective.name,
            fidelity=plan.fidelity,
            replicate=measurement.replicate,
            job=job.id,
            sample=taken.id if taken else None,
            unit=objective.unit,
            executed=_executed(taken, measurement),
            raw=raw,
            analysis=measurement.analysis,
            by=by,
            at=now,
            **reading._asdict(),
        )
    )


def _executed(taken: SampleRef | None, measurement: Measurement) -> Point | None:
    """The settings as executed: those that the sample was made with, and those that it was measured at."""
    made = (taken.executed if taken else None) or {}
    return {**made, **(measurement.executed or {})} or None


def _move(tx: Transaction, campaign: Campaign, job: Job, outcome: Outcome, now: datetime) -> None:
    if outcome.state == "running":
        if job.status is JobStatus.STARTED:
            tx.move_job(job.id, JobStatus.RUNNING, message=outcome.message)
        return
    if outcome.state == "lost":
        tx.move_job(job.id, JobStatus.UNKNOWN, message=outcome.message)
        return
    failure = (outcome.failure or "unclassified") if outcome.state == "failed" else None
    tx.move_job(
        job.id, _ENDS[outcome.state], message=outcome.message, failure=failure, cost=outcome.cost
    )
    for trial in job.trials:
        if outcome.state == "done":
            _keep_sample(tx, campaign, job, trial, outcome, now)
        tx.settle(trial, campaign.settling)


def _keep_sample(
    tx: Transaction, campaign: Campaign, job: Job, trial: str, outcome: Outcome, now: datetime
) -> None:
    """The sample that a first step has made; of a later one how it has changed, and where it lies now."""
    executed, place = outcome.executed.get(trial), outcome.places.get(trial, "")
    taken = job.sample_of(trial)
    if taken is not None:
        if executed or place:
            made = {**(taken.executed or {}), **(executed or {})} or None
            tx.move_sample(taken.id, place or taken.place, made)
        return
    number = tx.number(job.campaign, "sample")
    tx.add_sample(
        Sample(
            id=ids.record(job.campaign, "S", number),
            campaign=job.campaign,
            code=f"{campaign.name}-{number:03d}",
            job=job.id,
            trial=trial,
            place=place,
            executed=executed,
            at=now,
        )
    )
