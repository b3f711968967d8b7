"""Several models as one of BoTorch's: its moments, its samples, and every acquisition with it."""

import pytest
import torch
from botorch.acquisition import (
    LogExpectedImprovement,
    qLogExpectedImprovement,
    qLogNoisyExpectedImprovement,
    qUpperConfidenceBound,
)
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.models.model import ModelList
from botorch.optim import optimize_acqf
from botorch.sampling.get_sampler import get_sampler
from torch import Tensor

from agent.core.objective import Objective
from agent.core.transfer import Experience
from agent.decide.acquisition import expected_improvement
from agent.learn.encoding import Encoding
from agent.learn.mixture import MixtureModel, MixturePosterior
from agent.learn.priors.experts import Experts, fit
from agent.learn.priors.given import Given
from agent.learn.priors.source import fit_source
from tests.learn.sources import source
from tests.learn.spaces import SPACES, points_of, rows_of

UP = Objective(name="y", unit="eV", goal="maximise")
SPACE = SPACES["continuous"]


@pytest.fixture(scope="module")
def experts() -> Experts:
    earlier = source(SPACE, 25, factor=0.5, offset=3.0)
    encoding = Encoding.of(SPACE)
    known = (fit_source(encoding, earlier, UP),)
    return fit(Given(encoding, rows_of(SPACE, 6), UP, known, (earlier,), Experience()))


@pytest.fixture
def X() -> Tensor:  # noqa: N802 - the field's name for points
    return Encoding.of(SPACE).encode(points_of(SPACE, 8, seed=4))


def test_it_is_one_model(experts: Experts) -> None:
    assert isinstance(experts.model, MixtureModel)
    assert float(experts.model.weights.sum()) == pytest.approx(1.0)
    assert 0.01 < float(experts.model.weights.max()) < 0.999


def test_moments_are_those_of_the_marginals(experts: Experts, X: Tensor) -> None:
    posterior = experts.model.posterior(X)
    mean, deviation = experts.posterior.marginals(X)
    torch.testing.assert_close(posterior.mean.squeeze(-1), mean, rtol=0, atol=1e-8)
    torch.testing.assert_close(
        posterior.variance.squeeze(-1), deviation.square(), rtol=0, atol=1e-7
    )


@pytest.mark.parametrize("how", ["random", "sampler"])
def test_many_samples_have_the_same_moments(experts: Experts, X: Tensor, how: str) -> None:
    posterior = experts.model.posterior(X)
    torch.manual_seed(0)
    shape = torch.Size([8192])
    sampler = get_sampler(posterior, shape, seed=1)
    samples = posterior.rsample(shape) if how == "random" else sampler(posterior)
    assert samples.shape == (8192, 8, 1)
    torch.testing.assert_close(samples.mean(0), posterior.mean, rtol=0, atol=0.05)
    torch.testing.assert_close(samples.var(0), posterior.variance, rtol=0.1, atol=0.02)


def test_one_sample_is_of_one_model_that_is_drawn_by_weight(experts: Experts, X: Tensor) -> None:
    posterior = experts.model.posterior(X)
    assert isinstance(posterior, MixturePosterior)
    assert posterior.rsample().shape == (8, 1)
    sure = MixturePosterior(posterior.parts, torch.tensor([0.0, 0.0, 0.0, 1.0]).double())
    torch.testing.assert_close(sure.mean, posterior.parts[-1].mean)


def test_monte_carlo_improvement_is_the_exact_one(experts: Experts, X: Tensor) -> None:
    best = float(experts.posterior.marginals(X)[0].median())
    parts = zip(experts.log_weights, experts.posterior.parts, strict=True)
    exact = torch.logsumexp(
        torch.stack(
            [
                weight + expected_improvement(experts.scaling, *part.marginals(X), best)
                for weight, part in parts
            ]
        ),
        dim=0,
    )
    sampler = get_sampler(experts.model.posterior(X), torch.Size([8192]), seed=3)
    drawn = qLogExpectedImprovement(experts.model, best_f=best, sampler=sampler)(X.unsqueeze(1))
    good = exact > -3
    assert int(good.sum()) >= 2
    torch.testing.assert_close(drawn[good], exact[good], rtol=0, atol=0.1)


def test_every_sort_of_acquisition_takes_it(experts: Experts, X: Tensor) -> None:
    model, rows = experts.model, experts.training.X
    pending = X[:2]
    bounds = torch.tensor([[0.0] * X.shape[1], [1.0] * X.shape[1]]).double()
    acquisitions = [
        qLogNoisyExpectedImprovement(
            model, X_baseline=rows, X_pending=pending, cache_root=False, prune_baseline=True
        ),
        qUpperConfidenceBound(model, beta=2.0, X_pending=pending),
        LogExpectedImprovement(model, best_f=0.5),
    ]
    for acquisition in acquisitions:
        q = 1 if isinstance(acquisition, LogExpectedImprovement) else 2
        found, value = optimize_acqf(acquisition, bounds, q=q, num_restarts=2, raw_samples=16)
        assert found.shape == (q, X.shape[1])
        assert bool(torch.isfinite(value))


@pytest.mark.slow
def test_two_objectives_take_two_of_them(experts: Experts, X: Tensor) -> None:
    both = ModelList(experts.model, experts.model)
    acquisition = qLogNoisyExpectedHypervolumeImprovement(
        both,
        ref_point=[-1.0, -1.0],
        X_baseline=experts.training.X,
        X_pending=X[:1],
        cache_root=False,
        sampler=get_sampler(both.posterior(X), torch.Size([8]), seed=1),
    )
    assert bool(torch.isfinite(acquisition(X.unsqueeze(1))).all())
