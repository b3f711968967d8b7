"""One row of a file -> a point that can be sent, what was really set, and the results in lab units."""

import math
from collections.abc import Sequence
from typing import get_args

from agent.core.campaign import Campaign
from agent.core.objective import Objective
from agent.core.parameters import ContinuousParameter, same
from agent.core.space import SearchSpace
from agent.core.trial import Role
from agent.core.units import convert, convert_difference
from agent.core.values import Point, Scalar
from agent.exchange.cells import Cell, bound, is_blank, labelled_readings, number, reading
from agent.exchange.columns import Columns
from agent.exchange.values import ImportRow, Kind, Matched, Reading

_ROLES = frozenset(get_args(Role))


class RowReader:
    """Reads the rows of one file for one campaign.

    Args:
        campaign: Whose objectives are read.
        space: Its space, with its pools.
        columns: Which column is what.
    """

    def __init__(self, campaign: Campaign, space: SearchSpace, columns: Columns) -> None:
        self._campaign, self._space, self._columns = campaign, space, columns
        self._continuous = {
            one.name: one for one in space.parameters if isinstance(one, ContinuousParameter)
        }
        self._whole = {one.name for one in space.parameters if one.type == "integer"}

    def read(self, number_: int, cells: Sequence[Cell]) -> ImportRow | tuple[str, ...]:
        """The row, or every reason why it does not fit."""
        reasons: list[str] = []
        point, executed = self._settings(cells, reasons)
        if not reasons:
            reasons += self._space.reasons(point)
        readings = [
            one
            for objective in self._campaign.objectives
            for one in self._readings(objective, cells, reasons)
        ]
        asked = {one.strip() for one in self._word("in question", cells).split(",")}
        reasons += [
            f"{one.objective}: it is in question where it was measured: settle it there (athanor "
            "judge), or clear 'in question'"
            for one in readings
            if one.objective in asked
        ]
        role = self._word("role", cells) or "candidate"
        if role not in _ROLES:
            reasons.append(f"role: {role!r} is not one of {', '.join(sorted(_ROLES))}")
        if not readings and not reasons:
            reasons.append("it has no result")
        if reasons:
            return tuple(reasons)
        return ImportRow(
            number=number_,
            point=point,
            readings=tuple(readings),
            executed=executed if executed != point else None,
            role=next(known for known in get_args(Role) if known == role),
            fidelity=self._word("fidelity", cells) or "target",
        )

    def _settings(self, cells: Sequence[Cell], reasons: list[str]) -> tuple[Point, Point]:
        """The nearest point that can be sent, and the settings as executed."""
        point: Point = {}
        executed: Point = {}
        for name in self._space.columns:
            try:
                planned = self._setting("setting", name, cells)
                told = self._setting("executed", name, cells)
            except ValueError as error:
                reasons.append(f"{name}: {error}")
                continue
            value = told if planned is None else planned
            if value is None:
                reasons.append(f"{name}: missing")
                continue
            point[name] = self._sendable(name, value)
            executed[name] = told if told is not None else self._exact(value, point[name])
        return point, executed

    def _setting(self, kind: Kind, name: str, cells: Sequence[Cell]) -> Scalar | None:
        place = self._columns.at(kind, name)
        if place is None:
            return None
        at, column = place
        cell = cells[at]
        if self._is_text(name):
            text = _text(cell)
            return text or None
        if is_blank(cell):
            return None
        value = convert(number(cell), column.source, column.target)
        return int(value) if name in self._whole and value == int(value) else value

    def _is_text(self, name: str) -> bool:
        return any(
            name in one.columns and one.type in {"categorical", "candidates", "material"}
            for one in self._space.parameters
        )

    def _sendable(self, name: str, value: Scalar) -> Scalar:
        """The nearest setting within the bounds; what is outside, or no number, stays as it is."""
        parameter = self._continuous.get(name)
        if parameter is None or isinstance(value, str):
            return round(value, 12) if isinstance(value, float) else value
        inside = parameter.low <= value <= parameter.high
        rounded = parameter.round(float(value))
        return rounded if inside or same(rounded, float(value)) else value

    @staticmethod
    def _exact(value: Scalar, sendable: Scalar) -> Scalar:
        """`value`, but for the dust that a conversion of units leaves."""
        if isinstance(value, str) or isinstance(sendable, str):
            return value
        return sendable if same(float(value), float(sendable)) else value

    def _readings(
        self, objective: Objective, cells: Sequence[Cell], reasons: list[str]
    ) -> tuple[Reading, ...]:
        """What a row says of an objective: one reading, or of classes as many as differ."""
        try:
            if objective.classed:
                return self._classes(objective, cells)
            found = self._result(objective, cells)
            if found is not None and found.value is not None:
                sd = self._sd(objective, cells)
                found = found._replace(sd=sd)
        except ValueError as error:
            reasons.append(f"{objective.name}: {error}")
            return ()
        if found is None:
            return ()
        if wrong := _implausible(objective, found):
            reasons.append(f"{objective.name}: {wrong}")
        return (found,)

    def _classes(self, objective: Objective, cells: Sequence[Cell]) -> tuple[Reading, ...]:
        """What the value's cell says, or else the note's."""
        places = (
            self._columns.at("value", objective.name),
            self._columns.at("note", objective.name),
        )
        told = (labelled_readings(objective, cells[one[0]]) for one in places if one is not None)
        return next((one for one in told if one), ())

    def _result(self, objective: Objective, cells: Sequence[Cell]) -> Reading | None:
        """What the value's cell says, or else the note's; in the objective's unit."""
        place = self._columns.at("value", objective.name)
        found = None if place is None else reading(objective.name, cells[place[0]])
        source = objective.unit if place is None else place[1].source
        if found is None:
            note = self._columns.at("note", objective.name)
            found = None if note is None else reading(objective.name, cells[note[0]])
        if found is None:
            return None
        if found.low is not None and found.high is not None and found.low > found.high:
            raise ValueError("the lower bound is above the upper one")
        return found._replace(
            value=_converted(found.value, source, objective.unit),
            low=_converted(found.low, source, objective.unit),
            high=_converted(found.high, source, objective.unit),
        )

    def _sd(self, objective: Objective, cells: Sequence[Cell]) -> float | None:
        """The standard uncertainty of the mean: sd / sqrt(n)."""
        place = self._columns.at("sd", objective.name)
        if place is None or is_blank(cells[place[0]]):
            return None
        sd = _difference(number(cells[place[0]]), place[1])
        if sd < 0:
            raise ValueError("its standard deviation is negative")
        counted = self._columns.at("n", objective.name)
        n = 1.0
        if counted is not None and not is_blank(cells[counted[0]]):
            n = number(cells[counted[0]])
        if n < 1:
            raise ValueError("its number of readings is below 1")
        return sd / math.sqrt(n)

    def _word(self, kind: Kind, cells: Sequence[Cell]) -> str:
        place = self._columns.at(kind, kind)
        return "" if place is None else _text(cells[place[0]])


def _converted(value: float | None, source: str, target: str) -> float | None:
    return None if value is None else convert(value, source, target)


def _difference(value: float, column: Matched) -> float:
    return convert_difference(value, column.source, column.target)


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _implausible(objective: Objective, found: Reading) -> str:
    """Why a reading cannot be right; empty where it may be."""
    if found.void is not None or objective.plausible is None:
        return ""
    low, high = objective.plausible
    least = found.low if found.value is None else found.value
    most = found.high if found.value is None else found.value
    if (least is None or least <= high) and (most is None or most >= low):
        return ""
    told = f"{found.value:g}" if found.value is not None else bound(least, most)
    return f"{told} {objective.unit} is implausible: outside {low:g} to {high:g}"
