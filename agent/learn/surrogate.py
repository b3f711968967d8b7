"""The surrogate: a Gaussian process on encoded rows, with a chain of fallbacks."""

from collections.abc import Sequence
from typing import Any

import torch
from botorch.models import SingleTaskGP
from torch import Tensor

from agent.core.history import Bound, Row
from agent.core.objective import Objective
from agent.errors import ModelError, ReplayError
from agent.learn.bounds import hash_of_bounds, limits_of, noise_behind, spread, stand_ins
from agent.learn.encoding import Encoding
from agent.learn.fitted import Fitted
from agent.learn.posterior import Member, Posterior
from agent.learn.scaling import Scaling
from agent.learn.scope import seeded
from agent.learn.training import (
    EXPECTED,
    FITTERS,
    LEAST_FIXED_NOISE,
    Fitter,
    Training,
    hash_of,
    usable,
)

WITH_BOUNDS = "largest marginal likelihood, with bounds"
"""What the fit of values and bounds together is called."""


class Surrogate(Fitted):
    """A fitted model with the way into and out of lab units.

    Attributes:
        encoding: Lab units to tensors.
        scaling: The objective's unit to standardised outcomes.
        model: BoTorch's model, in standardised units, higher is better (goals match and within: z).
        rows: The rows that it learnt from.
        bounds: The bounds that it learnt from.
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
        bounds: tuple[Bound, ...] = (),
    ) -> None:
        self.encoding = encoding
        self.scaling = scaling
        self.training = training
        self._model = model
        self.rows = rows
        self.bounds = bounds
        self.fitter = fitter
        self.notes = notes

    @property
    def members(self) -> tuple[Member, ...]:
        """The models that it consists of, with their weights: one."""
        return (Member(0.0, self._model),)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs beside the rows, as JSON."""
        return {
            **self._censored(),
            "kind": "gaussian process",
            "kernel": "Matérn-5/2, lengthscales logN(-1 or -0.3 + log(g)/2, 0.8)",
            "fitter": self.fitter,
            "lengthscales": self._model.covar_module.lengthscales.detach().flatten().tolist(),
            "scales": list(self.encoding.scale_names),
            "mean": float(self._model.mean_module.constant.detach()),
            "noise": self._noise[: self.training.readings].tolist(),
            "noise_known": self.training.variance is not None,
            "shift": self.scaling.shift,
            "scale": self.scaling.scale,
            "rows": len(self.rows),
            "rows_sha256": hash_of(self.rows),
            "notes": list(self.notes),
            **({"share": self._model.covar_module.share} if self.training.additive else {}),
        }

    def _censored(self) -> dict[str, Any]:
        """Of a model with bounds, what stands for them."""
        if not self.bounds:
            return {}
        return {
            "bounds": {
                "z": self.training.z[len(self.rows) :].tolist(),
                "variance": self._noise[len(self.rows) :].tolist(),
                "sha256": hash_of_bounds(self.bounds),
            }
        }

    @property
    def _noise(self) -> Tensor:
        noise: Tensor = self._model.likelihood.noise.detach().flatten()
        return noise


def fit(
    encoding: Encoding,
    rows: Sequence[Row],
    objective: Objective,
    seed: int,
    fitters: Sequence[tuple[str, Fitter]] = FITTERS,
    *,
    bounds: Sequence[Bound] = (),
) -> Surrogate:
    """A surrogate of `rows`: the first of the chain of `fitters` that gives a finite posterior.

    With bounds it is the likeliest one of both; where that cannot be fitted, the chain without them.

    Rows outside the encoding (an unknown choice, a missing setting) are left out, with a note.

    Args:
        encoding: Of the campaign's space.
        rows: Measured values, in the objective's unit.
        objective: What is wanted.
        seed: For the restarts of the optimiser.
        fitters: The chain of fallbacks, each with a name.
        bounds: Readings of which only a limit is known.

    Raises:
        ModelError: no row can be used, or every fitter failed.
    """
    X, kept = usable(encoding, rows)
    if not kept:
        raise ModelError("there is no row to learn from", "measure at least one point first")
    notes = [f"{len(rows) - len(kept)} rows left out: outside the space"] * (len(kept) < len(rows))
    limited, within = usable(encoding, bounds)
    if len(within) < len(bounds):
        notes.append(f"{len(bounds) - len(within)} bounds left out: outside the space")
    if within:
        try:
            return _with_bounds(encoding, (X, kept), (limited, within), objective, tuple(notes))
        except EXPECTED as error:
            notes.append(f"the bounds are left out: {str(error).splitlines()[0][:120]}")
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
    state: dict[str, Any],
    encoding: Encoding,
    rows: Sequence[Row],
    objective: Objective,
    bounds: Sequence[Bound] = (),
) -> Surrogate:
    """The surrogate whose `state` was kept, from the same rows and bounds, without optimisation.

    Raises:
        ReplayError: the rows are not those that it learnt from, or the space has other scales.
    """
    X, kept = usable(encoding, rows)
    limited, within = usable(encoding, bounds if "bounds" in state else ())
    other = "bounds" in state and hash_of_bounds(within) != state["bounds"]["sha256"]
    if hash_of(kept) != state["rows_sha256"] or other:
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
    if within:
        z = torch.cat([z, torch.tensor(state["bounds"]["z"], dtype=torch.float64)])
        told = torch.tensor(state["bounds"]["variance"], dtype=torch.float64)
        points, each = torch.cat([X, limited]), torch.cat([noises, told])
        training = Training(points, z, each, encoding.scales, encoding.named, len(kept))
    model = training.model()
    with torch.no_grad():
        model.covar_module.set(torch.tensor(state["lengthscales"], dtype=torch.float64))
        if training.additive:
            model.covar_module.set_share(state["share"])
        model.mean_module.constant.fill_(state["mean"])
        if training.variance is None:
            model.likelihood.noise_covar.raw_noise.copy_(noises)
    model = _settled(model)
    notes = tuple(state["notes"])
    return Surrogate(encoding, scaling, training, model, kept, state["fitter"], notes, within)


def _with_bounds(
    encoding: Encoding,
    readings: tuple[Tensor, tuple[Row, ...]],
    limited: tuple[Tensor, tuple[Bound, ...]],
    objective: Objective,
    notes: tuple[str, ...],
) -> Surrogate:
    """The surrogate of readings and bounds, each with their points (`n x d` and `b x d`).

    What lies beyond a limit widens the spread of the outcomes, by which they are standardised: a
    first fit says by how much, and a second one is kept.
    """
    rows, (at, bounds) = readings[1], limited
    narrow = Scaling.of(spread(rows, bounds), objective)
    _, model, scaling = _around_limits(encoding, readings, limited, narrow)
    means = Posterior(model).marginals(at)[0].tolist()
    expected = [scaling.restored(mean, 0.0)[0] for mean in means]
    wider = Scaling.of(spread(rows, bounds, expected), objective)
    training, model, scaling = _around_limits(encoding, readings, limited, wider)
    return Surrogate(encoding, scaling, training, model, rows, WITH_BOUNDS, notes, bounds)


def _around_limits(
    encoding: Encoding,
    readings: tuple[Tensor, tuple[Row, ...]],
    limited: tuple[Tensor, tuple[Bound, ...]],
    scaling: Scaling,
) -> tuple[Training, SingleTaskGP, Scaling]:
    """The likeliest model in the units of `scaling`, and the rows as it sees them."""
    told = Training.of(encoding, scaling, *readings)
    behind = noise_behind(limited[1], told.variance, scaling, LEAST_FIXED_NOISE)
    limits = limits_of(*limited, scaling)
    points, z, variance, found = stand_ins(
        (told.X, told.z, told.variance), limits, behind, told.scales, told.believed
    )
    training = Training(points, z, variance, told.scales, told.named, len(told.z))
    model = training.model()
    with torch.no_grad():
        model.covar_module.set(torch.tensor(found.lengthscales, dtype=torch.float64))
        model.mean_module.constant.fill_(found.mean)
    return training, _settled(model), scaling


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
