"""Choosing with transfer priors: most believed by turns with not believed at all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from agent.core.history import key
from agent.core.seeds import derived
from agent.core.values import Point
from agent.decide import designs
from agent.decide.choose import Chooser, Chosen, anew, scoring
from agent.decide.costs import Prices
from agent.decide.plate import plated
from agent.decide.situation import Situation
from agent.decide.sources import Sources
from agent.errors import ModelError
from agent.learn.fitted import Fitted
from agent.learn.priors.given import Given
from agent.learn.priors.methods import fit_transfer, restore_transfer
from agent.learn.priors.source import restore_source
from agent.learn.priors.transfer import Transfer
from agent.learn.surrogate import Surrogate, fit, restore
from agent.learn.training import EXPECTED

By = Literal["sources", "plain", "design"]


@dataclass(frozen=True)
class Turn:
    """One choice: by whom, with what score, and what would have been chosen without the sources.

    Attributes:
        by: The surrogate with the sources, the plain one, or the design that comes before it.
        point: What was chosen.
        score: The acquisition; None of a design.
        model: What predicts it.
        in_flight: Points that counted as measured, `m x d`.
        without: What would have been chosen without the sources; None where it was.
        expected: What is expected there, in the objective's unit.
        others: The next best points with their scores.
        prices: What points cost then; None of a design.
    """

    by: By
    point: Point
    score: float | None
    model: Fitted
    in_flight: Tensor
    without: Point | None = None
    expected: float | None = None
    others: tuple[tuple[Point, float], ...] = ()
    prices: Prices | None = None

    @classmethod
    def of(cls, by: By, chosen: Chosen, model: Fitted, **more: Any) -> "Turn":
        """A turn by a model's choice."""
        told = chosen._asdict() | more
        return cls(by, told.pop("point"), told.pop("score"), model, **told)

    def told(self) -> dict[str, Any]:
        """What is kept of it, as JSON; the point too where a batch is executed in another order."""
        kept = {"by": self.by, "without": self.without, "expected": self.expected}
        moved = self.prices is not None and self.prices.route is not None
        return kept | ({"point": self.point} if moved else {})


class Informed:
    """A decision with sources.

    Args:
        situation: What the decision starts from; it has sources to ask.
        before: Points chosen before in this decision (replicates).
        batch: How many points are going to be chosen.

    Raises:
        ModelError: none of the sources can be used.
    """

    def __init__(self, situation: Situation, before: list[Point], batch: int = 1) -> None:
        self._before, first = before, anew(batch)
        self.sources = Sources.of(situation)
        self.transfer = _transfer(situation, self.sources)
        self.plain = _plain(situation)
        believing = scoring(situation, self.transfer)
        situation, self._plate = plated(situation, believing, before, batch)
        self._situation = situation
        self._believer = Chooser(situation, believing, before, first)
        self._doubter = (
            Chooser(situation, scoring(situation, self.plain), before, first)
            if self.plain
            else None
        )

    @property
    def design(self) -> Tensor:
        """What is typical of the space: `k x d`."""
        return self._believer.design

    @property
    def chooser(self) -> Chooser:
        """The one that believes the sources."""
        return self._believer

    @property
    def notes(self) -> tuple[str, ...]:
        """In words: sources left out or switched off, fallbacks."""
        silent = self._situation.silent
        off = (f"switched off, since it says nothing here: {', '.join(silent)}",) if silent else ()
        count = len(self._situation.usable_bounds)
        bounds = (f"the models with priors leave out bounds: {count} of them",) if count else ()
        return (*self.transfer.notes, *self.sources.notes, *off, *bounds, *self._plate)

    def turns(self, count: int) -> Iterator[Turn]:
        """Up to `count` choices, the best first."""
        first = self._situation.started + len(self._before) + 1
        for nth in range(first, first + count):
            turn = self._turn(nth)
            if turn is None:
                return
            self._take(turn.point)
            yield turn

    def state(self, turns: Sequence[Turn]) -> dict[str, Any]:
        """All that the decision knew of its models, as JSON."""
        told = [one.told() for one in turns]
        plain = self.plain.state() if self.plain else None
        return {**self.transfer.state(), "plain": plain, "turns": told}

    def _turn(self, nth: int) -> Turn | None:
        """The campaign's `nth` experiment.

        Results that speak against the sources early on leave the plain model with a start that is
        anything but even: what is left of a design of the whole space is made up for. Without plain
        turns nothing is guarded, and this is not either.
        """
        every = self._situation.policy.transfer.plain_every
        if every and nth <= self._situation.size and self.transfer.contradicted:
            return self._evenly() or self._doubted()
        return self._doubted() if every and nth % every == 0 else self._believed()

    def _believed(self) -> Turn | None:
        found = self._believer.choose()
        if found is None:
            return None
        without = self._without()
        expected = None if without is None else self.transfer.predict([without])[0][0]
        return Turn.of("sources", found, self.transfer, without=without, expected=expected)

    def _doubted(self) -> Turn | None:
        if self._doubter is None or self.plain is None:
            return self._evenly()
        found = self._doubter.choose()
        return found and Turn.of("plain", found, self.plain)

    def _evenly(self) -> Turn | None:
        point = self._designed()
        in_flight = self._situation.in_flight(self._before)
        return None if point is None else Turn("design", point, None, self.transfer, in_flight)

    def _without(self) -> Point | None:
        """What would be chosen now if nothing had been known before."""
        if self._doubter is None:
            return self._designed()
        found = self._doubter.choose()
        return found and found.point

    def _designed(self) -> Point | None:
        """The point of the initial design that is farthest from all others."""
        situation, taken = self._situation, self._believer.taken.copy()
        points = designs.drawn(
            situation.encoding,
            situation.policy.initial,
            taken,
            1,
            situation.seed,
            situation.held,
        )
        return points[0] if points else None

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
        return restore(state["plain"], encoding, rows, objective, situation.bounds)
    known = [source["sha256"] for source in state["sources"]]
    believed = [source for source in situation.sources if source.sha256 in known]
    pairs = zip(state["sources"], believed, strict=True)
    models = [restore_source(one, encoding, source, objective) for one, source in pairs]
    return restore_transfer(state, _given(situation, Sources(tuple(models), tuple(believed))))


def _given(situation: Situation, sources: Sources) -> Given:
    return Given(
        situation.encoding,
        situation.rows,
        situation.objective,
        sources.models,
        sources.believed,
        situation.policy.transfer.experience,
        derived(situation.seed, "transfer"),
    )


def _transfer(situation: Situation, sources: Sources) -> Transfer:
    if not sources.models:
        raise ModelError("no prior can be used: " + "; ".join(sources.notes), "look at its rows")
    try:
        return fit_transfer(situation.policy.transfer.method, _given(situation, sources))
    except EXPECTED as error:
        raise ModelError(f"the priors cannot be weighed: {str(error).splitlines()[0]}") from error


def _plain(situation: Situation) -> Surrogate | None:
    """The model that knows nothing of the sources; None before there is anything to model."""
    if len({key(row.point) for row in situation.usable}) < 2:
        return None
    seed = derived(situation.seed, "fit")
    try:
        told = (situation.encoding, situation.rows, situation.objective, seed)
        return fit(*told, bounds=situation.bounds)
    except ModelError:
        return None
