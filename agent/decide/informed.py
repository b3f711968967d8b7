"""Choosing with transfer priors: most believed by turns with not believed at all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from torch import Tensor

from agent.core.history import key
from agent.core.objective import Objective
from agent.core.seeds import derived
from agent.core.source import Source
from agent.core.space import SearchSpace
from agent.core.values import Point, canonical, digest
from agent.decide import designs
from agent.decide.choose import Chooser
from agent.decide.situation import Situation
from agent.errors import ModelError
from agent.learn.encoding import Encoding
from agent.learn.fitted import Fitted
from agent.learn.priors.source import SourceModel, fit_source
from agent.learn.priors.transfer import Transfer, fit_transfer, restore_transfer
from agent.learn.surrogate import EXPECTED, Surrogate, fit, restore

PLAIN_EVERY = 2
"""Every so many-th experiment is what the campaign would do without its sources: the guard. At worst
the others are lost, so that at most twice the experiments are needed.
"""

_KEPT = 64

By = Literal["sources", "plain", "design"]


@dataclass(frozen=True)
class Turn:
    """One choice: by whom, with what score, and what would have been chosen without the sources.

    Attributes:
        by: The mixture with the sources, the plain model, or the design that comes before it.
        point: What was chosen.
        score: The acquisition; None of a design.
        model: What predicts it.
        in_flight: Points that counted as measured, `m x d`.
        without: What the plain model would have chosen; None where it chose.
    """

    by: By
    point: Point
    score: float | None
    model: Fitted
    in_flight: Tensor
    without: Point | None


class Informed:
    """A decision with sources.

    A source that cannot be modelled is left out, with a note.

    Args:
        situation: What the decision starts from; it has sources.
        before: Points chosen before in this decision (replicates).

    Raises:
        ModelError: none of the sources can be used.
    """

    def __init__(self, situation: Situation, before: list[Point]) -> None:
        self._situation = situation
        self._before = before
        models, believed, notes = _usable(situation)
        self.transfer = _mixture(situation, models, believed, notes)
        self.plain = _plain(situation)
        self._believer = Chooser(situation, self.transfer, before)
        self._doubter = Chooser(situation, self.plain, before) if self.plain else None

    @property
    def design(self) -> Tensor:
        """What is typical of the space: `k x d`."""
        return self._believer.design

    def turns(self, count: int) -> Iterator[Turn]:
        """Up to `count` choices, the best first."""
        first = self._situation.started + len(self._before) + 1
        for nth in range(first, first + count):
            turn = self._believed() if nth % PLAIN_EVERY else self._doubted()
            if turn is None:
                return
            self._take(turn.point)
            yield turn

    def state(self, turns: list[Turn]) -> dict[str, Any]:
        """All that the decision knew of its models, as JSON."""
        told = [{"by": turn.by, "without": turn.without} for turn in turns]
        plain = self.plain.state() if self.plain else None
        return {**self.transfer.state(), "plain": plain, "turns": told}

    def _believed(self) -> Turn | None:
        found = self._believer.choose()
        if found is None:
            return None
        instead = self._doubter.choose() if self._doubter else None
        without = instead[0] if instead else None
        return Turn("sources", found[0], found[1], self.transfer, found[2], without)

    def _doubted(self) -> Turn | None:
        if self._doubter is None or self.plain is None:
            return self._designed()
        found = self._doubter.choose()
        return found and Turn("plain", found[0], found[1], self.plain, found[2], None)

    def _designed(self) -> Turn | None:
        """The point that is farthest from all others: there is no plain model yet."""
        situation, taken = self._situation, self._believer.taken
        points = designs.drawn(
            situation.encoding, situation.policy.initial, taken, 1, situation.seed
        )
        if not points:
            return None
        in_flight = situation.in_flight(self._before)
        return Turn("design", points[0], None, self.transfer, in_flight, None)

    def _take(self, point: Point) -> None:
        self._before = [*self._before, point]
        self._believer.take(point)
        if self._doubter:
            self._doubter.take(point)


def restored(situation: Situation, state: dict[str, Any]) -> Fitted:
    """The model that made a decision's first choice, from its stored state.

    Raises:
        ReplayError: rows or sources are not those that it learnt from.
    """
    encoding, rows, objective = situation.encoding, situation.rows, situation.objective
    if state["turns"] and state["turns"][0]["by"] == "plain":
        return restore(state["plain"], encoding, rows, objective)
    known = [source["sha256"] for source in state["sources"]]
    sources = [source for source in situation.sources if digest(source) in known]
    return restore_transfer(state, encoding, rows, objective, sources)


def _usable(situation: Situation) -> tuple[list[SourceModel], list[Source], list[str]]:
    """The sources that can be modelled, their models, and what is wrong with the others."""
    models: list[SourceModel] = []
    believed: list[Source] = []
    notes: list[str] = []
    for source in situation.sources:
        try:
            models.append(model_of(situation.space, source, situation.objective))
            believed.append(source)
        except EXPECTED as error:
            notes.append(f"prior {source.name} left out: {str(error).splitlines()[0][:120]}")
    return models, believed, notes


def _mixture(
    situation: Situation, models: list[SourceModel], believed: list[Source], notes: list[str]
) -> Transfer:
    if not models:
        raise ModelError("no prior can be used: " + "; ".join(notes), "look at its rows")
    encoding, objective = situation.encoding, situation.objective
    try:
        made = fit_transfer(encoding, situation.rows, objective, models, believed)
    except EXPECTED as error:
        raise ModelError(f"the priors cannot be weighed: {str(error).splitlines()[0]}") from error
    return replace(made, notes=(*made.notes, *notes))


def model_of(space: SearchSpace, source: Source, objective: Objective) -> SourceModel:
    """The source's model in a space; of an equal source in an equal space, the same one again."""
    return _fitted(_Known(source, canonical(source)), Encoding.of(space), objective)


@dataclass(frozen=True, eq=False)
class _Known:
    """A source that is looked up by its content."""

    source: Source
    content: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)


@lru_cache(maxsize=_KEPT)
def _fitted(known: _Known, encoding: Encoding, objective: Objective) -> SourceModel:
    return fit_source(encoding, known.source, objective)


def _plain(situation: Situation) -> Surrogate | None:
    """The model that knows nothing of the sources; None before there is anything to model."""
    if len({key(row.point) for row in situation.usable}) < 2:
        return None
    seed = derived(situation.seed, "fit")
    try:
        return fit(situation.encoding, situation.rows, situation.objective, seed)
    except ModelError:
        return None
