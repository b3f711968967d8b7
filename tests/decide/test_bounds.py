"""Choosing with bounds: they teach where not to look, count as measured, and are no values."""

import json
from dataclasses import replace

import pytest

from agent.core.history import Bound, Row, key
from agent.core.policy import InitialDesign, Policy
from agent.core.transfer import TransferRule
from agent.decide.propose import acquisition_of, propose
from agent.decide.situation import Situation
from tests.decide.test_propose import POLICIES, UP
from tests.learn.sources import source
from tests.learn.spaces import SPACES, points_of, rows_of

SPACE = SPACES["continuous"]


def known(count: int = 12, policy: Policy = POLICIES["ucb"], **more: object) -> Situation:
    """What is below the median is only known to be."""
    rows = rows_of(SPACE, count)
    limit = sorted(row.value for row in rows)[count // 2]
    low = [row for row in rows if row.value < limit]
    bounds = tuple(Bound(id=one.id, trial=one.trial, point=one.point, high=limit) for one in low)
    values = tuple(row for row in rows if row.value >= limit)
    given = {"seed": 7, "started": count, **more}
    return Situation(SPACE, UP, policy, values, bounds=bounds, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_chooses_new_points_again_and_again_the_same(policy: str) -> None:
    here = known(policy=POLICIES[policy])
    chosen = propose(here, 2)
    assert propose(here, 2) == chosen
    measured = {key(one.point) for one in (*here.rows, *here.bounds)}
    assert not measured & {key(one.point) for one in chosen.choices}
    assert len(chosen.choices) == 2


def test_what_is_known_of_bounds_keeps_the_search_from_where_they_are() -> None:
    here = known()
    chosen = propose(here, 1)
    without = propose(replace(here, bounds=()), 1)
    assert chosen.state is not None and chosen.state["bounds"]
    assert without.state is not None and "bounds" not in without.state
    (one,) = here.bounds[:1]
    with_bounds = acquisition_of(here, json.loads(json.dumps(chosen.state)), [one.point])
    as_before = acquisition_of(replace(here, bounds=()), without.state, [one.point])
    assert with_bounds < as_before


def test_a_bound_counts_in_the_initial_design_and_is_not_asked_for_again() -> None:
    design = Policy(initial=InitialDesign(size=6))
    points = points_of(SPACE, 6)
    rows = tuple(
        Row(id=str(n), trial=str(n), point=one, value=n) for n, one in enumerate(points[:3])
    )
    bounds = tuple(
        Bound(id=str(n), trial=str(n), point=one, high=0.5) for n, one in enumerate(points[3:], 3)
    )
    five = Situation(SPACE, UP, design, rows, bounds=bounds[:2], seed=1, started=5)
    assert five.initial
    assert five.measured == 5
    six = replace(five, bounds=bounds, started=6)
    assert not six.initial
    assert all(one.point in six.taken for one in bounds)


def test_declared_replicates_are_counted_with_bounds() -> None:
    here = known(policy=Policy(replicates=2))
    again = {one.replicate_of for one in here.replicates(99)}
    assert again == {one.trial for one in (*here.rows, *here.bounds)}


def test_a_point_with_a_bound_worked() -> None:
    here = known(infeasible=tuple(points_of(SPACE, 2, seed=5)))
    works, alone = here.feasibility, replace(here, bounds=()).feasibility
    assert works is not None
    assert alone is not None
    at = [here.bounds[0].point]
    assert works.probability(at, here.encoding) > alone.probability(at, here.encoding)


def test_with_priors_the_plain_model_has_the_bounds_and_the_others_say_that_they_have_not() -> None:
    policy = Policy(transfer=TransferRule(plain_every=1))
    chosen = propose(known(policy=policy, sources=(source(SPACE),)), 1)
    assert chosen.state is not None
    assert chosen.state["plain"]["bounds"]
    assert "the models with priors leave out bounds: 6 of them" in chosen.notes
