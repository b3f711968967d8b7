"""The surrogate: a Gaussian process on encoded rows, with a chain of fallbacks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.values import digest
from agent.errors import ModelError, ReplayError
from agent.learn.encoding import Encoding
from agent.learn.evidence import Believed, LogNormal, Rows
from agent.learn.fitted import Fitted
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
from agent.learn.posterior import Member, Posterior
from agent.learn.scaling import Scaling
from agent.learn.scope import seeded

_LEAST_FIXED_NOISE = 1e-6
_SAFER_FLOOR = 1e-2
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
    """

    X: Tensor
    z: Tensor
    variance: Tensor | None
    scales: tuple[int, ...]
    named: tuple[bool, ...] = ()

    @property
    def believed(self) -> Normal:
        """The prior of the lengthscales."""
        return usual(self.named) if self.named else vague(max(self.scales) + 1)

    @property
    def additive(self) -> bool:
        """Whether a part of the covariance is a sum over the scales: where there are names, of which
        a model of all settings together knows little until each combination was tried.
        """
        return len(self.named) > 1 and any(self.named)

    @classmethod
    def of(cls, encoding: Encoding, scaling: Scaling, X: Tensor, rows: Sequence[Row]) -> "Training":
        """Encoded rows (`n x d`) with their values in the units of `scaling`."""
        known = [row.sd for row in rows if row.sd is not None]
        variance = None
        if rows and len(known) == len(rows):
            relative = torch.tensor(known, dtype=torch.float64) / scaling.scale
            variance = relative.square().clamp_min(_LEAST_FIXED_NOISE)
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
        kernel = PartlyAdditive if self.additive else TiedMatern
        with validate_input_scaling(False):
            return SingleTaskGP(
                self.X,
                self.z.unsqueeze(-1),
                train_Yvar=None if fixed is None else fixed.unsqueeze(-1),
                likelihood=noise(floor) if fixed is None else None,
                covar_module=kernel(self.scales, self.believed),
                outcome_transform=None,
            ).to(self.X)


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


class Surrogate(Fitted):
    """A fitted model with the way into and out of lab units.

    Attributes:
        encoding: Lab units to tensors.
        scaling: The objective's unit to standardised outcomes.
        model: BoTorch's model, in standardised units, higher is better (goals match and within: z).
        rows: The rows that it learnt from.
        fitter: Which of the chain's attempts it is.
        notes: Fallbacks and rows left out, in words.
    """

    def __init__(
        self,
        encoding: Encoding,
        scaling: Scaling,
        training: Training,
        model: SingleTaskGP,
        rows: tuple[Row, ...],
        fitter: str,
        notes: tuple[str, ...],
    ) -> None:
        self.encoding = encoding
        self.scaling = scaling
        self.training = training
        self._model = model
        self.rows = rows
        self.fitter = fitter
        self.notes = notes

    @property
    def members(self) -> tuple[Member, ...]:
        """The models that it consists of, with their weights: one."""
        return (Member(0.0, self._model),)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs beside the rows, as JSON."""
        return {
            "kind": "gaussian process",
            "kernel": "Matérn-5/2, lengthscales logN(-1 or -0.3 + log(g)/2, 0.8)",
            "fitter": self.fitter,
            "lengthscales": self._model.covar_module.lengthscales.detach().flatten().tolist(),
            "scales": list(self.encoding.scale_names),
            "mean": float(self._model.mean_module.constant.detach()),
            "noise": self._model.likelihood.noise.detach().flatten().tolist(),
            "noise_known": self.training.variance is not None,
            "shift": self.scaling.shift,
            "scale": self.scaling.scale,
            "rows": len(self.rows),
            "rows_sha256": hash_of(self.rows),
            "notes": list(self.notes),
            **({"share": self._model.covar_module.share} if self.training.additive else {}),
        }


def fit(
    encoding: Encoding,
    rows: Sequence[Row],
    objective: Objective,
    seed: int,
    fitters: Sequence[tuple[str, Fitter]] = FITTERS,
) -> Surrogate:
    """A surrogate of `rows`: the first of the chain of `fitters` that gives a finite posterior.

    Rows outside the encoding (an unknown choice, a missing setting) are left out, with a note.

    Args:
        encoding: Of the campaign's space.
        rows: Measured values, in the objective's unit.
        objective: What is wanted.
        seed: For the restarts of the optimiser.
        fitters: The chain of fallbacks, each with a name.

    Raises:
        ModelError: no row can be used, or every fitter failed.
    """
    X, kept = usable(encoding, rows)
    if not kept:
        raise ModelError("there is no row to learn from", "measure at least one point first")
    notes = [f"{len(rows) - len(kept)} rows left out: outside the space"] * (len(kept) < len(rows))
    scaling = Scaling.of([row.value for row in kept], objective)
    training = Training.of(encoding, scaling, X, kept)
    with seeded(seed):
        for name, fitter in fitters:
            try:
                model = _settled(fitter(training))
            except EXPECTED as error:
                notes.append(f"fit failed ({name}): {str(error).splitlines()[0][:120]}")
            else:
                return Surrogate(encoding, scaling, training, model, kept, name, tuple(notes))
    raise ModelError("no surrogate could be fitted: " + "; ".join(notes), "look at the rows")


def restore(
    state: dict[str, Any], encoding: Encoding, rows: Sequence[Row], objective: Objective
) -> Surrogate:
    """The surrogate whose `state` was kept, from the same rows, without optimisation.

    Raises:
        ReplayError: the rows are not those that it learnt from, or the space has other scales.
    """
    X, kept = usable(encoding, rows)
    if hash_of(kept) != state["rows_sha256"]:
        raise ReplayError(
            "these are not the rows that the surrogate learnt from",
            "a row was altered, added or taken away since",
        )
    if list(encoding.scale_names) != state["scales"]:
        raise ReplayError("the space is not the one that the surrogate was fitted in")
    scaling = Scaling.known(state["shift"], state["scale"], objective)
    noises = torch.tensor(state["noise"], dtype=torch.float64)
    known = noises if state["noise_known"] else None
    z = scaling.standardised([row.value for row in kept])
    # Decisions of earlier versions knew of no sum over the scales.
    named = encoding.named if "share" in state or not any(encoding.named) else ()
    training = Training(X, z, known, encoding.scales, named)
    model = training.model()
    with torch.no_grad():
        model.covar_module.set(torch.tensor(state["lengthscales"], dtype=torch.float64))
        if training.additive:
            model.covar_module.set_share(state["share"])
        model.mean_module.constant.fill_(state["mean"])
        if known is None:
            model.likelihood.noise_covar.raw_noise.copy_(noises)
    model = _settled(model)
    notes = tuple(state["notes"])
    return Surrogate(encoding, scaling, training, model, kept, state["fitter"], notes)


def usable(encoding: Encoding, rows: Sequence[Row]) -> tuple[Tensor, tuple[Row, ...]]:
    """The rows that mean something in the encoding's space, encoded (`n x d`) and as they are."""
    if not rows:
        return torch.zeros(0, encoding.width, dtype=torch.float64), ()
    X = encoding.encode([row.point for row in rows])
    good = torch.isfinite(X).all(dim=1)
    return X[good], tuple(row for row, fits in zip(rows, good.tolist(), strict=True) if fits)


def hash_of(rows: Sequence[Row]) -> str:
    """sha256 of what a model learns of its rows."""
    return digest([[row.id, row.point, row.value, row.sd] for row in rows])


def _settled(model: SingleTaskGP) -> SingleTaskGP:
    """The model for use and no longer for fitting, if its posterior at the rows is finite.

    Raises:
        ModelError: it is not.
    """
    model.eval()
    model.requires_grad_(False)
    means, deviations = Posterior(model).marginals(model.train_inputs[0])
    if not bool(torch.isfinite(torch.cat([means, deviations])).all()):
        raise ModelError("the posterior is not finite")
    return model
