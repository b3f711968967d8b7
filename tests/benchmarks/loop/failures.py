"""Campaigns where points fail: learning from failures beside only not repeating them.

python tests/benchmarks/loop/failures.py [--seeds N] [--jobs J] [--development]

Judged by the test functions of the literature that have hidden constraints. How failures are weighed
was chosen on made-up landscapes, a new one for each seed: `--development` prints how it does there.
"""

import argparse
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT)]
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from adapters.benchmarks import FUNCTIONS  # noqa: E402
from agent.assemble import adapter_of  # noqa: E402
from agent.backtest import PolicyResult, run  # noqa: E402
from agent.core.campaign import Campaign  # noqa: E402
from agent.core.history import Row, key  # noqa: E402
from agent.core.objective import Objective  # noqa: E402
from agent.core.policy import Policy  # noqa: E402
from agent.core.seeds import derived  # noqa: E402
from agent.core.values import Point  # noqa: E402
from agent.decide.propose import propose  # noqa: E402
from agent.decide.situation import Situation  # noqa: E402
from tests.benchmarks.transfer.development import KINDS, Kind, landscape  # noqa: E402
from tests.benchmarks.transfer.figures import Figure, ratios  # noqa: E402

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
        failed = tuple(_each(policy, "failed") for policy in both)
        area = tuple(_each(policy, "area") for policy in both)
        told.append(ratios(f"{one.campaign}_failed_ratio", [(failed[0], failed[1])]))
        told.append(ratios(f"{one.campaign}_area_ratio", [(area[0], area[1])]))
    return told


def _each(policy: PolicyResult, name: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
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
    kind, share, seed = work
    warnings.simplefilter("ignore")
    random = np.random.default_rng([seed, KINDS.index(kind), 77])
    land = landscape(kind, random)
    values, health = land.draw(random), land.draw(random)
    broken = health < np.quantile(health, share)
    place = {key(point): number for number, point in enumerate(land.points)}
    top, middle = values[~broken].max(), float(np.median(values[~broken]))
    wanted, policy = (
        Objective(name="y", unit="1", goal="maximise"),
        Policy.model_validate({"failures": failures}),
    )
    rows: list[Row] = []
    failed: list[Point] = []
    regret = []
    for number in range(EXPERIMENTS):
        at = Situation(
            land.space, wanted, policy, tuple(rows), barred=tuple(failed),
            infeasible=tuple(failed), seed=derived(seed, number), started=number,
        )  # fmt: skip
        point = propose(at, 1).choices[0].point
        if broken[place[key(point)]]:
            failed.append(point)
        else:
            value = float(values[place[key(point)]])
            rows.append(Row(id=str(number), trial=str(number), point=point, value=value))
        best = max((row.value for row in rows), default=middle)
        regret.append(min((top - best) / (top - middle), 1.0))
    return len(failed), float(np.mean(regret))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--development", action="store_true")
    asked = parser.parse_args()
    if asked.development:
        develop(asked.seeds, asked.jobs)
    else:
        for one in measure(asked.seeds, asked.jobs):
            print(f"{one['name']}: {one['value']} [{one['low']}, {one['high']}]")
