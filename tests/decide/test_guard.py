"""Sources that mislead cost nothing: the small form of what `make bench-transfer` measures."""

import numpy as np
import pytest

from tests.benchmarks.transfer.campaigns import WAYS, problem_of, trace

SEEDS = (0, 1, 2)
MISLEADING = (
    "field 2, negated",
    "field 4, unrelated",
    "blend, negated",
    "process, siren",
    "reaction, shuffled",
    "compound, deceptive",
)
HELPFUL = ("field 6, close", "reaction, two")


def ratio(name: str) -> float:
    """Area under the normalised regret of 30 experiments with priors, over that without."""
    areas = {
        way: np.mean(
            [
                problem_of(name, seed).regret(
                    np.array(trace(problem_of(name, seed), WAYS[way], seed))
                )
                for seed in SEEDS
            ]
        )
        for way in ("priors", "none")
    }
    return float(areas["priors"] / areas["none"])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_misleading_sources_cost_nothing() -> None:
    ratios = {name: ratio(name) for name in MISLEADING}
    assert np.exp(np.mean(np.log(list(ratios.values())))) <= 1.0, ratios
    assert max(ratios.values()) <= 1.5, ratios


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_related_sources_save_experiments() -> None:
    ratios = {name: ratio(name) for name in HELPFUL}
    assert max(ratios.values()) <= 0.7, ratios
