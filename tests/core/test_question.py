"""When a result is in question, and what settles it: by what was known when its point was chosen."""

from math import hypot
from typing import Any

import pytest

from agent.core.decision import Choice, Decision
from agent.core.history import Row
from agent.core.judgement import Judgement
from agent.core.question import BEYOND, Question, expected, questions
from agent.core.record import Tested, noise_of, widening
from agent.core.trial import Trial, TrialStatus
from tests.contracts import store_world as w

STATE = {"kind": "gaussian process", "noise": [0.25], "scale": 2.0}
"""Of a model whose readings are off by 1."""

LAST = 11


class World:
    """Eleven trials, each chosen by a decision that predicted 10 ± 1 and had learnt all before it; ten
    came out so, and the last read something else.
    """

    def __init__(self, value: float) -> None:
        self.trials = [self.trial(n) for n in range(1, LAST + 1)]
        self.rows = [row(n, 10.0 + (-1) ** n) for n in range(1, LAST)] + [row(LAST, value)]
        self.decisions = [self.decision(n, STATE) for n in range(1, LAST + 1)]
        self.judgements: list[Judgement] = []

    def trial(self, n: int, **more: Any) -> Trial:
        at = {"x": float(n)}
        given = {"decision": f"d{n}", "point": at, "settings": at, "status": TrialStatus.DONE}
        return w.trial(n, **{**given, **more})

    def decision(self, n: int, state: dict[str, Any]) -> Decision:
        told = {"yield": (10.0, 1.0)}
        choice = Choice(point={"x": float(n)}, prediction=told, acquisition="logei", why="so")
        known = tuple(one.id for one in self.rows[: n - 1])
        return w.decision(n, rows=known, choices=(choice,), state=state)

    def remade(self, value: float | None, status: TrialStatus = TrialStatus.DONE) -> "World":
        n = len(self.trials) + 1
        again = {"decision": None, "point": {"x": float(LAST)}, "replicate_of": f"t{LAST}"}
        self.trials.append(self.trial(n, status=status, **again))
        if value is not None:
            self.rows.append(row(n, value, at=LAST))
        return self

    def said(self, word: str) -> "World":
        n = len(self.judgements) + 1
        self.judgements.append(w.judgement(n, trial=f"t{LAST}", word=word))
        return self

    def asked(self, rule: str = "remake") -> tuple[Question, ...]:
        seen = {one.id: one for one in self.rows}
        return questions(self.trials, self.rows, seen, self.decisions, self.judgements, rule)


def row(n: int, value: float, at: int | None = None) -> Row:
    place = {"x": float(at or n)}
    return Row(id=f"o{n}", trial=f"t{n}", point=place, value=value, objective="yield")


def test_the_interval_is_that_of_a_reading_widened_by_the_record() -> None:
    record = [Tested(mean=0, sd=3, value=20)] * 8
    told = expected(5.0, 3.0, record, 4.0)
    assert told is not None
    assert told.far == pytest.approx(BEYOND * widening(record, 4.0) * hypot(3, 4))
    assert told.holds(5.0 - told.far)
    assert not told.holds(5.1 + told.far)
    assert expected(5.0, 3.0, record[:7], 4.0) is None


@pytest.mark.parametrize(
    ("state", "noise"),
    [
        (STATE, 1.0),
        ({"noise": [0.25, 1.0], "scale": 2.0}, 2.0),
        ({"parts": {"yield": STATE, "cost": {"noise": [9.0], "scale": 9.0}}}, 1.0),
        ({"scale": 2.0, "learnt": {"noise": 0.25}}, 1.0),
        ({"scale": 2.0, "learnt": {"experts": [{"noise": 0.04}, {"noise": 0.25}]}}, 1.0),
        ({"scale": 2.0, "learnt": {"noises": [4.0, 0.25]}}, 1.0),
        ({"scale": 2.0, "learnt": {}}, 0.0),
    ],
)
def test_the_noise_is_read_from_the_stored_model(state: dict[str, Any], noise: float) -> None:
    assert noise_of(state, "yield") == pytest.approx(noise)


@pytest.mark.parametrize("value", [60.0, -60.0])
def test_what_is_far_off_is_in_question_on_either_side(value: float) -> None:
    (one,) = World(value).asked()
    assert (one.trial, one.value, one.rows, one.due) == ("t11", value, ("o11",), True)
    assert one.expected.mean == 10.0
    assert World(value).asked("learn") == ()
    assert not World(value).asked("ask")[0].due


def test_what_is_within_or_comes_early_is_not() -> None:
    assert World(13.0).asked() == ()
    early = World(10.0)
    early.rows[7] = row(8, 60.0)
    early.decisions = early.decisions[:8]
    assert early.asked() == ()


def test_what_was_learnt_or_accepted_is_not_asked_again() -> None:
    learnt = World(60.0)
    learnt.decisions.append(w.decision(12, rows=("o11",)))
    assert learnt.asked() == ()
    assert World(60.0).said("accept").asked() == ()


def test_later_rows_do_not_change_what_was_asked() -> None:
    made = World(60.0)
    before = made.asked()
    for n in range(12, 30):
        made.trials.append(made.trial(n))
        made.rows.append(row(n, 500.0))
        known = tuple(one.id for one in made.rows if one.id != "o11")
        made.decisions.append(made.decision(n, STATE).model_copy(update={"rows": known}))
    assert made.asked()[0] == before[0]


@pytest.mark.parametrize(
    ("again", "held"),
    [
        (59.0, ()),  # as the first time: both are learnt
        (75.0, ()),
        (9.0, ("o11",)),  # as predicted: the second is learnt, the first is for a person
        (28.0, ("o11", "o12")),  # neither
        (-60.0, ("o11", "o12")),
    ],
)
def test_a_remake_settles_it_or_leaves_it_to_a_person(again: float, held: tuple[str, ...]) -> None:
    found = World(60.0).remade(again).asked()
    assert tuple(row for one in found for row in one.rows) == held
    assert all(not one.due and one.remade == (again,) for one in found)


def test_it_is_remade_once_and_again_if_a_person_says_so() -> None:
    assert World(60.0).remade(None, TrialStatus.PROPOSED).asked()[0].remaking
    assert not World(60.0).remade(None, TrialStatus.FAILED).asked()[0].due
    assert World(60.0).remade(None, TrialStatus.EXPIRED).asked()[0].due
    twice = World(60.0).remade(9.0).said("remake")
    assert twice.asked()[0].due
    assert twice.remade(61.0).asked() == ()


def test_a_value_that_was_executed_elsewhere_or_without_prediction_is_not_asked() -> None:
    elsewhere = World(60.0)
    elsewhere.rows[-1] = row(11, 60.0, at=99)
    assert elsewhere.asked() == ()
    given = World(60.0)
    given.trials[-1] = given.trial(11, decision=None)
    assert given.asked() == ()
