"""The rules by which strategies compete: the small form of what `make bench-peers` measures."""

from dataclasses import replace

import numpy as np
import pytest

from agent.core.objective import Objective
from tests.benchmarks.peers.contests import Contest
from tests.benchmarks.peers.figures import best_peer, figures
from tests.benchmarks.peers.plain import by_chance, by_process
from tests.benchmarks.peers.play import TOP1, TOP5, Asked, played, reached, trace
from tests.benchmarks.peers.strategies import ACQUISITIONS, METHODS, OURS
from tests.benchmarks.transfer.problems import Problem, pool_of

SEED = 3


def parabola(goal: str = "minimise") -> Contest:
    """A hundred points on a line, the best of them at 0.3 and beside it."""
    x = np.linspace(0, 1, 100)
    space, points = pool_of(x[:, None])
    wanted = Objective(name="y", unit="1", goal=goal)
    values = (x - 0.3) ** 2 if goal == "minimise" else -((x - 0.3) ** 2)
    return Contest(Problem("parabola", "real", space, points, values, (), wanted))


def first_left(asked: Asked) -> int:
    """A strategy that looks at nothing."""
    return asked.left[0]


@pytest.mark.parametrize("goal", ["minimise", "maximise"])
def test_the_best_are_counted_from_the_best_score_down(goal):
    contest = parabola(goal)
    best = [at for at in range(100) if contest.scores[at] >= contest.threshold(TOP5)]
    assert best == [28, 29, 30, 31, 32]
    assert contest.threshold(TOP1) == contest.scores[30] == contest.scores.max()


def test_of_a_small_table_the_best_one_is_the_top():
    contest = parabola()
    assert contest.threshold(0.001) == contest.scores.max()


def test_every_strategy_begins_with_the_same_points_and_is_told_the_same_of_them():
    contest = replace(parabola(), noise=0.1)
    some = [list(played(contest, one, SEED)) for one in (by_chance, first_left)]
    starts = contest.starts(SEED)
    assert [run[: len(starts)] for run in some] == [starts, starts]
    assert some[0] != some[1]
    assert contest.measured(7, SEED) == contest.measured(7, SEED)
    assert contest.measured(7, SEED) != contest.measured(7, SEED + 1)


def test_a_measurement_draws_one_of_the_replicates_and_the_mean_judges():
    contest = parabola()
    prints = tuple(value + np.array([-0.5, 0.0, 0.5]) for value in contest.problem.values)
    noisy = replace(contest, replicates=prints)
    assert all(noisy.measured(at, SEED) in prints[at] for at in range(100))
    assert noisy.threshold(TOP1) == contest.threshold(TOP1)


def test_a_failed_point_counts_and_is_told_to_nobody():
    contest = replace(parabola(), broken=frozenset(range(50, 100)))
    seen: list[Asked] = []

    def watching(asked: Asked) -> int:
        seen.append(asked)
        return asked.left[-1]

    run = list(played(contest, watching, SEED))
    assert len(run) == contest.experiments
    assert run[-1] not in seen[-1].at and set(seen[-1].failed) > {99, 98}
    assert all(at < 50 for at in seen[-1].at)


def test_no_point_is_measured_twice():
    with pytest.raises(ValueError, match="asked for twice"):
        list(played(parabola(), lambda asked: asked.at[0], SEED))


def test_a_miss_is_one_more_than_the_budget():
    contest = parabola()
    assert 30 not in contest.starts(SEED)
    never = trace(contest, lambda asked: asked.left[-1], SEED)
    assert len(never) == contest.experiments == 25
    assert reached(contest, never, TOP1) == 26


def test_a_run_ends_where_the_best_is_reached():
    contest = parabola()
    best = trace(contest, by_process, SEED)
    assert len(best) == reached(contest, best, TOP1) < contest.experiments
    assert reached(contest, best, TOP5) <= len(best)
    assert best == sorted(best)


def test_ours_plays_as_the_others_do():
    contest = parabola()
    best = trace(contest, METHODS[OURS].suggest, SEED)
    assert reached(contest, best, TOP1) <= contest.experiments


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_the_same_surrogate_asked_for_something_else_comes_near_the_best(name):
    contest = parabola()
    best = trace(contest, ACQUISITIONS[name].suggest, SEED)
    assert reached(contest, best, TOP5) < contest.experiments


def test_without_a_peer_nothing_is_said_of_the_best_one():
    counts = {"flat": {"athanor": np.full((4, 2), 10.0), "athanor, wide": np.full((4, 2), 20.0)}}
    told = {one["name"]: one["value"] for one in figures(counts, {"flat": 2}, {"flat": 30})}
    assert told["experiments_over_athanor_wide"] == pytest.approx(0.5)
    assert "experiments_over_best_peer" not in told


def test_figures_are_ratios_of_geometric_means_to_the_peer_that_is_best_over_all():
    def counts(**spent: float) -> dict[str, np.ndarray]:
        return {name: np.full((4, 2), each) for name, each in spent.items()}

    found = {
        "flat": counts(athanor=10.0, baybe=20.0, gp_ei=5.0, random=40.0),
        "high": counts(athanor=10.0, baybe=5.0, gp_ei=40.0, random=20.0),
    }
    assert best_peer(found) == "baybe"
    told = {
        one["name"]: one for one in figures(found, {"flat": 2, "high": 6}, {"flat": 30, "high": 30})
    }
    assert told["experiments_over_best_peer"]["value"] == pytest.approx(1.0)
    assert told["worst_set_over_best_peer"]["value"] == told["over_best_peer_high"]["value"] == 2.0
    assert told["missed_top1_random"]["value"] == 0.5
    assert told["acceleration_6d"]["value"] == 2.0
    assert told["baybe_over_gp_ei"]["value"] == pytest.approx(np.sqrt(4 / 8), abs=1e-4)
