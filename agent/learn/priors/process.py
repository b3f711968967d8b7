"""A Gaussian process of the campaign's rows with a mean and a covariance of one's own."""

import torch
from botorch.models import SingleTaskGP
from botorch.settings import validate_input_scaling
from gpytorch.kernels import Kernel
from gpytorch.means import ConstantMean, Mean

from agent.learn.kernel import noise as likelihood
from agent.learn.training import Training


def process(
    training: Training, mean: Mean | float | None, covariance: Kernel, noise: float
) -> SingleTaskGP:
    """The model at given hyperparameters, for use and no longer for fitting.

    Args:
        training: The campaign's rows.
        mean: What is expected before there are rows: a module, a constant, or 0.
        covariance: Of what is not known.
        noise: Variance of a reading; not looked at where the rows bring their own.
    """
    fixed = training.variance
    if mean is None or isinstance(mean, float):
        constant = ConstantMean()
        constant.constant.data = torch.tensor(mean or 0.0, dtype=torch.float64)
        mean = constant
    with validate_input_scaling(False):
        model = SingleTaskGP(
            training.X,
            training.z.unsqueeze(-1),
            train_Yvar=None if fixed is None else fixed.unsqueeze(-1),
            likelihood=likelihood() if fixed is None else None,
            covar_module=covariance,
            mean_module=mean,
            outcome_transform=None,
        ).to(training.X)
    if fixed is None:
        model.likelihood.noise_covar.raw_noise.data.fill_(noise)
    model.eval()
    model.requires_grad_(False)
    return model
