"""Calibration: what results say of predictions, and how seldom something is said wrongly."""

import random
from collections.abc import Callable
from math import exp, hypot, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, spearmanr

from agent.core.calibration import (
    ALARM,
    ENOUGH,
    RATE,
    Calibration,
    calibration,
    evidence,
    spearman,
    wilson,
)
from agent.core.record import Tested
from agent.core.sequential import FARTHEST, changed, scaled, shifted

numbers = st.integers(-5, 5).map(float)


def came(offs: list[float], sd: float = 2.0, noise: float = 0.0) -> Calibration:
    """Of predictions of 0, 1, 2, … that were so many deviations too low."""
    record = [
        Tested(mean=n, sd=sd, noise=noise, value=n + off * hypot(sd, noise))
        for n, off in enumerate(offs)
    ]
    found = calibration("yield", record)
    assert found is not None
    return found


def normal(seed: int, count: int, mean: float = 0.0, sd: float = 1.0) -> list[float]:
    drawn = random.Random(seed)
    return [drawn.gauss(mean, sd) for _ in range(count)]


def told(draw: Callable[[int], list[float]], campaigns: int) -> dict[str, float]:
    """In which share of campaigns each fault is told, looking after each result."""
    counts = dict.fromkeys(("drifting", "biased", "overconfident", "underconfident", "any"), 0)
    for seed in range(campaigns):
        offs, seen = draw(seed), set()
        for n in range(1, len(offs) + 1):
            seen |= {name for name, one in evidence(offs[:n]).items() if one > ALARM}
        for name in seen | ({"any"} if seen else set()):
            counts[name] += 1
    return {name: count / campaigns for name, count in counts.items()}


def test_without_a_result_there_is_nothing_to_say() -> None:
    assert calibration("yield", []) is None


def test_the_noise_of_a_reading_is_part_of_its_interval() -> None:
    tight, noisy = came([0.0, 1.9], noise=0.0), came([0.0, 1.9], noise=3.0)
    assert [one.inside for one in tight.coverage] == [1, 1, 2]
    assert tight.coverage == noisy.coverage
    assert noisy.rmse > tight.rmse


def test_few_results_claim_little() -> None:
    few, many = came([0.1] * 3), came(normal(1, 30))
    assert few.verdict == "too few"
    assert few.coverage[2].low < 0.5
    assert many.verdict == "calibrated"
    assert many.coverage[2].low > 0.7


def test_the_summary_is_in_the_unit_of_the_objective() -> None:
    one = came([1.0, -1.0, 1.0, -1.0], sd=2.0)
    assert (one.rmse, one.mae, one.bias, one.spread) == (2.0, 2.0, 0.0, 1.0)
    assert one.rank == pytest.approx(spearmanr([0, 1, 2, 3], [2, -1, 4, 1]).statistic)
    assert one.curve == (2.0, 2.0, 2.0, 2.0)
    assert came([5.0] * 4 + [0.0] * 8).curve[-1] == 0.0  # the last eight


@pytest.mark.parametrize(
    ("offs", "verdict"),
    [
        (normal(2, 30, sd=3), "overconfident"),
        (normal(2, 30, sd=0.3), "underconfident"),
        (normal(2, 30, mean=1.5), "biased"),
        (normal(2, 20) + normal(3, 20, mean=-2.5), "drifting"),
    ],
)
def test_what_is_wrong_is_told(offs: list[float], verdict: str) -> None:
    assert came(offs).verdict == verdict


def test_a_drift_says_since_when_and_by_how_much() -> None:
    one = came(normal(2, 20) + normal(3, 20, mean=-2.5), sd=2.0)
    assert one.drift is not None
    assert one.drift.last == pytest.approx(20, abs=2)
    assert one.drift.residual == pytest.approx(-5.0, abs=1.0)
    assert came(normal(2, 40)).drift is None


def test_where_points_are_chosen_is_told_beside_where_they_were() -> None:
    record = [Tested(mean=0, sd=1, value=0, distance=0.5 if n < 4 else 0.1) for n in range(12)]
    found = calibration("yield", record)
    assert found is not None and found.inputs is not None
    assert (found.inputs.before, found.inputs.last) == pytest.approx((0.5, 0.1))
    assert came([0.0] * 12).inputs is None


def test_one_wrong_reading_alone_is_no_verdict() -> None:
    for before in (0, 10, 40):
        for off in (30.0, -30.0):
            assert not came([*normal(4, before), off, *normal(5, 20)]).faults


def test_of_campaigns_with_nothing_wrong_few_are_ever_told_of_a_fault() -> None:
    share = told(lambda seed: normal(seed, 40), 300)
    assert share["any"] <= RATE
    # Not only by luck of the seeds: the rate itself is below, with 97.5 %.
    assert binomtest(round(share["any"] * 300), 300).proportion_ci(0.95).high < RATE


def test_a_bias_and_a_drift_are_not_told_of_deviations_that_are_only_wrong() -> None:
    share = told(lambda seed: normal(seed, 40, sd=3.0), 100)
    assert share["biased"] <= RATE
    assert share["drifting"] <= RATE
    assert share["overconfident"] > 0.95


def test_a_bet_is_fair() -> None:
    """The mean e-value is one: `scaled` at the edge of its hypothesis, the others for any deviation."""
    count = 20000
    flat = [random.Random(seed).gauss(0, 1) for seed in range(count)]
    assert sum(exp(scaled([z], (0.5,))) for z in flat) / count == pytest.approx(1, 0.05)
    assert shifted([]) == shifted([1.0]) + log(2) / 2 + log(1 - 0.5) / 2 == 0.0
    assert changed([1.0, 2.0]).log_e == 0.0


@given(st.lists(st.floats(-1e3, 1e3), max_size=30))
def test_nothing_is_beyond_what_can_be_said(offs: list[float]) -> None:
    factor = (1.25, 2.0, 4.0)
    assert scaled(offs, factor) <= scaled([FARTHEST] * len(offs), factor)
    if offs:
        one = came(offs)
        assert Calibration.model_validate_json(one.model_dump_json()) == one
        assert (one.verdict == "too few") <= (one.tested < ENOUGH)
        assert all((one.evidence[name] > ALARM) == (name in one.faults) for name in one.evidence)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_limits_are_those_of_wilson(counts: tuple[int, int]) -> None:
    inside, of = counts
    known = binomtest(inside, of).proportion_ci(0.95, method="wilson")
    assert wilson(inside, of) == pytest.approx((known.low, known.high), abs=1e-9)


@given(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=20))
def test_ranks_are_those_of_spearman(pairs: list[tuple[float, float]]) -> None:
    one, other = map(list, zip(*pairs, strict=True))
    found = spearman(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(one, other).statistic, abs=1e-9)
