"""What a choice rests on, checked against doing it the long way."""

from dataclasses import replace
from typing import Literal, get_args

import pytest
import torch

from agent.core.grounds import MOST, Grounds, why_it_lost
from agent.core.history import Pending, Row, key
from agent.core.objective import Objective
from agent.core.parameters import ContinuousParameter, IntegerParameter
from agent.core.policy import InitialDesign, Policy
from agent.core.space import SearchSpace
from agent.core.transfer import Experience, Method
from agent.decide.candidates import listed
from agent.decide.choose import Chooser, scoring
from agent.decide.grounds import grounds, influences, neighbours, probability_of_improvement
from agent.decide.lost import Told, lost
from agent.decide.propose import acquisition_of, propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from agent.learn.fitted import Fitted
from agent.learn.posterior import Mixture
from agent.learn.priors.given import Given
from agent.learn.priors.methods import fit_transfer, restore_transfer
from agent.learn.priors.source import fit_source
from agent.learn.surrogate import fit, hash_of, restore
from tests.learn.sources import source
from tests.learn.spaces import SPACES, points_of, rows_of

UP = Objective(name="y", unit="eV", goal="maximise")
DOWN = Objective(name="y", unit="eV", goal="minimise")
MATCH = Objective(name="y", unit="eV", goal="match", target=0.4)
WITHIN = Objective(name="y", unit="eV", goal="within", low=0.3)
GOALS = {one.goal: one for one in (UP, DOWN, MATCH, WITHIN)}


def told(rows: tuple[Row, ...], objective: Objective, sd: float | None = None) -> list[Row]:
    return [row.model_copy(update={"objective": objective.name, "sd": sd}) for row in rows]


def situation(kind: str, rows: tuple[Row, ...], policy: Policy, **more: object) -> Situation:
    return Situation(SPACES[kind], UP, policy, rows, seed=7, started=len(rows), **more)  # type: ignore[arg-type]


def grounds_of(at: Situation, q: int = 1) -> list[Grounds]:
    found = [choice.grounds for choice in propose(at, q).choices]
    assert all(found)
    return [one for one in found if one]


class TestInfluences:
    @pytest.mark.parametrize("goal", GOALS)
    @pytest.mark.parametrize("sd", [None, 0.05])
    def test_each_is_what_leaving_the_row_out_changes(self, goal: str, sd: float | None) -> None:
        encoding, objective = Encoding.of(SPACES["mixed"]), GOALS[goal]
        rows = told(rows_of(SPACES["mixed"], 12), objective, sd)
        at = points_of(SPACES["mixed"], 14)[13]
        whole = fit(encoding, rows, objective, 0)
        state, before = whole.state(), whole.predict([at])[0][0]
        for number, (_, one) in enumerate(influences(whole, objective, encoding.encode([at]))):
            left = tuple(row for row in rows if row.id != one.row)
            noise = state["noise"]
            if state["noise_known"]:
                noise = [*noise[:number], *noise[number + 1 :]]
            less = {**state, "rows_sha256": hash_of(left), "noise": noise}
            without = restore(less, encoding, left, objective).predict([at])[0][0]
            assert one.moved == pytest.approx(before - without, abs=1e-7)

    @pytest.mark.parametrize("method", [one for one in get_args(Method) if one != "none"])
    def test_of_a_mixture_with_sources_too(self, method: Method) -> None:
        space = SPACES["continuous"]
        encoding, at = Encoding.of(space), points_of(space, 9)[8]
        prior = source(space, 30)

        def given(rows: tuple[Row, ...]) -> Given:
            models = (fit_source(encoding, prior, UP),)
            return Given(encoding, rows, UP, models, (prior,), Experience(), 0)

        rows = rows_of(space, 6)
        whole = fit_transfer(method, given(rows))
        before = whole.predict([at])[0][0]
        found = influences(whole, UP, encoding.encode([at]))
        assert len(found) == 6
        for _, one in found:
            left = tuple(row for row in rows if row.id != one.row)
            state = {**whole.state(), "rows_sha256": hash_of(left)}
            without = restore_transfer(state, given(left)).predict([at])[0][0]
            assert one.moved == pytest.approx(before - without, abs=1e-7)

    def test_the_foremost_come_first(self) -> None:
        at = situation("mixed", rows_of(SPACES["mixed"], 15), Policy(name="ucb"))
        (found,) = grounds_of(at)
        sizes = [abs(one.moved) for one in found.influences]
        assert len(sizes) == MOST
        assert sizes == sorted(sizes, reverse=True)
        assert {one.objective for one in found.influences} == {"y"}


class TestProbabilityOfImprovement:
    @pytest.mark.parametrize("goal", GOALS)
    def test_it_is_the_share_of_draws_that_are_better(self, goal: str) -> None:
        objective, space = GOALS[goal], SPACES["continuous"]
        encoding, prior = Encoding.of(space), source(space, 30)
        rows = tuple(told(rows_of(space, 5), objective))
        models = (fit_source(encoding, prior, objective),)
        mixture = fit_transfer(
            "experts", Given(encoding, rows, objective, models, (prior,), Experience(), 0)
        )
        for surrogate in (fit(encoding, rows, objective, 0), mixture):
            for point in points_of(space, 12)[8:]:
                told_as = probability_of_improvement(surrogate, encoding.encode([point]))
                assert told_as == pytest.approx(self._drawn(surrogate, encoding, point), abs=0.01)

    def _drawn(self, surrogate: Fitted, encoding: Encoding, point: object) -> float:
        score, posterior = surrogate.scaling.score, Mixture(surrogate.members)
        best = score(posterior.marginals(surrogate.training.X)[0]).max()
        share, normal = 0.0, torch.randn(100_000, generator=torch.Generator().manual_seed(0))
        for weight, part in zip(posterior.weights, posterior.parts, strict=True):
            mean, sd = part.marginals(encoding.encode([point]))  # type: ignore[list-item]
            share += weight * float((score(mean + sd * normal.double()) > best).double().mean())
        return share

    def test_within_the_range_there_is_nothing_to_improve(self) -> None:
        rows = told(rows_of(SPACES["continuous"], 6), UP)
        wide = Objective(name="y", unit="eV", goal="within", low=-100)
        encoding = Encoding.of(SPACES["continuous"])
        surrogate = fit(encoding, rows, wide, 0)
        X = encoding.encode(points_of(SPACES["continuous"], 3))
        assert probability_of_improvement(surrogate, X[:1]) == 0.0

    def test_before_there_is_a_result_there_is_none_to_improve_on(self) -> None:
        at = situation("continuous", (), Policy(), sources=(source(SPACES["continuous"], 30),))
        (found,) = grounds_of(at)
        assert found.probability_of_improvement is None
        assert (found.neighbours, found.influences) == ((), ())
        assert found.runners_up


SQUARE = SearchSpace(
    parameters=(
        ContinuousParameter(name="a", low=0, high=10, resolution=0.5),
        IntegerParameter(name="b", low=0, high=10),
    )
)


def at_square(point: tuple[float, int], value: float, name: str, objective: str = "") -> Row:
    a, b = point
    return Row(id=name, trial=f"t{name}", point={"a": a, "b": b}, value=value, objective=objective)


class TestNeighbours:
    def test_the_nearest_in_the_cube_with_what_is_other_there(self) -> None:
        rows = (
            at_square((9.0, 9), 1.0, "1"), at_square((2.0, 5), 2.0, "2"),
            at_square((2.0, 5), 4.0, "3"), at_square((5.0, 2), 5.0, "4"),
            at_square((4.0, 6), 6.0, "5"),
        )  # fmt: skip
        at = Situation(SQUARE, UP, Policy(), rows, seed=0, started=5)
        first, second, third = neighbours(at, {"a": 2.0, "b": 6})
        assert (first.trial, first.values, first.differs) == ("t2", {"y": 3.0}, {"b": 5})
        assert first.distance == pytest.approx(0.1)
        assert (second.trial, second.differs) == ("t5", {"a": 4.0})
        assert (third.trial, third.differs) == ("t4", {"a": 5.0, "b": 2})

    def test_of_several_objectives_all_values_are_told(self) -> None:
        cost = Objective(name="cost", unit="EUR", goal="minimise")
        rows = tuple(
            at_square(point, value, f"{point}{name}", name)
            for point in ((1.0, 1), (5.0, 5), (9.0, 2), (3.0, 8))
            for name, value in (("y", point[0]), ("cost", 2.0 * point[1]))
        )
        at = Situation(
            SQUARE, UP, Policy(initial=InitialDesign(size=3)), rows, also=(cost,), seed=0, started=4
        )
        (found,) = grounds_of(at)
        assert all(set(one.values) == {"y", "cost"} for one in found.neighbours)
        assert {one.objective for one in found.influences} <= {"y", "cost"}
        assert all(set(one.prediction) == {"y", "cost"} for one in found.runners_up)
        assert found.probability_of_improvement is None


class TestRunnersUp:
    @pytest.mark.parametrize("policy", ["expected_improvement", "ucb", "uncertainty"])
    def test_they_are_the_next_best_apart_from_each_other(
        self, policy: Literal["expected_improvement", "ucb", "uncertainty"]
    ) -> None:
        at = situation("pool", rows_of(SPACES["pool"], 12), Policy(name=policy))
        selection = propose(at, 1)
        (choice,) = selection.choices
        assert choice.grounds
        assert selection.state
        pool = listed(at.encoding)
        assert pool
        free = pool.without(at.taken.points)
        points = [free.point(number) for number in range(len(free))]
        scores = torch.tensor(acquisition_of(at, selection.state, points))
        expected: list[int] = []
        for number in torch.argsort(scores, descending=True, stable=True).tolist():
            apart = torch.cdist(free.X[number : number + 1], free.X[expected])
            if not expected or float(apart.min()) > 0.05 * free.X.shape[1] ** 0.5:
                expected.append(number)
        told_as = [choice.point, *(one.point for one in choice.grounds.runners_up)]
        assert told_as == [points[number] for number in expected[: 1 + MOST]]
        for one, number in zip(choice.grounds.runners_up, expected[1:], strict=False):
            assert one.score == pytest.approx(float(scores[number]))
            assert one.score <= (choice.score or 0.0)
            assert sum(one.lost.values()) == pytest.approx(1)

    def test_parts_of_a_sum_are_its_differences(self) -> None:
        mean = torch.tensor([3.0, 1.0, 4.0], dtype=torch.float64)
        sd = torch.tensor([3.0, 1.5, 3.0], dtype=torch.float64)
        works = torch.tensor([0.0, -1.0, -5.0], dtype=torch.float64)
        told_as = Told(mean, sd, torch.ones(3, dtype=torch.float64), works)
        first, second = lost(lambda m, s: m + s, told_as, lambda wanted, log_p: wanted + log_p)
        assert first == pytest.approx({"exploit": 4 / 9, "explore": 3 / 9, "feasible": 2 / 9})
        assert second == {"feasible": 1.0}
        assert why_it_lost(first, "ucb") == "worse prediction and less unknown there"
        assert why_it_lost({}, "ucb") == "about as good"

    def test_what_is_near_one_in_flight_says_so(self) -> None:
        at = situation("continuous", rows_of(SPACES["continuous"], 6), Policy(name="uncertainty"))
        first = propose(at, 1).choices[0].point
        encoding = at.encoding
        waiting = replace(at, pending=(Pending(trial="p", point=first),))
        surrogate = fit(encoding, at.rows, UP, 0)
        chosen = Chooser(waiting, scoring(waiting, surrogate), []).choose()
        assert chosen
        beside = chosen._replace(others=((first, 0.0),))
        (runner,) = grounds(waiting, surrogate, beside).runners_up
        assert max(runner.lost, key=lambda name: runner.lost[name]) == "in_flight"
        assert "near one in flight" in why_it_lost(runner.lost, "uncertainty")

    @pytest.mark.parametrize(
        ("policy", "words"),
        [("thompson", "lower in this draw"), ("committee", "the committee disagrees less")],
    )
    def test_policies_without_parts_say_it_in_their_own_words(
        self, policy: Literal["thompson", "committee"], words: str
    ) -> None:
        at = situation("mixed", rows_of(SPACES["mixed"], 12), Policy(name=policy))
        (found,) = grounds_of(at)
        assert found.runners_up
        assert {why_it_lost(one.lost, policy) for one in found.runners_up} == {words}

    def test_what_seldom_works_is_less_likely_to(self) -> None:
        rows = tuple(
            at_square((a, b), float(a), f"{a}{b}") for a, b in ((1.0, 1), (2.0, 8), (3.0, 3), (1.0, 6), (4.0, 9))
        )  # fmt: skip
        failed = tuple({"a": a, "b": b} for a, b in ((8.0, 2), (9.0, 5), (9.5, 9), (7.5, 7)))
        at = Situation(SQUARE, UP, Policy(), rows, infeasible=failed, seed=0, started=9)
        (choice,) = propose(at, 1).choices
        assert choice.grounds
        assert all(one.feasible is not None for one in choice.grounds.runners_up)


@pytest.mark.parametrize("kind", SPACES)
def test_every_space_has_grounds_and_the_same_ones_again(kind: str) -> None:
    known = points_of(SPACES[kind], 14)
    at = situation(
        kind, rows_of(SPACES[kind], 13), Policy(), pending=(Pending(trial="p", point=known[13]),)
    )
    found = grounds_of(at, 2)
    assert found == grounds_of(at, 2)
    for one, choice in zip(found, propose(at, 2).choices, strict=True):
        assert len(one.neighbours) == MOST
        points = {key(choice.point), *(key(runner.point) for runner in one.runners_up)}
        assert len(points) == 1 + len(one.runners_up)
        assert all(runner.point in SPACES[kind] for runner in one.runners_up)
