"""Whole campaigns on recorded experiments: beside a published curve, and beside random search."""

import json
import os
import sys
from pathlib import Path
from typing import TypedDict

from agent.assemble import adapter_of
from agent.backtest import Backtest, CampaignResult, Curve, Factor, Figure, run
from agent.load import Resolved, read
from agent.named import SettingsModels

ROOT = Path(__file__).resolve().parents[3]
CAMPAIGNS = ("crossed_barrel", "agnp", "direct_arylation")
POLICIES = ("expected_improvement", "random")
SEEDS = 20

PUBLISHED = {20: 0.09, 30: 0.19, 50: 0.32, 100: 0.59}
"""Fraction of crossed_barrel's top 5 % found after so many experiments, by a Gaussian process with
a Matérn-5/2 kernel and LCB. Source: Liang et al., npj Comput. Mater. 7, 188 (2021).
"""


class Measured(TypedDict):
    """A figure with its two-sided 95 % limits, from a bootstrap over seeds."""

    name: str
    value: float
    low: float
    high: float


def data() -> Path | None:
    """The folder of recorded experiments; None where it is not to be had."""
    folder = Path(os.environ.get("ATHANOR_DATA", ROOT.parent / "shared" / "data"))
    return folder if (folder / "crossed_barrel.csv").is_file() else None


def resolved(names: tuple[str, ...] = CAMPAIGNS) -> list[Resolved]:
    """The campaign files of those names.

    Raises:
        FileNotFoundError: the recorded experiments are not there.
    """
    folder = data()
    if folder is None:
        raise FileNotFoundError("set ATHANOR_DATA to the folder of recorded experiments")
    environ = {**os.environ, "ATHANOR_DATA": str(folder)}
    models = SettingsModels()
    return [read(ROOT / "campaigns" / f"{name}.yaml", models, environ) for name in names]


def measure(
    seeds: int = SEEDS, jobs: int = 1, names: tuple[str, ...] = CAMPAIGNS
) -> list[Measured]:
    """The figures of a back-test of those campaigns.

    crossed_barrel_top5_at_N: the fraction of the 30 best designs (by the mean of their prints) that
    was measured after N experiments; to be held against `PUBLISHED` by its upper limit.
    NAME_area_difference, NAME_to_top1_difference, NAME_to_top5_difference: expected improvement
    minus random, paired by seed; below 0 is better. NAME_acceleration_top1, _top5: of experiments
    to the top 1 % and 5 %, where the median run of at least one of the two reaches it.
    """
    found = run(resolved(names), POLICIES, seeds, jobs, adapter_of)
    if found.failures:
        raise RuntimeError("\n".join(map(str, found.failures)))
    return figures(found)


def figures(found: Backtest) -> list[Measured]:
    """The figures of a finished back-test."""
    told: list[Measured] = []
    for one in found.campaigns:
        name = one.campaign.replace("-", "_")
        if name == "crossed_barrel":
            told += _published(one)
        (beside,) = one.comparisons
        told.append(_named(f"{name}_area_difference", beside.area_difference))
        told.append(_named(f"{name}_to_top1_difference", beside.to_top1_difference))
        told.append(_named(f"{name}_to_top5_difference", beside.to_top5_difference))
        for share, factor in (("1", beside.acceleration_top1), ("5", beside.acceleration_top5)):
            if factor is not None:
                told.append(_named(f"{name}_acceleration_top{share}", factor))
    return told


def _published(one: CampaignResult) -> list[Measured]:
    curve = one.policy(POLICIES[0]).top5_found
    return [] if curve is None else [_at(curve, n) for n in PUBLISHED if n <= one.budget]


def _at(curve: Curve, number: int) -> Measured:
    at = number - 1
    return {
        "name": f"crossed_barrel_top5_at_{number}",
        "value": curve.mean[at],
        "low": curve.low[at],
        "high": curve.high[at],
    }


def _named(name: str, figure: Figure | Factor) -> Measured:
    return {"name": name, "value": figure.value, "low": figure.low, "high": figure.high}


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:3])), indent=1))
