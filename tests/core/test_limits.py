"""What operators allow: limits of parameters, rules over combinations, and what is bound of them."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.core.hazards import Rule
from agent.core.limits import Limit
from agent.core.operators import InstrumentRules, Operators
from agent.core.trial import Plan, Setting
from agent.core.values import Scalar
from tests import strategies as nouns

SIGNED = {"by": "M. Curie", "at": "2026-03-01"}


def plan(**settings: tuple[Scalar, str] | Scalar) -> Plan:
    """A plan with these settings, each with its unit where it has one."""
    pairs = {name: one if isinstance(one, tuple) else (one, "") for name, one in settings.items()}
    return Plan(
        trial="k7f3qz-T0001",
        revision=1,
        step="run",
        fidelity="target",
        instrument="furnace-2",
        parameters={name: Setting(value=value, unit=unit) for name, (value, unit) in pairs.items()},
        objectives={"yield": "percent"},
    )


def instrument(*rules: dict[str, object], **limits: object) -> InstrumentRules:
    """What the operators say of an instrument: limits, and rules over them."""
    document = {"limits": limits, "rules": [{"reason": "so", **rule} for rule in rules]}
    return InstrumentRules.model_validate({**document, "signed": SIGNED})


HOT = instrument(temperature={"low": 20, "high": 80, "unit": "degC"})


@pytest.mark.parametrize("value", [20, 80, 47.5])
def test_within_its_limit_nothing_speaks_against_a_setting(value: float) -> None:
    assert HOT.reasons(plan(temperature=(value, "degC"))) == ()


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ((80.001, "degC"), "temperature: 80.001 degC is not 20 to 80 degC"),
        ((19, "degC"), "temperature: 19 degC is not 20 to 80 degC"),
        ((60, ""), "temperature: its unit is 'none', and that of its limit 'degC'"),
        ((60, "mL"), "temperature: its unit is 'mL', and that of its limit 'degC'"),
        ((60, "hotness"), "temperature: its unit is 'hotness', and that of its limit 'degC'"),
        (("hot", ""), "temperature: 'hot' is no number"),
    ],
)
def test_beyond_its_limit_or_in_no_unit_of_it_a_setting_is_a_reason_against(
    setting: tuple[Scalar, str], reason: str
) -> None:
    assert HOT.reasons(plan(temperature=setting)) == (reason,)


def test_another_unit_of_the_same_kind_is_read_by_the_unit_library_and_never_as_a_bare_number() -> (
    None
):
    assert HOT.reasons(plan(temperature=(333.15, "K"))) == ()
    assert HOT.reasons(plan(temperature=(60, "K"))) == (
        "temperature: -213.15 degC is not 20 to 80 degC",
    )


def test_an_unlabelled_number_is_no_share_in_percent() -> None:
    shares = instrument(catalyst={"low": 0, "high": 5, "unit": "percent"})
    assert shares.reasons(plan(catalyst=(0.04, "")))
    assert not shares.reasons(plan(catalyst=(4, "%")))


def test_what_has_no_limit_may_not_be_set() -> None:
    (reason,) = HOT.reasons(plan(temperature=(60, "degC"), stirring=(200, "rpm")))
    assert reason == "stirring has no limit for furnace-2 in the operators' file"


def test_what_is_unlimited_may_be_set_to_anything() -> None:
    free = instrument(molecule="unlimited")
    assert free.reasons(plan(molecule="CCO")) == free.reasons(plan(molecule=7)) == ()


def test_of_choices_only_the_named_ones_are_allowed() -> None:
    solvents = instrument(solvent={"names": ["DMF", "DMSO"]})
    assert solvents.reasons(plan(solvent="DMF")) == ()
    assert solvents.reasons(plan(solvent="THF")) == (
        "solvent: 'THF' is not allowed: one of DMF, DMSO",
    )
    assert solvents.reasons(plan(solvent=1))


def test_a_limit_may_have_one_end() -> None:
    flow = instrument(flow={"high": 2, "unit": "mL/min"})
    assert flow.reasons(plan(flow=(-1, "mL/min"))) == ()
    assert flow.reasons(plan(flow=(3, "mL/min"))) == ("flow: 3 mL/min is not at most 2 mL/min",)


AMOUNTS = {
    "peroxide": {"low": 0, "high": 10, "unit": "mmol"},
    "azide": {"low": 0, "high": 10, "unit": "mmol"},
}


def test_total_energy_is_a_sum_over_amounts_in_the_units_of_their_limits() -> None:
    reactor = instrument(
        {"name": "energy", "holds": "1.2 * peroxide + 4 * azide <= 20", "reason": "20 kJ at most"},
        **AMOUNTS,
    )
    assert reactor.reasons(plan(peroxide=(5, "mmol"), azide=(3.5, "mmol"))) == ()
    assert reactor.reasons(plan(peroxide=(0.005, "mol"), azide=(4, "mmol"))) == (
        "energy: 20 kJ at most (1.2 * peroxide + 4 * azide <= 20)",
    )


def test_quench_goes_with_temperature() -> None:
    rule = {"name": "quench", "holds": "temperature <= 40 or quench >= 2"}
    reactor = instrument(
        rule,
        temperature={"low": 0, "high": 90, "unit": "degC"},
        quench={"low": 0, "high": 10, "unit": "mL"},
    )
    assert reactor.reasons(plan(temperature=(41, "degC"), quench=(2, "mL"))) == ()
    assert reactor.reasons(plan(temperature=(41, "degC"), quench=(1, "mL")))


GROUPS = {
    "name": "acids and cyanides",
    "apart": [["HCl", "TFA"], ["KCN", "cyanide"]],
    "reason": "hydrogen cyanide",
}


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"first": "HCl", "second": "TFA", "cyanide": 0.0}, True),
        ({"first": "HCl", "second": "KCN", "cyanide": 0.0}, False),
        ({"first": "water", "second": "KCN", "cyanide": 1.0}, True),
        ({"first": "TFA", "second": "water", "cyanide": 0.1}, False),
        ({"first": "TFA", "second": "water", "cyanide": 0}, True),
    ],
)
def test_incompatible_names_are_kept_apart_as_choices_and_as_amounts(
    settings: dict[str, Scalar], kept: bool
) -> None:
    names = {"names": ["HCl", "TFA", "KCN", "water"]}
    flask = instrument(GROUPS, first=names, second=names, cyanide={"low": 0, "high": 5})
    reasons = flask.reasons(plan(**settings))
    assert (reasons == ()) is kept
    assert kept or reasons[0].startswith("acids and cyanides: hydrogen cyanide")


def test_what_must_never_be_is_said_as_such() -> None:
    rule = {"name": "dry", "never": "solvent == 'ether' and temperature > 30"}
    still = instrument(
        rule,
        solvent={"names": ["ether", "DMF"]},
        temperature={"low": 0, "high": 99, "unit": "degC"},
    )
    assert still.reasons(plan(solvent="DMF", temperature=(90, "degC"))) == ()
    assert still.reasons(plan(solvent="ether", temperature=(31, "degC"))) == (
        "dry: so (never solvent == 'ether' and temperature > 30)",
    )


@pytest.mark.parametrize("verb", ["holds", "never"])
def test_what_cannot_be_computed_is_not_kept(verb: str) -> None:
    ratio = instrument({"name": "ratio", verb: "1 / a > 5"}, a={"low": 0, "high": 1})
    assert ratio.reasons(plan(a=0))


def test_a_rule_over_what_a_plan_does_not_set_needs_to_know_what_it_is_then() -> None:
    rule = {"name": "quench", "holds": "temperature <= 40 or quench >= 2"}
    limits = {"temperature": {"low": 0, "high": 90, "unit": "degC"}}
    quench = {"low": 0, "high": 10, "unit": "mL"}
    (reason,) = instrument(rule, **limits, quench=quench).reasons(plan(temperature=(80, "degC")))
    assert reason == "quench: quench is not set, and `unset` does not say what it is then"
    known = instrument(rule, **limits, quench={**quench, "unset": 0})
    assert known.reasons(plan(temperature=(80, "degC")))
    assert not known.reasons(plan(temperature=(30, "degC")))


def test_another_instrument_is_not_reached_under_a_name_with_wider_limits() -> None:
    sandbox = InstrumentRules.model_validate(
        {"limits": {}, "settings": {"url": "http://sandbox", "ports": [1, 2]}, "signed": SIGNED}
    )
    there = {"url": "http://sandbox", "ports": [1, 2.0], "speed": 3}
    assert sandbox.reasons(plan().model_copy(update={"instrument_settings": there})) == ()
    elsewhere = {**there, "url": "http://furnace"}
    (reason,) = sandbox.reasons(plan().model_copy(update={"instrument_settings": elsewhere}))
    assert reason == "furnace-2 has the setting url: http://sandbox, and not http://furnace"


@pytest.mark.parametrize(
    "limit",
    [
        {},
        "unlimted",
        {"low": 2, "high": 1},
        {"names": ["a"], "low": 1},
        {"names": ["a"], "unit": "g"},
        {"names": []},
        {"low": 0, "high": 1, "unset": 2},
        {"names": ["a"], "unset": "b"},
    ],
)
def test_a_limit_that_limits_nothing_or_two_things_is_none(limit: object) -> None:
    with pytest.raises(ValidationError):
        Limit.model_validate(limit)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"holds": "a < 1", "never": "a > 1"},
        {"holds": "a + 1"},
        {"holds": "__import__('os')"},
        {"apart": [["a"], ["a", "b"]]},
        {"apart": [["a"], []]},
        {"apart": [["a", "b"]]},
        {"holds": "a < 1", "reason": ""},
    ],
)
def test_a_rule_says_one_thing_and_why(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"name": "r", "reason": "so", **rule})


def test_limits_are_signed_and_rules_have_limits() -> None:
    for document in (
        {"limits": {}},
        {"signed": SIGNED},
        {"rules": [{"name": "r", "holds": "a < 1", "reason": "so"}]},
    ):
        with pytest.raises(ValidationError):
            InstrumentRules.model_validate(document)


def test_an_approval_binds_limits_rules_and_signature_of_its_own_instrument_alone() -> None:
    def hashed(**changed: object) -> str:
        limits = {"temperature": {"low": 20, "high": 80, "unit": "degC"}}
        one = {"limits": limits, "signed": SIGNED, **changed}
        document = {"instruments": {"furnace-2": one, "reader": {"failures": []}}}
        return Operators.model_validate(document).in_force("furnace-2").hash

    before = hashed()
    assert hashed(limits={"temperature": {"low": 20, "high": 81, "unit": "degC"}}) != before
    assert hashed(signed={**SIGNED, "by": "P. Curie"}) != before
    rule = {"name": "r", "holds": "temperature < 70", "reason": "so"}
    assert hashed(rules=[rule]) != before
    assert hashed(failures=[{"code": "E7", "kind": "infeasible"}]) == before


def test_a_file_without_limits_has_the_hash_that_it_had() -> None:
    old = Operators.model_validate({"adapters": {"a": "m:A"}, "unattended": ["b"]})
    hashed = "c9e20236908ffa8dce9ad3bd201e911c84bb3acab9f1238548e0346f5007de18"
    assert old.in_force("b").hash == old.in_force("c").hash == hashed
    assert Operators().in_force("b").hash == ""


SIZES = st.floats(-1e6, 1e6).map(lambda number: number + 0.0)


@given(low=SIZES, high=SIZES, value=nouns.scalars, unit=st.sampled_from(["degC", "K", "", "mm"]))
def test_what_passes_a_limit_is_a_number_within_it(
    low: float, high: float, value: Scalar, unit: str
) -> None:
    assume(low <= high)
    limit = Limit(low=low, high=high, unit="degC")
    setting = Setting(value=value, unit=unit)
    if limit.against(setting) is None:
        read = limit.reads(setting)
        assert unit in ("degC", "K")
        assert not isinstance(read, str)
        assert read is not None
        assert low <= read <= high


@given(st.dictionaries(st.sampled_from("abc"), SIZES, min_size=1))
def test_every_setting_is_under_its_limit_where_no_reason_is_given(
    settings: dict[str, float],
) -> None:
    rules = instrument(
        {"name": "sum", "holds": "a + b <= 1000"},
        a={"low": 0, "high": 900, "unset": 0},
        b={"low": 0, "high": 900, "unset": 0},
    )
    if rules.reasons(plan(**settings)) == ():
        assert settings.keys() <= {"a", "b"}
        assert all(0 <= value <= 900 for value in settings.values())
        assert sum(settings.values()) <= 1000
