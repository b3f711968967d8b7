"""Back-tests end to end: paired, judged by the truth, and not brought down by one bad run."""

import hashlib
import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from agent.backtest import HEADER, Backtest, of_failures, of_priors, picture, run, table
from agent.backtest.trace import SimulatedClock, Task, Trace, prepared, trace
from agent.backtest.truth import Case
from agent.core.source import Source, SourceRow
from agent.errors import AthanorError, CampaignError
from tests.backtest.world import (
    UNLUCKY,
    branin,
    gardner,
    grid,
    make,
    make_or_die,
    make_unless_unlucky,
)


def taken(given: object, policy: str, seed: int, budget: int | None = None) -> Trace:
    case = Case(given.campaign, given.blobs, given.pools)  # type: ignore[attr-defined]
    return trace(Task(case, policy, seed, budget), make)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    """Two policies, three seeds, one table."""
    given = grid(tmp_path_factory.mktemp("grid"))
    return run([given], ["expected_improvement", "random"], 3, 1, make)


def test_a_seed_gives_every_policy_the_same_start(tmp_path: Path) -> None:
    given = grid(tmp_path)
    one, other = (taken(given, name, 1, 4) for name in ("uncertainty", "random"))
    assert one.experiments[:3] == other.experiments[:3]
    assert all(len(e.readings) == 1 for e in one.experiments)
    assert taken(given, "random", 2, 4).experiments[:3] != other.experiments[:3]


def test_the_same_run_again_is_the_same(tmp_path: Path) -> None:
    given = grid(tmp_path)
    assert taken(given, "random", 3).experiments == taken(given, "random", 3).experiments


def test_what_a_run_overrides_is_seeds_policy_reviews_delays_and_stops(tmp_path: Path) -> None:
    given = grid(tmp_path, review={"mode": "required"}, stop={"target": 5.0, "idle_rounds": 2})
    case = Case(given.campaign, {}, {})
    runs = [prepared(Task(case, "ucb", seed, 7), make) for seed in (0, 1)]
    assert [one.policy.name for one in runs] == ["ucb", "ucb"]
    assert runs[0].seed != runs[1].seed
    seeds = [one.execution.settings["seed"] for one in runs]
    assert seeds[0] != seeds[1]
    assert runs[0].review is None
    assert (runs[0].stop.target, runs[0].stop.idle_rounds) == (None, 2)
    assert runs[0].budget.experiments == 7
    assert runs[0].policy.initial == given.campaign.policy.initial


def test_a_simulated_clock_does_not_wait() -> None:
    clock = SimulatedClock()
    before = clock.now()
    clock.sleep(3600.0)
    assert (clock.now() - before).total_seconds() == 3600.0


def test_experiments_that_failed_count_and_bring_nothing() -> None:
    ran = taken(branin(failure_rate=0.5), "random", 0)
    assert len(ran.experiments) == 6
    assert {e.point is None for e in ran.experiments} == {True, False}
    assert ran.ended == "6 of 6 experiments are started"


def test_a_result_has_every_policy_and_a_comparison(result: Backtest) -> None:
    (campaign,) = result.campaigns
    assert result.failures == ()
    assert [one.policy for one in campaign.policies] == ["expected_improvement", "random"]
    assert (campaign.population, campaign.population_size) == ("listed", 25)
    assert (campaign.best, campaign.median, campaign.budget) == (44.0, 22.0, 8)
    for one in campaign.policies:
        assert [seed.seed for seed in one.seeds] == [0, 1, 2]
        assert len(one.regret.mean) == 8
        assert all(
            0 <= low <= high <= 1 for low, high in zip(one.regret.low, one.regret.high, strict=True)
        )
        assert one.top5_found is not None
    (beside,) = campaign.comparisons
    assert (beside.policy, beside.reference) == ("expected_improvement", "random")
    assert beside.seeds == (0, 1, 2)
    ours, theirs = campaign.policies
    assert beside.to_top5_difference.value == pytest.approx(
        ours.to_top5.value - theirs.to_top5.value
    )
    for seed in (0, 1, 2):
        assert ours.seed(seed).found[:3] == theirs.seed(seed).found[:3]


def test_a_policy_is_compared_with_itself_without_priors(tmp_path: Path) -> None:
    names = ["expected_improvement", "expected_improvement+none", "random"]
    result = run([grid(tmp_path)], names, [0, 1], 1, make)
    told = {(one.policy, one.reference) for one in result.campaigns[0].comparisons}
    assert told == {
        ("expected_improvement", "random"),
        ("expected_improvement+none", "random"),
        ("expected_improvement", "expected_improvement+none"),
    }
    # There are no priors: it is the same campaign.
    (line,) = of_priors(result)
    same = "beside expected_improvement+none +0.0 [+0.0, +0.0] experiments to the top 5 %"
    assert line.startswith(f"grid, expected_improvement: {same}, acceleration 1.00")


def test_learning_from_failures_is_compared_with_not(tmp_path: Path) -> None:
    names = ["ucb", "ucb+bar"]
    result = run([gardner()], names, [0, 1], 1, make)
    (campaign,) = result.campaigns
    learning, barring = campaign.policies
    for policy in campaign.policies:
        assert policy.failed.value == np.mean([one.failed for one in policy.seeds])
        assert all(0 < one.failed < one.experiments == 14 for one in policy.seeds)
    (beside,) = campaign.comparisons
    assert beside.reference == "ucb+bar"
    assert beside.failed_difference.value == learning.failed.value - barring.failed.value < 0
    (line,) = of_failures(result)
    assert line.startswith("gardner, ucb: beside ucb+bar -")


def test_misses_are_budget_and_one(tmp_path: Path) -> None:
    (campaign,) = run([grid(tmp_path)], ["random"], [0, 1, 2, 3], 1, make, budget=3).campaigns
    runs = campaign.policies[0].seeds
    assert campaign.budget == 3
    assert campaign.comparisons == ()
    for one in runs:
        reached = one.found[-1] == 44.0
        assert one.to_top5 <= 3 if reached else one.to_top5 == 4
    assert any(one.to_top5 == 4 for one in runs)


def test_found_is_true_and_never_worse_than_recommended(result: Backtest) -> None:
    for policy in result.campaigns[0].policies:
        for one in policy.seeds:
            pairs = list(zip(one.found, one.recommended, strict=True))
            assert all(f is not None and r is not None and f >= r for f, r in pairs)
            assert all(f == int(f) for f in one.found if f is not None)


def test_a_result_survives_json(result: Backtest) -> None:
    assert Backtest.model_validate(json.loads(json.dumps(result.to_dict()))) == result


def test_the_table_has_a_row_for_each_campaign_and_policy(result: Backtest) -> None:
    head, *rows = table(result)
    assert head == HEADER
    assert [row[:3] for row in rows] == [
        ("grid", "expected_improvement", "3"),
        ("grid", "random", "3"),
    ]
    assert all(len(row) == len(head) for row in rows)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_picture_is_a_file(result: Backtest, tmp_path: Path, ending: str) -> None:
    assert picture(result, tmp_path / f"curves.{ending}").stat().st_size > 2000


def test_pictures_of_nothing_and_of_other_kinds_are_refused(
    result: Backtest, tmp_path: Path
) -> None:
    with pytest.raises(AthanorError, match="no known ending"):
        picture(result, tmp_path / "curves.bmp")
    with pytest.raises(AthanorError, match="nothing to draw"):
        picture(Backtest(campaigns=()), tmp_path / "curves.png")
    with pytest.raises(AthanorError, match="cannot be written"):
        picture(result, tmp_path / "nowhere" / "curves.png")


def test_one_bad_run_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    given = [grid(tmp_path, 4), grid(tmp_path, 4, UNLUCKY)]
    found = run(given, ["random"], 2, 1, make_unless_unlucky, lambda *at: told.append(at))
    assert [one.campaign for one in found.campaigns] == ["grid"]
    assert [str(one) for one in found.failures] == [
        f"unlucky, random, seed {seed}: Broken: the cable is out" for seed in (0, 1)
    ]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.slow
def test_a_process_that_dies_costs_only_its_own_run(tmp_path: Path) -> None:
    given = [grid(tmp_path, 4), grid(tmp_path, 4, UNLUCKY)]
    found = run(given, ["random"], 2, 2, make_or_die)
    assert [one.campaign for one in found.campaigns] == ["grid"]
    assert [seed.seed for seed in found.campaigns[0].policies[0].seeds] == [0, 1]
    assert [str(one) for one in found.failures] == [
        f"unlucky, random, seed {seed}: its process died" for seed in (0, 1)
    ]


@pytest.mark.slow
def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    given = grid(tmp_path)
    one, many = (run([given], ["random"], 3, jobs, make) for jobs in (1, 2))
    assert [s.found for s in one.campaigns[0].policies[0].seeds] == [
        s.found for s in many.campaigns[0].policies[0].seeds
    ]


@pytest.mark.parametrize(
    ("policies", "seeds", "twice", "reason"),
    [
        (["magic"], 1, False, "no policy is named 'magic'"),
        (["ucb+magic"], 1, False, "'magic' is neither a way of transfer"),
        ([], 1, False, "no policy is named"),
        (["random"], 0, False, "at least one seed"),
        (["random"], 1, True, "two campaigns are named"),
    ],
)
def test_what_cannot_be_run_is_refused(
    tmp_path: Path, policies: list[str], seeds: int, twice: bool, reason: str
) -> None:
    given = [grid(tmp_path)] * (2 if twice else 1)
    with pytest.raises(CampaignError, match=reason):
        run(given, policies, seeds, 1, make)


def test_priors_are_compared_with_none(tmp_path: Path) -> None:
    """The source knows the truth: with it, the best comes sooner."""
    rows = tuple(
        SourceRow(point={"a": a, "b": b}, value=10.0 * a + b) for a in range(5) for b in range(5)
    )
    source = Source(name="before", trust="same", rows=rows)
    text = source.model_dump_json().encode()
    kept = {"sha256": hashlib.sha256(text).hexdigest(), "rows": len(rows)}
    prior = {"table": "before.csv", "trust": "same", "source": kept}
    given = replace(grid(tmp_path, budget=5, priors=[prior]), blobs={kept["sha256"]: text})
    found = run([given], ["ucb", "ucb+none"], 2, 1, make)
    (campaign,) = found.campaigns
    reached = {one.policy: one.to_top5.value for one in campaign.policies}
    assert not found.failures
    assert reached["ucb"] < reached["ucb+none"]


@pytest.mark.skipif(find_spec("ax") is None, reason="Ax is an extra")
def test_ax_is_a_policy_like_others(tmp_path: Path) -> None:
    (found,) = run([grid(tmp_path, 5)], ["expected_improvement", "ax"], 1, 1, make).campaigns
    own, ax = found.policies
    assert ax.policy == "ax"
    assert len(ax.seeds[0].found) == 5
    assert ax.seeds[0].found[:3] == own.seeds[0].found[:3]


def test_ax_is_not_compared_where_it_cannot_choose(tmp_path: Path) -> None:
    wanted = [{"name": "y", "unit": "1", "goal": "match", "target": 20}]
    given = grid(tmp_path, objectives=wanted)
    with pytest.raises(CampaignError, match="the goal is match"):
        run([given], ["ax"], 1, 1, make)
