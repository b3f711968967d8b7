"""How numbers are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.compositions import Component, CompositionParameter
from agent.core.parameters import ContinuousParameter, DiscreteParameter, IntegerParameter
from agent.core.space import Parameter
from agent.report.digits import brief, count, digits_for, number, setting, with_unit
from agent.report.svg import Scale, around


@pytest.mark.parametrize(
    ("parameter", "value", "words"),
    [
        (ContinuousParameter(name="t", low=20, high=120, resolution=0.5), 80.0, "80.0"),
        (ContinuousParameter(name="t", low=20, high=120, resolution=5), 80.0, "80"),
        (ContinuousParameter(name="t", low=0.25, high=120, resolution=1), 80.25, "80.25"),
        (ContinuousParameter(name="t", low=-20, high=0), -7.5, "−7.50"),
        (ContinuousParameter(name="c", low=1e-9, high=1e-3, scale="log"), 2.5e-7, "2.5×10⁻⁷"),
        (ContinuousParameter(name="c", low=0, high=1e-10), 2.5e-11, "2.5×10⁻¹¹"),
        (ContinuousParameter(name="n", low=0, high=1e12), 2.5e11, "2.5×10¹¹"),
        (IntegerParameter(name="k", low=-5, high=5), -3, "−3"),
        (DiscreteParameter(name="d", levels=(0.1, 2.5)), 2.5, "2.5"),
        (CompositionParameter(
            name="m", step=0.05, components=(Component(name="a"), Component(name="b"))
        ), 0.3, "0.30"),
    ],
)  # fmt: skip
def test_settings_have_their_resolution(parameter: Parameter, value: float, words: str) -> None:
    assert setting(parameter, value) == words


@pytest.mark.parametrize(
    ("values", "sds", "words"),
    [
        ((-1.27, -0.1), (), "−1.270"),
        ((2.0, 91.3), (), "2.0"),
        ((5.0, 6.0), (0.5,), "5.00"),
        ((-0.00001, 10.0), (), "0.00"),
        ((), (), "7.000"),
    ],
)
def test_values_are_as_fine_as_they_are_known(
    values: tuple[float, ...], sds: tuple[float, ...], words: str
) -> None:
    assert digits_for(values, sds)(values[0] if values else 7.0) == words


def test_units_and_counts() -> None:
    assert with_unit("80", "degC") == "80\u00a0°C"
    assert with_unit("0.3", "1") == "0.3"
    assert count(1, "job") == "1 job"
    assert count(20000, "candidate") == "20\u202f000 candidates"
    assert brief(-0.00001234567) == "−1.235×10⁻⁵"
    assert brief(112.7, 2) == "110"
    assert number(0.0, 1e-9) == "0"


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=5))
def test_any_values_can_be_written_and_drawn(values: list[float]) -> None:
    digits = digits_for(values)
    for value in values:
        assert "nan" not in digits(value)
    scale = around([value / digits.power for value in values], 300, 10)
    for value in values:
        assert 9.9 <= scale(value / digits.power) <= 300.1
    assert scale.labels()


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_round_and_within(low: float, width: float) -> None:
    scale = Scale(low, low + width, 0, 100)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 7
    assert all(-0.1 <= scale(tick) <= 100.1 for tick in ticks)


@given(st.floats(1e-12, 1e6), st.floats(1.001, 1e12))
def test_ticks_of_a_logarithmic_scale(low: float, factor: float) -> None:
    scale = Scale(low, low * factor, 0, 100, log=True)
    assert all(-0.1 <= scale(tick) <= 100.1 for tick in scale.ticks())
