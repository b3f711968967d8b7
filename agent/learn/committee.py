"""A committee: members that saw different samples of the rows, to be asked where they disagree."""

from typing import cast

import numpy as np
import torch
from botorch.models import SingleTaskGP
from numpy.typing import NDArray
from torch import Tensor

from agent.learn.fitted import Fitted
from agent.learn.posterior import CHUNK, Member, Posterior, noise_of
from agent.learn.weighted import WeightedModel

HALF = 8
"""Members of each sort: as many Gaussian processes as trees."""


class Committee:
    """Bagged Gaussian processes at shared hyperparameters, and bagged extra trees (Geurts, 2006).

    Each member sees a bootstrap sample of the rows; the variance of the members' means says where
    the rows do not settle the answer (Burbidge, Rowland & King, 2007; Settles, 2009). Points in
    flight count as rows that read what the surrogate expects. Of a mixture, each model has as many
    processes as its weight gives it.

    Args:
        surrogate: The fitted surrogate, whose hyperparameters the Gaussian processes share.
        pending: Points in flight, `m x d`.
        seed: Of the bootstrap samples and of the trees.
    """

    def __init__(self, surrogate: Fitted, pending: Tensor, seed: int) -> None:
        X, z = surrogate.training.X, surrogate.training.z
        told = torch.ones(len(X) + len(pending), dtype=torch.bool)
        if surrogate.training.readings is not None:
            told[surrogate.training.readings : len(X)] = False
        with torch.no_grad():
            believed = surrogate.posterior.marginals(pending)[0] if len(pending) else z[:0]
        X, z = torch.cat([X, pending]), torch.cat([z, believed])
        random = np.random.default_rng(seed)
        shares = zip(surrogate.members, _shared_out(surrogate.members), strict=True)
        self._processes = [_Processes(one, X, z, count, random) for one, count in shares if count]
        # Imported here: scikit-learn brings pandas, 160 MB that no other policy needs.
        from sklearn.ensemble import ExtraTreesRegressor  # noqa: PLC0415

        trees = ExtraTreesRegressor(HALF, bootstrap=True, random_state=seed, n_jobs=1)
        # Before there are rows only models with sources disagree.
        # What stands for a bound is no value that a tree could take.
        X, z = X[told], z[told]
        self._trees = trees.fit(X.numpy(), z.numpy()).estimators_ if len(X) else []

    def variance(self, X: Tensor) -> Tensor:
        """Variance of the members' means at `n x d`, in standardised units: `n`."""
        with torch.no_grad():
            return torch.cat([self._variance(chunk) for chunk in torch.split(X, CHUNK)])

    def _variance(self, X: Tensor) -> Tensor:
        numbers: NDArray[np.float32] = X.numpy().astype(np.float32)
        trees = [torch.from_numpy(tree.predict(numbers, check_input=False)) for tree in self._trees]
        means = [processes.means(X) for processes in self._processes]
        return torch.cat([*means, *(one.unsqueeze(1) for one in trees)], dim=1).var(dim=1)


class _Processes:
    """Gaussian processes of one model, each of a bootstrap sample of the rows.

    Of a weighted sum the last part is bagged, that of the campaign's rows; the others stay.
    """

    def __init__(
        self, member: Member, X: Tensor, z: Tensor, count: int, random: np.random.Generator
    ) -> None:
        self._X = X
        self._fixed: list[tuple[float, Posterior]] = []
        self._share = 1.0
        model = cast("SingleTaskGP", member.model)
        if isinstance(member.model, WeightedModel):
            *others, self._share = member.model.weights.tolist()
            *parts, model = member.model.parts
            self._fixed = [(w, Posterior(one)) for w, one in zip(others, parts, strict=True)]
        self._kernel, self._mean = model.covar_module, model.mean_module
        noise = model.likelihood.noise.detach()
        own = len(model.train_inputs[0])
        noises = torch.cat([noise.expand(own), noise.new_full((len(X) - own,), noise_of(model))])
        self._weights = self._bagged(z, noises, count, random)

    def means(self, X: Tensor) -> Tensor:
        """The mean of each at `n x d`: `n x count`."""
        found = self._mean(X).unsqueeze(-1) + self._kernel(X, self._X).to_dense() @ self._weights
        total: Tensor = self._share * found
        for weight, part in self._fixed:
            total = total + weight * part.marginals(X)[0].unsqueeze(-1)
        return total

    def _bagged(
        self, z: Tensor, noises: Tensor, members: int, random: np.random.Generator
    ) -> Tensor:
        """Weights of the rows in each process's mean, `n x members`; 0 where it saw none of one."""
        count = len(self._X)
        weights = torch.zeros(count, members, dtype=torch.float64)
        with torch.no_grad():
            covariance = self._kernel(self._X).to_dense()
            for member in range(members):
                bag = torch.from_numpy(random.integers(0, count, count))
                inner = covariance[bag][:, bag] + torch.diag(noises[bag])
                left = z[bag] - self._mean(self._X[bag])
                weights[:, member].index_add_(0, bag, torch.linalg.solve(inner, left))
        return weights


def _shared_out(members: tuple[Member, ...]) -> list[int]:
    """How many of the processes each model has."""
    shares = np.exp([one.log_weight for one in members])
    ends = np.round(np.cumsum(shares / shares.sum()) * HALF).astype(int)
    return [int(one) for one in np.diff(ends, prepend=0)]
