"""Results in question: a value far outside what was predicted for it, and what settles whether it is learnt."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import hypot

from agent.core.decision import Decision
from agent.core.history import Near, Row, same
from agent.core.judgement import Judgement
from agent.core.policy import InQuestion
from agent.core.record import Tested, executed_of, noise_of, record_of, widening
from agent.core.trial import OPEN, Trial, TrialStatus
from agent.core.values import Point, Value

ENOUGH = 8
"""Predictions that must have been put to the test before one can speak against a result."""

BEYOND = 3.2905
"""Standard deviations on either side of the mean that hold 99.9 % of a normal distribution."""


class Expected(Value):
    """What was predicted of one objective, as a result may speak against it: with 99.9 % within `far`
    of `mean`.
    """

    mean: float
    far: float

    def holds(self, value: float) -> bool:
        """Whether a value is within the interval."""
        return abs(value - self.mean) <= self.far

    def agree(self, one: float, other: float) -> bool:
        """Whether two results are nearer to each other than either is to the prediction."""
        return abs(one - other) < min(abs(one - self.mean), abs(other - self.mean))


class Question(Value):
    """A result that is neither learnt nor deleted.

    `value` is the first reading of `trial`, at `point`, and `rows` are the ids of all rows that are
    held back for it: of the trial, and of those that remade it and came out otherwise again. `remade`
    has what the remakes brought. `due` says that the agent is to remake it; `remaking`, that it does.
    """

    trial: str
    objective: str
    point: Point
    value: float
    expected: Expected
    rows: tuple[str, ...]
    remade: tuple[float, ...] = ()
    due: bool = False
    remaking: bool = False


def expected(mean: float, sd: float, record: Sequence[Tested], noise: float) -> Expected | None:
    """The 99.9 % interval for a reading, widened as the record asks; None while the record is short.

    Args:
        mean: What was predicted.
        sd: Its standard deviation, of the underlying value.
        record: The predictions that had been put to the test when this one was made.
        noise: Standard deviation of a reading.
    """
    if len(record) < ENOUGH:
        return None
    return Expected(mean=mean, far=BEYOND * widening(record, noise) * hypot(sd, noise))


def questions(
    trials: Sequence[Trial],
    rows: Sequence[Row],
    seen: Mapping[str, Row],
    decisions: Sequence[Decision],
    judgements: Sequence[Judgement],
    rule: InQuestion,
    near: Near = same,
) -> tuple[Question, ...]:
    """The results in question, in the order of their trials.

    A result is held against the prediction that was made for it, and against the record of the
    decision that made it: rows that come later never change whether it is in question. What a
    decision has learnt stays learnt; so does what a person accepts, and what comes out alike when
    it is remade.

    Args:
        trials: The campaign's trials.
        rows: The values that count, at the points as executed, with the names of their objectives.
        seen: Observation id -> row, of every value that was ever there.
        decisions: The campaign's decisions, in order.
        judgements: What people said, oldest first.
        rule: The policy's.
        near: Whether a point was executed where it was wanted.
    """
    if rule == "learn":
        return ()
    learnt = {row for one in decisions for row in one.rows}
    asker = _Asker(trials, seen, decisions, near)
    found = []
    for (name, objective), own in _by_trial(rows).items():
        first = own[0]
        if first.id in learnt:
            continue
        told = asker.expected(first)
        if told is None or told.holds(first.value):
            continue
        said = [one.word for one in judgements if one.trial == name]
        if "accept" in said:
            continue
        remakes = [one for one in trials if one.replicate_of == name and one.status not in _NEVER]
        wanted = said.count("remake") + (rule == "remake")
        under_way = any(one.status in OPEN for one in remakes)
        others = {
            one.id: there
            for one in remakes
            if (there := [row for row in rows if (row.trial, row.objective) == (one.id, objective)])
        }
        values = {name: first.value, **{id: _mean(there) for id, there in others.items()}}
        alone = _alone(values, told)
        if name not in alone:
            continue
        held = [row for id, there in others.items() if id in alone for row in there]
        found.append(
            Question(
                trial=name,
                objective=objective,
                point=first.point,
                value=first.value,
                expected=told,
                rows=tuple(row.id for row in [*own, *held] if row.id not in learnt),
                remade=tuple(values[id] for id in others),
                due=len(remakes) < wanted and not under_way,
                remaking=under_way,
            )
        )
    return tuple(found)


_NEVER = frozenset({TrialStatus.EXPIRED, TrialStatus.CANCELLED})
"""A remake that ended so was never made: it is due again."""


class _Asker:
    """What was expected of each result, by what its decision knew."""

    def __init__(
        self,
        trials: Sequence[Trial],
        seen: Mapping[str, Row],
        decisions: Sequence[Decision],
        near: Near,
    ) -> None:
        self._trials = {one.id: one for one in trials}
        self._places = {one.id: place for place, one in enumerate(decisions)}
        self._decisions, self._seen, self._near = decisions, seen, near

    def expected(self, row: Row) -> Expected | None:
        """None where nothing was predicted of it, or too little had been tested."""
        place = self._places.get(self._trials[row.trial].decision or "")
        if place is None:
            return None
        decision = self._decisions[place]
        chosen = [one for one in decision.choices if row.objective in one.prediction]
        choice = executed_of(chosen, self._trials[row.trial], row.point, self._near)
        if choice is None or decision.state is None:
            return None
        noise = max(noise_of(decision.state, row.objective), row.sd or 0.0)
        mean, sd = choice.prediction[row.objective]
        if abs(row.value - mean) <= BEYOND * hypot(sd, noise):
            return None  # a record only widens: no need to look at it
        known = [self._seen[id] for id in decision.rows if id in self._seen]
        before = self._decisions[:place]
        record = record_of(before, self._trials.values(), known, row.objective, self._near)
        return expected(mean, sd, record, noise)


def _by_trial(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.trial, row.objective), []).append(row)
    return found


def _mean(rows: Collection[Row]) -> float:
    return sum(row.value for row in rows) / len(rows)


def _alone(values: Mapping[str, float], told: Expected) -> frozenset[str]:
    """The results that neither the prediction nor another result speaks for."""
    return frozenset(
        one
        for one, value in values.items()
        if not told.holds(value)
        and not any(told.agree(value, other) for id, other in values.items() if id != one)
    )
