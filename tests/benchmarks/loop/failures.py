"""Campaigns where points fail: learning from failures beside only not repeating them.

Judged by the test functions of the literature that have hidden constraints. How failures are weighed
was chosen on made-up landscapes, a new one for each seed (`run.py --development failures`).
"""

import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.benchmarks import FUNCTIONS
from agent.assemble import adapter_of
from agent.backtest import PolicyResult, run
from agent.core.campaign import Campaign
from agent.core.history import key
from agent.core.objective import Objective
from agent.core.policy import Policy
from agent.core.values import Point
from tests.benchmarks.loop.played import played
from tests.benchmarks.transfer.development import KINDS, Kind, landscape
from tests.benchmarks.transfer.figures import Figure, ratios

EXPERIMENTS = 30
JUDGED = ("gardner", "townsend")
LEARNING, BARRING = "expected_improvement", "expected_improvement+bar"

DEVELOPMENT: tuple[Kind, ...] = ("field 2", "field 4", "smooth", "reaction")
SHARES = (0.3, 0.6)
"""Of a landscape, how much fails."""


class Given:
    """A campaign on a test function, as the loader would resolve it."""

    def __init__(self, name: str) -> None:
        domains = FUNCTIONS[name].domains(())
        self.campaign = Campaign.model_validate(
            {
                "name": name,
                "parameters": [
                    {"type": "continuous", "name": one, "low": domain[0], "high": domain[1]}
                    for one, domain in domains.items()
                ],
                "objectives": [{"name": "value", "unit": "1", "goal": "minimise"}],
                "budget": {"experiments": EXPERIMENTS},
                "execution": {"adapter": "function", "settings": {"function": name, "unit": "1"}},
            }
        )
        self.blobs: dict[str, bytes] = {}
        self.pools: dict[str, Any] = {}


def measure(seeds: int = 20, jobs: int = 1) -> list[Figure]:
    """Failed experiments, and area under the regret, of learning over those of barring."""
    found = run([Given(name) for name in JUDGED], [LEARNING, BARRING], seeds, jobs, adapter_of)
    if found.failures:
        raise RuntimeError("\n".join(map(str, found.failures)))
    told = []
    for one in found.campaigns:
        both = one.policy(LEARNING), one.policy(BARRING)
        for name in ("failed", "area"):
            ours, theirs = (_each(policy, name) for policy in both)
            told.append(ratios(f"{one.campaign}_{name}_ratio", [(ours, theirs)]))
    return told


def _each(policy: PolicyResult, name: str) -> NDArray[np.float64]:
    seeds = sorted(policy.seeds, key=lambda one: one.seed)
    return np.array([getattr(one, name) for one in seeds], dtype=float)


def develop(seeds: int, jobs: int) -> None:
    """Print failed experiments and the mean regret on made-up landscapes."""
    for failures in ("bar", "learn"):
        work = [(kind, share, s) for kind in DEVELOPMENT for share in SHARES for s in range(seeds)]
        with ProcessPoolExecutor(jobs) as pool:
            told = np.array(list(pool.map(partial(_made_up, failures), work)))
        print(f"{failures}: {told[:, 0].mean():.2f} failed, regret {told[:, 1].mean():.3f}")
        for kind in DEVELOPMENT:
            for share in SHARES:
                some = told[[one[:2] == (kind, share) for one in work]].mean(0)
                print(f"    {kind}, {share:.0%} fails: {some[0]:.1f}, {some[1]:.3f}")


def _made_up(failures: str, work: tuple[Kind, float, int]) -> tuple[int, float]:
    """How many of 30 experiments have failed, and the mean of the normalised regret."""
    warnings.simplefilter("ignore")
    kind, share, seed = work
    random = np.random.default_rng([seed, KINDS.index(kind), 77])
    land = landscape(kind, random)
    values, health = land.draw(random), land.draw(random)
    broken = health < np.quantile(health, share)
    place = {key(point): number for number, point in enumerate(land.points)}
    top, middle = float(values[~broken].max()), float(np.median(values[~broken]))

    def answer(point: Point) -> float | None:
        at = place[key(point)]
        return None if broken[at] else float(values[at])

    policy = Policy.model_validate({"failures": failures})
    wanted = Objective(name="y", unit="1", goal="maximise")
    steps = list(played(land.space, wanted, policy, answer, seed, EXPERIMENTS))
    best = np.maximum.accumulate([middle if one.value is None else one.value for one in steps])
    regret = np.clip((top - best) / (top - middle), 0, 1)
    return sum(one.value is None for one in steps), float(regret.mean())
