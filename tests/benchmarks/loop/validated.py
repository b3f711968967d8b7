"""Whether the combined measure of interpolation and extrapolation picks a better kernel: on made-up landscapes.

Once by the error at all points of a pool that were not measured, after 24 that were drawn at random; once by campaigns
whose kernel is picked anew after every fifth result, beside those that keep the house's.
"""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
import torch

from agent.core.history import Row
from agent.core.policy import Policy
from agent.core.seeds import derived
from agent.core.validation import Errors
from agent.decide.acquisition import expected_improvement, incumbent
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.compared import CONSTANT, HELD, KERNELS, LINEAR, models, used
from agent.learn.crossvalidation import ENOUGH, errors
from agent.learn.encoding import Encoding
from agent.learn.surrogate import fit
from tests.benchmarks.transfer.development import KINDS, made
from tests.benchmarks.transfer.problems import Problem

SHOWN, TIMES = 24, 3
NOISE = 0.2
EXPERIMENTS, EVERY = 30, 5
_NOT = (HELD, LINEAR, CONSTANT)
"""What a campaign cannot decide with."""

Picks = dict[str, Callable[[Errors], float]]
PICKS: Picks = {
    "combined": lambda one: one.combined,
    "interpolation": lambda one: one.interpolation,
    "extrapolation": lambda one: one.extrapolation,
}


class Picked(NamedTuple):
    """The error at the rest of a pool: of the house's model, and of what each measure picks."""

    used: float
    picked: dict[str, float]


def develop(seeds: int, jobs: int) -> None:
    """Print errors beside those of the house's model, and campaigns beside those with it."""
    work = [(kind, seed) for kind in KINDS for seed in range(seeds)]
    with ProcessPoolExecutor(jobs) as pool:
        every = dict(zip(work, pool.map(_picked, work), strict=True))
    for name in PICKS:
        _show(
            f"picked by {name}: error",
            {key: (one.picked[name], one.used) for key, one in every.items()},
        )
    with ProcessPoolExecutor(jobs) as pool:
        played = dict(zip(work, pool.map(_played, work), strict=True))
    _show("campaigns that pick by combined: area under the regret", played)


def _show(words: str, pairs: dict[tuple[str, int], tuple[float, float]]) -> None:
    ratios = []
    for kind in KINDS:
        own = [pair for (name, _), pair in pairs.items() if name == kind]
        other, house = np.mean(own, axis=0)
        ratios.append(np.log(other / house))
    middle, error = np.mean(ratios), np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    low, high = np.exp([middle - 2.2 * error, middle + 2.2 * error])
    print(f"{words} {np.exp(middle):.3f} [{low:.3f}, {high:.3f}] of the house's, {len(pairs)} landscapes",
          flush=True)  # fmt: skip


def _compared(encoding: Encoding, problem: Problem, rows: Sequence[Row], seed: int) -> list[Errors]:
    predictors = models(encoding, problem.objective, seed)
    return [
        errors(name, predictor, rows, seed, TIMES)
        for name, predictor in predictors.items()
        if name not in _NOT
    ]


def _picked(work: tuple[str, int]) -> Picked:
    _quiet()
    kind, seed = work
    problem = made(kind, "close", seed)
    random = np.random.default_rng([seed, 29])
    read = problem.values + NOISE * random.standard_normal(len(problem.values))
    shown = random.permutation(len(read))[:SHOWN].tolist()
    rest = sorted(set(range(len(read))) - set(shown))
    rows, asked = ([_row(problem, at, read[at]) for at in those] for those in (shown, rest))
    encoding = Encoding.of(problem.space)
    compared = _compared(encoding, problem, rows, seed)
    predictors = models(encoding, problem.objective, seed)
    truth = problem.values[rest]
    true = {
        one.model: float(np.sqrt(np.mean((predictors[one.model](rows, asked) - truth) ** 2)))
        for one in compared
    }
    picked = {name: true[min(compared, key=measure).model] for name, measure in PICKS.items()}
    return Picked(true[used(encoding)], picked)


def _played(work: tuple[str, int]) -> tuple[float, float]:
    """The area under the regret of a campaign that picks, and of one that does not."""
    _quiet()
    picks, keeps = (_area(*work, picks=picks) for picks in (True, False))
    return picks, keeps


def _area(kind: str, seed: int, *, picks: bool) -> float:
    problem = made(kind, "close", seed)
    random = np.random.default_rng([seed, 23])
    read = problem.values + NOISE * random.standard_normal(len(problem.values))
    places = {tuple(sorted(point.items())): at for at, point in enumerate(problem.points)}
    encoding = Encoding.of(problem.space)
    name, rows, seen, regret = used(encoding), [], [], []
    for number in range(EXPERIMENTS):
        situation = Situation(problem.space, problem.objective, Policy(), tuple(rows),
                              seed=derived(seed, number), started=number)  # fmt: skip
        if situation.initial:
            point = propose(situation, 1).choices[0].point
            at = places[tuple(sorted(point.items()))]
        else:
            if picks and number >= ENOUGH and number % EVERY == 0:
                compared = _compared(encoding, problem, rows, seed)
                name = min(compared, key=PICKS["combined"]).model
            surrogate = fit(encoding, rows, problem.objective, situation.seed, ((name, KERNELS[name]),))  # fmt: skip
            with torch.no_grad():
                X = encoding.encode(problem.points)
                best = incumbent(surrogate, X[:0])
                told = surrogate.posterior.marginals(X)
                score = expected_improvement(surrogate.scaling, *told, best)
            score[seen] = -torch.inf
            at = int(score.argmax())
        seen.append(at)
        rows.append(_row(problem, at, read[at]))
        regret.append(float(problem.regret(problem.scores[seen].max())))
    return float(np.mean(regret))


def _row(problem: Problem, at: int, value: float) -> Row:
    return Row(id=str(at), trial=str(at), point=problem.points[at], value=float(value))


def _quiet() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
