"""Acquisition for several objectives: how much a point adds to the front, or to the best there is."""

from functools import cached_property

import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.utils.multi_objective.box_decompositions import (
    BoxDecompositionList,
    FastNondominatedPartitioning,
)
from botorch.utils.sampling import draw_sobol_normal_samples
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from agent.core.seeds import derived
from agent.decide.acquisition import NODES, WEIGHTS, Scorer, expected_improvement, log_h
from agent.decide.choose import Scoring
from agent.decide.feasible import as_deviation, as_logarithm, weighed
from agent.decide.situation import Situation
from agent.learn.once import once
from agent.learn.several import Several

DRAWS = 32
"""Joint draws of what is measured: fronts that there may be."""

_INNER = 64
_CHUNK = 512
_TINY = 1e-300


def scoring_of(situation: Situation, surrogates: Several) -> Scoring:
    """The policy's acquisition for several objectives, weighed by what is likely to work."""
    looking, works = situation.policy.name == "uncertainty", situation.feasibility

    def made(in_flight: Tensor, design: Tensor) -> Scorer:
        del design
        if looking:
            one = _scorer(Deviation(surrogates, in_flight))
        else:
            seed = derived(situation.seed, "fronts")
            rough = ExpectedGain(surrogates, in_flight, seed, draws=0)
            one = _scorer(ExpectedGain(surrogates, in_flight, seed), rough)
        if works is None:
            return one
        return weighed(one, works, as_deviation if looking else as_logarithm)

    return made


class ExpectedGain(AcquisitionFunction):
    """Log expected gain of a point, in hypervolume or in what a point is worth.

    Expected over what measured points and those in flight really are (`draws` joint draws), since
    readings are noisy (noisy expected hypervolume improvement; Daulton, Balandat & Bakshy, 2021). Given
    a draw the point's own expectation is exact: with the part above the draw's front cut into boxes
    [l, u], `sum_boxes prod_j (psi_j(l_j) - psi_j(u_j))`, `psi(a) = E[max(y - a, 0)]` (Yang, Emmerich,
    Deutz & Bäck, 2019). Times the probability that all that is required holds.

    Args:
        surrogates: One an objective.
        in_flight: Points that count as measured, with what will be read not known yet, `m x d`.
        seed: Of the draws.
        draws: How many; 0: one front, of the expected values.
    """

    def __init__(
        self, surrogates: Several, in_flight: Tensor, seed: int, draws: int = DRAWS
    ) -> None:
        super().__init__(surrogates.model)
        self._of = surrogates
        self._known = torch.unique(torch.cat([surrogates.measured, in_flight]), dim=0)
        count, width = len(self._known), len(surrogates.parts)
        normal = (
            draw_sobol_normal_samples(count * width, draws, seed=seed % 2**31, dtype=torch.float64)
            if draws
            else torch.zeros(1, count * width, dtype=torch.float64)
        )
        self._normal = normal.reshape(-1, width, count)
        with torch.no_grad():
            self._roots = [self._root(part) for part in range(width)]

    def _root(self, part: int) -> Tensor:
        covariance = self._of.posteriors[part].covariance(self._known, self._known)
        root: Tensor = psd_safe_cholesky(covariance)
        return root

    def forward(self, X: Tensor) -> Tensor:
        """The acquisition of each of b points (`b x 1 x d`): `b`."""
        means, deviations = self.conditional(X.squeeze(-2))
        return self.gain(means, deviations)

    def conditional(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Each objective at `n x d`, given each draw: means `n x draws x k`, deviations `n x k`.

        With `L L'` the covariance of what is known and `W = L^-1 cov(known, x)`, a draw
        `mean + L e` moves the mean at x by `W' e`, and takes `W' W` of its variance away.
        """
        means, deviations = [], []
        for part, root in enumerate(self._roots):
            posterior = self._of.posteriors[part]
            mean, sd = posterior.marginals(X)
            shared = posterior.covariance(self._known, X)
            W = torch.linalg.solve_triangular(root, shared, upper=False)
            means.append(mean.unsqueeze(-1) + W.T @ self._normal[:, part].T)
            deviations.append((sd.square() - W.square().sum(0)).clamp_min(1e-12).sqrt())
        return torch.stack(means, dim=-1), torch.stack(deviations, dim=-1)

    def gain(self, means: Tensor, deviations: Tensor) -> Tensor:
        """The acquisition where objectives are normal: of `n x draws x k` and `n x k`, `n`."""
        sd = deviations.unsqueeze(1).expand_as(means)
        told = self._volume(means, sd) if self._of.aim.fronted else self._above(means, sd)
        told = told + self._of.permitted(means, sd)
        return torch.logsumexp(told, dim=1) - torch.log(torch.tensor(float(told.shape[1])))

    @cached_property
    def _drawn(self) -> Tensor:
        """What is worth what, in each draw: `draws x known x k`, standardised values."""
        with torch.no_grad():
            values = [
                posterior.marginals(self._known)[0] + self._normal[:, part] @ root.T
                for part, (posterior, root) in enumerate(
                    zip(self._of.posteriors, self._roots, strict=True)
                )
            ]
        return torch.stack(values, dim=-1)

    @cached_property
    def _worths(self) -> list[Tensor]:
        """In each draw, what the permitted points are worth: `p x m` each, p at least 1."""
        worth, inside = self._of.worth(self._drawn), (self._of.beyond(self._drawn) <= 0).all(-1)
        floor = self._of.reference if self._of.aim.fronted else worth.amin(dim=(0, 1))
        return [
            one[good] if bool(good.any()) else floor.unsqueeze(0)
            for one, good in zip(worth, inside, strict=True)
        ]

    @cached_property
    def _boxes(self) -> tuple[Tensor, Tensor]:
        """The boxes above each draw's front, lower and upper corners: two `draws x boxes x m`."""
        reference = self._of.reference
        boxes = BoxDecompositionList(
            *(FastNondominatedPartitioning(ref_point=reference, Y=one) for one in self._worths)
        )
        low, high = boxes.get_hypercell_bounds()
        return low, high

    def _volume(self, means: Tensor, sd: Tensor) -> Tensor:
        """Log expected hypervolume that a point adds to each draw's front: `n x draws`."""
        low, high = self._boxes
        total = torch.zeros(1).to(means)
        column = 0
        for at, (one, part) in enumerate(zip(self._of.aim.objectives, self._of.parts, strict=True)):
            if one.required:
                continue
            mean, deviation = means[..., at].unsqueeze(-1), sd[..., at].unsqueeze(-1)
            ends = low[..., column].unsqueeze(0), high[..., column].unsqueeze(0)
            if part.scaling.ranged:
                values = part.scaling.score(mean.unsqueeze(-1) + deviation.unsqueeze(-1) * NODES)
                lower, upper = ends[0].unsqueeze(-1), ends[1].unsqueeze(-1)
                into = (torch.minimum(values, upper) - lower).clamp_min(0) @ WEIGHTS
                total = total + into.clamp_min(_TINY).log()
            else:
                total = total + _log_between(mean, deviation, *ends)
            column += 1
        return torch.logsumexp(total, dim=-1)

    def _above(self, means: Tensor, sd: Tensor) -> Tensor:
        """Log expected gain over the best of each draw, where a point is worth one number: `n x draws`.

        Of several objectives that number is taken as normal, with the mean and the variance that it
        has.
        """
        best = torch.stack([one.max() for one in self._worths])
        wanted = self._of.aim.wanted
        if len(wanted) == 1:
            at = self._of.aim.objectives.index(wanted[0])
            scaling = self._of.parts[at].scaling
            columns = (
                expected_improvement(scaling, means[:, n, at], sd[:, n, at], float(value))
                for n, value in enumerate(best)
            )
            return torch.stack(list(columns), dim=1)
        inner = draw_sobol_normal_samples(means.shape[-1], _INNER, seed=1, dtype=torch.float64)
        worth = self._of.worth(means.unsqueeze(2) + sd.unsqueeze(2) * inner)[..., 0]
        deviation = worth.std(dim=-1).clamp_min(1e-9)
        return deviation.log() + log_h((worth.mean(dim=-1) - best) / deviation)


class Deviation(AcquisitionFunction):
    """The root mean square of the objectives' standardised deviations, at `b x 1 x d`.

    Args:
        surrogates: One an objective.
        in_flight: Points that count as measured, `m x d`.
    """

    def __init__(self, surrogates: Several, in_flight: Tensor) -> None:
        super().__init__(surrogates.model)
        self._of, self._in_flight = surrogates, in_flight

    def forward(self, X: Tensor) -> Tensor:
        """The acquisition of each of b points: `b`."""
        _, sd = self._of.marginals(X.squeeze(-2), self._in_flight)
        return sd.square().mean(dim=-1).sqrt()


def _scorer(function: AcquisitionFunction, rough: AcquisitionFunction | None = None) -> Scorer:
    def of(one: AcquisitionFunction, X: Tensor) -> Tensor:
        with torch.no_grad(), once():
            return torch.cat([one(part.unsqueeze(1)) for part in torch.split(X, _CHUNK)])

    return Scorer(
        lambda X: of(function, X),
        rough=None if rough is None else lambda X: of(rough, X),
        function=function,
    )


def _log_between(mean: Tensor, sd: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """`log E[min(y, high) - low]` above low: the logarithm of `psi(low) - psi(high)`."""
    near = sd.log() + log_h((mean - low) / sd)
    open_above = torch.isinf(high)
    closed = torch.where(open_above, torch.zeros_like(high), high)
    far = sd.log() + log_h((mean - closed) / sd)
    less = torch.where(open_above, torch.full_like(near, -1e3), far - near).clamp_max(-1e-14)
    return near + torch.log(-torch.expm1(less))
