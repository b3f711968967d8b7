"""Sources that mislead cost next to nothing: the small form of what `make bench-transfer` measures."""

import numpy as np
import pytest

from tests.benchmarks.transfer.problems import Problem, synthetic
from tests.benchmarks.transfer.run import trace

SEEDS = (0, 1)


def area(problem: Problem, method: str) -> float:
    """Mean area under the normalised regret of 30 experiments."""
    return float(np.mean([problem.regret(trace(problem, method, seed)).mean() for seed in SEEDS]))


@pytest.mark.slow
def test_misleading_sources_cost_next_to_nothing() -> None:
    wanted = ("branin, negated", "hartmann6, unrelated", "hartmann6, negated")
    problems = {problem.name: problem for problem in synthetic()}
    ratios = [area(problems[name], "priors") / area(problems[name], "none") for name in wanted]
    assert np.exp(np.mean(np.log(ratios))) < 1.15, dict(zip(wanted, ratios, strict=True))
    assert max(ratios) < 1.6


@pytest.mark.slow
def test_a_related_source_saves_experiments() -> None:
    (problem,) = (one for one in synthetic() if one.name == "hartmann6, helpful")
    assert area(problem, "priors") < 0.7 * area(problem, "none")
