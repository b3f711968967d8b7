"""What a person brings: results of an experiment at the bench, of one in doubt or one that has ended; and what
became of a job in doubt.
"""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from agent.core.actor import Actor
from agent.core.adapter import Measurement, Outcome
from agent.core.campaign import Campaign
from agent.core.job import UNENDED, FailureKind, Job, JobStatus
from agent.core.lifecycle import due
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.errors import IngestError, LifecycleError, NotFound
from agent.ingest import amend
from agent.ingest.admit import Reading, admit
from agent.ingest.collect import ingest
from agent.resolved import campaign_of

_READING = re.compile(
    r"^\s*(?P<bound>[<>]=?|[≤≥])?\s*(?P<value>[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?)"
    r"(\s*(±|\+/-|\+-)\s*(?P<sd>\d+(\.\d*)?([eE][-+]?\d+)?))?\s*(?P<unit>[^\s,.±+-].*)?$"
)


def read(text: str, campaign: Campaign, trial: str) -> Measurement:
    """One reading as a person writes it: `yield=83`, `yield=83 ± 2 %`, `purity=<0.5`, `yield=void: spilled`.

    Raises:
        IngestError: it cannot be read, or speaks of no objective of the campaign.
    """
    name, equals, rest = text.partition("=")
    objective = next((one for one in campaign.objectives if one.name == name.strip()), None)
    if not equals or objective is None:
        known = ", ".join(one.name for one in campaign.objectives)
        raise IngestError(
            f"cannot read {text!r}", f"write objective=value; the objectives are: {known}"
        )
    if rest.strip().lower().startswith("void"):
        reason = rest.strip()[4:].lstrip(": ") or "no reason given"
        return Measurement(trial=trial, objective=objective.name, unit=objective.unit, void=reason)
    if rest.strip() in objective.classes:
        number = objective.classes.index(rest.strip())
        return Measurement(
            trial=trial, objective=objective.name, unit=objective.unit, value=float(number)
        )
    if objective.classed:
        raise IngestError(
            f"{rest.strip()!r} is no class of {objective.name}",
            f"the classes are {', '.join(objective.classes)}; or write void: spilled",
        )
    found = _READING.match(rest)
    if found is None:
        comma = " (with a decimal point)" if "," in rest else ""
        raise IngestError(
            f"{rest!r} is not a reading",
            f"write it like 83, 83 ± 2 %, <0.5 or void: spilled{comma}",
        )
    bound = found["bound"] or ""
    value, unit = float(found["value"]), (found["unit"] or objective.unit).strip()
    if not math.isfinite(value) or not math.isfinite(float(found["sd"] or 0.0)):
        raise IngestError(f"{rest!r} is larger than a number can be", "mend the value")
    return Measurement(
        trial=trial,
        objective=objective.name,
        unit=unit,
        value=None if bound else value,
        high=value if bound in {"<", "<=", "≤"} else None,
        low=value if bound in {">", ">=", "≥"} else None,
        sd=float(found["sd"]) if found["sd"] else None,
    )


class Recorded(NamedTuple):
    """What was written, a line each; and the job that it has ended."""

    lines: list[str]
    job: Job | None = None


def record(
    store: Store,
    name: str,
    trial_name: str,
    values: Sequence[str],
    by: Actor,
    now: datetime,
    *,
    correct: bool = False,
) -> Recorded:
    """Write the readings of one trial.

    A trial in progress is ended by them (also one whose job is in doubt). One that has ended takes
    those that are missing, also where it has failed: it did work after all. Others only as a
    correction: the older ones stay in the store, superseded.

    Raises:
        IngestError: a reading cannot be read, or the trial cannot take it.
        NotFound: there is no such campaign or trial.
    """
    entry = store.entry(name)
    campaign = campaign_of(store, entry.id)
    trial = trial_of(store, entry.id, trial_name)
    readings = _numbered([read(text, campaign, trial.id) for text in values])
    refused = [
        reading.void
        for one in readings
        if (reading := _admitted(one, campaign)).void and not one.void
    ]
    if refused:
        raise IngestError(f"nothing was recorded: {refused[0]}", "mend the value or its unit")
    if correct:
        counts = amend.correct(store, campaign, trial, readings, by, now)
        return Recorded(
            [_line(campaign, one) + _instead(counts[one.objective]) for one in readings]
        )
    job = _waits(store, trial, readings)
    if job is None:
        amend.supplement(store, campaign, trial, readings, by, now)
    else:
        said = f"recorded by {by.name}"
        outcome = Outcome(state="done", measurements=tuple(readings), message=said)
        ingest(store, None, campaign, job, outcome, now, by)
    status = store.trial(trial.id).status
    lines = [*(_line(campaign, one) for one in readings), f"{trial.id} is {status}"]
    return Recorded(lines, job)


def _instead(count: int) -> str:
    return f" (corrected, in place of {count} readings)" if count > 1 else " (corrected)"


def _numbered(readings: list[Measurement]) -> list[Measurement]:
    """The readings, those of one objective numbered as its replicates."""
    names = [one.objective for one in readings]
    return [
        one.model_copy(update={"replicate": names[: at + 1].count(one.objective)})
        for at, one in enumerate(readings)
    ]


def _admitted(measurement: Measurement, campaign: Campaign) -> Reading:
    objective = next(one for one in campaign.objectives if one.name == measurement.objective)
    return admit(measurement, objective)


def trial_of(store: Store, campaign: str, name: str) -> Trial:
    """The trial of that number or id of a campaign (by id).

    Raises:
        NotFound: there is none.
    """
    trials = store.trials(campaign)
    found = [trial for trial in trials if name in {trial.id, str(trial.number)}]
    if not found:
        hint = f"there are {len(trials)}; athanor status names those in progress"
        raise NotFound(f"no trial {name}", hint)
    return found[0]


def _waits(store: Store, trial: Trial, readings: Sequence[Measurement]) -> Job | None:
    """The job that waits for the readings of a trial; None where it has ended."""
    jobs = store.jobs_of(trial.id)
    if trial.status is not TrialStatus.IN_PROGRESS or not jobs:
        return None
    if (step := due(trial.steps, jobs)) is not None:
        raise IngestError(f"{trial.id} waits for {step}", "record it when it is there")
    if jobs[-1].status not in UNENDED - {JobStatus.INTENDED}:
        raise IngestError(f"{jobs[-1].id} is only being sent", "record it after the next round")
    _check_measured(trial, jobs[-1], readings)
    return jobs[-1]


def _check_measured(trial: Trial, job: Job, readings: Sequence[Measurement]) -> None:
    """A step that others follow is ended only by what it measures: its sample is on its way to them then."""
    asked = {name for plan in job.plans for name in plan.objectives}
    foreign = [one.objective for one in readings if one.objective not in asked]
    if foreign and job.stage < len(trial.steps):
        doubted = job.status is JobStatus.UNKNOWN
        look = f"athanor resolve {job.id} done (or failed), if you know" if doubted else ""
        raise IngestError(
            f"{trial.id} is at its step {job.step}, which does not measure {', '.join(foreign)}",
            look or "record it when the step that measures it is there",
        )


def _line(campaign: Campaign, measurement: Measurement) -> str:
    reading = _admitted(measurement, campaign)
    objective = next(o for o in campaign.objectives if o.name == measurement.objective)
    unit = objective.unit
    if objective.classed and reading.value is not None:
        return f"{measurement.objective}: {objective.label(reading.value)}"
    if reading.void:
        return f"{measurement.objective}: void, {reading.void}"
    if reading.value is None:
        bound = f"< {reading.high:g}" if reading.high is not None else f"> {reading.low:g}"
        return f"{measurement.objective}: {bound} {unit}"
    sd = f" ± {reading.sd:g}" if reading.sd is not None else ""
    return f"{measurement.objective}: {reading.value:g}{sd} {unit}"


def resolve(
    store: Store,
    job_id: str,
    fate: JobStatus,
    reason: str,
    by: Actor,
    now: datetime,
    *,
    under_way: bool = False,
) -> None:
    """Write what became of a job of which the agent cannot know.

    Args:
        store: Where it is written.
        job_id: The job, `unknown`; with `under_way` also one that its instrument will never end.
        fate: refused, failed, cancelled; done, of a step that measures nothing: its sample is there.
        reason: How the person knows.
        by: Who says it.
        now: When.
        under_way: Whether it may be under way for all that the agent knows.

    Raises:
        LifecycleError: no reason is given, or it is not in doubt; or it is done, and its readings are to be recorded;
            or it was begun, and is to be refused.
        NotFound: there is no such job.
    """
    if not reason.strip():
        raise LifecycleError("it is not said how you know", "give a reason: --reason 'I looked'")
    job = store.job(job_id)
    begun = job.status in {JobStatus.STARTED, JobStatus.RUNNING}
    if job.status is not JobStatus.UNKNOWN and not (begun and under_way):
        hint = "athanor status names the jobs in doubt"
        if begun:
            hint = (
                f"if its instrument will never end it: athanor resolve {job_id} failed --under-way"
            )
        raise LifecycleError(f"{job_id} is {job.status}, not in doubt", hint)
    if begun and fate is JobStatus.REFUSED:
        raise LifecycleError(f"{job_id} was begun: it is not sent again", "failed, or cancelled")
    campaign = campaign_of(store, job.campaign)
    if fate is JobStatus.DONE:
        measured = sorted({name for plan in job.plans for name in plan.objectives})
        if measured:
            number = store.trial(job.trials[0]).number
            hint = f"athanor record {campaign.name} {number} {measured[0]}=…"
            raise LifecycleError(f"{job_id} measures {', '.join(measured)}", hint)
        ingest(store, None, campaign, job, Outcome(state="done", message=reason), now, by)
        return
    failure: FailureKind | None = "unclassified" if fate is JobStatus.FAILED else None
    with store.write(by, now) as tx:
        if begun:
            tx.move_job(job_id, JobStatus.UNKNOWN, message=reason)
        tx.move_job(job_id, fate, message=reason, failure=failure)
        for trial in job.trials:
            tx.settle(trial, campaign.settling)
