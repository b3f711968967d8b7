"""Planning an import: a dry run that says what would come in, what would not, and why."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from agent.core.history import current, effective, key, telling
from agent.core.job import Observation
from agent.core.trial import OPEN
from agent.core.values import Scalar
from agent.data.store import Store
from agent.errors import Fault
from agent.exchange.columns import matched
from agent.exchange.rows import RowReader
from agent.exchange.tables import read
from agent.exchange.values import ImportPlan, ImportRow, Reading, Taken
from agent.resolved import campaign_of, space_of

Sign = tuple[object, ...]
"""What makes two results the same: settings as executed, role, fidelity and every reading."""


def plan_import(store: Store, name: str, path: str | Path) -> ImportPlan:
    """What importing the file at `path` into the campaign would do; nothing is written.

    A continuous setting that is finer than the laboratory can set is kept as executed, at the
    nearest point that can be sent. A row whose settings and readings are there already is a
    duplicate, as often as it is there: the same file, or one that goes on, may be imported again.

    Raises:
        NotFound: the store has no such campaign.
        IngestError: the file cannot be read as a table.
    """
    path = Path(path)
    entry = store.entry(name)
    campaign = campaign_of(store, entry.id)
    sheet = read(path)
    columns = matched(sheet.headers, campaign)
    faults, fitting = list(columns.faults), []
    if not faults:
        reader = RowReader(campaign, space_of(store, campaign), columns)
        for number, cells in enumerate(sheet.rows, start=1):
            row = reader.read(number, cells)
            if isinstance(row, ImportRow):
                fitting.append(row)
            else:
                faults += [Fault(f"row {number}", reason, "") for reason in row]
    fresh, duplicates = split(fitting, signs(store, entry.id))
    return ImportPlan(
        campaign=entry.id,
        revision=store.revision(entry.id).number,
        file=path.name,
        sha256=hashlib.sha256(sheet.content).hexdigest(),
        media=sheet.media,
        content=sheet.content,
        matched=tuple(column for _, column in columns.found.values()),
        unused=tuple(columns.unused),
        rows=_leaking(store, entry.id, fresh),
        duplicates=duplicates,
        faults=tuple(faults),
    )


def signs(store: Store, campaign: str) -> dict[Sign, list[str]]:
    """What is there already: sign -> the trials that have it."""
    seen: dict[str, list[Observation]] = {}
    for one in current(store.observations(campaign)):
        seen.setdefault(one.trial, []).append(one)
    trials = store.trials(campaign)
    wanted = effective(trials, store.reviews(campaign))
    classed = frozenset(one.name for one in campaign_of(store, campaign).objectives if one.classed)
    found: dict[Sign, list[str]] = {}
    for trial in trials:
        if trial.id in seen:
            point, told = wanted[trial.id].point, seen[trial.id][-1].executed or {}
            at = {name: told.get(name, value) for name, value in point.items()}
            sign = _sign(at, trial.role, trial.fidelity, _summed_up(seen[trial.id], classed))
            found.setdefault(sign, []).append(trial.id)
    return found


def split(
    rows: Iterable[ImportRow], there: dict[Sign, list[str]]
) -> tuple[tuple[ImportRow, ...], tuple[Taken, ...]]:
    """The rows that are new, and those that are there already, each as often as it is there."""
    left = {sign: list(trials) for sign, trials in there.items()}
    fresh, duplicates = [], []
    for row in rows:
        sign = _sign(row.executed or row.point, row.role, row.fidelity, row.readings)
        if left.get(sign):
            duplicates.append(Taken(row.number, left[sign].pop(0)))
        else:
            fresh.append(row)
    return tuple(fresh), tuple(duplicates)


def _leaking(store: Store, campaign: str, rows: tuple[ImportRow, ...]) -> tuple[ImportRow, ...]:
    trials = store.trials(campaign, *OPEN)
    wanted = effective(trials, store.reviews(campaign))
    pending = {key(wanted[trial.id].point): trial.id for trial in trials}
    return tuple(replace(row, leak=pending.get(key(row.point))) for row in rows)


def _summed_up(observations: list[Observation], classed: frozenset[str]) -> list[Reading]:
    """What an export says of a trial: the mean of the values, or else a bound, or why it is void. Of a
    class it has no mean, but each reading, or one where all agree.
    """
    found = []
    for name in {one.objective for one in observations}:
        here = [one for one in observations if one.objective == name]
        values = [one.value for one in here if one.value is not None]
        last = telling(here)
        if values:
            told = [fmean(values)] if name not in classed or len(set(values)) == 1 else values
            found += [Reading(name, value=value) for value in told]
        else:
            found.append(Reading(name, low=last.low, high=last.high, void=last.void))
    return found


def _sign(
    point: Mapping[str, Scalar], role: str, fidelity: str, readings: Iterable[Reading]
) -> Sign:
    told = sorted(
        (one.objective, _number(one.value), _number(one.low), _number(one.high), one.void or "")
        for one in readings
    )
    return (key(point), role, fidelity, tuple(told))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"
