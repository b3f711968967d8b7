"""What anybody writes in an afternoon: a Gaussian process, a random forest, and chance."""

import numpy as np
import torch
from botorch.acquisition import LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Normalize
from gpytorch.mlls import ExactMarginalLogLikelihood
from scipy.stats import norm
from sklearn.ensemble import RandomForestRegressor

from tests.benchmarks.peers.play import Asked

_TREES = 100


def by_chance(asked: Asked) -> int:
    """Any point."""
    return int(np.random.default_rng(asked.seed).choice(asked.left))


def by_process(asked: Asked) -> int:
    """BoTorch's `SingleTaskGP` with its defaults, and the log of expected improvement over the best
    mean that it has for a measured point.
    """
    torch.manual_seed(asked.seed)
    X = torch.from_numpy(asked.contest.features)
    known, Y = X[asked.at], torch.tensor(asked.scores, dtype=X.dtype).unsqueeze(1)
    bounds = torch.stack([X.amin(0), X.amax(0)])
    model = SingleTaskGP(known, Y, input_transform=Normalize(X.shape[1], bounds=bounds))
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    with torch.no_grad():
        acquisition = LogExpectedImprovement(model, model.posterior(known).mean.max())
        gains = acquisition(X[asked.left].unsqueeze(1))
    return asked.left[int(gains.argmax())]


def by_forest(asked: Asked) -> int:
    """A random forest, and expected improvement over the best measurement; its uncertainty is the
    spread of its trees (Hutter et al. 2011).
    """
    X = asked.contest.features
    forest = RandomForestRegressor(_TREES, random_state=asked.seed, n_jobs=1)
    forest.fit(X[asked.at], np.array(asked.scores))
    there = X[asked.left].astype(np.float32)
    told = np.stack([tree.predict(there) for tree in forest.estimators_])
    mean, sd = told.mean(0), told.std(0) + 1e-12
    better = mean - max(asked.scores)
    gains = better * norm.cdf(better / sd) + sd * norm.pdf(better / sd)
    equal = np.flatnonzero(gains >= gains.max() - 1e-15)
    return asked.left[int(np.random.default_rng(asked.seed).choice(equal))]
