"""Results that a person brings: of an experiment at the bench, of one in doubt, or as a correction."""

import re
from collections.abc import Sequence
from datetime import datetime

from agent.core import ids
from agent.core.actor import Actor
from agent.core.adapter import Measurement, Outcome
from agent.core.campaign import Campaign
from agent.core.history import current
from agent.core.job import IN_FLIGHT, Job, JobStatus, Observation
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.errors import IngestError, NotFound
from agent.ingest.admit import Reading, admit
from agent.ingest.collect import ingest
from agent.standing import campaign_of

_READING = re.compile(
    r"^\s*(?P<bound>[<>]?)\s*(?P<value>[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?)"
    r"(\s*(±|\+/-|\+-)\s*(?P<sd>\d+(\.\d*)?([eE][-+]?\d+)?))?\s*(?P<unit>\S.*)?$"
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
        reason = rest.strip()[4:].lstrip(": ") or "void"
        return Measurement(trial=trial, objective=objective.name, unit=objective.unit, void=reason)
    found = _READING.match(rest)
    if found is None:
        raise IngestError(
            f"{rest!r} is not a reading", "write it like 83, 83 ± 2 %, <0.5 or void: spilled"
        )
    value, unit = float(found["value"]), (found["unit"] or objective.unit).strip()
    return Measurement(
        trial=trial,
        objective=objective.name,
        unit=unit,
        value=None if found["bound"] else value,
        high=value if found["bound"] == "<" else None,
        low=value if found["bound"] == ">" else None,
        sd=float(found["sd"]) if found["sd"] else None,
    )


def record(
    store: Store,
    name: str,
    trial_name: str,
    values: Sequence[str],
    by: Actor,
    now: datetime,
    *,
    correct: bool = False,
) -> list[str]:
    """Write the readings of one trial; what was done, a line each.

    A trial in progress is ended by them (also one whose job is in doubt); a trial that has results
    already takes them only as a correction: the older ones stay in the store, superseded.

    Raises:
        IngestError: a reading cannot be read, or the trial cannot take it.
        NotFound: there is no such campaign or trial.
    """
    entry = store.entry(name)
    campaign = campaign_of(store, entry.id)
    trial = _trial(store, entry.id, trial_name)
    readings = [read(text, campaign, trial.id) for text in values]
    refused = [
        reading.void
        for one in readings
        if (reading := _admitted(one, campaign)).void and not one.void
    ]
    if refused:
        raise IngestError(f"nothing was recorded: {refused[0]}", "mend the value or its unit")
    if correct:
        return _correct(store, campaign, trial, readings, by, now)
    job = _job(store, trial)
    outcome = Outcome(state="done", measurements=tuple(readings), message=f"recorded by {by.name}")
    ingest(store, None, campaign, job, outcome, now, by)
    status = store.trial(trial.id).status
    return [*(_line(campaign, one) for one in readings), f"{trial.id} is {status}"]


def _correct(
    store: Store,
    campaign: Campaign,
    trial: Trial,
    readings: list[Measurement],
    by: Actor,
    now: datetime,
) -> list[str]:
    standing = current(store.observations_of(trial.id))
    with store.write(by, now) as tx:
        for measurement in readings:
            old = [one for one in standing if one.objective == measurement.objective]
            if not old:
                raise IngestError(
                    f"{trial.id} has no {measurement.objective} to correct",
                    "record it without --correct",
                )
            objective = next(o for o in campaign.objectives if o.name == measurement.objective)
            reading = admit(measurement, objective)
            tx.observe(
                Observation(
                    id=ids.record(trial.campaign, "O", tx.number(trial.campaign, "observation")),
                    campaign=trial.campaign,
                    trial=trial.id,
                    objective=objective.name,
                    fidelity=old[-1].fidelity,
                    replicate=old[-1].replicate,
                    job=old[-1].job,
                    unit=objective.unit,
                    executed=old[-1].executed,
                    supersedes=old[-1].id,
                    by=by,
                    at=now,
                    **reading._asdict(),
                )
            )
    return [f"{_line(campaign, one)} (corrected)" for one in readings]


def _admitted(measurement: Measurement, campaign: Campaign) -> Reading:
    objective = next(one for one in campaign.objectives if one.name == measurement.objective)
    return admit(measurement, objective)


def _trial(store: Store, campaign: str, name: str) -> Trial:
    trials = store.trials(campaign)
    found = [trial for trial in trials if name in {trial.id, str(trial.number)}]
    if not found:
        hint = f"there are {len(trials)}; athanor status names those in progress"
        raise NotFound(f"no trial {name}", hint)
    return found[0]


def _job(store: Store, trial: Trial) -> Job:
    jobs = store.jobs_of(trial.id)
    takes = {*IN_FLIGHT, JobStatus.UNKNOWN} - {JobStatus.INTENDED}
    if trial.status is not TrialStatus.IN_PROGRESS or not jobs or jobs[-1].status not in takes:
        raise IngestError(
            f"{trial.id} is {trial.status}: it waits for no result", "a correction needs --correct"
        )
    return jobs[-1]


def _line(campaign: Campaign, measurement: Measurement) -> str:
    reading = _admitted(measurement, campaign)
    unit = next(o.unit for o in campaign.objectives if o.name == measurement.objective)
    if reading.void:
        return f"{measurement.objective}: void, {reading.void}"
    if reading.value is None:
        bound = f"< {reading.high:g}" if reading.high is not None else f"> {reading.low:g}"
        return f"{measurement.objective}: {bound} {unit}"
    sd = f" ± {reading.sd:g}" if reading.sd is not None else ""
    return f"{measurement.objective}: {reading.value:g}{sd} {unit}"
