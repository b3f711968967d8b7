"""Choosing by Ax: its default generator asked at candidates, or in the box; a baseline, and a second opinion."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from agent.core.decision import Choice
from agent.core.history import best
from agent.core.seeds import derived
from agent.core.strategies import beyond_ax
from agent.core.values import Point
from agent.core.worded import figures, like
from agent.decide.candidates import Candidates, Taken, listed, sampled
from agent.decide.polish import neighbours
from agent.decide.situation import Situation
from agent.errors import ModelError
from agent.learn.ax_model import AxModel, fit_ax, restore_ax

_MOST_ASKED, _SAMPLE = 4096, 2048
"""A candidate takes Ax a millisecond: every one of a space of up to 4,096, of others a sample of 2,048."""


class Suggested(NamedTuple):
    """What was chosen, what Ax had learnt as JSON (None where it chose nothing), and notes in words."""

    choices: tuple[Choice, ...]
    state: dict[str, Any] | None
    notes: tuple[str, ...]


def suggested(situation: Situation, before: list[Point], count: int) -> Suggested:
    """Up to `count` points, one after the other, each with those before it in flight.

    Args:
        situation: What the decision starts from.
        before: Points chosen before in this decision (replicates).
        count: How many.

    Raises:
        ModelError: Ax has no way to choose for these objectives, or cannot be fitted.
    """
    beyond = beyond_ax(situation.aim.objectives)
    if beyond:
        raise ModelError(f"Ax is not asked: {beyond}", "leave policy: strategy out")
    asked = _Asked(situation, _fitted(situation), before)
    choices = tuple(asked.choices(count))
    return Suggested(choices, asked.model.state() if choices else None, asked.notes)


def scores_by_ax(situation: Situation, state: dict[str, Any], points: list[Point]) -> list[float]:
    """Ax's acquisition of the first choice at `points`, from a decision's stored state.

    Raises:
        ReplayError: the rows are not those that it learnt from.
    """
    told = (situation.encoding, situation.rows, situation.objective)
    model = restore_ax(state, *told, derived(situation.seed, "fit"))
    in_flight = [one.point for one in situation.pending]
    return model.acquisition(points, in_flight, derived(situation.seed, "ax"))


def _fitted(situation: Situation) -> AxModel:
    told = (situation.encoding, situation.rows, situation.objective)
    return fit_ax(*told, derived(situation.seed, "fit"))


class _Asked:
    """Ax, asked for one point after the other."""

    def __init__(self, situation: Situation, model: AxModel, before: list[Point]) -> None:
        self._situation = situation
        self.model = model
        self._in_flight = [*(one.point for one in situation.pending), *before]
        self._taken = Taken(situation.encoding, [*situation.taken.points, *before])
        self._seed = derived(situation.seed, "ax")
        whole = listed(situation.encoding)
        self._in_box = whole is None and model.translation.box is not None
        self._few = whole if whole is not None and len(whole) <= _MOST_ASKED else None
        self.notes = _left_out(situation)
        if whole is not None and self._few is None:
            note = f"Ax was asked at {_SAMPLE:,} of {len(whole):,} candidates, and near the best"
            self.notes = (*self.notes, note)

    def choices(self, count: int) -> Sequence[Choice]:
        """Up to `count`; fewer where the space has no more."""
        found: list[Choice] = []
        while len(found) < count:
            chosen = self._choose()
            if chosen is None:
                break
            point, score = chosen
            found.append(self._reasoned(point, score))
            self._in_flight.append(point)
            self._taken.add(point)
        return found

    def _choose(self) -> tuple[Point, float] | None:
        return (self._found() if self._in_box else None) or self._picked(self._candidates())

    def _found(self) -> tuple[Point, float] | None:
        """What Ax finds by itself, or the best next to it where rounding leads to what is taken or
        excluded; None where that leaves nothing.
        """
        encoding = self._situation.encoding
        try:
            point = self.model.best(self._in_flight, self._seed)
        except ModelError as error:
            self.notes = (*self.notes, error.message)
            return None
        if point in self._situation.space and point not in self._taken:
            return point, self._scores([point])[0]
        table = encoding.table([point])
        here = Candidates(encoding, table, encoding.encoded(table))
        return self._picked(neighbours(here, 0, self._taken))

    def _candidates(self) -> Candidates:
        if self._few is not None:
            return self._few.without(self._taken.points)
        encoding, around = self._situation.encoding, self._situation.leading
        return sampled(encoding, _SAMPLE, self._seed, around).without(self._taken.points)

    def _picked(self, few: Candidates) -> tuple[Point, float] | None:
        """The best of some candidates, the first of equals."""
        points = few.encoding.points(few.table)
        scores = self._scores(points)
        order = sorted(range(len(points)), key=lambda row: -scores[row])
        space = self._situation.space
        return next(((points[at], scores[at]) for at in order if points[at] in space), None)

    def _scores(self, points: Sequence[Point]) -> list[float]:
        return self.model.acquisition(points, self._in_flight, self._seed)

    def _reasoned(self, point: Point, score: float) -> Choice:
        objective = self._situation.objective
        ((mean, sd),) = self.model.predict([point])
        unit = "" if objective.unit == "1" else f" {objective.unit}"
        why = f"the choice of Ax: predicted {figures(mean, sd)}{unit}"
        known = best(self.model.rows, objective)
        if known is not None:
            why += f", best so far {like(known.value, sd)}"
        return Choice(
            point=point,
            prediction={objective.name: (mean, sd)},
            acquisition=self.model.acquisition_name,
            score=score,
            why=why,
        )


def _left_out(situation: Situation) -> tuple[str, ...]:
    """What is known and Ax is not told."""
    bounds, rows = len(situation.usable_bounds), len(situation.rows) - len(situation.usable)
    notes = [f"{rows} rows left out: outside the space"] * bool(rows)
    notes += [f"Ax leaves out bounds: {bounds} of them"] * bool(bounds)
    notes += ["Ax leaves out the priors"] * bool(situation.sources)
    return tuple(notes)
