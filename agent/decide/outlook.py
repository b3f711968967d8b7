"""What is left to gain: by the next experiment, and in all, with a stated confidence."""

from collections.abc import Sequence
from math import ceil, isfinite, sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import bdtrik
from torch import Tensor

from agent.core.outlook import CONFIDENCES, Outlook
from agent.core.record import widening
from agent.core.seeds import derived
from agent.decide import designs
from agent.decide.situation import Situation
from agent.learn.fitted import Fitted
from agent.learn.posterior import Mixture
from agent.learn.training import EXPECTED

DRAWS = 1024
MOST = 500
"""Candidates whose values are drawn together: those whose upper bounds are highest."""

_REACH = 3.0
_SURE = 0.95
"""How sure it is that a bound from so many draws is one."""


def outlook(situation: Situation, surrogate: Fitted, candidates: Tensor) -> Outlook | None:
    """What the model expects to be left, in the objective's unit; None before as many points are
    measured as tell of the whole space, and where the numbers are beyond what can be drawn.

    Values at the candidates are drawn together from the posterior. In each draw what is left is how
    much better the best candidate is than the point that would be recommended now; a bound that
    holds in a share of the draws holds with that confidence (the probabilistic regret of Wilson,
    2024), allowing for how many draws there are. Where earlier predictions were further off than they
    said, deviations are widened by as much.

    Args:
        situation: What the decision starts from.
        surrogate: Its model.
        candidates: What can still be asked for, `n x d`.
    """
    measured = torch.unique(surrogate.training.X, dim=0)
    if len(measured) < designs.thorough(situation.encoding):
        return None
    try:
        return _outlook(situation, surrogate, measured, candidates)
    except EXPECTED:
        return None


def _outlook(
    situation: Situation, surrogate: Fitted, measured: Tensor, candidates: Tensor
) -> Outlook | None:
    with torch.no_grad():
        posterior = Mixture(surrogate.members)
        score = surrogate.scaling.score
        means = score(posterior.marginals(measured)[0])
        known = measured[int(means.argmax())].unsqueeze(0)
        fresh = _promising(situation, surrogate, posterior, candidates)
        few = torch.cat([measured, situation.in_flight([]), fresh])
        wide = widening(situation.record, sqrt(posterior.noise) * surrogate.scaling.scale)
        seed = derived(situation.seed, "left")
        values = score(posterior.draws(torch.cat([known, few]), DRAWS, seed, wide))
        left = (values.max(dim=1).values - values[:, 0]).clamp_min(0.0)
        gains = (values[:, values.shape[1] - len(fresh) :] - means.max()).clamp_min(0.0).mean(dim=0)
        gain = gains.max() if len(fresh) else torch.tensor(0.0)
    scale = surrogate.scaling.scale
    bounds = {name: bound * scale for name, bound in _bounds(left.numpy(), CONFIDENCES).items()}
    if not all(map(isfinite, (*bounds.values(), float(gain) * scale, wide))):
        return None
    return Outlook(gain=float(gain) * scale, left=bounds, rows=len(surrogate.rows), widened=wide)


def _promising(situation: Situation, surrogate: Fitted, posterior: Mixture, X: Tensor) -> Tensor:
    """Of `n x d` those whose upper bounds are highest, and that may well work: `m x d`."""
    works = situation.feasibility
    if works is not None:
        X = X[works.likely(X)]
    if len(X) <= MOST:
        return X
    mean, sd = posterior.marginals(X)
    upper = torch.stack([surrogate.scaling.score(mean + by * sd) for by in (-_REACH, 0.0, _REACH)])
    return X[torch.topk(upper.max(dim=0).values, MOST).indices.sort().values]


def _bounds(left: NDArray[np.float64], confidences: Sequence[int]) -> dict[str, float]:
    """Upper bounds of the quantiles of `left`: order statistics that are above them with 95 %."""
    ordered = np.sort(left)
    found = {}
    for percent in confidences:
        # Not scipy.stats.binom: importing it takes 70 MB in every process that decides.
        at = ceil(bdtrik(_SURE, len(ordered), percent / 100))
        found[str(percent)] = float(ordered[min(at, len(ordered) - 1)])
    return found
