"""Recorded experiments as an instrument: a point is answered by what was once measured there."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from statistics import fmean, mode
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.cells import Reading, reading
from adapters.pure import (
    Failure,
    Result,
    SimulatedAdapter,
    SimulatedSettings,
    draw,
    objective_reasons,
    utc_now,
)
from adapters.recorded import Match, Recorded, spelt
from agent.core.adapter import Health, Measurement
from agent.core.trial import Plan
from agent.core.values import Point, Scalar
from agent.errors import Unreachable

_SHOWN = 5


class ObjectiveColumn(BaseModel):
    """Where an objective is recorded, and in which unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = Field(
        default=None, description="Column of the table; by default the objective's own name."
    )
    unit: str = Field(description="Unit of the recorded values, e.g. '%'; '' if there is none.")


class TableSettings(SimulatedSettings):
    """Which table, which of its columns, and how a point is looked up."""

    file: Path = Field(description="CSV or Parquet file, one recorded experiment a row.")
    objectives: dict[str, ObjectiveColumn] = Field(
        min_length=1, description="Objective -> its column and unit."
    )
    inputs: tuple[str, ...] | dict[str, str] | None = Field(
        default=None,
        description="Columns that make up the point, or parameter -> column. By default every "
        "parameter is a column of the same name. Parameters that are not listed are not looked at.",
    )
    where: dict[str, Scalar] = Field(
        default_factory=dict, description="Keep only the rows with these values: column -> value."
    )
    match: Literal["exact", "nearest"] = Field(
        default="exact",
        description="Answer only recorded points, or with the nearest one (numbers scaled by their "
        "range; categories must agree), which is then reported as executed.",
    )
    replicates: Literal["draw", "mean"] = Field(
        default="draw",
        description="Where a point was recorded several times: one of the rows at random, or the "
        "mean.",
    )
    noise_sd: dict[str, float] = Field(
        default_factory=dict,
        description="Objective -> standard deviation of Gaussian noise to add, in its unit.",
    )


class TableAdapter(SimulatedAdapter):
    """Answers from a table. The file is read once for each instance, at the first question.

    Args:
        settings: Which table, and how it is looked up.
        now: Tells the time, for `delay_s`.
    """

    Settings = TableSettings
    settings: TableSettings

    def __init__(self, settings: TableSettings, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(settings, now)
        self._loaded: Recorded | None = None

    def version(self) -> str:
        """The file's name."""
        return f"recorded table {self.settings.file.name}"

    def health(self) -> Health:
        """Faulted, with the reason, if the table cannot be used as the settings say."""
        try:
            self._table()
        except Unreachable as error:
            return Health(state="faulted", reason=str(error))
        return Health(state="ready")

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against `plan`: unknown objectives or parameters, a point never recorded."""
        known = {name: column.unit for name, column in self.settings.objectives.items()}
        reasons = objective_reasons(plan, known) + self.fidelity_reasons(plan)
        try:
            against = self._parameter_reasons(plan)
            if not against and self._found(plan) is None:
                against = [self._absent(plan)]
            against += self._class_reasons(plan)
        except Unreachable as error:
            against = [str(error)]
        return tuple(reasons + against)

    def compute(self, plan: Plan) -> Result | Failure:
        """The recorded readings at the plan's point, with the settings' noise.

        Raises:
            Unreachable: the table cannot be read.
        """
        if reasons := self._parameter_reasons(plan):
            return Failure("unclassified", "; ".join(reasons))
        found = self._found(plan)
        if found is None:
            return Failure("unclassified", self._absent(plan))
        unknown = [name for name in plan.objectives if name not in self.settings.objectives]
        if unknown:
            return Failure("unclassified", f"not in the table: {', '.join(unknown)}")
        rows = found.rows
        if self.settings.replicates == "draw" and len(rows) > 1:
            rows = (rows[draw(self.settings.seed, "replicate", plan).randrange(len(rows))],)
        executed = self._executed(plan, found) if self.settings.match == "nearest" else None
        return Result(
            tuple(
                Measurement(
                    trial=plan.trial,
                    objective=name,
                    unit=unit,
                    executed=executed,
                    analysis=self.version(),
                    **self._answer(plan, name, rows)._asdict(),
                )
                for name, unit in plan.objectives.items()
            )
        )

    def _answer(self, plan: Plan, objective: str, rows: tuple[int, ...]) -> Reading:
        cells = self._table().columns[self.settings.objectives[objective].column or objective]
        classes = plan.classes.get(objective, ())
        answers = [_read(cells[row], classes) for row in rows]
        values = [answer.value for answer in answers if answer.value is not None]
        if not values:
            return answers[0]
        if classes:
            return Reading(value=mode(values))
        value = fmean(values)
        if sd := self.settings.noise_sd.get(objective):
            value += draw(self.settings.seed, f"noise of {objective}", plan).gauss(0.0, sd)
        return Reading(value=value)

    def _table(self) -> Recorded:
        if self._loaded is None:
            columns = [c.column or name for name, c in self.settings.objectives.items()]
            columns += (self._named_inputs() or {}).values()
            self._loaded = Recorded.read(self.settings.file, self.settings.where, columns)
        return self._loaded

    def _named_inputs(self) -> dict[str, str] | None:
        named = self.settings.inputs
        return {name: name for name in named} if isinstance(named, tuple) else named

    def _inputs(self, plan: Plan) -> dict[str, str]:
        named = self._named_inputs()
        return {name: name for name in plan.parameters} if named is None else named

    def _parameter_reasons(self, plan: Plan) -> list[str]:
        table = self._table()
        reasons = []
        for parameter, column in self._inputs(plan).items():
            if parameter not in plan.parameters:
                reasons.append(f"the plan has no parameter '{parameter}'")
            elif column not in table.columns:
                reasons.append(
                    f"parameter '{parameter}' is no column of {self.settings.file.name}; "
                    "list the columns to look up under `inputs` if it is not meant to be one"
                )
        return reasons

    def _class_reasons(self, plan: Plan) -> list[str]:
        """Whether every recorded class is one of the plan's: a name that was left out is no result."""
        reasons = []
        for objective, classes in plan.classes.items():
            if objective not in self.settings.objectives:
                continue
            column = self.settings.objectives[objective].column or objective
            cells = {cell.strip() for cell in self._table().columns[column]}
            if odd := sorted(cell for cell in cells if _is_odd(cell, classes)):
                named = ", ".join(map(repr, odd[:_SHOWN])) + (" …" if len(odd) > _SHOWN else "")
                reasons.append(
                    f"column '{column}' of {self.settings.file.name} has {named}, and the classes are "
                    f"{', '.join(classes)}: name all of them, and write 'void: why' where there is none"
                )
        return reasons

    def _query(self, plan: Plan) -> Point:
        return {column: plan.parameters[name].value for name, column in self._inputs(plan).items()}

    def _found(self, plan: Plan) -> Match | None:
        query = self._query(plan)
        index = self._table().index(tuple(query))
        if self.settings.match == "exact":
            return index.exact(query)
        near = index.nearest(query)
        return near if near and near.agrees else None

    def _executed(self, plan: Plan, found: Match) -> Point:
        recorded = {name: found.point[column] for name, column in self._inputs(plan).items()}
        return {**plan.settings(), **recorded}

    def _absent(self, plan: Plan) -> str:
        query = self._query(plan)
        near = self._table().index(tuple(query)).nearest(query)
        nearest = f"the nearest recorded one is {spelt(near.point)}" if near else "it is empty"
        return f"{self.settings.file.name} has no row at {spelt(query)}; {nearest}"


def _is_odd(cell: str, classes: Sequence[str]) -> bool:
    try:
        reading(cell, classes=classes)
    except ValueError:
        return True
    return False


def _read(cell: str, classes: Sequence[str]) -> Reading:
    try:
        return reading(cell, classes=classes) or Reading(void="not recorded")
    except ValueError:
        none = f", none of the classes {', '.join(classes)}" if classes else ""
        return Reading(void=f"recorded as '{cell}'{none}")
