"""Settings as executed: what is systematic is told, what chance can bring is not."""

import random
from statistics import NormalDist

import pytest
from scipy import stats

from agent.core.actor import AGENT
from agent.core.dosing import Dosing, Pair, dosing, dosings
from agent.core.dosing import _p as two_sided
from agent.core.history import Effective
from agent.core.job import Observation
from agent.core.parameters import CategoricalParameter, ContinuousParameter
from tests.core.made import NOW

HEAT = ContinuousParameter(name="temperature", unit="degC", low=20, high=120, resolution=1)
LOAD = ContinuousParameter(name="loading", unit="mol%", low=0.01, high=10, scale="log", digits=3)


def told(pairs: list[Pair], parameter: ContinuousParameter = HEAT) -> Dosing:
    found = dosing(parameter.name, parameter, pairs)
    assert found is not None
    return found


def executed(offset: float, slope: float, sd: float, count: int, seed: int = 1) -> list[Pair]:
    draw = random.Random(seed)
    asked = [draw.uniform(20, 120) for _ in range(count)]
    return [(at, at + offset + slope * (at - 70) + draw.gauss(0, sd)) for at in asked]


def test_an_offset_is_found_with_its_standard_error() -> None:
    one = told(executed(-1.8, 0.0, 0.5, 60))
    assert one.systematic
    assert one.slope is None
    assert abs(one.offset + 1.8) < 3 * one.offset_se
    assert one.offset_se == pytest.approx(0.5 / 60**0.5, rel=0.4)
    assert one.sd == pytest.approx(0.5, rel=0.3)


def test_it_is_told_in_the_unit_of_a_difference() -> None:
    pairs = [(40, 38.0), (60, 58.4), (80, 78.4), (100, 98.0)]
    assert told(pairs).words == (
        "temperature comes out 1.80 ± 0.12 K lower than asked, give or take 0.23 K (4 executions)"
    )


def test_what_floats_lose_is_no_scatter() -> None:
    pairs = [(40, 40.4), (60, 60.4), (80, 80.4 + 1e-14), (100, 100.4 - 1e-14)]
    assert told(pairs).words == (
        "temperature comes out 0.4 K higher than asked, give or take 0 K (4 executions)"
    )


def test_a_slope_is_told_at_both_ends() -> None:
    one = told(executed(0.0, -0.05, 0.2, 30))
    assert one.slope == pytest.approx(-0.05, abs=0.01)
    assert one.error(120)[0] == pytest.approx(-2.5, abs=0.3)
    assert "higher than asked at 2" in one.words
    assert "lower than asked at 11" in one.words


def test_on_a_logarithmic_scale_errors_are_shares() -> None:
    draw = random.Random(2)
    asked = [10 ** draw.uniform(-2, 1) for _ in range(12)]
    one = told([(at, at * 0.9 * (1 + draw.gauss(0, 0.01))) for at in asked], LOAD)
    assert one.words.startswith("loading comes out 10")
    assert " % lower than asked, give or take " in one.words


@pytest.mark.parametrize("count", [4, 6, 8, 12, 20])
def test_chance_alone_is_seldom_called_systematic(count: int) -> None:
    called = [told(executed(0, 0, 0.5, count, seed)).systematic for seed in range(500)]
    assert sum(called) <= 5  # offset and slope, each in one case of a thousand


def test_a_slip_is_left_out() -> None:
    pairs = [*executed(-1.8, 0.0, 0.2, 12), (50.0, 25.0)]
    one = told(pairs)
    assert one.slips == 1
    assert one.offset == pytest.approx(-1.8, abs=0.3)


def test_executed_as_asked_is_nothing_to_tell() -> None:
    one = told([(at, at) for at in (20.0, 40.0, 60.0, 80.0)])
    assert (one.offset, one.sd, one.systematic) == (0.0, 0.0, False)
    assert dosing("temperature", HEAT, [(20.0, 19.0)] * 3) is None


def observation(number: int, done: dict[str, float | str], **more: object) -> Observation:
    return Observation.model_validate(
        {
            "id": f"o{number}", "campaign": "c", "trial": f"t{number}", "job": f"t{number}.1", "objective": "y",
            "fidelity": "target", "replicate": 1, "value": 1.0, "unit": "1", "executed": done,
            "by": AGENT, "at": NOW, **more,
        }
    )  # fmt: skip


def test_of_a_campaign_each_execution_counts_once_and_only_numbers_do() -> None:
    names = CategoricalParameter(name="solvent", choices=("DMF", "water"))
    plans = {
        f"t{n}": Effective(point={"temperature": 20.0 * n, "solvent": "DMF"}, settings={})
        for n in range(1, 6)
    }
    seen = [
        observation(n, {"temperature": 20.0 * n - 1.5 - 0.01 * n, "solvent": "water", "lamp": 3.0})
        for n in range(1, 6)
    ]
    again = [one.model_copy(update={"id": f"{one.id}b", "objective": "z"}) for one in seen]
    (one,) = dosings((HEAT, names), [*seen, *again], plans)
    assert (one.column, one.pairs, one.systematic) == ("temperature", 5, True)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 12, 41])
@pytest.mark.parametrize("t", [0.1, 1.0, 3.5, 12.0])
def test_students_t_is_that_of_the_library(freedom: int, t: float) -> None:
    assert two_sided(t, 1.0, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), abs=1e-12)
    assert two_sided(0.0, 0.0, freedom) == 1.0
    assert two_sided(2.0, 1.0, 400) == pytest.approx(2 * NormalDist().cdf(-2), rel=0.03)
