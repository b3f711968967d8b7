"""Several objectives, as a person sees them."""

from pathlib import Path

import pytest

from agent.errors import CampaignError

TWO = """\
name: two
parameters:
  - {name: x, type: integer, low: 1, high: 3}
objectives:
  - {name: good, unit: percent, goal: maximise, worst: 0, ideal: 100}
  - {name: cheap, unit: EUR, goal: minimise, worst: 10, ideal: 0}
  - {name: dirt, unit: percent, goal: require, high: 0.5}
trade_off: desirability
budget: {experiments: 3}
policy: {name: random}
execution:
  adapter: table
  settings:
    file: two.csv
    objectives: {good: {unit: percent}, cheap: {unit: EUR}, dirt: {unit: percent}}
"""

RECORDED = """\
x,good,cheap,dirt
1,64,6.4,<0.1
2,90,9,<0.1
3,100,1,>0.9
"""


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """One point is clean and worth 0.48, one is clean and worth less, one is not clean."""
    (tmp_path / "two.csv").write_text(RECORDED)
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    return path


def test_the_best_is_told_with_what_it_is_worth_and_why(athanor, two):
    told = athanor("run", str(two), "--direct").output
    best = "good 64 percent, cheap 6.4 EUR, dirt < 0.1 percent"
    assert f"{best}  best so far" in told
    assert f"best      desirability 0.48: {best} at x 1" in told


def test_it_is_told_why_nothing_is_best(athanor, two):
    (two.parent / "two.csv").write_text(RECORDED.replace("<0.1", ">0.9").replace("6.4,", ","))
    athanor("run", str(two), "--direct")
    told = athanor("status", "two").output
    assert "best      – of 3 measured: 1 without all objectives, 2 not as required" in told


def test_a_policy_of_one_objective_is_not_taken_for_another(athanor, two):
    """Neither as what else would have been asked for, nor in a back-test."""
    athanor("run", str(two), "--direct")
    with pytest.raises(CampaignError, match="ucb knows one objective only"):
        athanor("replay", "two", "--policy", "ucb")
    with pytest.raises(CampaignError, match="ucb knows one objective only"):
        athanor("backtest", str(two), "--policies", "ucb,random", "--seeds", "1")
