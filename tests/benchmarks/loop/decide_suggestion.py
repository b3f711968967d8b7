"""A suggestion (fit and acquisition) beside plain BoTorch doing the same work, on one thread."""

import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
from botorch.optim.optimize import optimize_acqf
from botorch.optim.optimize_mixed import optimize_acqf_mixed_alternating
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.test_functions import Hartmann
from gpytorch.mlls import ExactMarginalLogLikelihood

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, ContinuousParameter, IntegerParameter
from agent.core.policy import InitialDesign, Policy
from agent.core.space import SearchSpace
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding

ROWS, PAIRS = 30, 7
RESTARTS, RAW, SAMPLES = 8, 128, 128
OBJECTIVE = Objective(name="y", unit="1", goal="maximise")
POLICY = Policy(initial=InitialDesign(size=2))
LEVELS = 5


def continuous() -> SearchSpace:
    """Six continuous parameters."""
    return SearchSpace(
        parameters=tuple(ContinuousParameter(name=f"x{k}", low=0, high=1) for k in range(6))
    )


def mixed() -> SearchSpace:
    """Four continuous parameters, one of five levels, one of three choices."""
    return SearchSpace(
        parameters=(
            *(ContinuousParameter(name=f"x{k}", low=0, high=1) for k in range(4)),
            IntegerParameter(name="level", low=0, high=LEVELS - 1),
            CategoricalParameter(name="choice", choices=("a", "b", "c")),
        )
    )


def rows_of(space: SearchSpace, seed: int) -> tuple[Row, ...]:
    """Thirty points with noisy values of Hartmann's function of six numbers."""
    random = np.random.default_rng(seed)
    encoding = Encoding.of(space)
    points = encoding.points(encoding.spread(random.random((ROWS, encoding.cube))))
    numbers = [[_number(value) for value in point.values()] for point in points]
    values = Hartmann(negate=True)(torch.tensor(numbers, dtype=torch.float64)).numpy()
    values = values + 0.05 * random.standard_normal(ROWS)
    triples = zip(points, values.tolist(), range(ROWS), strict=True)
    return tuple(Row(id=str(k), trial=str(k), point=p, value=v) for p, v, k in triples)


def _number(value: float | int | str) -> float:
    if isinstance(value, str):
        return {"a": 0.2, "b": 0.5, "c": 0.8}[value]
    return value / (LEVELS - 1) if isinstance(value, int) else value


def ours(space: SearchSpace, rows: tuple[Row, ...], seed: int) -> object:
    """One decision."""
    return propose(Situation(space, OBJECTIVE, POLICY, rows, seed=seed, started=len(rows)), 1)


def plain(space: SearchSpace, rows: tuple[Row, ...], seed: int) -> object:
    """What a script with BoTorch does: fit, log noisy EI, its optimiser for the kind of space.

    The choice is one column of three levels: the least work that BoTorch's optimiser can have.
    """
    torch.manual_seed(seed)
    numbers = [[_number(value) for value in row.point.values()] for row in rows]
    X = torch.tensor(numbers, dtype=torch.float64)
    Y = torch.tensor([[row.value] for row in rows], dtype=torch.float64)
    covariance = get_covar_module_with_dim_scaled_prior(6, use_rbf_kernel=False)
    model = SingleTaskGP(X, Y, covar_module=covariance)
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    sampler = SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed)
    acquisition = qLogNoisyExpectedImprovement(model, X, sampler, prune_baseline=True)
    bounds = torch.tensor([[0.0] * 6, [1.0] * 6], dtype=torch.float64)
    if space == continuous():
        return optimize_acqf(acquisition, bounds, 1, num_restarts=RESTARTS, raw_samples=RAW)
    return optimize_acqf_mixed_alternating(
        acquisition,
        bounds,
        discrete_dims={4: [k / (LEVELS - 1) for k in range(LEVELS)]},
        cat_dims={5: [0.2, 0.5, 0.8]},
        q=1,
        num_restarts=RESTARTS,
        raw_samples=RAW,
    )


def measure(pairs: int = PAIRS) -> dict[str, list[float]]:
    """Ratios of our time to BoTorch's, of alternated pairs after one warm-up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {f"suggestion_{s.__name__}": _ratio(s(), pairs) for s in (continuous, mixed)}
    finally:
        torch.set_num_threads(threads)


def _ratio(space: SearchSpace, pairs: int) -> list[float]:
    ratios = []
    for seed in range(pairs + 1):
        rows = rows_of(space, seed)
        order = (ours, plain) if seed % 2 else (plain, ours)
        seconds = {run: _timed(run, space, rows, seed) for run in order}
        ratios.append(seconds[ours] / seconds[plain])
    return ratios[1:]


def _timed(
    run: Callable[[SearchSpace, tuple[Row, ...], int], object],
    space: SearchSpace,
    rows: tuple[Row, ...],
    seed: int,
) -> float:
    start = time.perf_counter()
    run(space, rows, seed)
    return time.perf_counter() - start


if __name__ == "__main__":
    print(measure())
