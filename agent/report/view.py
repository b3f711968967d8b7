"""A standing as the report looks at it: what was measured, in which order, and what was foreseen."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from agent.core.history import OWN, TARGET, Best, Row, current, key
from agent.core.job import Job, Observation
from agent.core.objective import Objective
from agent.core.pools import PoolColumn
from agent.core.space import Parameter, SearchSpace
from agent.core.trial import Proposal, Trial
from agent.core.values import Point, Scalar
from agent.report.digits import Digits, digits_for, setting, unit, with_unit
from agent.standing import Standing
from agent.winner import Leader, leaders, winner

COLOURS = 8
"""How many classes have a colour of their own."""


class Key(NamedTuple):
    """What a colour stands for."""

    name: str
    class_: str


@dataclass(frozen=True)
class Mark:
    """One measured value. `kind` says who wanted the point; `point` is as executed."""

    trial: Trial
    value: float
    sd: float | None
    point: Point
    kind: Literal["first", "model", "imported"]
    best: bool


class View:
    """Everything that the page and its figures ask of a standing.

    Args:
        standing: The campaign at one moment.
        proposals: Why its trials were proposed; those of other trials are left out.
        space: Its space with the pools bound, if they are at hand.
        objective: Whose values are looked at; default: the campaign's first.
    """

    def __init__(
        self,
        standing: Standing,
        proposals: Iterable[Proposal] = (),
        space: SearchSpace | None = None,
        objective: Objective | None = None,
    ) -> None:
        self.standing = standing
        self.space = space or standing.campaign.space
        self.objective = objective or standing.campaign.objective
        self.trials = {trial.id: trial for trial in standing.trials}
        self.proposals = {one.trial: one for one in proposals if one.trial in self.trials}
        self.parameters: dict[str, Parameter] = {
            column: parameter for parameter in self.space.parameters for column in parameter.columns
        }

    @cached_property
    def observations(self) -> dict[str, Observation]:
        """Observation id -> observation, of what no newer one corrects."""
        return {one.id: one for one in current(self.standing.observations)}

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The objective's rows, imported ones too."""
        return tuple(row for row in self.standing.rows if row.objective == self.objective.name)

    @cached_property
    def own_rows(self) -> tuple[Row, ...]:
        """The objective's rows that count."""
        return self.standing.own_rows_of(self.objective)

    @cached_property
    def leaders(self) -> tuple[Leader, ...]:
        """The points that may be the best, by what is expected of them; none of several objectives."""
        return leaders(self.standing)

    @property
    def winner(self) -> Leader | None:
        """The one of them that would be recommended."""
        return winner(self.standing, self.leaders)

    @property
    def best(self) -> Best | None:
        """The winner, where its one objective is all that is wanted."""
        return None if self.winner is None else self.winner.best

    @cached_property
    def _leading(self) -> frozenset[object]:
        """The points that are marked: the best, or the front."""
        if self.standing.campaign.aim.single:
            return frozenset({key(self.best.point)} if self.best else ())
        return frozenset(key(one.point) for one in self.standing.front)

    @cached_property
    def digits(self) -> Digits:
        """How values of the objective are written."""
        rows = self.rows
        own = [row.value for row in self.own_rows] or [row.value for row in rows] or self._limits
        digits, sds = digits_for(own, (row.sd for row in rows if row.sd)), any(r.sd for r in rows)
        best = self.best
        return digits if sds or best is None else digits.showing(best.value)

    @property
    def _limits(self) -> list[float]:
        seen = (one for every in self.measured.values() for one in every)
        return [end for one in seen for end in (one.low, one.high) if end is not None]

    @property
    def unit(self) -> str:
        """The objective's unit, as people write it."""
        return unit(self.objective.unit)

    @property
    def what(self) -> str:
        """What is measured, in a word or two."""
        return self.objective.name.replace("_", " ")

    @property
    def axis(self) -> str:
        """What the axis of measured values is called."""
        inside = " ".join(part for part in (self.digits.times, self.unit) if part)
        return f"{self.what} ({inside})" if inside else self.what

    def plain(self, value: float) -> str:
        """A value of the objective, without its unit; or the name of its class."""
        if self.objective.classed:
            return self.objective.label(value)
        return self.digits(value)

    def value(self, value: float) -> str:
        """A value of the objective with its unit; or the name of its class."""
        if self.objective.classed:
            return self.objective.label(value)
        return with_unit(self.digits(value), self.objective.unit)

    @property
    def keys(self) -> list[Key]:
        """The colours of the classes; none where the values are numbers."""
        return [Key(one, self.coloured(at)) for at, one in enumerate(self.objective.classes)]

    @staticmethod
    def coloured(number: float) -> str:
        """The style of a class, by its number; beyond the eighth they come again."""
        return f"c{round(number) % COLOURS}"

    def scaled(self, value: float) -> float:
        """A value of the objective without the common power of ten, as the figures draw it."""
        return value / self.digits.power

    @cached_property
    def _kinds(self) -> dict[str | None, str]:
        return {decision.id: decision.kind for decision in self.standing.decisions}

    def first(self, trial: Trial) -> bool:
        """Whether the point was wanted before there was a model, or given by a person."""
        return self._kinds.get(trial.decision) not in {"model", "screened"}

    @cached_property
    def marks(self) -> dict[str, Mark]:
        """Observation id -> each measured value that counts, of the campaign's own."""
        return {row.id: self._mark(row) for row in self.own_rows}

    @cached_property
    def imported(self) -> tuple[Mark, ...]:
        """The values that others measured: they teach the model and do not count."""
        return tuple(self._mark(row) for row in self.rows if row.id not in self.marks)

    def _mark(self, row: Row) -> Mark:
        trial = self.trials[row.trial]
        own = trial.origin == OWN
        return Mark(
            trial=trial,
            value=row.value,
            sd=row.sd,
            point={**self.whole(trial), **row.point},
            kind=("first" if self.first(trial) else "model") if own else "imported",
            best=own and key(row.point) in self._leading,
        )

    def name(self, trial: Trial) -> str:
        """What people call a trial: its candidate where the space is one pool, or else its number."""
        if len(self.space.parameters) == 1 and isinstance(self.space.parameters[0], PoolColumn):
            point = self.standing.effective[trial.id].point
            return str(point.get(self.space.parameters[0].name, f"Trial {trial.number}"))
        return f"Trial {trial.number}"

    def whole(self, trial: Trial) -> Point:
        """What is really to be done: the space's own columns, and what is sent of its pools."""
        effective = self.standing.effective[trial.id]
        return {**effective.settings, **effective.point}

    def words(self, point: Point) -> list[tuple[str, str]]:
        """The space's own settings at a point: name, and value with unit."""
        return [
            (name, self.setting(name, point[name])) for name in self.space.columns if name in point
        ]

    def setting(self, column: str, value: Scalar) -> str:
        """One setting, with its unit."""
        parameter = self.parameters[column]
        return with_unit(setting(parameter, value), parameter.unit)

    def tip(self, mark: Mark) -> str:
        """What a dot says when it is pointed at."""
        name = self.name(mark.trial)
        number = "" if name == f"Trial {mark.trial.number}" else f" (trial {mark.trial.number})"
        return f"{name}{number}: {self.value(mark.value)}"

    @cached_property
    def jobs(self) -> dict[str, list[Job]]:
        """Trial id -> its jobs, in order."""
        found: dict[str, list[Job]] = {}
        for job in self.standing.jobs:
            for trial in job.trials:
                found.setdefault(trial, []).append(job)
        return found

    @cached_property
    def measured(self) -> dict[str, list[Observation]]:
        """Trial id -> what was seen of the objective at the target fidelity."""
        found: dict[str, list[Observation]] = {}
        for one in self.observations.values():
            mine = one.objective == self.objective.name and one.fidelity == TARGET
            if mine and not one.left_over:
                found.setdefault(one.trial, []).append(one)
        return found

    def seen(self, one: Observation) -> str:
        """What an observation says, without its unit: `−1.270 ± 0.004`, `< 0.05`, `void`."""
        if one.value is not None:
            spread = f" ± {self.plain(one.sd)}" if one.sd else ""
            return self.plain(one.value) + spread
        if one.low is not None and one.high is not None:
            return f"{self.plain(one.low)} to {self.plain(one.high)}"
        if one.low is not None:
            return f"> {self.plain(one.low)}"
        return f"< {self.plain(one.high)}" if one.high is not None else "void"

    def edited(self, trial: Trial) -> bool:
        """Whether a review changed the point."""
        return key(self.standing.effective[trial.id].point) != key(trial.point)
