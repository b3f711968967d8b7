"""Samples that come by: read, looked at one after the other, and carried out where they are asked for."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isclose, isfinite
from pathlib import Path
from typing import Any, TextIO

from agent.core.job import JobStatus
from agent.core.parameters import CategoricalParameter, ContinuousParameter
from agent.core.pools import PoolColumn
from agent.core.register import CampaignStatus
from agent.core.space import SearchSpace
from agent.core.units import convert
from agent.core.values import Point, Scalar, Value
from agent.dispatch.holding import holding
from agent.ending import ending
from agent.errors import CampaignError, IngestError, SpaceError
from agent.lab import Lab
from agent.learn.encoding import Encoding
from agent.loop import run_rounds
from agent.resolved import campaign_of, space_of
from agent.standing import stand
from agent.steps import screen


class Said(Value):
    """What is said of a sample. `ask`: it is to be measured, as `trial`; otherwise it is let pass.

    `score` is its acquisition, and `least` from which on samples are asked for.
    """

    sample: int
    point: Point
    ask: bool
    why: str
    score: float | None = None
    least: float | None = None
    trial: str | None = None


def of_csv(path: Path, space: SearchSpace) -> Iterator[Point]:
    """The samples of a CSV file, a row each: a column for each of the space's, `name [unit]` where it
    has a unit.

    Raises:
        IngestError: the file cannot be read, a column or its unit is missing, or a cell is no setting;
            with the row's number.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        headers = reader.fieldnames or ()
    except (OSError, ValueError, csv.Error) as error:
        raise IngestError(f"{path} cannot be read: {error}", "is it a CSV in UTF-8?") from None
    _check_units(headers, space, path.name)
    for number, row in enumerate(reader, start=1):
        yield _point(row, space, f"{path.name}, row {number}")


def of_lines(lines: TextIO, space: SearchSpace) -> Iterator[Point]:
    """The samples of a stream, each a JSON object in a line: column -> setting.

    Raises:
        IngestError: a line is no such object, or lacks a setting.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
        except ValueError as error:
            raise IngestError(
                f"line {number} is no JSON: {error}", "write {column: value}"
            ) from None
        if not isinstance(told, dict):
            raise IngestError(f"line {number} is no object", "write {column: value}")
        yield _point(told, space, f"line {number}")


def screened(lab: Lab, name: str, samples: Iterable[Point]) -> Iterator[Said]:
    """What is said of each sample, before the next one is looked at.

    What is asked for goes the way of every trial: reviewed, sent, and taken in as far as that goes
    without waiting. So the next sample meets a model that knows of it. With the end of the campaign no
    more are looked at.

    Raises:
        CampaignError: the campaign takes no samples, or had ended or been paused before.
        LeaseHeld: somebody else is running it.
    """
    entry = lab.store.entry(name)
    campaign = campaign_of(lab.store, entry.id)
    if campaign.policy.samples != "stream":
        raise CampaignError(
            f"{entry.name} chooses its points itself",
            "write policy: {samples: stream} for a stream",
        )
    space = space_of(lab.store, campaign)
    encoding = Encoding.of(space)
    for number, sample in enumerate(samples, start=1):
        entry = lab.store.entry(entry.id)
        if entry.status is not CampaignStatus.ACTIVE:
            if number > 1:
                return
            raise CampaignError(
                f"{entry.name} is {entry.status}: {entry.reason}", "no sample is looked at"
            )
        said = _screened(lab, entry.id, number, _sendable(space, encoding, sample))
        yield said
        if said.ask:
            run_rounds(lab, entry.id, lambda _: None, wait=False)


def _screened(lab: Lab, name: str, number: int, point: Point) -> Said:
    with holding(lab.store, name, lab.me, lab.clock) as lease:
        now = stand(lab.store, name, lab.clock.now())
        over = ending(now)
        if over:
            return Said(sample=number, point=point, ask=False, why=f"the campaign ends: {over}")
        if now.slots == 0:
            doubt = " (one is in doubt)" if now.jobs_in(JobStatus.UNKNOWN) else ""
            why = f"as many are under way as may be at the same time{doubt}"
            return Said(sample=number, point=point, ask=False, why=why)
        look = screen(lab, lease, now, point)
        asked = look.choice is not None
        trial = lab.store.trials(name)[-1].id if asked else None
    return Said(
        sample=number,
        point=point,
        ask=asked,
        why=look.why,
        score=look.score,
        least=look.least,
        trial=trial,
    )


def _sendable(space: SearchSpace, encoding: Encoding, sample: Point) -> Point:
    """The sample at the settings that can be sent, where it is within the space: numbers of a continuous
    parameter at its resolution, and the dust of others wiped off. What is elsewhere stays as it is.
    """
    try:
        (near,) = encoding.points(encoding.snapped(encoding.table([sample])))
    except (SpaceError, KeyError, ValueError):
        return sample
    fine = {
        one.name: (one.low, one.high)
        for one in space.parameters
        if isinstance(one, ContinuousParameter)
    }
    return {name: _snapped(value, near[name], fine.get(name)) for name, value in sample.items()}


def _snapped(value: Scalar, near: Scalar, within: tuple[float, float] | None) -> Scalar:
    if isinstance(value, str) or isinstance(near, str):
        return value
    inside = within is not None and within[0] <= value <= within[1]
    return near if inside or isclose(value, near, rel_tol=1e-9) else value


def _check_units(headers: Sequence[str], space: SearchSpace, where: str) -> None:
    """A table says its units: 300 may be meant in another one than the campaign's."""
    for name in {header.strip() for header in headers} & set(space.columns):
        if (unit := space.units.get(name, "")) not in {"", "1"}:
            raise IngestError(f"{where}: column {name} has no unit", f"call it `{name} [{unit}]`")


def _point(row: Mapping[str, Any], space: SearchSpace, where: str) -> Point:
    headers = {header.partition("[")[0].strip(): header for header in row if header}
    missing = [name for name in space.columns if name not in headers]
    if missing:
        raise IngestError(
            f"{where}: there is no {missing[0]}", f"give each of {', '.join(space.columns)}"
        )
    return {name: _setting(row, headers[name], name, space, where) for name in space.columns}


def _setting(
    row: Mapping[str, Any], header: str, name: str, space: SearchSpace, where: str
) -> Scalar:
    cell = row[header]
    if not isinstance(cell, str | int | float) or isinstance(cell, bool):
        raise IngestError(f"{where}: {name} has no setting", "write a number or a name")
    try:
        number = float("" if name in _texts(space) else cell)
    except ValueError:
        return str(cell).strip()
    if not isfinite(number):
        raise IngestError(f"{where}: {name} is {cell}, which is no setting", "write a number")
    unit = header.partition("[")[2].rstrip("] ")
    wanted = space.units.get(name, "")
    if unit and unit != wanted:
        try:
            return convert(number, unit, wanted)
        except IngestError as error:
            raise IngestError(f"{where}: {error.message}", error.hint) from None
    return number if not isinstance(cell, int) else cell


def _texts(space: SearchSpace) -> set[str]:
    """The columns whose settings are names, even where they look like numbers."""
    named = (one for one in space.parameters if isinstance(one, CategoricalParameter | PoolColumn))
    return {column for one in named for column in one.columns}
