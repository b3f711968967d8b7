"""The evidence with its gradient written out, beside what GPyTorch and differences say."""

from math import log, sqrt

import numpy as np
import pytest
import torch
from botorch.fit import fit_gpytorch_mll
from gpytorch.mlls import ExactMarginalLogLikelihood
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ModelError
from agent.learn.evidence import Believed, LogNormal, Rows
from agent.learn.kernel import squared_distances
from agent.learn.training import Training, likeliest

PRIOR = Believed(LogNormal(sqrt(2) + log(3) / 2, sqrt(3)), LogNormal(0.0, 0.5))


def rows(
    seed: int, count: int, *, noise: bool = False, around: bool = False, additive: bool = False
) -> Rows:
    random = np.random.default_rng(seed)
    X = random.random((count, 4))
    z = np.sin(4 * X[:, 0]) + X[:, 1] + 0.1 * random.standard_normal(count)
    known = np.ones((count, count)) + np.outer(X[:, 2], X[:, 2])
    given_noise = np.full(count, 0.01) if noise else None
    return Rows(squared_distances(X, X, (0, 1, 2, 2)), z, known, given_noise, around, additive)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 12),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_the_gradient_is_that_of_differences(
    seed: int, count: int, noise: bool, known_variance: bool, around: bool, additive: bool
) -> None:
    some = rows(seed, count, noise=noise, around=around, additive=additive)
    believed = Believed(PRIOR.lengthscale, 1.7 if known_variance else PRIOR.variance)
    free = 3 + (not known_variance) + (not noise) + additive
    at = np.random.default_rng(seed).normal(-0.5, 0.5, free)
    _, slope = some.loss(at, believed)
    steps = np.eye(free) * 1e-6
    apart = [
        (some.loss(at + step, believed)[0] - some.loss(at - step, believed)[0]) / 2e-6
        for step in steps
    ]
    np.testing.assert_allclose(slope, apart, rtol=1e-4, atol=1e-5)


def test_it_is_gpytorchs() -> None:
    random = np.random.default_rng(3)
    X = torch.from_numpy(random.random((9, 4)))
    z = torch.from_numpy(random.standard_normal(9))
    scales = (0, 1, 2, 2)
    model = Training(X, z, None, scales).model()
    model.mean_module.constant.data.fill_(0.0)
    lengths, noise = [0.3, 0.7, 1.1], 0.05
    model.covar_module.set(torch.tensor(lengths, dtype=torch.float64))
    model.likelihood.noise = noise
    likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
    theirs = float(likelihood(model(X), z)) * 9
    ours = Rows(squared_distances(X.numpy(), X.numpy(), scales), z.numpy(), np.zeros((9, 9)))
    believed = Believed(LogNormal(sqrt(2) + log(3) / 2, sqrt(3)))
    told, _ = ours.loss(np.log([*lengths, noise]), believed)
    assert -told == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_nothing_nearby_is_more_likely(count: int) -> None:
    some = rows(1, count)
    found = some.most_likely(PRIOR)
    at = np.log([*found.lengthscales, found.variance, found.noise])
    best, _ = some.loss(at, PRIOR)
    random = np.random.default_rng(0)
    for _ in range(50):
        near = np.maximum(at + 0.05 * random.standard_normal(len(at)), log(1e-4))
        assert some.loss(near, PRIOR)[0] > best - 1e-6


@pytest.mark.parametrize("sd", [None, 0.1])
@pytest.mark.parametrize("count", [3, 12, 40])
def test_the_surrogate_is_the_one_that_botorch_would_fit(count: int, sd: float | None) -> None:
    random = np.random.default_rng(count)
    X = torch.from_numpy(random.random((count, 3)))
    z = torch.sin(5 * X[:, 0]) * X[:, 1] + 0.1 * torch.from_numpy(random.standard_normal(count))
    fixed = None if sd is None else torch.full((count,), sd**2, dtype=torch.float64)
    training = Training(X, z, fixed, (0, 1, 2))
    theirs = training.model()
    fit_gpytorch_mll(ExactMarginalLogLikelihood(theirs.likelihood, theirs))
    ours = likeliest(training)
    at = torch.from_numpy(random.random((20, 3)))
    expected, found = theirs.posterior(at), ours.eval().posterior(at)
    torch.testing.assert_close(found.mean, expected.mean, rtol=0, atol=3e-3)
    torch.testing.assert_close(found.variance, expected.variance, rtol=0, atol=3e-3)


def test_rows_that_are_no_numbers_are_a_fault_of_the_model() -> None:
    some = rows(1, 5)
    broken = Rows(some.apart, np.full(5, np.nan), some.known)
    with pytest.raises(ModelError, match="not finite"):
        broken.most_likely(PRIOR)
