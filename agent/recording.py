"""Results that a person brings: of an experiment at the bench, of one in doubt, or as a correction."""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple

from agent.core import ids
from agent.core.actor import Actor
from agent.core.adapter import Measurement, Outcome
from agent.core.campaign import Campaign
from agent.core.history import current
from agent.core.job import IN_FLIGHT, Job, JobStatus, Observation
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.data.writing import Transaction
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
    if not math.isfinite(value) or not math.isfinite(float(found["sd"] or 0.0)):
        raise IngestError(f"{rest!r} is larger than a number can be", "mend the value")
    return Measurement(
        trial=trial,
        objective=objective.name,
        unit=unit,
        value=None if found["bound"] else value,
        high=value if found["bound"] == "<" else None,
        low=value if found["bound"] == ">" else None,
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

    A trial in progress is ended by them (also one whose job is in doubt); a trial that has results
    already takes them only as a correction: the older ones stay in the store, superseded.

    Raises:
        IngestError: a reading cannot be read, or the trial cannot take it.
        NotFound: there is no such campaign or trial.
    """
    entry = store.entry(name)
    campaign = campaign_of(store, entry.id)
    trial = _trial(store, entry.id, trial_name)
    readings = _numbered([read(text, campaign, trial.id) for text in values])
    refused = [
        reading.void
        for one in readings
        if (reading := _admitted(one, campaign)).void and not one.void
    ]
    if refused:
        raise IngestError(f"nothing was recorded: {refused[0]}", "mend the value or its unit")
    if correct:
        return Recorded(_correct(store, campaign, trial, readings, by, now))
    job = _job(store, trial)
    outcome = Outcome(state="done", measurements=tuple(readings), message=f"recorded by {by.name}")
    ingest(store, None, campaign, job, outcome, now, by)
    status = store.trial(trial.id).status
    lines = [*(_line(campaign, one) for one in readings), f"{trial.id} is {status}"]
    return Recorded(lines, job)


def _numbered(readings: list[Measurement]) -> list[Measurement]:
    """The readings, those of one objective numbered as its replicates."""
    names = [one.objective for one in readings]
    return [
        one.model_copy(update={"replicate": names[: at + 1].count(one.objective)})
        for at, one in enumerate(readings)
    ]


def _correct(
    store: Store,
    campaign: Campaign,
    trial: Trial,
    readings: list[Measurement],
    by: Actor,
    now: datetime,
) -> list[str]:
    """The new readings of an objective take the place of all the older ones: of one each, and what
    is left of the older ones is void.
    """
    said = []
    with store.write(by, now) as tx:
        standing = current(store.observations_of(trial.id))
        for name in dict.fromkeys(one.objective for one in readings):
            old = [one for one in standing if one.objective == name]
            new = [one for one in readings if one.objective == name]
            if not old:
                raise IngestError(
                    f"{trial.id} has no {name} to correct", "record it without --correct"
                )
            for number, (before, after) in enumerate(zip_longest(old, new), start=1):
                corrected = _corrected(tx, campaign, before or old[-1], after, by, now)
                if before is None:
                    corrected = corrected.model_copy(
                        update={"supersedes": None, "replicate": _next(old, number - len(old))}
                    )
                tx.observe(corrected)
            count = f", in place of {len(old)} readings" if len(old) > 1 else ""
            said += [f"{_line(campaign, one)} (corrected{count})" for one in new]
    return said


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
    reading = Reading(void="corrected") if measurement is None else _admitted(measurement, campaign)
    return Observation(
        id=ids.record(old.campaign, "O", tx.number(old.campaign, "observation")),
        campaign=old.campaign,
        trial=old.trial,
        objective=old.objective,
        fidelity=old.fidelity,
        replicate=old.replicate,
        job=old.job,
        unit=next(o.unit for o in campaign.objectives if o.name == old.objective),
        executed=old.executed,
        supersedes=old.id,
        by=by,
        at=now,
        **reading._asdict(),
    )


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
