"""The linear part of a space's constraints, in the unit cube: to stay within, and to draw from."""

from collections.abc import Iterator

import torch
from botorch.utils.sampling import get_polytope_samples
from torch import Tensor

from agent.core.constraints import LinearConstraint
from agent.learn.encoding import Encoding

Linear = list[tuple[Tensor, Tensor, float]]
"""Columns, coefficients and right-hand side, as BoTorch takes them."""

_BURN_IN, _THINNING = 1000, 8


def inequalities(encoding: Encoding) -> Linear:
    """Linear constraints as `sum coefficient * x >= bound`, where linear in the unit cube too."""
    known = encoding.affine
    return [
        bound
        for one in encoding.space.constraints
        if isinstance(one, LinearConstraint) and all(name in known for name in one.names)
        for bound in _bounds(encoding, one)
    ]


def totals(encoding: Encoding) -> Linear:
    """The totals of compositions, as `sum x = 1`."""
    return [
        (torch.tensor(columns), torch.ones(len(columns)).double(), 1.0)
        for columns in encoding.compositions
    ]


def inside(encoding: Encoding, count: int, seed: int) -> Tensor:
    """Points of the polytope of all that is linear, by hit and run (Smith, 1984), `count x d`.

    None come where it has no inside, or nothing is linear.
    """
    linear = inequalities(encoding)
    if not linear:
        return torch.zeros(0, encoding.width, dtype=torch.float64)
    cube = torch.tensor([[0.0], [1.0]], dtype=torch.float64).expand(2, encoding.width)
    try:
        return get_polytope_samples(
            count,
            cube,
            inequality_constraints=linear,
            equality_constraints=totals(encoding) or None,
            seed=seed,
            n_burnin=_BURN_IN,
            n_thinning=_THINNING,
        )
    except ValueError:
        return torch.zeros(0, encoding.width, dtype=torch.float64)


def _bounds(encoding: Encoding, one: LinearConstraint) -> Iterator[tuple[Tensor, Tensor, float]]:
    terms = [(weight, *encoding.affine[name]) for name, weight in one.coefficients.items()]
    columns = torch.tensor([column for _, column, _, _ in terms])
    slopes = torch.tensor([weight * slope for weight, _, _, slope in terms], dtype=torch.float64)
    offset = sum(weight * start for weight, _, start, _ in terms)
    if one.low is not None:
        yield columns, slopes, one.low - offset
    if one.high is not None:
        yield columns, -slopes, offset - one.high
