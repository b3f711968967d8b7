"""What sources make expect, and what they leave open: a mean and a covariance."""

from collections.abc import Sequence

import torch
from gpytorch.kernels import Kernel
from gpytorch.means import Mean
from torch import Tensor

from agent.learn.kernel import TiedMatern
from agent.learn.priors.beliefs import Coefficients
from agent.learn.priors.source import SourceModel

OFFSET_VARIANCE = 1.0
"""Prior variance of the offset between a source's units and the campaign's."""


class SourcesMean(Mean):  # type: ignore[misc]
    """`mu(x) = sum_s E[w_s] m_s(x)`: what the sources together make expect."""

    def __init__(self, sources: Sequence[SourceModel], prior: Coefficients) -> None:
        super().__init__()
        self.sources = tuple(sources)
        self.prior = prior

    def forward(self, X: Tensor) -> Tensor:
        """At each of `… x n x d`: `… x n`."""
        pairs = zip(self.prior.means, self.sources, strict=True)
        return torch.stack([mean * one.marginal_mean(X) for mean, one in pairs]).sum(0)


class SourcesKernel(Kernel):  # type: ignore[misc]
    r"""The covariance of an offset, of the sources' coefficients, and of what the sources do not know.

    `k(x, x') = c + sum_s (v m_s(x) m_s(x') + (E[w_s]^2 + v) c_s(x, x')) + variance * Matérn(x, x')`,
    where m_s and c_s are the posterior mean and covariance of source s. The coefficients are
    integrated out: one may be near zero or negative.

    Args:
        sources: None for a model that knows nothing of them.
        prior: Of the coefficients.
        learnt: The part that is learnt of the campaign's own rows.
        variance: Of that part.
    """

    def __init__(
        self,
        sources: Sequence[SourceModel],
        prior: Coefficients | None,
        learnt: TiedMatern,
        variance: float,
    ) -> None:
        super().__init__()
        self.sources = tuple(sources)
        self.prior = prior
        self.learnt = learnt
        self.variance = variance

    def known(self, x1: Tensor, x2: Tensor, diag: bool = False) -> Tensor:
        """All but what is learnt: `… x n x m`, or its diagonal."""
        offset = torch.tensor(OFFSET_VARIANCE, dtype=torch.float64)
        if self.prior is None:
            shape = x1.shape[:-1] if diag else (*x1.shape[:-1], x2.shape[-2])
            return offset.expand(shape)
        total = offset
        for mean, source in zip(self.prior.means, self.sources, strict=True):
            own = mean**2 + self.prior.variance
            left, right = source.marginal_mean(x1), source.marginal_mean(x2)
            if diag:
                total = total + self.prior.variance * left * right + own * source.variance(x1)
            else:
                shared = left.unsqueeze(-1) * right.unsqueeze(-2)
                total = total + self.prior.variance * shared + own * source.covariance(x1, x2)
        return total

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """The covariance of `… x n x d` with `… x m x d`: `… x n x m`, or its diagonal."""
        learnt: Tensor = self.learnt.forward(x1, x2, diag=diag, **params)
        return self.known(x1, x2, diag) + self.variance * learnt


class SourceKernel(Kernel):  # type: ignore[misc]
    """What one source does not know: `c_s(x, x')`."""

    def __init__(self, source: SourceModel) -> None:
        super().__init__()
        self.source = source

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """The covariance of `… x n x d` with `… x m x d`: `… x n x m`, or its diagonal."""
        del params
        return self.source.variance(x1) if diag else self.source.covariance(x1, x2)
