"""What the operators' limits leave of a space: just what their gate would let pass."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.constraints import Constraint, ExcludedCombination
from agent.core.execution import Execution
from agent.core.leeway import leeway
from agent.core.operators import InstrumentRules
from agent.core.pools import Pool
from agent.core.space import SearchSpace
from agent.core.trial import Plan
from agent.core.values import Point

SIGNED = {"by": "M. Curie", "at": "2026-03-01"}
ALONE = Execution(adapter="lab")
IDS = ("alpha", "beta", "gamma")
SPACE = SearchSpace.model_validate(
    {
        "parameters": [
            {"name": "temperature", "type": "continuous", "low": 0, "high": 200, "unit": "°C",
             "resolution": 0.5},
            {"name": "ramp", "type": "discrete", "levels": [1, 5, 20], "unit": "K/min"},
            {"name": "gas", "type": "categorical", "choices": ["argon", "oxygen", "hydrogen"]},
            {"name": "azide", "type": "integer", "low": 0, "high": 5, "unit": "mmol"},
            {"name": "binder", "type": "candidates", "file": "binders.csv", "id_column": "binder",
             "descriptors": ["mass"], "labels": ["supplier"], "units": {"mass": "g/mol"}},
        ]
    }
).bound(
    {
        "binder": Pool(
            ids=IDS,
            labels={"supplier": ("one", "two", "two")},
            descriptors={"mass": (80.0, 500.0, 90.0)},
        )
    }
)  # fmt: skip
POINTS = st.fixed_dictionaries(
    {
        "temperature": st.integers(0, 400).map(lambda half: half / 2),
        "ramp": st.sampled_from([1.0, 5.0, 20.0]),
        "gas": st.sampled_from(["argon", "oxygen", "hydrogen"]),
        "azide": st.integers(0, 5),
        "binder": st.sampled_from(IDS),
    }
)
LIMITS: dict[str, list[Any]] = {
    "temperature": [
        "unlimited",
        {"low": 20, "high": 150.5, "unit": "°C"},
        {"high": 373.15, "unit": "K"},
        {"low": 100, "high": 212, "unit": "degF"},
    ],
    "ramp": ["unlimited", {"high": 5, "unit": "K/min"}, {"high": 0.1, "unit": "K/s"}],
    "gas": ["unlimited", {"names": ["argon", "oxygen"]}, {"names": ["argon", "helium"]}],
    "azide": ["unlimited", {"high": 3, "unit": "mmol"}, {"high": 0.002, "unit": "mol"}],
    "binder": ["unlimited", {"names": ["beta", "gamma"]}],
    "supplier": ["unlimited", {"names": ["two"]}],
    "mass": ["unlimited", {"high": 0.4, "unit": "kg/mol"}],
    "nitrate": [{"high": 20, "unit": "mmol", "unset": 10}, {"high": 20, "unset": 0}],
    "wash": [{"names": ["water", "hydrogen"], "unset": "hydrogen"}, {"names": ["a"], "unset": "a"}],
}
RULES: list[dict[str, Any]] = [
    {"holds": "temperature <= 100 or ramp <= 5"},
    {"never": "azide > 2 and binder == 'beta'"},
    {"holds": "1.1 * nitrate + 4.2 * azide <= 25"},
    {"holds": "100 / azide > 30"},
    {"never": "100 / azide > 30"},
    {"holds": "sqrt(temperature - 50) < 9 and supplier == 'two'"},
    {"never": "mass > 0.1 and gas in ['oxygen', 'hydrogen']"},
    {"apart": [["oxygen"], ["hydrogen", "alpha"]]},
    {"apart": [["azide", "two"], ["hydrogen", "helium"], ["argon"]]},
]  # fmt: skip


@st.composite
def instruments(draw: st.DrawFn) -> InstrumentRules:
    """What operators say: a limit of each setting, and some rules."""
    rules = draw(st.lists(st.sampled_from(RULES), max_size=4, unique_by=str))
    return said(
        {name: draw(st.sampled_from(among)) for name, among in LIMITS.items()},
        [{"name": str(n), "reason": "so", **rule} for n, rule in enumerate(rules)],
    )


def said(limits: dict[str, Any], rules: Sequence[dict[str, Any]] = ()) -> InstrumentRules:
    return InstrumentRules.model_validate({"limits": limits, "rules": rules, "signed": SIGNED})


def sent(point: Point, rules: InstrumentRules) -> bool:
    """Whether the gate would let a point pass."""
    plan = Plan(
        trial="c-T0001",
        revision=1,
        step="run",
        fidelity="target",
        instrument="lab",
        parameters=SPACE.labelled(SPACE.settings(point)),
        objectives={"y": "1"},
    )
    return not rules.reasons(plan)


@given(POINTS, instruments())
def test_what_is_left_is_what_would_be_sent(point: Point, rules: InstrumentRules) -> None:
    left = SPACE.within(leeway(SPACE, ALONE, lambda _: rules))
    assert (point in left) is sent(point, rules)


def test_limits_that_leave_everything_leave_the_space_as_it_is() -> None:
    wide = said(
        {
            "temperature": {"low": 0, "high": 474, "unit": "K"},
            "gas": {"names": ["argon", "oxygen", "hydrogen", "helium"]},
            "ramp": {"high": 20, "unit": "K/min"},
        }
    )
    assert leeway(SPACE, ALONE, lambda _: wide) == ()
    assert leeway(SPACE, ALONE, lambda _: InstrumentRules()) == ()


def test_a_bound_in_another_unit_is_just_within_reach() -> None:
    rules = said({"temperature": {"high": 212, "unit": "degF"}})
    (one,) = leeway(SPACE, ALONE, lambda _: rules)
    assert str(one) == "temperature <= 100"
    assert one.holds({"temperature": 100.0})
    assert not one.holds({"temperature": 100.5})


@pytest.mark.parametrize("limit", [{"high": 60, "unit": "mL"}, {"high": 60}, {"names": ["hot"]}])
def test_what_no_setting_can_keep_is_left_to_the_gate(limit: dict[str, Any]) -> None:
    rules = said({"temperature": limit})
    assert leeway(SPACE, ALONE, lambda _: rules) == ()


@pytest.mark.parametrize("name", ["lambda", "mass (g/mol)", "boiling-point", "in", "\u00b5"])
def test_a_column_that_no_expression_can_speak_of_keeps_its_limit(name: str) -> None:
    """The headers of a table are as their makers liked them; `lambda` is a wavelength."""
    binder = SPACE.parameters[4].model_copy(update={"units": {name: "g/mol"}})
    space = SPACE.model_copy(update={"parameters": (*SPACE.parameters[:4], binder)}).bound(
        {"binder": Pool(ids=IDS, descriptors={name: (80.0, 500.0, 90.0)},
                        labels={f"{name}-maker": ("one", "two", "two")})}
    )  # fmt: skip
    rules = said(
        {name: {"high": 0.4, "unit": "kg/mol"}, f"{name}-maker": "unlimited", "gas": "unlimited"},
        [{"name": "apart", "reason": "so", "apart": [[name, "two"], ["oxygen"]]}],
    )
    found = leeway(space, ALONE, lambda _: rules)
    assert [str(one) for one in found] == [f"{name} <= 400"]
    point: Point = {"temperature": 20.0, "ramp": 1.0, "gas": "argon", "azide": 0}
    assert point | {"binder": "alpha"} in space.within(found)
    assert point | {"binder": "beta"} not in space.within(found)


@pytest.mark.parametrize("limit", [{"high": 5e-10, "unit": "A"}, {"high": 0.5, "unit": "nA"}])
def test_a_bound_of_small_numbers_is_as_sharp_as_that_of_large_ones(limit: dict[str, Any]) -> None:
    current = {"name": "current", "type": "continuous", "low": 1e-12, "high": 1e-8, "unit": "A",
               "scale": "log"}  # fmt: skip
    space = SearchSpace.model_validate({"parameters": [current]})
    (one,) = leeway(space, ALONE, lambda _: said({"current": limit}))
    assert one.holds({"current": 5e-10})
    assert not one.holds({"current": 5.01e-10})


def test_the_lowest_setting_is_left_out_where_its_gate_does_not_let_it_pass() -> None:
    """0 °C is a hair less than 32 °F to the library of units, and refused."""
    limit = {"low": 32, "high": 100, "unit": "degF"}
    rules = said(dict.fromkeys(LIMITS, "unlimited") | {"temperature": limit})
    point: Point = {"ramp": 1.0, "gas": "argon", "azide": 0, "binder": "alpha"}
    left = SPACE.within(leeway(SPACE, ALONE, lambda _: rules))
    for temperature in (0.0, 0.5, 37.5, 38.0):
        here = point | {"temperature": temperature}
        assert (here in left) is sent(here, rules)


@pytest.mark.filterwarnings("error")
def test_a_unit_that_is_no_multiple_of_the_limits_is_left_to_the_gate() -> None:
    power = {"name": "power", "type": "continuous", "low": 0, "high": 30, "unit": "dBm"}
    space = SearchSpace.model_validate({"parameters": [power]})
    for limit, told in (
        ({"high": 0.1, "unit": "W"}, []),
        ({"high": 20, "unit": "dBm"}, ["power <= 20"]),
    ):
        found = leeway(space, ALONE, lambda _, limit=limit: said({"power": limit}))
        assert [str(one) for one in found] == told


def test_a_rule_counts_with_what_is_below_zero_where_it_is_not_set() -> None:
    rules = said(
        {
            "temperature": {"high": 474, "unit": "K"},
            "offset": {"low": -9, "high": 9, "unset": -5},
        },
        [{"name": "near", "reason": "so", "holds": "temperature <= offset ** 2 + 300"}],
    )
    (one,) = leeway(SPACE, ALONE, lambda _: rules)
    assert one.holds({"temperature": 51.0})
    assert not one.holds({"temperature": 52.0})


def test_a_rule_may_use_a_function_that_a_parameter_is_called_like() -> None:
    speed = {"name": "max", "type": "integer", "low": 0, "high": 9, "unit": "m"}
    space = SearchSpace.model_validate({"parameters": [speed]})
    rules = said(
        {"max": {"high": 900, "unit": "cm"}},
        [{"name": "slow", "reason": "so", "holds": "max(max, 200) <= 500"}],
    )
    (one,) = leeway(space, ALONE, lambda _: rules)
    assert [n for n in range(10) if one.holds({"max": n})] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ({"low": 20, "high": 80}, {"low": 10, "high": 60}, ["10 <= temperature <= 80"]),
        ({"low": 20, "high": 80}, {"high": 60}, ["temperature <= 80"]),
        ({"low": 20}, {"high": 60}, []),
        ({"low": 20, "high": 80}, {"high": 400}, []),
    ],
)
def test_of_instruments_alike_the_one_that_takes_more_counts(
    left: dict[str, Any], right: dict[str, Any], told: list[str]
) -> None:
    """What one of them takes can be done; what neither takes would be refused."""
    found = _alike({"temperature": left | {"unit": "°C"}}, {"temperature": right | {"unit": "°C"}})
    assert [str(one) for one in found] == told


def test_of_instruments_alike_a_choice_is_left_out_that_none_of_them_takes() -> None:
    found = _alike({"gas": {"names": ["argon"]}}, {"gas": {"names": ["oxygen"]}})
    assert found == (ExcludedCombination(combination={"gas": ("hydrogen",)}),)
    assert _alike({"gas": {"names": ["argon"]}}, {"gas": {"names": ["oxygen", "hydrogen"]}}) == ()


def _alike(*limits: dict[str, Any]) -> tuple[Constraint, ...]:
    """What furnaces of these limits leave."""
    named = {f"furnace{n}": said(one) for n, one in enumerate(limits)}
    step = {"name": "anneal", "adapter": "lab", "instruments": {name: {} for name in named}}
    return leeway(SPACE, Execution.model_validate({"steps": [step]}), lambda name: named[name])


def test_a_step_is_limited_in_what_it_is_sent_and_alike_instruments_in_what_they_share() -> None:
    execution = Execution.model_validate(
        {
            "steps": [
                {"name": "anneal", "adapter": "lab", "parameters": ["temperature", "gas"],
                 "instruments": {"left": {}, "right": {}}},
                {"name": "read", "adapter": "lab", "parameters": ["azide"], "instrument": "reader"},
            ]
        }
    )  # fmt: skip
    cool = {"high": 80, "unit": "°C"}
    rules = {
        "left": said({"temperature": cool, "gas": {"names": ["argon"]}, "azide": {"high": 1}}),
        "right": said({"temperature": cool, "gas": "unlimited"}),
        "reader": said(
            {"temperature": {"high": 30, "unit": "°C"}, "azide": {"high": 2, "unit": "mmol"}}
        ),
    }
    found = leeway(SPACE, execution, lambda name: rules[name])
    assert [str(one) for one in found] == ["temperature <= 80", "azide <= 2"]


def test_where_few_of_many_are_allowed_these_are_named() -> None:
    ids = tuple(f"c{n:05d}" for n in range(20_000))
    space = SearchSpace.model_validate(
        {"parameters": [{"name": "dye", "type": "candidates", "file": "d.csv", "id_column": "dye"}]}
    ).bound({"dye": Pool(ids=ids, descriptors={"mass": tuple(map(float, range(20_000)))})})
    rules = said({"dye": {"names": ["c00007", "c19999", "c77777"]}, "mass": "unlimited"})
    (one,) = leeway(space, ALONE, lambda _: rules)
    assert str(one) == "dye in ['c00007', 'c19999']"
    left = space.within([one])
    assert [{"dye": id} in left for id in ("c00007", "c00008", "c19999")] == [True, False, True]


def test_a_component_that_may_be_left_out_is_asked_for_down_to_0() -> None:
    mix = {"name": "mix", "type": "composition", "step": 0.1, "max_present": 2}
    parts = [{"name": name, "low": 0.2} for name in ("Fe", "Ni", "Co")]
    space = SearchSpace.model_validate({"parameters": [{**mix, "components": parts}]})
    rules = said({"Fe": {"low": 0.1}, "Ni": "unlimited", "Co": "unlimited"})
    (one,) = leeway(space, ALONE, lambda _: rules)
    assert str(one) == "0.1 <= Fe"
    whole = space.model_copy(
        update={"parameters": (space.parameters[0].model_copy(update={"max_present": None}),)}
    )
    assert leeway(whole, ALONE, lambda _: rules) == ()
