"""What is told of predictions, how often wrongly, and whether widening the choice helps where they are too sure.

The rates are of made-up residuals, the campaigns are on made-up landscapes. Two ways to widen are compared with
none, all by expected improvement in closed form: by the record, always; and by the record once predictions are
told to be too sure.
"""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from scipy.stats import binomtest

from agent.core.calibration import ALARM, Calibration, calibration, evidence
from agent.core.history import Row
from agent.core.policy import Policy
from agent.core.record import Tested, noise_of, widening
from agent.core.seeds import derived
from agent.decide.acquisition import expected_improvement, incumbent
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.surrogate import Surrogate, fit
from tests.benchmarks.transfer.development import KINDS, made

CAMPAIGNS, RESULTS = 2000, 100
EXPERIMENTS = 30
NOISES = (0.0, 0.2)
"""Standard deviation of the noise, of the landscape's."""

Arm = Literal["as they are", "widened", "widened when told"]


class Played(NamedTuple):
    """One campaign: the normalised regret after each experiment, and what was told after each."""

    regret: list[float]
    told: list[Calibration]


def develop(seeds: int, jobs: int) -> None:
    """Print how often faults are told where there is none, and what comes of campaigns."""
    rates()
    for noise in NOISES:
        work = [
            (kind, noise, arm, seed)
            for kind in KINDS
            for seed in range(seeds)
            for arm in get_args(Arm)
        ]
        with ProcessPoolExecutor(jobs) as pool:
            every = dict(zip(work, pool.map(_played, work), strict=True))
        _show(noise, every)


def rates() -> None:
    """Print in which share of campaigns of 100 results each fault is ever told, by what is wrong."""
    kinds: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
        "nothing": lambda r: r.standard_normal(RESULTS),
        "deviations three times too small": lambda r: 3 * r.standard_normal(RESULTS),
        "heavy tails (t, 3 degrees)": lambda r: r.standard_t(3, RESULTS),
        "deviations twice too small": lambda r: 2 * r.standard_normal(RESULTS),
        "deviations twice too large": lambda r: r.standard_normal(RESULTS) / 2,
        "one deviation too low": lambda r: 1 + r.standard_normal(RESULTS),
        "two deviations lower from the 21st": lambda r: (
            r.standard_normal(RESULTS) - 2 * (np.arange(RESULTS) >= 20)
        ),
    }
    for name, draw in kinds.items():
        count = CAMPAIGNS if name == "nothing" else CAMPAIGNS // 10
        first = [_first(draw(np.random.default_rng([seed, 5]))) for seed in range(count)]
        ever = sum(bool(one) for one in first)
        low, high = binomtest(ever, count).proportion_ci(0.95)
        faults = {
            fault: [one[fault] for one in first if fault in one]
            for fault in ("drifting", "biased", "overconfident", "underconfident")
        }
        said = ", ".join(
            f"{fault} {len(at) / count:.3f} (after {np.median(at):.0f})"
            for fault, at in faults.items()
            if at
        )
        print(
            f"{name}: any {ever / count:.3f} [{low:.3f}, {high:.3f}] of {count}; {said}", flush=True
        )


def _first(offs: np.ndarray) -> dict[str, int]:
    """After how many results each fault is first told."""
    found: dict[str, int] = {}
    for n in range(1, len(offs) + 1):
        for fault, value in evidence(offs[:n].tolist()).items():
            if value > ALARM:
                found.setdefault(fault, n)
    return found


def _show(noise: float, every: dict[tuple[str, float, Arm, int], Played]) -> None:
    plain = {key: one for key, one in every.items() if key[2] == "as they are"}
    for n in (10, 20, EXPERIMENTS - 3):
        told = [one.told[n - 1] for one in plain.values()]
        inside = sum(one.coverage[2].inside for one in told) / sum(one.tested for one in told)
        counts = {name: sum(one.verdict == name for one in told) for name in ("calibrated", "drifting",
                  "biased", "overconfident", "underconfident")}  # fmt: skip
        print(f"noise {noise}, {n} tested: {inside:.3f} inside 95 %; {counts} of {len(told)}")
    for arm in get_args(Arm)[1:]:
        ratios = []
        for kind in KINDS:
            pairs = [
                (every[kind, noise, arm, key[3]], one)
                for key, one in plain.items()
                if key[0] == kind
            ]
            area = [
                np.mean([np.mean(one.regret) for one in side]) for side in zip(*pairs, strict=True)
            ]
            ratios.append(np.log(area[0] / area[1]))
        middle, error = np.mean(ratios), np.std(ratios, ddof=1) / np.sqrt(len(ratios))
        low, high = np.exp([middle - 2.2 * error, middle + 2.2 * error])
        print(f"  {arm}: area under the regret {np.exp(middle):.3f} [{low:.3f}, {high:.3f}] of that without",
              flush=True)  # fmt: skip


def _played(work: tuple[str, float, Arm, int]) -> Played:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    kind, noise, arm, seed = work
    problem = made(kind, "close", seed)
    random = np.random.default_rng([seed, 23])
    read = problem.values + noise * random.standard_normal(len(problem.values))
    places = {tuple(sorted(point.items())): at for at, point in enumerate(problem.points)}
    rows: list[Row] = []
    record: list[Tested] = []
    played = Played([], [])
    seen: list[int] = []
    for number in range(EXPERIMENTS):
        situation = Situation(problem.space, problem.objective, Policy(), tuple(rows),
                              seed=derived(seed, number), started=number)  # fmt: skip
        if situation.initial:
            point = propose(situation, 1).choices[0].point
            at = places[tuple(sorted(point.items()))]
        else:
            surrogate = fit(situation.encoding, rows, problem.objective, situation.seed)
            at, told = _chosen(problem.points, seen, surrogate, record, arm)
            record.append(told.model_copy(update={"value": float(read[at])}))
        seen.append(at)
        rows.append(
            Row(id=str(number), trial=str(number), point=problem.points[at], value=float(read[at]))
        )
        played.regret.append(float(problem.regret(problem.scores[seen].max())))
        found = calibration("value", record)
        if found is not None:
            played.told.append(found)
    return played


def _chosen(
    points: Sequence[dict], seen: list[int], surrogate: Surrogate, record: list[Tested], arm: Arm
) -> tuple[int, Tested]:
    """The most promising point that was not measured yet, and what is predicted of it."""
    noise = noise_of(surrogate.state(), "value")
    told = calibration("value", record)
    too_sure = told is not None and "overconfident" in told.faults
    widens = arm == "widened" or (arm == "widened when told" and too_sure)
    wide = widening(record, noise) if widens else 1.0
    with torch.no_grad():
        X = surrogate.encoding.encode(points)
        mean, sd = surrogate.posterior.marginals(X)
        best = incumbent(surrogate, X[:0])
        score = expected_improvement(surrogate.scaling, mean, wide * sd, best)
    score[seen] = -torch.inf
    at = int(score.argmax())
    middle, deviation = surrogate.scaling.restored(float(mean[at]), float(sd[at]))
    return at, Tested(mean=middle, sd=deviation, value=0.0, noise=noise)
