"""Standing approvals: which region a person means, and what lies within it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.limits import Limit
from agent.core.space import SearchSpace
from agent.core.standing_approval import (
    Cover,
    Revocation,
    StandingApproval,
    beyond,
    covering,
    region_of,
    scope_of,
)
from agent.core.trial import Setting
from agent.errors import SpaceError
from tests.contracts import store_world as w
from tests.loop.worlds import campaign, route

SPACE = SearchSpace.model_validate(
    {
        "parameters": [
            {"name": "temperature", "type": "continuous", "low": 20, "high": 120, "unit": "degC"},
            {"name": "cycles", "type": "integer", "low": 1, "high": 9},
            {"name": "solvent", "type": "categorical", "choices": ["DMF", "DMSO", "THF"]},
            {
                "name": "salt",
                "type": "composition",
                "step": 0.05,
                "components": [{"name": "NaCl"}, {"name": "KCl", "high": 0.5}],
            },
        ]
    }
)
SCOPE = "0" * 64


def given_for(region: dict[str, Limit], **more: Any) -> StandingApproval:
    told: dict[str, Any] = {"id": "s1", "campaign": "c1", "number": 1, "instruments": ("robot",)}
    told |= {"region": region, "scope": SCOPE, "count": 2, "until": w.LATER, "by": w.ANNA}
    return StandingApproval(**{**told, "reasons": ("as usual",), "at": w.NOW, **more})


def wanted(**settings: Any) -> dict[str, Setting]:
    units = {"temperature": "degC"}
    return {
        name: Setting(value=value, unit=units.get(name, "")) for name, value in settings.items()
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("temperature 60..90", {"temperature": Limit(low=60, high=90, unit="degC")}),
        ("temperature 60 .. 90 degC", {"temperature": Limit(low=60, high=90, unit="degC")}),
        ("temperature ..90", {"temperature": Limit(high=90, unit="degC")}),
        ("temperature 0.5e2..", {"temperature": Limit(low=50, unit="degC")}),
        ("temperature 330..360 K", {"temperature": Limit(low=330, high=360, unit="K")}),
        ("cycles 3", {"cycles": Limit(low=3, high=3)}),
        ("solvent DMF", {"solvent": Limit(names=("DMF",))}),
        ("solvent DMF | THF", {"solvent": Limit(names=("DMF", "THF"))}),
        ("KCl 0..0.2", {"KCl": Limit(low=0, high=0.2)}),
        ("all", {}),
        (
            "temperature 60..90, solvent DMF",
            {
                "temperature": Limit(low=60, high=90, unit="degC"),
                "solvent": Limit(names=("DMF",)),
            },
        ),
    ],
)
def test_a_region_is_read(text: str, wanted: dict[str, Limit]) -> None:
    assert region_of(text, SPACE) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no part of a region"),
        ("temprature 60..90", "there is: temperature, cycles, solvent"),
        ("temperature", "is no part of a region"),
        ("temperature hot", "is no range of temperature"),
        ("temperature ..", "is no range of temperature"),
        ("temperature 90..60", "90 is above 60"),
        ("temperature 600..900", "nothing of temperature (20 to 120 degC) is 600 to 900"),
        ("temperature 60..90 mL", "nothing of temperature (20 to 120 degC) is"),
        ("temperature 60..90 hot", "is no range of temperature: 'hot' is no unit"),
        ("temperature 60 to 90", "is no range of temperature: 'to 90' is no unit"),
        ("temperature 60..90, temperature 20..30", "temperature is named twice"),
        ("solvent water", "'water' is no choice of solvent"),
        ("solvent DMF|", "'' is no choice of solvent"),
    ],
)
def test_what_is_no_region_is_told_with_the_mend(text: str, why: str) -> None:
    with pytest.raises(SpaceError) as refused:
        region_of(text, SPACE)
    assert why in str(refused.value)


def test_what_lies_within_is_covered_in_whichever_unit() -> None:
    kelvin = given_for(region_of("temperature 330..360 K, solvent DMF|THF", SPACE))
    assert kelvin.against(wanted(temperature=70.0, solvent="DMF", cycles=2), SCOPE) == ()
    (hot,) = kelvin.against(wanted(temperature=90.0, solvent="DMF"), SCOPE)
    assert hot.startswith("temperature: ")
    told = kelvin.against(wanted(temperature=70.0, solvent="DMSO"), SCOPE)
    assert told == ("solvent: 'DMSO' is not allowed: one of DMF, THF",)
    assert len(kelvin.against(wanted(), SCOPE)) == 2, "what is not sent does not lie within"


def test_after_a_change_of_what_it_rests_on_it_covers_nothing() -> None:
    one = given_for({})
    assert one.against(wanted(), SCOPE) == ()
    assert "changed since" in one.against(wanted(), "1" * 64)[0]


def test_it_rests_on_the_space_the_instruments_and_the_limits() -> None:
    def unlimited(instrument: str) -> str:
        return ""

    def scope(**changes: Any) -> str:
        return scope_of(campaign(**changes), unlimited)

    first = campaign()
    rests = scope_of(first, unlimited)
    wider = campaign(
        parameters=[{"name": "x", "type": "continuous", "low": 0, "high": 11, "unit": "mm"}]
    )
    other = campaign(objectives=[{"name": "mass", "unit": "g", "goal": "maximise"}])
    elsewhere = {"adapter": "bench", "settings": {"url": "https://elsewhere.example"}}
    for changed in (
        scope_of(wider, unlimited),
        scope_of(other, unlimited),
        scope(execution={"adapter": "bench", "instrument": "oven"}),
        scope(execution={"adapter": "bench", "instruments": {"bench": {}, "oven": {}}}),
        scope(execution=elsewhere),
        scope(execution=route()),
        scope_of(first, lambda instrument: "limits"),
    ):
        assert changed != rests
    assert scope(budget={"experiments": 9}) == rests


def test_the_first_that_is_in_force_covers() -> None:
    hot, all_of_it = given_for(region_of("temperature 80..", SPACE)), given_for({}, id="s2")
    mild, warm = wanted(temperature=60.0), wanted(temperature=85.0)
    covers = [Cover(hot), Cover(all_of_it)]
    assert covering(covers, warm, SCOPE, w.NOW) == hot
    assert covering(covers, mild, SCOPE, w.NOW) == all_of_it
    assert covering(covers, mild, SCOPE, w.LATER) is None
    assert covering([Cover(all_of_it, used=2)], mild, SCOPE, w.NOW) is None
    revoked = Revocation(id="k", campaign="c1", standing="s2", reason="no", by=w.ANNA, at=w.NOW)
    assert covering([Cover(all_of_it, 0, revoked)], mild, SCOPE, w.NOW) is None


def test_a_region_beyond_the_operators_limits_is_told() -> None:
    limits = {
        "temperature": Limit(low=273.15, high=350, unit="K"),
        "solvent": Limit(names=("DMF", "THF")),
    }
    told = beyond(region_of("temperature 60..90, solvent DMSO, cycles 2", SPACE), limits)
    assert [one.partition(":")[0] for one in told] == ["temperature", "solvent"]
    assert beyond(region_of("temperature 60..70, solvent DMF", SPACE), limits) == ()
    assert beyond(region_of("temperature 60..90", SPACE), None) == ()


@given(st.floats(20, 120), st.floats(20, 120), st.floats(20, 120))
def test_a_range_covers_what_is_between_its_ends(one: float, other: float, at: float) -> None:
    low, high = sorted((round(one, 3), round(other, 3)))
    region = region_of(f"temperature {low!r}..{high!r}", SPACE)
    within = not given_for(region).against(wanted(temperature=at), SCOPE)
    assert within is (low <= at <= high)
