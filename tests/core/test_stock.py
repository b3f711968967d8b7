"""Stocks as values: what an experiment uses, and what a level is after it has changed."""

from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.core.actor import Actor
from agent.core.operators import InstrumentRules, Operators
from agent.core.stock import Change, Movement, Need, Stock, moved, shortage, to_return
from tests.core.made import NOW
from tests.core.test_limits import SIGNED, plan

ANNA = Actor(kind="person", name="anna")
LIMITS = {"volume": {"low": 0, "high": 50, "unit": "mL"}, "mode": {"names": ["single", "double"]}}


def uses(formula: float | str, unit: str = "mL") -> InstrumentRules:
    """An instrument of which an experiment uses so much acid."""
    stocks = {"acid": {"uses": formula, "unit": unit}}
    return InstrumentRules.model_validate({"limits": LIMITS, "stocks": stocks, "signed": SIGNED})


def change(last: Movement | None, word: str, value: float, job: str | None = None) -> Movement:
    return moved("reader", "tips", last, Change(word, value, "1", ANNA, NOW, job))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("formula", "amount"),
    [
        (8, 8.0),
        ("8", 8.0),
        ("2 + 0.1 * volume", 4.0),
        ("1 + (mode == 'double')", 2.0),
        ("volume - 100", None),
        ("1 / (volume - 20)", None),
        ("sqrt(volume - 100)", None),
    ],
)
def test_what_an_experiment_uses_is_a_number_or_a_formula(
    formula: float | str, amount: float | None
) -> None:
    (need,) = uses(formula).needs(plan(volume=(20, "mL"), mode="double"))
    assert need == ("acid", amount, "mL")


def test_settings_are_read_in_the_units_of_the_limits() -> None:
    (need,) = uses("0.1 * volume").needs(plan(volume=(20000, "uL"), mode="single"))
    assert need.amount == pytest.approx(2)
    (need,) = uses("0.1 * volume").needs(plan(volume=(20, ""), mode="single"))
    assert need.amount is None, "a number without a unit is in no unit"


@pytest.mark.parametrize("formula", [-1, float("nan"), "volume > 3", "spam(", "height * 2"])
def test_what_is_no_amount_is_refused(formula: float | str) -> None:
    with pytest.raises(ValidationError):
        uses(formula)


def test_stocks_are_neither_signed_nor_bound() -> None:
    file = {"limits": LIMITS, "signed": SIGNED}
    without = Operators.model_validate({"instruments": {"furnace-2": file}})
    made = Operators.model_validate(
        {"instruments": {"furnace-2": {**file, "stocks": {"acid": {"uses": 3}}}}}
    )
    assert made.in_force("furnace-2").hash == without.in_force("furnace-2").hash
    assert made.in_force("furnace-2").rules.stocks == {"acid": Stock(uses=3)}


@pytest.mark.parametrize(
    ("level", "needed", "told"),
    [
        (8, 8, None),
        (0.1 + 0.2 - 0.3, 1e-10, None),
        (3, 8, "3 tips left on reader, 8 needed: athanor stock fill reader tips AMOUNT"),
        (0, 0, None),
    ],
)
def test_a_shortage_says_how_much_and_what_mends_it(
    level: float, needed: float, told: str | None
) -> None:
    found = shortage("reader", Need("tips", needed, "1"), change(None, "counted", level))
    assert (None if found is None else str(found)) == told


def test_what_uses_nothing_moves_the_level_by_zero_without_a_sign() -> None:
    used = change(change(None, "counted", 8), "used", 0.0)
    assert (used.level, str(used.amount)) == (8, "0.0")


AMOUNTS = st.integers(0, 10_000).map(lambda tenths: tenths / 10)
STEPS = st.lists(st.tuples(st.sampled_from(["filled", "counted", "used", "returned"]), AMOUNTS))


@given(STEPS)
def test_a_level_is_the_sum_of_what_moved_it(steps: list[tuple[str, float]]) -> None:
    moves: list[Movement] = [change(None, "counted", 1000)]
    for word, value in steps:
        if word != "used" or value <= moves[-1].level:
            moves.append(change(moves[-1], word, value))
    assert moves[-1].level >= 0
    assert moves[-1].level == pytest.approx(fsum(one.amount for one in moves), abs=1e-6)
    assert [one.number for one in moves] == list(range(1, len(moves) + 1))
    counted = max(n for n, one in enumerate(moves) if one.word == "counted")
    since = fsum(one.amount for one in moves[counted + 1 :])
    assert moves[-1].level == pytest.approx(moves[counted].level + since, abs=1e-6)


@given(STEPS, AMOUNTS)
def test_what_is_given_back_is_what_was_taken_since_it_was_counted(
    steps: list[tuple[str, float]], taken: float
) -> None:
    moves = [change(None, "counted", 1e6), change(None, "used", 0)]
    moves[1] = change(moves[0], "used", taken, job="j1")
    for word, value in steps:
        moves.append(change(moves[-1], word, value, job="j2"))
    counted = any(word == "counted" for word, _ in steps)
    assert to_return(moves, "j1") == (0 if counted else taken)
