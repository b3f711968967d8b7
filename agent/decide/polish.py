"""Polishing: from good points of a sample to the best that can be sent nearby."""

import warnings

import numpy as np
import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.exceptions.errors import OptimizationGradientError
from botorch.generation.gen import gen_candidates_scipy
from torch import Tensor

from agent.decide.candidates import Candidates, Taken, feasible
from agent.decide.polytope import Linear, inequalities, totals
from agent.learn.compositions import CompositionBlock
from agent.learn.encoding import Encoding, Table

_ROUNDS = 200
_ROUNDS_BOUND = 30


def followed(starts: Candidates, function: AcquisitionFunction) -> Table:
    """The acquisition's maxima uphill of `starts`, rounded to what can be sent.

    Columns that cannot be followed (choices, few levels) stay as they are in each start. Linear
    constraints and the totals of compositions are kept on the way; others are checked afterwards.
    """
    encoding = starts.encoding
    if not bool(encoding.smooth.any()):
        return starts.table
    linear, equal = inequalities(encoding), totals(encoding)
    # What a line search complains about is not of interest: only better points are taken over.
    with warnings.catch_warnings(record=True):
        if linear or equal:
            rows = [_bound(starts, at, function, linear, equal) for at in range(len(starts))]
            X = torch.cat(rows)
        else:
            X = _free(starts, function)
    return _kept(encoding, starts.table, encoding.rounded(X))


def neighbours(candidates: Candidates, at: int, taken: Taken) -> Candidates:
    """Feasible new points that differ from one in a single parameter."""
    encoding, here = candidates.encoding, candidates.table.take(slice(at, at + 1))
    tables = []
    for number, block in enumerate(encoding.blocks):
        near = block.near(here.parts[number])
        parts = [np.repeat(part, len(near), axis=0) for part in here.parts]
        parts[number] = near
        tables.append(Table(tuple(parts)))
    table = tables[0].joined(*tables[1:])
    table = table.take(feasible(encoding, table))
    return Candidates(encoding, table, encoding.encoded(table)).without(taken.points)


def _free(starts: Candidates, function: AcquisitionFunction) -> Tensor:
    """Within the box only: every start its own L-BFGS-B problem, evaluated together."""
    stays = (~starts.encoding.smooth).nonzero().flatten().tolist()
    X, _ = gen_candidates_scipy(
        starts.X.clamp(0, 1).unsqueeze(1),
        function,
        lower_bounds=torch.zeros(starts.X.shape[1], dtype=torch.float64),
        upper_bounds=torch.ones(starts.X.shape[1], dtype=torch.float64),
        fixed_features={column: starts.X[:, column] for column in stays},
        options={"maxiter": _ROUNDS},
    )
    return X.squeeze(1).detach()


def _bound(
    starts: Candidates,
    at: int,
    function: AcquisitionFunction,
    linear: Linear,
    equal: Linear,
) -> Tensor:
    """One start under linear constraints (SLSQP): `1 x d`; the start itself where it cannot be."""
    encoding, start = starts.encoding, starts.X[at : at + 1].clamp(0, 1)
    lower, upper = torch.zeros(start.shape[1]).double(), torch.ones(start.shape[1]).double()
    for block, first, part in zip(
        encoding.blocks, encoding.starts, starts.table.parts, strict=True
    ):
        if isinstance(block, CompositionBlock):
            low, high = block.limits(part, at)
            lower[first : first + block.width] = torch.from_numpy(low)
            upper[first : first + block.width] = torch.from_numpy(high)
    stays = (~encoding.smooth | (lower >= upper)).nonzero().flatten().tolist()
    if len(stays) == start.shape[1]:
        return start
    try:
        X, _ = gen_candidates_scipy(
            start.clamp(lower, upper).unsqueeze(1),
            function,
            lower_bounds=lower,
            upper_bounds=upper,
            inequality_constraints=linear or None,
            equality_constraints=equal or None,
            fixed_features={column: float(start[0, column]) for column in stays} or None,
            options={"maxiter": _ROUNDS_BOUND},
        )
    except OptimizationGradientError:
        return start
    return X.squeeze(1).detach().nan_to_num(0.5)


def _kept(encoding: Encoding, before: Table, after: Table) -> Table:
    blocks = zip(encoding.blocks, before.parts, after.parts, strict=True)
    return Table(tuple(new if block.smooth else old for block, old, new in blocks))
