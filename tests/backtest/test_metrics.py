"""Every figure against an example that was computed by hand."""

import pytest

from agent.backtest import metrics


def test_the_top_is_a_rounded_share_and_never_empty() -> None:
    scores = [float(n) for n in range(1, 101)]
    assert metrics.top(scores, 0.05) == 96.0
    assert metrics.top(scores, 0.01) == 100.0
    assert metrics.top([3.0, 1.0, 2.0], 0.01) == 3.0
    assert metrics.top([1.0] * 30 + [2.0] * 10, 0.05) == 2.0


def test_the_best_so_far_skips_what_brought_nothing() -> None:
    assert metrics.best_so_far([None, 2.0, None, 1.0, 3.0]) == [None, 2.0, 2.0, 2.0, 3.0]
    assert metrics.best_so_far([]) == []


def test_regret_is_between_the_best_and_the_median() -> None:
    curve = [None, 0.0, 5.0, 7.5, 10.0, 11.0]
    assert metrics.regret(curve, best=10.0, median=5.0) == [1.0, 1.0, 1.0, 0.5, 0.0, 0.0]
    assert metrics.regret([1.0], best=1.0, median=1.0) == [0.0]


def test_a_miss_is_budget_and_one() -> None:
    curve = [None, 1.0, 4.0, 9.0]
    assert metrics.experiments_to(curve, 4.0, budget=4) == 3
    assert metrics.experiments_to(curve, 1.0, budget=4) == 2
    assert metrics.experiments_to(curve, 9.5, budget=4) == 5
    assert metrics.experiments_to(curve, 9.0, budget=3) == 4


def test_the_area_is_the_mean_of_the_curve() -> None:
    assert metrics.area([1.0, 0.5, 0.0, 0.5]) == 0.5


def test_a_run_that_ended_early_keeps_what_it_had() -> None:
    assert metrics.filled([1.0, 2.0], 4) == [1.0, 2.0, 2.0, 2.0]
    assert metrics.filled([1.0, 2.0, 3.0], 2) == [1.0, 2.0]
    assert metrics.filled([], 2) == [None, None]


def test_bands_hold_the_mean_and_are_the_same_every_time() -> None:
    curves = [[1.0, 0.0], [0.0, 0.0], [0.5, 0.0], [0.1, 0.0]]
    band = metrics.mean_curve(curves)
    assert band.mean == pytest.approx((0.4, 0.0))
    assert band.low[0] < 0.4 < band.high[0]
    assert (band.low[1], band.high[1]) == (0.0, 0.0)
    assert metrics.mean_curve(curves) == band


def test_one_seed_has_no_spread() -> None:
    figure = metrics.mean_figure([3.0])
    assert (figure.value, figure.low, figure.high) == (3.0, 3.0, 3.0)


def test_limits_are_near_those_of_the_normal_distribution() -> None:
    values = [float(n % 10) for n in range(400)]
    figure = metrics.mean_figure(values)
    half = 1.96 * (8.25 / 400) ** 0.5
    assert figure.value == pytest.approx(4.5)
    assert figure.low == pytest.approx(4.5 - half, abs=0.03)
    assert figure.high == pytest.approx(4.5 + half, abs=0.03)


def test_acceleration_is_a_ratio_of_medians() -> None:
    factor = metrics.acceleration([20, 30, 40], [5, 10, 12], budget=50)
    assert factor is not None
    assert (factor.value, factor.bound) == (3.0, "")
    assert factor.low <= 3.0 <= factor.high


def test_acceleration_is_a_bound_where_one_side_missed() -> None:
    at_least = metrics.acceleration([51, 51, 40], [5, 10, 12], budget=50)
    at_most = metrics.acceleration([5, 10, 12], [51, 51, 40], budget=50)
    assert at_least is not None
    assert at_most is not None
    assert (at_least.value, at_least.bound) == (5.1, "at least")
    assert (at_most.value, at_most.bound) == (10 / 51, "at most")
    assert metrics.acceleration([51], [51], budget=50) is None


def test_enhancement_is_a_ratio_of_medians_in_the_goals_direction() -> None:
    reference = [[None, 2.0], [1.0, 4.0], [1.0, 6.0]]
    policy = [[1.0, 6.0], [1.0, 8.0], [1.0, 10.0]]
    assert metrics.enhancement(reference, policy, maximised=True) == [None, 2.0]
    assert metrics.enhancement(reference, policy, maximised=False) == [None, 0.5]
    assert metrics.enhancement([[-1.0]], [[2.0]], maximised=True) == [None]


def test_the_peak_is_the_first_of_equals() -> None:
    assert metrics.peak([None, 1.0, 3.0, 3.0, 2.0]) == (3.0, 3)
    assert metrics.peak([None]) == (None, None)
