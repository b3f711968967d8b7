"""What bounds are worth, on made-up landscapes with a detection limit: to the surrogate and to a campaign.

What is read below the limit is told as a bound, left out, or taken for the limit itself.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean

import numpy as np

from agent.core.history import Bound, Row, key
from agent.core.objective import Objective
from agent.core.policy import Policy
from agent.core.seeds import derived
from agent.core.values import Point
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from agent.learn.surrogate import Surrogate, fit
from tests.benchmarks.transfer.development import Kind, landscape
from tests.benchmarks.transfer.problems import Floats

UP = Objective(name="y", unit="1", goal="maximise")
KINDS: tuple[Kind, ...] = ("smooth", "field 2", "valley", "field 4")
SHARES = (0.3, 0.6)
"""Of a landscape, what is below the limit."""

WAYS = ("bounds", "left out", "the limit")
READINGS, EXPERIMENTS, NOISE = 24, 25, 0.1


def models(
    encoding: Encoding, points: Sequence[Point], values: Floats, limit: float, seed: int
) -> dict[str, Surrogate]:
    """The three ways with the same readings, by their names."""
    rows, bounds, limits = [], [], []
    for number, (point, value) in enumerate(zip(points, values.tolist(), strict=True)):
        name = {"id": str(number), "trial": str(number), "point": point}
        if value >= limit:
            rows.append(Row(**name, value=value))
        else:
            bounds.append(Bound(**name, high=limit))
            limits.append(Row(**name, value=limit))
    return {
        "bounds": fit(encoding, rows, UP, seed, bounds=bounds),
        "left out": fit(encoding, rows, UP, seed),
        "the limit": fit(encoding, [*rows, *limits], UP, seed),
    }


def scores(model: Surrogate, points: Sequence[Point], truth: Floats) -> tuple[float, float]:
    """Root mean square error and mean log density of the truth: of the underlying values."""
    mean, sd = np.array(model.predict(points)).T
    log_density = -(((truth - mean) / sd) ** 2) / 2 - np.log(sd) - np.log(2 * np.pi) / 2
    return float(np.sqrt(((truth - mean) ** 2).mean())), float(log_density.mean())


def compared(kind: Kind, share: float, seed: int) -> Iterator[tuple[str, str, float, float]]:
    """Of each way and of each region its error and its log density."""
    random = np.random.default_rng([seed, KINDS.index(kind), 7])
    land = landscape(kind, random)
    truth = land.draw(random)
    limit = float(np.quantile(truth, share))
    tried = random.permutation(len(truth))[:READINGS]
    read = truth[tried] + NOISE * random.standard_normal(READINGS)
    below = truth < limit
    encoding = Encoding.of(land.space)
    for way, model in models(
        encoding, [land.points[at] for at in tried], read, limit, seed
    ).items():
        for region, here in (("below", below), ("above", ~below)):
            at = np.flatnonzero(here)
            yield way, region, *scores(model, [land.points[one] for one in at], truth[at])


def campaign(kind: Kind, share: float, way: str, seed: int) -> list[float]:
    """The regret after each experiment of a campaign: 0 is the best there is, 1 the median."""
    random = np.random.default_rng([seed, KINDS.index(kind), 7])
    land = landscape(kind, random)
    truth = land.draw(random)
    limit, best = float(np.quantile(truth, share)), float(truth.max())
    place = {key(point): number for number, point in enumerate(land.points)}
    rows: list[Row] = []
    bounds: list[Bound] = []
    left_out: list[Point] = []
    top, regrets = float(np.median(truth)), []
    for number in range(EXPERIMENTS):
        here = Situation(
            land.space, UP, Policy(), tuple(rows), barred=tuple(left_out), bounds=tuple(bounds),
            seed=derived(seed, "decision", number), started=number,
        )  # fmt: skip
        point = propose(here, 1).choices[0].point
        at = place[key(point)]
        value = float(truth[at] + NOISE * random.standard_normal())
        name = {"id": str(number), "trial": str(number), "point": point}
        if value >= limit or way == "the limit":
            rows.append(Row(**name, value=max(value, limit)))
        elif way == "bounds":
            bounds.append(Bound(**name, high=limit))
        else:
            left_out.append(point)
        top = max(top, float(truth[at]))
        regrets.append((best - top) / (best - float(np.median(truth))))
    return regrets


def develop_campaigns(seeds: int, jobs: int) -> None:
    """Print the regrets of campaigns, and of the mean regret how far others are from bounds: of pairs with
    the same landscape and seed, with two standard errors.
    """
    del jobs
    for share in SHARES:
        print(f"\n{share:.0%} of the landscape is below the limit, {EXPERIMENTS} experiments")
        pairs = [(kind, seed) for kind in KINDS for seed in range(seeds)]
        first: Floats | None = None
        for way in WAYS:
            every = np.array([campaign(kind, share, way, seed) for kind, seed in pairs])
            means = every.mean(axis=1)
            first = means if first is None else first
            apart = means - first
            print(
                f"{way:10} mean regret {means.mean():.3f}, at the end {every[:, -1].mean():.3f}; "
                f"{apart.mean():+.3f} ± {2 * apart.std(ddof=1) / np.sqrt(len(apart)):.3f}",
                flush=True,
            )


def develop(seeds: int, jobs: int) -> None:
    """Print errors and log scores of models, where the truth is below the limit and where not."""
    del jobs
    for share in SHARES:
        told: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
        for kind in KINDS:
            for seed in range(seeds):
                for way, region, error, density in compared(kind, share, seed):
                    told[kind, way, region].append((error, density))
        print(f"\n{share:.0%} of the landscape is below the limit, {READINGS} readings")
        print(
            f"{'':10} {'':10} {'below: rmse':>12} {'log score':>10} {'above: rmse':>12} {'log score':>10}"
        )
        for kind in (*KINDS, "all"):
            for way in WAYS:
                figures = []
                for region in ("below", "above"):
                    found = [
                        pair
                        for (one, by, where), pairs in told.items()
                        if by == way and where == region and kind in {one, "all"}
                        for pair in pairs
                    ]
                    figures += [fmean(error for error, _ in found), fmean(d for _, d in found)]
                print(
                    f"{kind:10} {way:10} {figures[0]:12.2f} {figures[1]:10.2f} {figures[2]:12.2f} {figures[3]:10.2f}"
                )
