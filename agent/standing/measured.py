"""What was measured, and what of it teaches: all but the results in question."""

from dataclasses import dataclass
from functools import cached_property

from agent.core.dosing import Dosing, dosings
from agent.core.history import TARGET, Bound, Pending, Row, bounds_of, row_of, rows_of
from agent.core.objective import Objective
from agent.core.question import Question, questions
from agent.core.replicates import Scatters, places_of, scatters
from agent.core.values import Point
from agent.standing.stored import Stored


@dataclass(frozen=True)
class Measured(Stored):
    """The campaign's values and bounds: those that teach, those that count, and those in question."""

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows that teach: the campaign's own, and imported ones; in the present space."""
        completed = (
            (row, self.campaign.space.completed(row.point)) for row in self._rows(own=False)
        )
        return tuple(row.model_copy(update={"point": point}) for row, point in completed if point)

    @cached_property
    def bounds(self) -> tuple[Bound, ...]:
        """The bounds that teach beside the rows, in the present space."""
        completed = ((one, self.campaign.space.completed(one.point)) for one in self._bounds)
        return tuple(one.model_copy(update={"point": point}) for one, point in completed if point)

    @property
    def learnt(self) -> tuple[str, ...]:
        """The ids of what a decision learns from: rows, then bounds."""
        return tuple(one.id for one in (*self.rows, *self.bounds))

    @cached_property
    def own_rows(self) -> tuple[Row, ...]:
        """The rows that count for best, stop and report."""
        return self._rows(own=True)

    def own_rows_of(self, objective: Objective) -> tuple[Row, ...]:
        """Of `own_rows` those of one objective."""
        return tuple(row for row in self.own_rows if row.objective == objective.name)

    def rows_at(self, fidelity: str) -> tuple[Row, ...]:
        """All rows of the first objective at a fidelity, imported ones too: what another campaign may
        learn from.
        """
        name = self.campaign.objective.name
        return tuple(
            row for row in self._rows(own=False, fidelity=fidelity) if row.objective == name
        )

    @cached_property
    def measured(self) -> tuple[Row, ...]:
        """The campaign's own values, those in question too."""
        return self._every_row(own=True)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The results that are kept and not learnt, until it is settled whether they are right."""
        seen = {
            one.id: row
            for one in self.observations
            if (row := row_of(one, self.effective[one.trial].point))
        }
        rule = self.campaign.policy.in_question
        near = self.campaign.space.near
        return questions(
            self.trials, self.measured, seen, self.decisions, self.judgements, rule, near
        )

    @property
    def remakes(self) -> tuple[Pending, ...]:
        """The trials that the agent is to make again now, and where."""
        due = dict.fromkeys(one.trial for one in self.questions if one.due)
        found = ((trial, self.point_of(trial)) for trial in due)
        return tuple(
            Pending(trial=trial, point=point) for trial, point in found if point is not None
        )

    @property
    def remaking(self) -> bool:
        """Whether a result in question is being made again, or is about to be."""
        return bool(self.remakes) or any(one.remaking for one in self.questions)

    @cached_property
    def places(self) -> dict[str, Point]:
        """Trial id -> the point that it is a sample of, of the campaign's own trials."""
        return places_of(self.trials, self.effective, self.campaign.space)

    def scatters_of(self, objective: Objective) -> Scatters:
        """What readings of one sample scatter by, and what samples made anew do; classes have no width."""
        if objective.classed:
            return Scatters()
        return scatters(self.own_rows_of(objective), self.places)

    @cached_property
    def dosing(self) -> tuple[Dosing, ...]:
        """How settings come out as executed, where that is worth telling."""
        return dosings(self.campaign.space.parameters, self.observations, self.effective)

    def _rows(self, *, own: bool, fidelity: str = TARGET) -> tuple[Row, ...]:
        rows = self._every_row(own=own, fidelity=fidelity)
        if fidelity != TARGET:
            return rows
        held = {row for one in self.questions for row in one.rows}
        return tuple(row for row in rows if row.id not in held)

    def _every_row(self, *, own: bool, fidelity: str = TARGET) -> tuple[Row, ...]:
        """The rows that count, those in question too."""
        return rows_of(
            self.trials,
            self.observations,
            self.campaign.objectives,
            self.effective,
            own=own,
            fidelity=fidelity,
        )

    @cached_property
    def _bounds(self) -> tuple[Bound, ...]:
        return bounds_of(self.trials, self.observations, self.campaign.objectives, self.effective)
