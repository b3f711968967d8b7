"""Filling a large batch: the rest of it from one set of candidates, each choice cheap.

The first points of a batch are chosen one after the other with the whole acquisition anew. What makes
the rest cheap is that the candidates stay: what is known of them together is computed once, and each
choice only updates it.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from agent.core.seeds import derived
from agent.learn.fitted import Fitted
from agent.learn.once import once
from agent.learn.posterior import Marginals, Mixture

DRAWS = 256
_SOFT = 0.01
"""Of a standard deviation: how far below the best a draw still counts, once none is above it."""
_LEAST = 1e-12


class Filling(Protocol):
    """How much each of n candidates is wanted, with those taken in flight."""

    def score(self) -> Tensor:
        """Of each candidate, `n`; as the policy's acquisition, up to what is the same for all."""
        ...

    def take(self, x: Tensor) -> None:
        """From now on a point (`1 x d`) is in flight; if it is no candidate, the nearest one is."""
        ...

    def worth(self) -> float:
        """What all that was taken is worth together, to compare batches by."""
        ...


class JointDraws:
    """Greedy expected improvement of a batch over joint draws: `log mean_s max(f_s(x) - b_s, 0)`.

    b_s is the best of draw s at measured points, points in flight and points taken. With the same draws
    for every choice this is sequential greedy on the batch's expected improvement (Wilson, Hutter &
    Deisenroth, 2018), exact but for the number of draws. Where no draw improves on its best any more, what
    comes nearest counts.

    Args:
        surrogate: Rows in, posterior out.
        X: The candidates, `n x d`.
        pending: Points in flight, `m x d`.
        seed: Of the draws.
    """

    def __init__(self, surrogate: Fitted, X: Tensor, pending: Tensor, seed: int) -> None:
        self._X = X
        known = torch.unique(torch.cat([surrogate.training.X, pending]), dim=0)
        with torch.no_grad(), once():
            drawn = surrogate.posterior.draws(torch.cat([X, known]), DRAWS, derived(seed, "fill"))
            scores = surrogate.scaling.score(drawn)
        self._scores = scores[:, : len(X)].contiguous()
        rest = scores[:, len(X) :]
        self._best = rest.max(dim=1).values if len(known) else scores.new_zeros(len(scores))
        self._before = self._best

    def score(self) -> Tensor:
        """The logarithm of the expected improvement, `n`."""
        above = self._scores - self._best.unsqueeze(1)
        gain = torch.relu(above).mean(dim=0)
        if float(gain.max()) > _LEAST:
            return gain.clamp_min(1e-300).log()
        return torch.logsumexp(above / _SOFT, dim=0)

    def take(self, x: Tensor) -> None:
        """The draws' bests rise to what they are there."""
        self._best = torch.maximum(self._best, self._scores[:, _nearest(self._X, x)])

    def worth(self) -> float:
        """The improvement expected of the batch."""
        return float((self._best - self._before).mean())


class Conditioned:
    """An acquisition of mean and standard deviation, with each point taken as if it were measured.

    Means stay and variances fall (Desautels, Krause & Burdick, 2014), by one column of a Cholesky factor
    a point: `c = (cov(X, x) - C C_x) / sqrt(var(x) + noise)`, `var -= c^2`.

    Args:
        posterior: With points in flight.
        X: The candidates, `n x d`.
        value: Means and standard deviations, each `n`, to what is wanted, `n`.
    """

    def __init__(
        self, posterior: Mixture, X: Tensor, value: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        self._X, self._value, self._worth = X, value, 0.0
        self._weights = torch.tensor(posterior.weights, dtype=torch.float64)
        with torch.no_grad(), once():
            self._parts = [_Part(one, X) for one in posterior.parts]

    def score(self) -> Tensor:
        """The acquisition, `n`."""
        if len(self._parts) == 1:
            return self._value(self._parts[0].mean, self._parts[0].sd)
        means = torch.stack([part.mean for part in self._parts])
        deviations = torch.stack([part.sd for part in self._parts])
        weights = self._weights.unsqueeze(-1)
        mean = (weights * means).sum(0)
        second = (weights * (deviations.square() + (means - mean).square())).sum(0)
        return self._value(mean, second.sqrt())

    def take(self, x: Tensor) -> None:
        """The variances fall."""
        at = _nearest(self._X, x)
        self._worth += float(self.score()[at])
        with torch.no_grad(), once():
            for part in self._parts:
                part.measure(at)

    def worth(self) -> float:
        """The sum of what each was wanted."""
        return self._worth


class Paths:
    """Thompson sampling: of each of many joint draws the best point."""

    def __init__(self, surrogate: Fitted, X: Tensor, seed: int, count: int = DRAWS) -> None:
        with torch.no_grad(), once():
            drawn = surrogate.posterior.draws(X, count, derived(seed, "paths"))
        self._X, self._scores, self._at = X, surrogate.scaling.score(drawn), 0
        self._worth = 0.0
        # Draws of a mixture come member by member: each batch is to have some of all.
        self._order = torch.randperm(
            count, generator=torch.Generator().manual_seed(derived(seed, "order"))
        )

    def score(self) -> Tensor:
        """The next draw, `n`."""
        return self._scores[self._order[self._at % len(self._order)]]

    def take(self, x: Tensor) -> None:
        """The next draw is another one."""
        self._worth += float(self.score()[_nearest(self._X, x)])
        self._at += 1

    def worth(self) -> float:
        """The sum of what each had in its draw."""
        return self._worth


class Weighed:
    """A filling's scores, weighed by something that stays: what works, say.

    Args:
        filling: Of the candidates.
        weigh: Its scores, `n`, to what counts, `n`.
    """

    def __init__(self, filling: Filling, weigh: Callable[[Tensor], Tensor]) -> None:
        self._filling, self._weigh = filling, weigh

    def score(self) -> Tensor:
        """Weighed, `n`."""
        return self._weigh(self._filling.score())

    def take(self, x: Tensor) -> None:
        """The same as without weights."""
        self._filling.take(x)

    def worth(self) -> float:
        """The same as without weights."""
        return self._filling.worth()


class _Part:
    """One model's marginals at the candidates, while points are taken."""

    def __init__(self, posterior: Marginals, X: Tensor) -> None:
        self._posterior, self._X = posterior, X
        self.mean, self.sd = posterior.marginals(X)
        self._columns = X.new_zeros(len(X), 0)

    def measure(self, at: int) -> None:
        """As if the candidate of that number had been measured."""
        column = self._posterior.covariance(self._X, self._X[at : at + 1]).squeeze(1)
        column = column - self._columns @ self._columns[at]
        column = column / (self.sd[at].square() + self._posterior.noise).sqrt()
        self._columns = torch.cat([self._columns, column.unsqueeze(1)], dim=1)
        self.sd = (self.sd.square() - column.square()).clamp_min(_LEAST).sqrt()


def _nearest(X: Tensor, x: Tensor) -> int:
    return int((X - x).square().sum(dim=1).argmin())
