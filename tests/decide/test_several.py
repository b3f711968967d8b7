"""Decisions for several objectives: their acquisition against brute force, and what they promise."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from agent.core.front import front, hypervolume, known
from agent.core.history import Pending, Row
from agent.core.objective import Objective
from agent.core.parameters import DiscreteParameter
from agent.core.policy import Policy
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide.propose import acquisition_of, propose
from agent.decide.several import ExpectedGain
from agent.decide.situation import Situation
from agent.errors import ReplayError
from agent.learn.several import Several, fit_several
from tests.learn.spaces import SPACES, points_of

LEVELS = tuple(round(level / 20, 2) for level in range(21))
SPACE = SearchSpace(parameters=tuple(DiscreteParameter(name=n, levels=LEVELS) for n in "abc"))
FIRST = Objective(name="f1", unit="eV", goal="minimise")
SECOND = Objective(name="f2", unit="g", goal="minimise")
LIMIT = Objective(name="f2", unit="g", goal="require", high=0.5)
NEAR = Objective(name="f2", unit="g", goal="match", target=0.6)
EXPECTED = Policy()
AIMS = {
    "front": (FIRST, SECOND),
    "front with a target": (FIRST, NEAR),
    "required": (FIRST, LIMIT),
    "front and required": (
        FIRST,
        SECOND,
        Objective(name="f3", unit="1", goal="require", low=0.2, high=0.8),
    ),
}


def answer(point: Point) -> dict[str, float]:
    """DTLZ2 in three dimensions (Deb, Thiele, Laumanns & Zitzler, 2002): the front is a quarter of a
    circle, where b and c are a half. `f3` is another quantity.
    """
    a, b, c = (float(point[name]) for name in "abc")
    far, angle = 1 + (b - 0.5) ** 2 + (c - 0.5) ** 2, a * np.pi / 2
    return {"f1": far * np.cos(angle), "f2": far * np.sin(angle), "f3": b * c + 0.3 * a}


def rows_at(points: list[Point], names: tuple[str, ...] = ("f1", "f2", "f3")) -> tuple[Row, ...]:
    return tuple(
        Row(id=f"{n}-{name}", trial=f"T{n}", point=point, value=answer(point)[name], objective=name)
        for n, point in enumerate(points)
        for name in names
    )


def situation(
    objectives: tuple[Objective, ...], rows: tuple[Row, ...], policy: Policy = EXPECTED, **more: object
) -> Situation:  # fmt: skip
    first, *also = objectives
    given = {"seed": 3, "started": len(rows), **more}
    return Situation(SPACE, first, policy, rows, also=tuple(also), **given)  # type: ignore[arg-type]


def fitted(objectives: tuple[Objective, ...], count: int = 8) -> Several:
    names = tuple(one.name for one in objectives)
    here = situation(objectives, rows_at(points_of(SPACE, count), names))
    given = [(one, here.told_of(one)) for one in objectives]
    return fit_several(here.encoding, here.aim, given, seed=0)


def by_brute_force(surrogates: Several, X: Tensor, pending: Tensor, draws: int) -> list[float]:
    """The expected gain of each point, by joint draws of it with all that is measured or in flight."""
    aim, known_at = surrogates.aim, torch.cat([surrogates.measured, pending])
    random, gains = np.random.default_rng(5), []
    for x in X:
        at = torch.cat([known_at, x.unsqueeze(0)])
        drawn = []
        for posterior in surrogates.posteriors:
            mean, covariance = (
                posterior.marginals(at)[0].numpy(),
                posterior.covariance(at, at).numpy(),
            )
            drawn.append(random.multivariate_normal(mean, covariance, draws, method="eigh"))
        z = torch.from_numpy(np.stack(drawn, axis=-1))
        worth = surrogates.worth(z)
        inside = (surrogates.beyond(z) <= 0).all(dim=-1)
        floor = surrogates.reference if aim.fronted else worth[:, :-1].min().unsqueeze(0)
        gains.append(
            float(np.mean([_gain(*one, floor) for one in zip(worth, inside, strict=True)]))
        )
    return gains


def _gain(worth: Tensor, inside: Tensor, floor: Tensor) -> float:
    before = [
        tuple(one.tolist()) for one, good in zip(worth[:-1], inside[:-1], strict=True) if good
    ]
    after = [*before, *([tuple(worth[-1].tolist())] if bool(inside[-1]) else [])]
    edge = tuple(floor.tolist())
    return hypervolume(after, edge) - hypervolume(before, edge)


@pytest.mark.parametrize("name", AIMS)
def test_the_expected_gain_is_that_of_joint_draws(name: str) -> None:
    """Of candidates that gain something; each side has its own draws."""
    surrogates = fitted(AIMS[name])
    encoding = surrogates.parts[0].encoding
    candidates = encoding.encode(points_of(SPACE, 40, seed=9))
    pending = encoding.encode(points_of(SPACE, 2, seed=11))
    with torch.no_grad():
        told = ExpectedGain(surrogates, pending, seed=1, draws=512)(candidates.unsqueeze(1))
        best = told.argsort(descending=True)[:3]
        checked = by_brute_force(surrogates, candidates[best], pending, draws=3000)
    assert told[best].exp().tolist() == pytest.approx(checked, rel=0.2)


@pytest.mark.parametrize("name", AIMS)
@pytest.mark.parametrize("policy", ["expected_improvement", "uncertainty", "random"])
def test_points_are_new_and_told_in_every_objectives_unit(name: str, policy: str) -> None:
    points, objectives = points_of(SPACE, 8), AIMS[name]
    names = tuple(one.name for one in objectives)
    pending = (Pending(trial="T99", point=points_of(SPACE, 1, seed=4)[0]),)
    here = situation(objectives, rows_at(points, names), Policy(name=policy), pending=pending)  # type: ignore[arg-type]
    selection = propose(here, 3)
    assert len(selection.choices) == 3
    for one in selection.choices:
        assert one.point in SPACE
        assert one.point not in [*points, pending[0].point]
        if policy != "random":
            assert set(one.prediction) == set(names)
            assert sum(one.shares.values()) == pytest.approx(1)
            assert all(name in one.why for name in names)


@pytest.mark.parametrize("kind", SPACES)
def test_every_kind_of_space(kind: str) -> None:
    space = SPACES[kind]
    points = points_of(space, 6)
    random = np.random.default_rng(1)
    rows = tuple(
        Row(id=f"{n}{name}", trial=f"T{n}", point=point, value=random.random(), objective=name)
        for n, point in enumerate(points)
        for name in ("f1", "f2")
    )
    here = Situation(space, FIRST, Policy(), rows, also=(SECOND,), seed=1, started=99)
    (choice,) = propose(here, 1).choices
    assert choice.point in space
    assert choice.point not in points


def test_objectives_may_be_measured_at_different_points() -> None:
    points = points_of(SPACE, 12)
    rows = rows_at(points[:10], ("f1",)) + rows_at(points[4:], ("f2",))
    selection = propose(situation(AIMS["front"], rows), 1)
    assert selection.kind == "model"
    assert set(selection.choices[0].prediction) == {"f1", "f2"}


def test_until_each_objective_is_known_at_two_points_the_design_goes_on() -> None:
    points = points_of(SPACE, 12)
    rows = rows_at(points, ("f1",)) + rows_at(points[:1], ("f2",))
    assert propose(situation(AIMS["front"], rows), 1).kind == "initial"


@pytest.mark.parametrize("name", AIMS)
def test_a_decision_is_the_same_again_and_its_state_restores_it(name: str) -> None:
    names = tuple(one.name for one in AIMS[name])
    here = situation(AIMS[name], rows_at(points_of(SPACE, 9), names))
    first, second = propose(here, 2), propose(here, 2)
    assert first == second
    state = json.loads(json.dumps(first.state))
    choice = first.choices[0]
    assert acquisition_of(here, state, [choice.point]) == pytest.approx([choice.score])
    other = rows_at(points_of(SPACE, 9, seed=1), names)
    with pytest.raises(ReplayError):
        acquisition_of(situation(AIMS[name], other), state, [choice.point])


def run(
    objectives: tuple[Objective, ...], policy: str, count: int, first: int = 0, **more: object
) -> list[Row]:
    rows: list[Row] = []
    for n in range(count):
        here = situation(
            objectives, tuple(rows), Policy(name=policy), **{"started": n, "seed": first + n, **more}  # type: ignore[arg-type]
        )  # fmt: skip
        point = propose(here, 1).choices[0].point
        rows += [
            Row(id=f"{n}{one.name}", trial=f"T{n}", point=point, value=answer(point)[one.name],
                objective=one.name)
            for one in objectives
        ]  # fmt: skip
    return rows


def test_a_front_is_found_sooner_than_at_random() -> None:
    held: dict[str, list[float]] = {"expected_improvement": [], "random": []}
    for policy, volumes in held.items():
        for seed in range(2):
            aim = situation(AIMS["front"], ()).aim
            best = front(known(run(AIMS["front"], policy, 24, first=100 * seed)), aim)
            volumes.append(hypervolume([aim.worth(one.values) for one in best], (-1.1, -1.1)))
    most = 1.21 - np.pi / 4
    assert np.mean(held["expected_improvement"]) > 0.75 * most
    assert np.mean(held["expected_improvement"]) > 1.5 * np.mean(held["random"])


def test_the_best_that_is_permitted_is_found() -> None:
    """On the circle f1 = sqrt(1 - f2^2) with f2 at most a half; of the levels a = 0.3 is nearest."""
    rows = run(AIMS["required"], "expected_improvement", 22)
    (best,) = front(known(rows), situation(AIMS["required"], ()).aim)
    assert best.values["f2"] <= 0.5
    assert best.values["f1"] < 0.93


def test_desirability_finds_the_compromise_that_it_is_told() -> None:
    """Of the two worths of a half each the best is in the middle of the circle, since both must be
    good; f2 in no use from 0.9 on.
    """
    objectives = (
        FIRST.model_copy(update={"worst": 1.2, "ideal": 0.0}),
        SECOND.model_copy(update={"worst": 0.9, "ideal": 0.6}),
    )
    rows = run(objectives, "expected_improvement", 22, trade_off="desirability")
    aim = situation(objectives, (), trade_off="desirability").aim
    every = [answer({"a": a, "b": 0.5, "c": 0.5}) for a in LEVELS]
    (best,) = front(known(rows), aim)
    assert aim.worth(best.values)[0] > 0.97 * max(aim.worth(one)[0] for one in every)


def test_batches_spread_along_the_front() -> None:
    here = situation(AIMS["front"], rows_at(points_of(SPACE, 12), ("f1", "f2")))
    chosen = [one.point for one in propose(here, 4).choices]
    encoded = here.encoding.encode(chosen)
    apart = [float((one - other).norm()) for one, other in pairwise(encoded)]
    assert len({tuple(point.items()) for point in chosen}) == 4
    assert min(apart) > 0.05
