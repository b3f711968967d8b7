"""What settings as executed are worth, on made-up landscapes with dosing errors: to the surrogate, and to
what it recommends.

What is asked for comes out scattered. The model learns from the settings as executed, from those
asked for, or from those asked for with the variance that a scattered input brings (McHutchon &
Rasmussen, 2011).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from math import hypot
from statistics import fmean, stdev

import numpy as np
from scipy.stats import qmc

from agent.core.history import Row
from agent.core.parameters import ContinuousParameter
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.learn.encoding import Encoding
from agent.learn.surrogate import Surrogate, fit
from tests.benchmarks.loop.censored import UP, scores
from tests.benchmarks.transfer.problems import Floats

SPACE = SearchSpace(
    parameters=tuple(ContinuousParameter(name=n, low=0, high=1, resolution=1e-6) for n in "ab")
)
SCATTERS, LENGTHS = (0.03, 0.1), (0.15, 0.4)
"""Standard deviations of a setting and lengthscales of a landscape, in widths of the box."""

READINGS, NOISE, FEATURES, DRAWS = 25, 0.1, 256, 64


def field(length: float, random: np.random.Generator) -> Callable[[Floats], Floats]:
    """A draw of a Gaussian process with a squared exponential kernel (Rahimi & Recht, 2007)."""
    waves = random.standard_normal((2, FEATURES)) / length
    phases = random.uniform(0, 2 * np.pi, FEATURES)
    weights = random.standard_normal(FEATURES) * np.sqrt(2 / FEATURES)
    return lambda X: np.cos(X @ waves + phases) @ weights


def points_of(X: Floats) -> list[Point]:
    return [{"a": float(a), "b": float(b)} for a, b in X]


def learnt(X: Floats, y: Floats, sds: Floats | None, seed: int) -> Surrogate:
    rows = [
        Row(id=str(n), trial=str(n), point=at, value=float(value), sd=None if sds is None else float(sds[n]))
        for n, (at, value) in enumerate(zip(points_of(X), y, strict=True))
    ]  # fmt: skip
    return fit(Encoding.of(SPACE), rows, UP, seed)


def noisy_input(asked: Floats, y: Floats, plain: Surrogate, scatter: float, seed: int) -> Surrogate:
    """Fitted again with `(slope * scatter)^2` of the first fit's mean added to the variance of each row."""
    step, square = 1e-3, np.zeros(len(asked))
    for axis in np.eye(2):
        ends = [
            np.array(plain.predict(points_of(asked + way * step * axis)))[:, 0] for way in (-1, 1)
        ]
        square += ((ends[1] - ends[0]) / (2 * step)) ** 2
    sds = np.array([hypot(NOISE, scatter * slope) for slope in np.sqrt(square)])
    return learnt(asked, y, sds, seed)


def compared(length: float, scatter: float, seed: int) -> Iterator[tuple[str, float]]:
    """Of one landscape: errors and log densities of the three models, and what two recommendations
    are worth when they are executed.
    """
    random = np.random.default_rng(seed)
    truth = field(length, random)
    asked = qmc.Sobol(2, rng=random).random(READINGS + 7)[:READINGS]
    executed = asked + scatter * random.standard_normal(asked.shape)
    y = truth(executed) + NOISE * random.standard_normal(READINGS)
    known = np.full(READINGS, NOISE)
    models = {"executed": learnt(executed, y, known, seed), "asked": learnt(asked, y, None, seed)}
    models["noisy input"] = noisy_input(asked, y, models["asked"], scatter, seed)
    at = random.random((500, 2))
    for name, model in models.items():
        error, density = scores(model, points_of(at), truth(at))
        yield f"{name}: error", error
        yield f"{name}: log density", density
    steps = scatter * random.standard_normal((DRAWS, 2))
    few = at[:200]
    around = np.array(models["executed"].predict(points_of((few[:, None] + steps).reshape(-1, 2))))
    averaged = around[:, 0].reshape(len(few), DRAWS).mean(axis=1)
    mean = np.array(models["executed"].predict(points_of(few)))[:, 0]
    there = scatter * random.standard_normal((2000, 2))
    worth = [float(truth(few[int(np.argmax(by))] + there).mean()) for by in (mean, averaged)]
    yield "recommended by the mean", worth[0]
    yield "averaged over the scatter", worth[1]
    yield "gained by averaging", worth[1] - worth[0]


def develop(seeds: int, jobs: int) -> None:
    """Means over seeds with two standard errors; in standard deviations of the landscape."""
    del jobs
    for length in LENGTHS:
        for scatter in SCATTERS:
            found = defaultdict(list)
            for seed in range(seeds):
                for name, value in compared(length, scatter, seed):
                    found[name].append(value)
            print(f"lengthscale {length}, scatter {scatter}")
            for name, values in found.items():
                print(
                    f"  {name:28} {fmean(values):7.2f} ± {2 * stdev(values) / len(values) ** 0.5:.2f}"
                )
