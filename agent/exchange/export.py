"""A campaign as a tidy table: one row a trial, units in the headers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pandas as pd

from agent.core.history import current, telling
from agent.core.job import Job, Observation
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter
from agent.core.pools import PoolColumn
from agent.core.space import SearchSpace
from agent.core.trial import Proposal, Review, Trial
from agent.core.values import Point
from agent.data.store import Store
from agent.errors import AthanorError
from agent.exchange.cells import bound, escaped, header, labels
from agent.standing import Standing, stand

ENDINGS = (".csv", ".parquet", ".json")
"""The kinds of file, by their ending."""

Cells = dict[str, Any]


def export(store: Store, name: str, path: str | Path, now: datetime) -> int:
    """Write the campaign's trials to `path` as CSV, Parquet or JSON; how many rows there are.

    In CSV, text that begins like a formula gets an apostrophe before it; numbers stay numbers.

    Raises:
        NotFound: the store has no such campaign.
        AthanorError: another ending, or the file cannot be written.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise AthanorError(f"{path.name} has no known ending", f"use one of {', '.join(ENDINGS)}")
    table = frame(store, name, now)
    try:
        if ending == ".csv":
            _safe(table).to_csv(path, index=False)
        elif ending == ".parquet":
            table.to_parquet(path, index=False)
        else:
            records = table.astype(object).where(table.notna(), None).to_dict(orient="records")
            path.write_text(json.dumps(records, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise AthanorError(f"{path} cannot be written: {error}", "is the folder there?") from error
    return len(table)


def frame(store: Store, name: str, now: datetime) -> pd.DataFrame:
    """The table that `export` writes.

    For each objective: the mean of its current values, `sd` (of one reading: over the values, or
    as reported where there is one), `n`, and a `note` with a bound, or why it is void where there
    is no value. Classes have their names, and no `sd`. `in question` names the objectives whose values
    are not learnt until it is settled whether they are right; `judged` is what people said of the trial.
    Of an experiment of several steps: its sample, where that lies, and on which instrument and when each
    step was done last; `started at` is that of the first one.

    Raises:
        NotFound: the store has no such campaign.
    """
    standing = stand(store, name, now)
    return _Table(standing, store).frame()


def _safe(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its texts and headers escaped."""
    safe = table.map(lambda cell: escaped(cell) if isinstance(cell, str) else cell)
    return safe.rename(columns=escaped)


class _Table:
    def __init__(self, standing: Standing, store: Store) -> None:
        self._standing = standing
        self._space = standing.campaign.space
        self._proposals = {one.trial: one for one in store.proposals(standing.entry.id)}
        self._reviews = {one.trial: one for one in standing.reviews}
        self._held = {row for one in standing.questions for row in one.rows}
        self._judged = {one.trial: f"{one.word}: {one.reason}" for one in standing.judgements}
        self._jobs: dict[str, list[Job]] = {}
        for job in standing.jobs:
            for trial in job.trials:
                self._jobs.setdefault(trial, []).append(job)
        self._samples = {one.trial: one for one in store.samples(standing.entry.id)}
        self._seen: dict[str, list[Observation]] = {}
        for one in current(standing.observations):
            self._seen.setdefault(one.trial, []).append(one)

    def frame(self) -> pd.DataFrame:
        parts = [self._parts(trial) for trial in self._standing.trials]
        heads: dict[str, None] = {}
        for block in range(len(parts[0]) if parts else 0):
            for part in parts:
                heads.update(dict.fromkeys(part[block]))
        rows = [{name: cell for block in part for name, cell in block.items()} for part in parts]
        return pd.DataFrame(rows, columns=pd.Index(list(heads) or ["trial"]))

    def _parts(self, trial: Trial) -> list[Cells]:
        """The cells of a trial in blocks, so that each block's columns stand together."""
        seen = self._seen.get(trial.id, [])
        told = [one.executed for one in seen if one.executed]
        settings = self._standing.effective[trial.id].settings
        return [
            self._named(_identity(trial)),
            labelled(self._space, settings),
            labelled(self._space, told[-1] if told else {}, "executed "),
            *(self._results(objective, seen) for objective in self._standing.campaign.objectives),
            self._named(
                {
                    "in question": ", ".join(
                        dict.fromkeys(one.objective for one in seen if one.id in self._held)
                    ),
                    "judged": self._judged.get(trial.id, ""),
                }
            ),
            self._named(_predicted(self._proposals.get(trial.id), self._units)),
            self._named(
                {
                    **_why(self._proposals.get(trial.id)),
                    **_reviewed(self._reviews.get(trial.id)),
                    **_executed(self._jobs.get(trial.id, ())),
                    "proposed at": trial.at.isoformat(),
                    "revision": trial.revision,
                }
            ),
            self._named(self._steps(trial)),
        ]

    def _steps(self, trial: Trial) -> Cells:
        """What was made of a trial of several steps, and where and when; nothing of one with a single step."""
        if len(trial.steps) < 2:
            return {}
        sample = self._samples.get(trial.id)
        cells: Cells = {
            "sample": "" if sample is None else sample.code,
            "place": "" if sample is None else sample.place,
        }
        last = {job.step: job for job in self._jobs.get(trial.id, ())}
        for step in trial.steps:
            job = last.get(step)
            cells[f"{step} on"] = "" if job is None else job.instrument
            cells[f"{step} started at"] = _iso(None if job is None else job.started_at)
            cells[f"{step} ended at"] = _iso(None if job is None else job.ended_at)
        return cells

    @property
    def _units(self) -> Mapping[str, str]:
        return {one.name: one.unit for one in self._standing.campaign.objectives}

    def _named(self, cells: Cells) -> Cells:
        """The cells under names that no parameter has."""
        return {own_name(name, self._space): cell for name, cell in cells.items()}

    def _results(self, objective: Objective, seen: Sequence[Observation]) -> Cells:
        name, here = objective.name, [one for one in seen if one.objective == objective.name]
        values = [one.value for one in here if one.value is not None]
        told: Cells = {name: labels(objective, values)}
        if not objective.classed:
            unit, alone = objective.unit or "1", len(values) == 1 and len(here) == 1
            told = {
                header(name, unit): fmean(values) if values else None,
                header(f"{name} sd", unit): stdev(values)
                if len(values) > 1
                else (here[0].sd if alone else None),
            }
        return {
            **told,
            f"{name} n": len(values),
            f"{name} note": _note(telling(here), bool(values)) if here else "",
        }


def labelled(space: SearchSpace, settings: Point, before: str = "") -> Cells:
    """Settings under headers with their units; a number without one is labelled `[1]`."""
    plain = {
        column
        for one in space.parameters
        if isinstance(one, CategoricalParameter | PoolColumn)
        for column in one.columns
    }
    own, units = set(space.columns) - plain, space.units
    return {
        before + header(name, units.get(name) or ("1" if name in own else "")): value
        for name, value in settings.items()
    }


def own_name(name: str, space: SearchSpace) -> str:
    """The header of a column that is no setting: `batch`, or `trial batch` where a parameter is so called."""
    return f"trial {name}" if name in space.columns else name


def _identity(trial: Trial) -> Cells:
    return {
        "trial": trial.id,
        "number": trial.number,
        "batch": trial.batch,
        "role": trial.role,
        "fidelity": trial.fidelity,
        "status": str(trial.status),
        "origin": trial.origin,
    }


def _predicted(proposal: Proposal | None, units: Mapping[str, str]) -> Cells:
    predicted: Cells = {}
    for name, one in (proposal.prediction if proposal else {}).items():
        unit = units.get(name, "") or "1"
        predicted[header(f"predicted {name}", unit)] = one.mean
        predicted[header(f"predicted {name} sd", unit)] = one.sd
    return predicted


def _why(proposal: Proposal | None) -> Cells:
    if proposal is None:
        return {"acquisition": "", "score": None, "why": ""}
    return {
        "acquisition": proposal.acquisition,
        "score": proposal.score,
        "why": proposal.why,
    }


def _reviewed(review: Review | None) -> Cells:
    return {
        "reviewer": "" if review is None else str(review.by),
        "verdict": "" if review is None else review.verdict,
    }


def _executed(jobs: Sequence[Job]) -> Cells:
    """The last job; of several steps, since when the first one was done."""
    job = jobs[-1] if jobs else None
    first = next((one for one in jobs if one.stage < jobs[-1].stage and one.started_at), job)
    return {
        "job": "" if job is None else job.id,
        "failure": "" if job is None else job.failure or "",
        "message": "" if job is None else job.message,
        "started at": _iso(None if first is None else first.started_at),
        "ended at": _iso(None if job is None else job.ended_at),
    }


def _note(one: Observation, measured: bool) -> str:
    """A bound, or why there is no value."""
    if one.kind == "bound":
        return bound(one.low, one.high)
    return "" if measured else f"void: {one.void}"


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
