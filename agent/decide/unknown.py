"""What is left to learn, where a response is to be known everywhere: how far it is not known yet."""

from math import isfinite

import numpy as np
import torch
from torch import Tensor

from agent.core.outlook import Outlook
from agent.core.record import widening
from agent.core.seeds import derived
from agent.decide import designs
from agent.decide.situation import Situation
from agent.learn.fitted import Fitted

_MOST = 4096
"""Points that the mean is taken over; of more, a random part."""


def deviation(situation: Situation, surrogate: Fitted, X: Tensor) -> Outlook | None:
    """The mean over the space of the posterior deviation of the underlying value, in the objective's
    unit; None before as many points are measured as tell of the whole space.

    Where earlier predictions were further off than they said, it is widened by as much.

    Args:
        situation: What the decision starts from.
        surrogate: Its model.
        X: The space, or a sample of it, `n x d`.
    """
    measured = torch.unique(surrogate.training.X, dim=0)
    if len(measured) < designs.thorough(situation.encoding):
        return None
    posterior, scale = surrogate.posterior, surrogate.scaling.scale
    with torch.no_grad():
        mean = float(posterior.marginals(spread(X, situation.seed))[1].mean())
    wide = widening(situation.record, posterior.noise**0.5 * scale)
    told = wide * mean * scale
    if not isfinite(told):
        return None
    return Outlook(rows=len(surrogate.rows), widened=wide, unknown=told)


def spread(X: Tensor, seed: int, most: int = _MOST) -> Tensor:
    """A random part of very many points (`n x d`), at most `most`, in their order."""
    if len(X) <= most:
        return X
    random = np.random.default_rng(derived(seed, "unknown"))
    return X[np.sort(random.permutation(len(X))[:most])]
