"""What people write into cells is understood or refused; text cannot be a formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cells import Reading, reading, unwritten, written


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("12.5", Reading(value=12.5)),
        (" -1e-3 ", Reading(value=-0.001)),
        ("−3", Reading(value=-3.0)),
        ("<0.5", Reading(high=0.5)),
        ("≤ 0.5", Reading(high=0.5)),
        (">=3", Reading(low=3.0)),
        ("void: vial broke", Reading(void="vial broke")),
        ("VOID", Reading(void="no reason given")),
        ("", None),
        ("n/a", None),
    ],
)
def test_what_is_understood(text: str, says: Reading | None) -> None:
    assert reading(text) == says


@pytest.mark.parametrize("text", ["85 %", "about 7", "1,5", "1,234.5", "inf", "1_000", "<", "<x"])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        reading(text)


def test_a_decimal_comma_only_where_it_is_one() -> None:
    assert reading("3,14", decimal_comma=True) == Reading(value=3.14)
    assert reading("<0,5", decimal_comma=True) == Reading(high=0.5)
    with pytest.raises(ValueError, match="decimal point"):
        reading("3,14")


@given(st.text())
def test_text_comes_back_and_never_starts_a_formula(text: str) -> None:
    cell = written(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unwritten(cell) == text or text.startswith("'")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_numbers_come_back(number: float) -> None:
    assert reading(written(number)) == Reading(value=float(number))


def test_of_classes_the_name_is_the_number() -> None:
    names = ("na", "cubic", "5")
    assert reading(" cubic ", classes=names) == Reading(value=1.0)
    assert reading("na", classes=names) == Reading(value=0.0)
    assert reading("5", classes=names) == Reading(value=2.0)
    assert reading("void: lost", classes=names) == Reading(void="lost")
    assert reading("", classes=names) is None
    for wrong in ("kubic", "1.0", "<0.5"):
        with pytest.raises(ValueError, match=f"'{wrong}' is none of the classes na, cubic, 5"):
            reading(wrong, classes=names)
