"""Bounds as rows of a model: what expectation propagation makes of them, and what they are worth."""

import json
from math import inf, sqrt

import numpy as np
import pytest
import torch
from scipy.stats import truncnorm

from agent.core.history import Bound, Row
from agent.core.objective import Objective
from agent.core.parameters import ContinuousParameter
from agent.core.space import SearchSpace
from agent.errors import ModelError, ReplayError
from agent.learn.bounds import spread
from agent.learn.censored import moments, propagated
from agent.learn.committee import Committee
from agent.learn.encoding import Encoding
from agent.learn.surrogate import WITH_BOUNDS, Surrogate, fit, restore
from tests.benchmarks.loop.censored import compared, models, scores
from tests.learn.spaces import SPACES, points_of, rows_of

UP = Objective(name="y", unit="eV", goal="maximise")
DOWN = Objective(name="y", unit="eV", goal="minimise")
SPACE = SPACES["continuous"]
ENCODING = Encoding.of(SPACE)
LINE = SearchSpace(parameters=(ContinuousParameter(name="x", low=0, high=10),))


def told(count: int = 14, sd: float | None = None) -> tuple[list[Row], list[Bound]]:
    """Readings of which the lower half is only known to be below their median."""
    rows = [row.model_copy(update={"sd": sd}) for row in rows_of(SPACE, count)]
    limit = float(np.median([row.value for row in rows]))
    low = [row for row in rows if row.value < limit]
    bounds = [Bound(id=one.id, trial=one.trial, point=one.point, high=limit) for one in low]
    return [row for row in rows if row.value >= limit], bounds


@pytest.mark.parametrize(
    ("low", "high"), [(-inf, 0.3), (-inf, -4.0), (1.2, inf), (-0.5, 0.2), (3.0, 4.0), (-inf, 9.0)]
)
def test_the_moments_of_what_lies_between_limits(low: float, high: float) -> None:
    mean, sd = 0.4, 1.3
    truth = truncnorm((low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)
    assert moments(mean, sd**2, low, high) == pytest.approx((truth.mean(), truth.var()), rel=1e-8)


def test_far_out_in_a_tail_the_moments_keep_their_digits() -> None:
    mean, variance = moments(0.0, 1.0, 1e4, inf)
    assert mean - 1e4 == pytest.approx(1e-4, rel=1e-6)
    assert variance == pytest.approx(1e-8, rel=1e-6)
    mean, variance = moments(0.0, 1.0, -1e-7, 1e-7)
    assert variance == pytest.approx(1e-14 / 3, rel=1e-6)


def test_sites_leave_the_moments_of_the_readings_that_keep_their_limits() -> None:
    covariance = np.array([[1.0, 0.8, 0.3], [0.8, 1.2, 0.4], [0.3, 0.4, 0.9]])
    mean, high = np.array([0.2, 0.0, 0.5]), np.array([-0.5, -0.8, 0.9])
    sites = propagated(mean, covariance, np.full(3, -inf), high)
    spread = np.linalg.inv(np.linalg.inv(covariance) + np.diag(1 / sites.variances))
    centre = mean + spread @ ((sites.means - mean) / sites.variances)
    drawn = np.random.default_rng(0).multivariate_normal(mean, covariance, 400_000)
    kept = drawn[(drawn < high).all(axis=1)]
    np.testing.assert_allclose(centre, kept.mean(0), atol=0.01)
    np.testing.assert_allclose(np.sqrt(np.diag(spread)), kept.std(0), rtol=0.04)


def test_one_limit_is_exact() -> None:
    sites = propagated(np.zeros(1), np.ones((1, 1)), np.array([-inf]), np.array([0.0]))
    variance = 1 / (1 + 1 / sites.variances[0])
    assert variance * sites.means[0] / sites.variances[0] == pytest.approx(-sqrt(2 / np.pi))
    assert variance == pytest.approx(1 - 2 / np.pi)


def test_a_limit_that_is_kept_anyhow_says_nothing() -> None:
    rows, _ = told()
    far = [Bound(id="b", trial="b", point=points_of(SPACE, 1, seed=4)[0], high=1e6)]
    points = points_of(SPACE, 20, seed=9)
    without = fit(ENCODING, rows, UP, seed=0).predict(points)
    np.testing.assert_allclose(
        fit(ENCODING, rows, UP, seed=0, bounds=far).predict(points), without, rtol=1e-3, atol=1e-3
    )


def test_what_is_sought_upwards_and_downwards_is_the_same() -> None:
    rows, bounds = told()
    points = points_of(SPACE, 20, seed=9)
    up, down = (fit(ENCODING, rows, one, seed=0, bounds=bounds) for one in (UP, DOWN))
    np.testing.assert_allclose(up.predict(points), down.predict(points), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sd", [None, 0.2])
def test_restored_it_is_the_same_to_the_bit(sd: float | None) -> None:
    rows, bounds = told(sd=sd)
    surrogate = fit(ENCODING, rows, DOWN, seed=0, bounds=bounds)
    assert surrogate.fitter == WITH_BOUNDS
    state = json.loads(json.dumps(surrogate.state(), allow_nan=False))
    again = restore(state, ENCODING, rows, DOWN, bounds)
    points = points_of(SPACE, 20, seed=9)
    assert again.predict(points) == surrogate.predict(points)
    assert again.state() == surrogate.state()
    assert fit(ENCODING, rows, DOWN, seed=0, bounds=bounds).state() == surrogate.state()


def test_other_bounds_cannot_restore_it() -> None:
    rows, bounds = told()
    state = fit(ENCODING, rows, UP, seed=0, bounds=bounds).state()
    moved = [bounds[0].model_copy(update={"high": 7.0}), *bounds[1:]]
    for other in (moved, bounds[1:], ()):
        with pytest.raises(ReplayError, match="not the rows"):
            restore(state, ENCODING, rows, UP, other)


def test_without_bounds_the_state_is_what_it_was() -> None:
    rows, _ = told()
    assert "bounds" not in fit(ENCODING, rows, UP, seed=0).state()


@pytest.mark.parametrize(
    "ends",
    [(None, 1e-300), (None, -1e12), (1e9, None), (0.0, 0.0), (-1.0, 1.0), (None, 1e300)],
)
def test_any_bounds_give_finite_predictions(ends: tuple[float | None, float | None]) -> None:
    rows, _ = told(6)
    points = points_of(SPACE, 9, seed=3)
    bounds = [
        Bound(id=str(n), trial=str(n), point=point, low=ends[0], high=ends[1])
        for n, point in enumerate([*points, rows[0].point])
    ]
    surrogate = fit(ENCODING, rows, DOWN, seed=0, bounds=bounds)
    assert np.isfinite(surrogate.predict(points)).all()


def test_bounds_alone_are_no_model() -> None:
    _, bounds = told()
    with pytest.raises(ModelError, match="no row to learn from"):
        fit(ENCODING, (), UP, seed=0, bounds=bounds)


def test_a_bound_outside_the_space_is_left_out_and_told() -> None:
    rows, bounds = told()
    outside = bounds[0].model_copy(update={"point": {}})
    surrogate = fit(ENCODING, rows, UP, seed=0, bounds=[outside, *bounds[1:]])
    assert surrogate.notes == ("1 bounds left out: outside the space",)
    assert surrogate.bounds == tuple(bounds[1:])


def test_the_noise_of_a_reading_is_that_of_the_values() -> None:
    rows, bounds = told(sd=0.2)
    surrogate = fit(ENCODING, rows, UP, seed=0, bounds=bounds)
    (part,) = surrogate.posterior.parts
    # Not that of what stands for bounds, which says little: others ask the state how far a reading is off.
    assert len(surrogate.state()["noise"]) == len(rows)
    assert sqrt(max(surrogate.state()["noise"])) * surrogate.scaling.scale == pytest.approx(0.2)
    assert sqrt(part.noise) * surrogate.scaling.scale == pytest.approx(0.2)


def test_a_committee_takes_bounds_for_no_values() -> None:
    rows, bounds = told()
    surrogate = fit(ENCODING, rows, UP, seed=0, bounds=bounds)
    committee = Committee(surrogate, torch.zeros(0, 2, dtype=torch.float64), seed=1)
    told_of = committee.variance(ENCODING.encode(points_of(SPACE, 20, seed=8)))
    assert bool(torch.isfinite(told_of).all())


def test_only_limits_that_the_values_break_widen_their_spread() -> None:
    rows = [Row(id=str(n), trial=str(n), point={}, value=value) for n, value in enumerate((4, 6))]

    def bound(**ends: float) -> Bound:
        return Bound(id="b", trial="b", point={}, **ends)

    bounds = [bound(high=1), bound(high=9), bound(low=8), bound(low=2, high=3)]
    assert spread(rows, bounds) == [4, 6, 1, 8, 3]
    assert spread(rows, bounds, expected=[-2, 5, 7, 2.5]) == [4, 6, -2, 8, 2.5]


def below(model: Surrogate, limit: float) -> tuple[float, float]:
    """Its error and mean log density where the truth lies below the limit, of `line`."""
    at = np.linspace(0, 10, 101)
    hidden = at[line(at) < limit]
    return scores(model, [{"x": float(x)} for x in hidden], line(hidden))


def line(x: np.ndarray) -> np.ndarray:
    """A response of one setting."""
    return 3 * np.sin(x) + x / 5


def test_of_one_setting_what_lies_below_the_limit_is_predicted_better() -> None:
    encoding, limit = Encoding.of(LINE), 0.5
    at = np.linspace(0.3, 9.7, 12)
    read = line(at) + 0.1 * np.random.default_rng(1).standard_normal(12)
    every = models(encoding, [{"x": float(x)} for x in at], read, limit, seed=0)
    errors, densities = zip(*(below(model, limit) for model in every.values()), strict=True)
    assert errors[0] < min(errors[1:])
    assert densities[0] > max(densities[1:])


@pytest.mark.parametrize("kind", ["smooth", "field 2"])
def test_of_two_settings_too(kind: str) -> None:
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(3):
        for way, region, error, density in compared(kind, 0.4, seed):
            if region == "below":
                found.setdefault(way, []).append((error, density))
    errors = {way: np.mean([error for error, _ in pairs]) for way, pairs in found.items()}
    densities = {way: np.mean([one for _, one in pairs]) for way, pairs in found.items()}
    for other in ("left out", "the limit"):
        assert errors["bounds"] < errors[other]
        assert densities["bounds"] > densities[other]
