"""Several models of one thing, each believed by its weight, as one model of BoTorch's."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from botorch.acquisition.objective import PosteriorTransform
from botorch.models.model import Model
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.posteriors.posterior import Posterior
from botorch.sampling.get_sampler import GetSampler
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor


class MixturePosterior(Posterior):
    """The posterior of a mixture at `b x q` points: each sample is drawn jointly from one part.

    Mean and variance are exact: `sum_k omega_k m_k` and `sum_k omega_k (v_k + (m_k - mean)^2)`.
    Samples are shared out by weight in their order, so that an expectation over many is that of the
    mixture, and points of one sample are correlated as one part has them.

    Args:
        parts: The posteriors of the models.
        weights: Omega, `k`, summing to one.
    """

    def __init__(self, parts: Sequence[GPyTorchPosterior], weights: Tensor) -> None:
        self.parts = tuple(parts)
        self.weights = weights

    @property
    def mean(self) -> Tensor:
        """`b x q x 1`."""
        return self._weighted([part.mean for part in self.parts])

    @property
    def variance(self) -> Tensor:
        """`b x q x 1`."""
        mean = self.mean
        return self._weighted([part.variance + (part.mean - mean).square() for part in self.parts])

    @property
    def device(self) -> torch.device:
        """Where the parts are."""
        return self.weights.device

    @property
    def dtype(self) -> torch.dtype:
        """Double precision."""
        return self.weights.dtype

    @property
    def batch_shape(self) -> torch.Size:
        """That of a part."""
        return torch.Size(self.parts[0].batch_shape)

    @property
    def base_sample_shape(self) -> torch.Size:
        """That of a part: one of them is sampled at a time."""
        return self.parts[0].base_sample_shape

    @property
    def batch_range(self) -> tuple[int, int]:
        """That of a part."""
        start, end = self.parts[0].batch_range
        return start, end

    def _extended_shape(self, sample_shape: torch.Size = torch.Size()) -> torch.Size:  # noqa: B008
        return self.parts[0]._extended_shape(sample_shape)  # noqa: SLF001 - BoTorch's own protocol

    def rsample(self, sample_shape: torch.Size | None = None) -> Tensor:
        """Samples, each of a part that is drawn by its weight, `sample_shape x b x q x 1`."""
        shape = torch.Size() if sample_shape is None else sample_shape
        of = torch.multinomial(self.weights, shape.numel(), replacement=True)
        samples = torch.empty(self._extended_shape(of.shape), dtype=self.dtype)
        for number, part in enumerate(self.parts):
            mine = of == number
            if bool(mine.any()):
                samples[mine] = part.rsample(torch.Size([int(mine.sum())]))
        return samples.reshape(self._extended_shape(shape))

    def rsample_from_base_samples(self, sample_shape: torch.Size, base_samples: Tensor) -> Tensor:
        """Samples made of standard normal ones, `sample_shape x b x q x 1`. Differentiable."""
        flat = base_samples.reshape(-1, *base_samples.shape[len(sample_shape) :])
        drawn = [
            part.rsample_from_base_samples(torch.Size([len(some)]), some)
            for part, some in zip(self.parts, self._shared_out(flat), strict=True)
            if len(some)
        ]
        samples = torch.cat(drawn)
        return samples.reshape(*sample_shape, *samples.shape[1:])

    def _shared_out(self, samples: Tensor) -> tuple[Tensor, ...]:
        """The samples in as many runs as there are parts, as long as their weights."""
        ends = (self.weights.cumsum(0) * len(samples)).round().long().tolist()
        ends[-1] = len(samples)
        starts = [0, *ends[:-1]]
        return tuple(samples[start:end] for start, end in zip(starts, ends, strict=True))

    def _weighted(self, values: Sequence[Tensor]) -> Tensor:
        total: Tensor = torch.tensordot(self.weights, torch.stack(list(values)), dims=1)
        return total


@GetSampler.register(MixturePosterior)  # type: ignore[untyped-decorator]
def _sampler(
    posterior: MixturePosterior, sample_shape: torch.Size, *, seed: int | None = None
) -> SobolQMCNormalSampler:
    """Quasi-random normal samples."""
    del posterior
    return SobolQMCNormalSampler(sample_shape=sample_shape, seed=seed)


class MixtureModel(Model):
    """Fitted models, each believed by its weight: for every acquisition of BoTorch's.

    Args:
        models: Fitted single-outcome models in the same units.
        weights: Omega, one a model, summing to one.
    """

    weights: Tensor

    def __init__(self, models: Sequence[Model], weights: Sequence[float]) -> None:
        super().__init__()
        self.models = torch.nn.ModuleList(models)
        self._models = tuple(models)
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
        del kwargs
        parts = [
            cast(
                "GPyTorchPosterior",
                model.posterior(X, output_indices, observation_noise=observation_noise),
            )
            for model in self._models
        ]
        joint = MixturePosterior(parts, self.weights)
        return joint if posterior_transform is None else posterior_transform(joint)
