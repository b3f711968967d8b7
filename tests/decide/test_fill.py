"""Large batches: the first points as ever, the rest filled from one set of candidates."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from agent.core.history import Pending, key
from agent.core.objective import Objective
from agent.core.policy import Policy
from agent.core.values import canonical
from agent.decide.choose import EVERY, Chooser, anew, scoring
from agent.decide.fill import Conditioned, JointDraws
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.posterior import Mixture
from agent.learn.surrogate import Surrogate, fit
from tests.learn.spaces import SPACES, measured, points_of

UP = Objective(name="y", unit="eV", goal="maximise")


def situation(kind: str, name: str = "expected_improvement", **said: object) -> Situation:
    space = SPACES[kind]
    rows = measured(space, points_of(space, 12))
    given: dict[str, object] = {"seed": 4, "started": 12} | said
    return Situation(space, UP, Policy(name=name), rows, **given)  # type: ignore[arg-type]


def surrogate_of(asked: Situation) -> Surrogate:
    return fit(asked.encoding, asked.rows, UP, 1)


@pytest.mark.parametrize("kind", SPACES)
def test_a_large_batch_is_new_and_possible(kind: str) -> None:
    asked = situation(kind)
    chosen = propose(asked, 20).choices
    points = [one.point for one in chosen]
    assert len({key(point) for point in points}) == 20
    assert [asked.space.reasons(point) for point in points] == [()] * 20
    assert not any(point in asked.taken for point in points)
    assert all(one.grounds is not None and one.why for one in chosen)


@pytest.mark.parametrize("name", ["expected_improvement", "ucb", "thompson", "uncertainty"])
def test_every_policy_that_can_fills(name: str) -> None:
    chosen = propose(situation("mixed" if "mixed" in SPACES else next(iter(SPACES)), name), 12)
    assert len({key(one.point) for one in chosen.choices}) == 12


def test_batches_of_up_to_eight_are_chosen_point_by_point() -> None:
    asked = situation("continuous")
    scored = scoring(asked, surrogate_of(asked))
    whole = [one.point for one in Chooser(asked, scored, [], EVERY).choices(8)]
    small = [one.point for one in Chooser(asked, scored, [], anew(8)).choices(8)]
    large = [one.point for one in Chooser(asked, scored, [], anew(9)).choices(9)]
    assert small == whole
    assert large[:4] == whole[:4]


def test_a_large_batch_is_computed_again_with_the_same_bits() -> None:
    first, again = (propose(situation("continuous"), 12) for _ in range(2))
    assert canonical([one.model_dump() for one in first.choices]) == canonical(
        [one.model_dump() for one in again.choices]
    )


def test_what_is_taken_is_not_wanted_any_more() -> None:
    asked = situation("continuous")
    X = asked.encoding.encode(points_of(asked.space, 200, seed=9))
    draws = JointDraws(surrogate_of(asked), X, X[:0], seed=1)
    best = int(draws.score().argmax())
    draws.take(X[best : best + 1])
    assert draws.score()[best] <= draws.score().min() + 1e-9


def test_where_no_draw_improves_any_more_what_comes_nearest_is_taken() -> None:
    asked = situation("continuous")
    X = asked.encoding.encode(points_of(asked.space, 40, seed=9))
    draws = JointDraws(surrogate_of(asked), X, X[:0], seed=1)
    for at in range(40):
        draws.take(X[at : at + 1])
    assert torch.isfinite(draws.score()).all()
    assert len(set(draws.score().tolist())) > 1


def test_variances_fall_as_if_points_were_measured() -> None:
    asked = situation("continuous")
    surrogate = surrogate_of(asked)
    X = asked.encoding.encode(points_of(asked.space, 30, seed=9))
    filling = Conditioned(Mixture(surrogate.members), X, lambda mean, sd: sd)
    for at in (3, 11, 20):
        filling.take(X[at : at + 1])
    with torch.no_grad():
        _, expected = Mixture(surrogate.members, X[[3, 11, 20]]).marginals(X)
    assert np.allclose(filling.score(), expected, atol=1e-6)


def test_failures_weigh_the_filled_points_too() -> None:
    space = SPACES["continuous"]
    failed = tuple(points_of(space, 6, seed=2))
    chosen = propose(situation("continuous", infeasible=failed, barred=failed), 12).choices
    assert all(one.feasible is not None for one in chosen)


def test_a_point_in_flight_is_not_chosen_again() -> None:
    asked = situation("continuous")
    open_point = propose(asked, 1).choices[0].point
    waiting = replace(asked, pending=(Pending(trial="open", point=open_point),))
    assert key(open_point) not in {key(one.point) for one in propose(waiting, 12).choices}
