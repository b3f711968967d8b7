"""A committee: members that saw different samples of the rows, to be asked where they disagree."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agent.learn.fitted import Fitted
from agent.learn.posterior import CHUNK, Posterior

HALF = 8
"""Members of each sort: as many Gaussian processes as trees."""


class Committee:
    """Bagged Gaussian processes at shared hyperparameters, and bagged extra trees (Geurts, 2006).

    Each member sees a bootstrap sample of the rows; the variance of the members' means says where
    the rows do not settle the answer (Burbidge, Rowland & King, 2007; Settles, 2009). Points in
    flight count as rows that read what the surrogate expects.

    Args:
        surrogate: The fitted surrogate, whose hyperparameters the Gaussian processes share.
        pending: Points in flight, `m x d`.
        seed: Of the bootstrap samples and of the trees.
    """

    def __init__(self, surrogate: Fitted, pending: Tensor, seed: int) -> None:
        X, z = surrogate.training.X, surrogate.training.z
        with torch.no_grad():
            believed = Posterior(surrogate.model).marginals(pending)[0] if len(pending) else z[:0]
        self._X, self._z = torch.cat([X, pending]), torch.cat([z, believed])
        self._kernel = surrogate.model.covar_module
        self._mean = surrogate.model.mean_module
        self._weights = self._bagged(surrogate, np.random.default_rng(seed))
        # Imported here: scikit-learn brings pandas, 160 MB that no other policy needs.
        from sklearn.ensemble import ExtraTreesRegressor  # noqa: PLC0415

        trees = ExtraTreesRegressor(HALF, bootstrap=True, random_state=seed, n_jobs=1)
        self._trees = trees.fit(self._X.numpy(), self._z.numpy()).estimators_

    def variance(self, X: Tensor) -> Tensor:
        """Variance of the members' means at `n x d`, in standardised units: `n`."""
        with torch.no_grad():
            return torch.cat([self._variance(chunk) for chunk in torch.split(X, CHUNK)])

    def _variance(self, X: Tensor) -> Tensor:
        processes = self._kernel(X, self._X).to_dense() @ self._weights
        processes = self._mean(X).unsqueeze(-1) + processes
        numbers: NDArray[np.float32] = X.numpy().astype(np.float32)
        trees = [torch.from_numpy(tree.predict(numbers, check_input=False)) for tree in self._trees]
        return torch.cat([processes, torch.stack(trees, dim=1)], dim=1).var(dim=1)

    def _bagged(self, surrogate: Fitted, random: np.random.Generator) -> Tensor:
        """Weights of the rows in each process's mean, `n x HALF`; 0 where it saw none of one."""
        count = len(self._X)
        noise = surrogate.model.likelihood.noise.detach()
        noises = torch.cat([noise.expand(len(surrogate.training.X)), noise.mean().expand(count)])
        weights = torch.zeros(count, HALF, dtype=torch.float64)
        with torch.no_grad():
            covariance = self._kernel(self._X).to_dense()
            for member in range(HALF):
                bag = torch.from_numpy(random.integers(0, count, count))
                inner = covariance[bag][:, bag] + torch.diag(noises[:count][bag])
                left = self._z[bag] - self._mean(self._X[bag])
                weights[:, member].index_add_(0, bag, torch.linalg.solve(inner, left))
        return weights
