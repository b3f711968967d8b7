"""One Gaussian process of all rows: multi-task and pooled, the field's usual ways of transfer.

Sources and campaign are tasks of `k((x, t), (x', t')) = B[t, t'] k(x, x')` (Bonilla, Chai &
Williams, 2007). For the campaign that is a Gaussian process with a mean and a covariance that the
sources' rows have fixed, so it is one like any other here. Nothing guards it but the turns.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from botorch.models.multitask import MultiTaskGP
from botorch.optim.fit import fit_gpytorch_mll_scipy
from botorch.settings import validate_input_scaling
from gpytorch.kernels import IndexKernel, Kernel
from gpytorch.means import Mean
from gpytorch.mlls import ExactMarginalLogLikelihood
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from agent.core.transfer import Method
from agent.learn.evidence import Believed, Rows, dimension_scaled
from agent.learn.kernel import NOISE_FLOOR, TiedMatern, squared_distances
from agent.learn.posterior import Member
from agent.learn.priors.given import Given
from agent.learn.priors.process import process
from agent.learn.priors.transfer import Transfer, same_rows
from agent.learn.scaling import Scaling
from agent.learn.scope import seeded

_UNSEEN = 0.75
"""Correlation with each source before the campaign has rows: the mode of BoTorch's prior."""

_STEPS = 150

_UNKNOWN = 0.5
"""Where a source's rows lie along a column that it does not know: in the middle."""


@dataclass(frozen=True)
class Joint:
    """Hyperparameters of all tasks; the campaign is the last one.

    Attributes:
        lengthscales: `g`.
        tasks: B, `(S + 1) x (S + 1)`.
        means: One a task.
        noises: One a task.
    """

    lengthscales: tuple[float, ...]
    tasks: tuple[tuple[float, ...], ...]
    means: tuple[float, ...]
    noises: tuple[float, ...]


class _Conditioned:
    """What the sources' rows leave of the joint process for the campaign."""

    def __init__(self, given: Given, found: Joint) -> None:
        self.X, z, of = _sources(given)
        tasks = torch.tensor(found.tasks, dtype=torch.float64)
        self.kernel = TiedMatern(given.encoding.scales)
        self.kernel.set(torch.tensor(found.lengthscales, dtype=torch.float64))
        self.kernel.requires_grad_(False)
        self.shared, self.own = tasks[-1, of], tasks[-1, -1]
        self.mean = found.means[-1]
        noise = torch.tensor(found.noises, dtype=torch.float64)[of]
        covariance = tasks[of][:, of] * self.kernel.forward(self.X, self.X) + torch.diag(noise)
        self.factor = psd_safe_cholesky(covariance)
        left = z - torch.tensor(found.means, dtype=torch.float64)[of]
        self.weights = torch.cholesky_solve(left.unsqueeze(-1), self.factor).squeeze(-1)

    def cross(self, X: Tensor) -> Tensor:
        """Covariance of `… x n x d` with the sources' rows: `… x n x m`."""
        rows = self.X.expand(*X.shape[:-2], *self.X.shape)
        shared: Tensor = self.shared * self.kernel.forward(X, rows)
        return shared

    def whitened(self, X: Tensor) -> Tensor:
        """The same, so that its square is what the sources' rows tell: `… x m x n`."""
        solved: Tensor = torch.linalg.solve_triangular(self.factor, self.cross(X).mT, upper=False)
        return solved


class _JointMean(Mean):  # type: ignore[misc]
    def __init__(self, known: _Conditioned) -> None:
        super().__init__()
        self.known = known

    def forward(self, X: Tensor) -> Tensor:
        return self.known.mean + self.known.cross(X) @ self.known.weights


class _JointKernel(Kernel):  # type: ignore[misc]
    def __init__(self, known: _Conditioned) -> None:
        super().__init__()
        self.known = known

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        own: Tensor = self.known.own * self.known.kernel.forward(x1, x2, diag=diag, **params)
        left = self.known.whitened(x1)
        if diag:
            return own - (left * self.known.whitened(x2)).sum(-2)
        return own - left.mT @ self.known.whitened(x2)


class JointTransfer(Transfer):
    """The campaign's part of a joint process.

    Args:
        method: `multi_task`, `multi_task_free` or `pooled`.
        given: What it learnt from.
        scaling: The objective's unit to its units.
        found: Its hyperparameters.
        notes: In words.
    """

    def __init__(
        self,
        method: Method,
        given: Given,
        scaling: Scaling,
        found: Joint,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(given, scaling, notes)
        self.method = method
        self.found = found

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """One model."""
        known = _Conditioned(self.given, self.found)
        model = process(
            self.training, _JointMean(known), _JointKernel(known), self.found.noises[-1]
        )
        return (Member(0.0, model),)

    @property
    def weights(self) -> dict[str, float]:
        """All in one."""
        return {"sources": 1.0}

    @property
    def coefficients(self) -> dict[str, tuple[float, float]]:
        """Correlation of each source with the campaign; how sure it is, is not known."""
        return {name: (value, 0.0) for name, value in self._correlations.items()}

    @property
    def trusted(self) -> dict[str, float]:
        """The size of the correlation."""
        return {name: min(abs(value), 1.0) for name, value in self._correlations.items()}

    def learnt(self) -> dict[str, Any]:
        """The hyperparameters."""
        return {
            "lengthscales": list(self.found.lengthscales),
            "tasks": [list(row) for row in self.found.tasks],
            "means": list(self.found.means),
            "noises": list(self.found.noises),
        }

    @cached_property
    def _correlations(self) -> dict[str, float]:
        tasks = np.array(self.found.tasks)
        scale = np.sqrt(np.diag(tasks))
        found = tasks[-1, :-1] / (scale[-1] * scale[:-1])
        return {one.name: float(value) for one, value in zip(self.sources, found, strict=True)}


def fit_pooled(given: Given) -> JointTransfer:
    """All rows as if they were the campaign's: every correlation is one.

    Raises:
        ModelError: the evidence is nowhere finite.
    """
    scaling, (X, z, _) = given.scaling, _sources(given)
    training = given.training(scaling)
    all_X, all_z = torch.cat([X, training.X]).numpy(), torch.cat([z, training.z]).numpy()
    rows = Rows(
        squared_distances(all_X, all_X, training.scales),
        all_z,
        np.zeros((len(all_z), len(all_z))),
        around=True,
    )
    found = rows.most_likely(Believed(dimension_scaled(training.scales)))
    tasks = len(given.sources) + 1
    alike = tuple((1.0,) * tasks for _ in range(tasks))
    hyper = Joint(found.lengthscales, alike, (found.mean,) * tasks, (found.noise,) * tasks)
    return JointTransfer("pooled", given, scaling, hyper)


def fit_multi_task(given: Given, *, free: bool = False) -> JointTransfer:
    """BoTorch's multi-task Gaussian process, with correlations that are positive, or free.

    Before the campaign has two rows its correlation with each source is 0.75.

    Raises:
        NotPSDError, NanError: it could not be fitted.
    """
    method: Method = "multi_task_free" if free else "multi_task"
    scaling = given.scaling
    if len(given.rows) < 2:
        return JointTransfer(method, given, scaling, _unseen(fit_pooled(given).found))
    X, z, of = _sources(given)
    training = given.training(scaling)
    last = torch.full((len(training.X), 1), float(len(given.sources)), dtype=torch.float64)
    inputs = torch.cat(
        [torch.cat([X, of.unsqueeze(-1).double()], 1), torch.cat([training.X, last], 1)]
    )
    with seeded(given.seed), validate_input_scaling(False):
        model = MultiTaskGP(
            inputs,
            torch.cat([z, training.z]).unsqueeze(-1),
            task_feature=-1,
            covar_module=TiedMatern(training.scales),
            outcome_transform=None,
        )
        if free:
            data, _ = model.covar_module.kernels
            tasks = len(given.sources) + 1
            index = IndexKernel(num_tasks=tasks, rank=tasks, active_dims=[inputs.shape[1] - 1])
            model.covar_module = (data * index).to(inputs)
        evidence = ExactMarginalLogLikelihood(model.likelihood, model)
        # Correlations of little evidence have flat directions, along which it would never end.
        fit_gpytorch_mll_scipy(evidence, options={"maxiter": _STEPS})
    return JointTransfer(method, given, scaling, _of(model))


def restore(state: dict[str, Any], given: Given) -> JointTransfer:
    """The one whose `state` was kept, from the same rows and sources, without optimisation.

    Raises:
        ReplayError: the rows are not those that it learnt from.
    """
    learnt = state["learnt"]
    found = Joint(
        tuple(learnt["lengthscales"]),
        tuple(tuple(row) for row in learnt["tasks"]),
        tuple(learnt["means"]),
        tuple(learnt["noises"]),
    )
    scaling = same_rows(state, given)
    return JointTransfer(state["method"], given, scaling, found, tuple(state["notes"]))


def _sources(given: Given) -> tuple[Tensor, Tensor, Tensor]:
    """The rows of all sources (`m x d`), their standardised values, and the number of each one's."""
    parts = []
    for source in given.sources:
        whole = torch.full((len(source.X), given.encoding.width), _UNKNOWN, dtype=torch.float64)
        whole[:, list(source.columns)] = source.X[:, : len(source.columns)]
        parts.append(whole)
    of = [torch.full((len(one.z),), number) for number, one in enumerate(given.sources)]
    return torch.cat(parts), torch.cat([one.z for one in given.sources]), torch.cat(of)


def _unseen(pooled: Joint) -> Joint:
    count = len(pooled.tasks)
    tasks = np.full((count, count), _UNSEEN)
    np.fill_diagonal(tasks, 1.0)
    rows = tuple(tuple(float(value) for value in row) for row in tasks)
    return Joint(pooled.lengthscales, rows, pooled.means, pooled.noises)


def _of(model: MultiTaskGP) -> Joint:
    data, index = cast("Any", model.covar_module).kernels
    with torch.no_grad():
        covariance = index.covar_matrix.to_dense()
        lengthscales = data.lengthscales.flatten()
        means = [float(one.constant) for one in cast("Any", model.mean_module).base_means]
        noises = cast("Any", model.likelihood).noise.flatten().clamp_min(NOISE_FLOOR)
    count = len(covariance)
    return Joint(
        tuple(lengthscales.tolist()),
        tuple(tuple(float(value) for value in row) for row in covariance.tolist()),
        tuple(means),
        tuple(noises.expand(count).tolist() if len(noises) == 1 else noises.tolist()),
    )
