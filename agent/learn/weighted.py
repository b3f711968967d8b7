"""A weighted sum of independent models, as one model of BoTorch's."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from botorch.acquisition.objective import PosteriorTransform
from botorch.models import SingleTaskGP
from botorch.models.model import Model
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.posteriors.posterior import Posterior
from gpytorch.distributions import MultivariateNormal
from torch import Tensor


class WeightedModel(Model):
    """`f = sum_k w_k f_k` of independent Gaussian processes: a Gaussian process again.

    Args:
        parts: Fitted single-outcome models in the same units, that of the campaign's rows last.
        weights: One a part.
    """

    weights: Tensor

    def __init__(self, parts: Sequence[SingleTaskGP], weights: Sequence[float]) -> None:
        super().__init__()
        self.models = torch.nn.ModuleList(parts)
        self.parts = tuple(parts)
        self.register_buffer("weights", torch.tensor(list(weights), dtype=torch.float64))

    @property
    def num_outputs(self) -> int:
        """One."""
        return 1

    @property
    def batch_shape(self) -> torch.Size:
        """None."""
        return torch.Size([])

    def posterior(
        self,
        X: Tensor,
        output_indices: list[int] | None = None,
        observation_noise: bool | Tensor = False,
        posterior_transform: PosteriorTransform | None = None,
        **kwargs: Any,
    ) -> Posterior:
        """The posterior at `b x q x d`: `b x q x 1`."""
        del kwargs, output_indices
        mean, covariance = 0.0, 0.0
        for weight, part in zip(self.weights, self.parts, strict=True):
            own = cast(
                "GPyTorchPosterior", part.posterior(X, observation_noise=observation_noise)
            ).distribution
            mean = mean + weight * own.mean
            covariance = covariance + weight.square() * own.covariance_matrix
        joint = GPyTorchPosterior(MultivariateNormal(mean, covariance))
        return joint if posterior_transform is None else posterior_transform(joint)
