"""Rows as a model sees them, and the chain of ways to fit one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from botorch.exceptions.errors import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.settings import validate_input_scaling
from gpytorch.mlls import ExactMarginalLogLikelihood
from linear_operator.utils.errors import NanError, NotPSDError
from torch import Tensor
from torch.linalg import LinAlgError  # type: ignore[attr-defined]

from agent.core.history import Reading, Row
from agent.core.values import digest
from agent.errors import ModelError
from agent.learn.encoding import Encoding
from agent.learn.evidence import Believed, LogNormal, Rows
from agent.learn.kernel import (
    NOISE_FLOOR,
    Normal,
    PartlyAdditive,
    TiedMatern,
    noise,
    squared_distances,
    usual,
    vague,
)
from agent.learn.posterior import CensoredGP
from agent.learn.scaling import Scaling

LEAST_FIXED_NOISE = 1e-6
_SAFER_FLOOR = 1e-2

Read = TypeVar("Read", bound=Reading)
EXPECTED = (ModelFittingError, NotPSDError, NanError, LinAlgError, ModelError)
"""What fitting may raise: the next of a chain is tried."""


@dataclass(frozen=True)
class Training:
    """Rows as the model sees them.

    Attributes:
        X: `n x d`, in the unit cube.
        z: `n`, standardised.
        variance: `n`, standardised variances of the readings, if every row has one.
        scales: The number of the lengthscale of each column, `d`.
        named: Of each lengthscale, whether it is that of a choice among names. Left out, nothing is
            known of the lengthscales, and no part of the covariance is a sum.
        readings: How many of the rows are readings, where the last ones stand for bounds.
        summed: Whether a part of the covariance is a sum over the scales, whatever they are of.
    """

    X: Tensor
    z: Tensor
    variance: Tensor | None
    scales: tuple[int, ...]
    named: tuple[bool, ...] = ()
    readings: int | None = None
    summed: bool | None = None

    @property
    def believed(self) -> Normal:
        """The prior of the lengthscales."""
        return usual(self.named) if self.named else vague(max(self.scales) + 1)

    @property
    def additive(self) -> bool:
        """Whether a part of the covariance is a sum over the scales: where there are names, of which
        a model of all settings together knows little until each combination was tried. With bounds
        none is.
        """
        if self.summed is not None:
            return self.summed
        return self.readings is None and len(self.named) > 1 and any(self.named)

    @classmethod
    def of(cls, encoding: Encoding, scaling: Scaling, X: Tensor, rows: Sequence[Row]) -> "Training":
        """Encoded rows (`n x d`) with their values in the units of `scaling`."""
        known = [row.sd for row in rows if row.sd is not None]
        variance = None
        if rows and len(known) == len(rows):
            relative = torch.tensor(known, dtype=torch.float64) / scaling.scale
            variance = relative.square().clamp_min(LEAST_FIXED_NOISE)
        z = scaling.standardised([row.value for row in rows])
        return cls(X, z, variance, encoding.scales, encoding.named)

    def model(self, floor: float = NOISE_FLOOR) -> SingleTaskGP:
        """A model at the mode of its priors.

        Args:
            floor: Smallest noise variance; added to the readings' own where they are known.
        """
        fixed = self.variance
        if fixed is not None and floor > NOISE_FLOOR:
            fixed = fixed + floor
        kind = SingleTaskGP if self.readings is None else CensoredGP
        kernel = PartlyAdditive if self.additive else TiedMatern
        with validate_input_scaling(False):
            model = kind(
                self.X,
                self.z.unsqueeze(-1),
                train_Yvar=None if fixed is None else fixed.unsqueeze(-1),
                likelihood=noise(floor) if fixed is None else None,
                covar_module=kernel(self.scales, self.believed),
                outcome_transform=None,
            ).to(self.X)
        if isinstance(model, CensoredGP) and self.readings is not None:
            model.readings = self.readings
        return model


Fitter = Callable[[Training], SingleTaskGP]


def likeliest(training: Training) -> SingleTaskGP:
    """Hyperparameters at the largest posterior density, from the mode of their priors."""
    X, z, fixed = training.X.numpy(), training.z.numpy(), training.variance
    rows = Rows(
        squared_distances(X, X, training.scales),
        z,
        np.zeros((len(z), len(z))),
        None if fixed is None else fixed.numpy(),
        around=True,
        additive=training.additive,
    )
    found = rows.most_likely(Believed(LogNormal(*training.believed)))
    model = training.model()
    with torch.no_grad():
        model.covar_module.set(torch.tensor(found.lengthscales, dtype=torch.float64))
        if training.additive:
            model.covar_module.set_share(found.share)
        model.mean_module.constant.fill_(found.mean)
        if fixed is None:
            model.likelihood.noise_covar.raw_noise.fill_(found.noise)
    return model


def likeliest_with_more_noise(training: Training) -> SingleTaskGP:
    """The same from another start (lengthscales of half a cube) and with more noise."""
    model = training.model(floor=_SAFER_FLOOR)
    model.covar_module.set(torch.full_like(model.covar_module.lengthscales, 0.5))
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model), max_attempts=4)
    return model


def prior_mode(training: Training) -> SingleTaskGP:
    """No optimisation: hyperparameters at the mode of their priors."""
    return training.model(floor=_SAFER_FLOOR)


FITTERS: tuple[tuple[str, Fitter], ...] = (
    ("largest marginal likelihood", likeliest),
    ("another start and more noise", likeliest_with_more_noise),
    ("hyperparameters at the mode of their priors", prior_mode),
)


def usable(encoding: Encoding, rows: Sequence[Read]) -> tuple[Tensor, tuple[Read, ...]]:
    """The rows that mean something in the encoding's space, encoded (`n x d`) and as they are; or the
    bounds.
    """
    if not rows:
        return torch.zeros(0, encoding.width, dtype=torch.float64), ()
    X = encoding.encode([row.point for row in rows])
    good = torch.isfinite(X).all(dim=1)
    return X[good], tuple(row for row, fits in zip(rows, good.tolist(), strict=True) if fits)


def hash_of(rows: Sequence[Row]) -> str:
    """sha256 of what a model learns of its rows."""
    return digest([[row.id, row.point, row.value, row.sd] for row in rows])
