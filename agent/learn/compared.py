"""Models to compare with the one that a campaign decides with: other kernels, a line, a constant."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from botorch.models import SingleTaskGP
from sklearn.linear_model import BayesianRidge

from agent.core.history import Row
from agent.core.objective import Objective
from agent.learn.crossvalidation import Predictor
from agent.learn.encoding import Encoding
from agent.learn.scaling import Scaling
from agent.learn.surrogate import fit
from agent.learn.training import Fitter, Training, likeliest, prior_mode, usable

CONSTANT = "a constant"
LINEAR = "a linear model"
JOINT = "Matérn-5/2"
SUMMED = "Matérn-5/2, partly a sum over parameters"
VAGUE = "Matérn-5/2, any lengthscale"
HELD = "Matérn-5/2, lengthscales not learnt"


def _likeliest(*, named: tuple[bool, ...] | None = None, summed: bool) -> Fitter:
    def fitted(training: Training) -> SingleTaskGP:
        kept = training.named if named is None else named
        return likeliest(replace(training, named=kept, summed=summed))

    return fitted


KERNELS: dict[str, Fitter] = {
    JOINT: _likeliest(summed=False),
    SUMMED: _likeliest(summed=True),
    VAGUE: _likeliest(named=(), summed=False),
    HELD: lambda training: prior_mode(replace(training, summed=False)),
}
"""The Gaussian processes, by the name of their kernel."""


def models(encoding: Encoding, objective: Objective, seed: int) -> dict[str, Predictor]:
    """The models by name.

    Args:
        encoding: Of the campaign's space; it depends on no value.
        objective: What is predicted.
        seed: For the restarts of the optimiser.
    """

    def process(fitter: Fitter) -> Predictor:
        def predict(known: Sequence[Row], asked: Sequence[Row]) -> Sequence[float]:
            chain = (
                ("compared", fitter),
                ("hyperparameters at the mode of their priors", prior_mode),
            )
            fitted = fit(encoding, known, objective, seed, chain)
            return [mean for mean, _ in fitted.predict([row.point for row in asked])]

        return predict

    found = {name: process(fitter) for name, fitter in KERNELS.items()}
    # A sum over a single parameter is that parameter's kernel.
    if len(encoding.named) < 2:
        del found[SUMMED]
    return {**found, LINEAR: _line(encoding, objective), CONSTANT: _constant}


def used(encoding: Encoding) -> str:
    """The name of the model that decisions are made with, where there are no sources and no bounds."""
    return SUMMED if len(encoding.named) > 1 and any(encoding.named) else JOINT


def _line(encoding: Encoding, objective: Objective) -> Predictor:
    def predict(known: Sequence[Row], asked: Sequence[Row]) -> Sequence[float]:
        X, kept = usable(encoding, known)
        scaling = Scaling.of([row.value for row in kept], objective)
        z = scaling.standardised([row.value for row in kept])
        line = BayesianRidge().fit(X.numpy(), z.numpy())
        told = line.predict(encoding.encode([row.point for row in asked]).numpy())
        return [scaling.restored(float(one), 0.0)[0] for one in told]

    return predict


def _constant(known: Sequence[Row], asked: Sequence[Row]) -> Sequence[float]:
    return [fmean(row.value for row in known)] * len(asked)
