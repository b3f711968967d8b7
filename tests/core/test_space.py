"""The search space: what can be set, what cannot and why, and what would be sent."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.compositions import Component, CompositionParameter
from agent.core.constraints import ExcludedCombination, ExpressionConstraint, LinearConstraint
from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.pools import CandidatesParameter, MaterialParameter, Pool, Prototype
from agent.core.space import SearchSpace, describe
from agent.core.values import Point
from agent.errors import SpaceError

TEMPERATURE = ContinuousParameter(name="t", low=20, high=100, unit="degC", resolution=0.5)
SOLVENT = CategoricalParameter(name="s", choices=("DMF", "water"))


@given(st.floats(-50, 200))
def test_nothing_finer_than_the_resolution_is_ever_sent(value):
    sent = TEMPERATURE.round(value)
    assert TEMPERATURE.reason(sent) is None
    assert sent == round(sent * 2) / 2
    if 20 <= value <= 100:
        assert abs(sent - value) <= 0.25 + 1e-9


@given(st.floats(1e-7, 1e3))
def test_a_log_scale_rounds_to_significant_digits(value):
    rate = ContinuousParameter(name="r", low=1e-6, high=100, scale="log", digits=2)
    sent = rate.round(value)
    assert rate.reason(sent) is None
    if 1e-6 <= value <= 100:
        assert math.isclose(sent, value, rel_tol=0.051)


@given(st.floats(0.001, 10), st.integers(1, 400), st.integers(1, 10**6))
def test_settings_are_free_of_binary_dust(step, steps, k):
    low, step = 0.1, round(step, 3)
    parameter = ContinuousParameter(name="x", low=low, high=low + step * steps, resolution=step)
    sent = parameter.round(low + step * (k % steps))
    assert len(repr(sent)) <= 12 and parameter.reason(sent) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (19.5, "outside"),
        (100.5, "outside"),
        (80.3, "finer"),
        ("hot", "not a number"),
        (math.nan, "not a number"),
    ],
)
def test_a_setting_is_refused_with_its_reason(value, words):
    assert words in (TEMPERATURE.reason(value) or "")


def test_discrete_and_integer_settings():
    by_step = DiscreteParameter(name="d", low=0.1, high=0.5, step=0.1)
    assert by_step.values == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert by_step.round(0.26) == 0.3
    assert DiscreteParameter(name="d", levels=(3, 1)).values == (1, 3)
    whole = IntegerParameter(name="n", low=1, high=5)
    assert whole.round(9.2) == 5
    assert "whole" in (whole.reason(2.5) or "")


def test_a_composition_sums_to_its_total_with_at_most_so_many_present():
    mix = CompositionParameter(
        name="m", total=100, step=5, max_present=2, unit="%",
        components=(Component(name="Fe", low=10), Component(name="Ni"), Component(name="Cr", high=50)),
    )  # fmt: skip
    assert mix.reason({"Fe": 50.0, "Ni": 50.0, "Cr": 0.0}) is None
    assert mix.reason({"Fe": 0.0, "Ni": 50.0, "Cr": 50.0}) is None
    assert "sum" in (mix.reason({"Fe": 50.0, "Ni": 40.0, "Cr": 0.0}) or "")
    assert "present" in (mix.reason({"Fe": 50.0, "Ni": 25.0, "Cr": 25.0}) or "")
    assert "outside" in (mix.reason({"Fe": 5.0, "Ni": 95.0, "Cr": 0.0}) or "")
    assert "multiple" in (mix.reason({"Fe": 52.0, "Ni": 48.0, "Cr": 0.0}) or "")


def test_every_reason_is_told_at_once():
    space = SearchSpace(parameters=(TEMPERATURE, SOLVENT))
    assert space.reasons({"t": 300.0, "s": "ether"}) == (
        "t: 300 is outside 20 to 100 degC", "s: 'ether' is not one of DMF, water",
    )  # fmt: skip
    assert set(space.reasons({"t": 80.0, "p": 1})) == {"s: missing", "p: not a parameter"}


def test_constraints_leave_points_out():
    space = SearchSpace(
        parameters=(TEMPERATURE, SOLVENT, IntegerParameter(name="n", low=1, high=9)),
        constraints=(
            ExpressionConstraint(expression="t <= 80 or s != 'DMF'"),
            LinearConstraint(coefficients={"t": 1, "n": 10}, high=150),
            ExcludedCombination(combination={"s": "water", "n": (1, 2)}),
        ),
    )
    assert {"t": 80.0, "s": "DMF", "n": 1} in space
    assert space.reasons({"t": 90.0, "s": "DMF", "n": 1}) == (
        "breaks the constraint t <= 80 or s != 'DMF'",
    )
    assert {"t": 100.0, "s": "water", "n": 6} not in space
    assert {"t": 50.0, "s": "water", "n": 2} not in space


def test_what_cannot_be_computed_does_not_hold():
    assert ExpressionConstraint(expression="1 / x > 0").holds({"x": 0}) is False


ALLOYS = Pool(
    ids=("AlNi (B2)", "ScPt (B2)"),
    labels={"prototype": ("B2", "B2"), "A": ("Al", "Sc"), "B": ("Ni", "Pt")},
    descriptors={"A_X": (1.61, 1.36)},
)


def test_a_material_is_sent_as_prototype_and_elements():
    alloy = MaterialParameter(
        name="alloy", prototypes=(Prototype(name="B2", sites={"A": ("Al",), "B": ("Ni",)}),)
    )
    space = SearchSpace(parameters=(alloy,)).bound({"alloy": ALLOYS})
    assert space.settings({"alloy": "ScPt (B2)"}) == {"prototype": "B2", "A": "Sc", "B": "Pt"}
    assert space.size() == 2
    constrained = space.model_copy(
        update={"constraints": (ExpressionConstraint(expression="A_X > 1.5"),)}
    )
    assert {"alloy": "AlNi (B2)"} in constrained
    assert {"alloy": "ScPt (B2)"} not in constrained


def test_a_candidate_is_sent_with_its_row_and_under_its_id_if_it_has_one():
    pool = Pool(ids=("L1", "L2"), labels={"smiles": ("P", "PP")}, descriptors={"cone": (1.0, 2.0)})
    named = CandidatesParameter(name="ligand", file="x.csv", id_column="id")
    space = SearchSpace(parameters=(named,)).bound({"ligand": pool})
    assert space.settings({"ligand": "L2"}) == {"ligand": "L2", "smiles": "PP", "cone": 2.0}
    unnamed = SearchSpace(parameters=(named.model_copy(update={"id_column": None}),)).bound(
        {"ligand": pool}
    )
    assert unnamed.settings({"ligand": "L2"}) == {"smiles": "PP", "cone": 2.0}
    assert "not one of the 2 candidates" in space.reasons({"ligand": "L9"})[0]


def test_pools_must_be_bound():
    space = SearchSpace(parameters=(CandidatesParameter(name="ligand", file="x.csv"),))
    with pytest.raises(SpaceError, match="not loaded"):
        space.settings({"ligand": "L1"})


def test_older_rows_get_the_value_that_a_new_parameter_names():
    stirring = IntegerParameter(name="rpm", low=100, high=900, old_rows=300)
    space = SearchSpace(parameters=(TEMPERATURE, stirring))
    assert space.completed({"t": 80.0}) == {"t": 80.0, "rpm": 300}
    unknown = stirring.model_copy(update={"old_rows": "unknown"})
    assert SearchSpace(parameters=(TEMPERATURE, unknown)).completed({"t": 80.0}) is None


def test_a_point_in_words():
    assert describe({"t": 80.0, "s": "DMF"}, {"t": "°C"}) == "t 80 °C, s DMF"


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ({"t": 80.0}, {"t": 80.9}, True),
        ({"t": 80.0}, {"t": 81.1}, False),
        ({"c": 0.001}, {"c": 0.00105}, True),
        ({"c": 0.001}, {"c": 0.0011}, False),
        ({"s": "DMF"}, {"s": "DMF"}, True),
        ({"s": "DMF"}, {"s": "THF"}, False),
        ({"t": 80.0}, {"t": 80.0, "c": 0.1}, False),
    ],
)
def test_near_is_within_a_hundredth_of_the_range(one: Point, other: Point, near: bool) -> None:
    parameters = [
        {"name": "t", "type": "continuous", "unit": "degC", "low": 20, "high": 120},
        {"name": "c", "type": "continuous", "unit": "", "scale": "log", "low": 1e-4, "high": 1e-1},
        {"name": "s", "type": "categorical", "choices": ["DMF", "THF"]},
    ]
    space = SearchSpace.model_validate({"parameters": parameters})
    assert space.near(one, other) is near


def test_of_many_excluded_settings_the_first_are_told() -> None:
    two = ExcludedCombination(combination={"s": ("DMF", "water"), "t": 20})
    assert str(two) == "never s = DMF or water with t = 20"
    many = ExcludedCombination(combination={"s": tuple(f"c{n}" for n in range(20_000))})
    assert str(many) == "never s = c0 or c1 or c2 or c3 or c4 or c5 or 19994 more"
