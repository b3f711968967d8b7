"""What a decision promises, for every policy and every kind of space."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from agent.core.constraints import ExpressionConstraint, LinearConstraint
from agent.core.history import Pending, Row, key
from agent.core.objective import Objective
from agent.core.parameters import ContinuousParameter, DiscreteParameter, IntegerParameter
from agent.core.policy import InitialDesign, Policy
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide import propose as deciding
from agent.decide.candidates import sampled
from agent.decide.designs import thorough
from agent.decide.propose import Selection, acquisition_of, propose
from agent.decide.situation import Situation
from agent.errors import ReplayError
from agent.learn.encoding import Encoding
from tests.learn.spaces import SPACES, measured, points_of, rows_of

UP = Objective(name="y", unit="eV", goal="maximise")
POLICIES = {
    "expected_improvement": Policy(),
    "uncertainty": Policy(name="uncertainty"),
    "integrated variance": Policy(name="uncertainty", criterion="integrated_variance"),
    "committee": Policy(name="committee"),
    "ucb": Policy(name="ucb"),
    "thompson": Policy(name="thompson"),
    "random": Policy(name="random"),
}


def decided(
    space: SearchSpace,
    rows: tuple[Row, ...] = (),
    policy: Policy = POLICIES["ucb"],
    objective: Objective = UP,
    q: int = 1,
    **given: object,
) -> Selection:
    arguments = {"seed": 7, "started": len(rows)} | given
    return propose(Situation(space, objective, policy, rows, **arguments), q)  # type: ignore[arg-type]


def plain(selection: Selection) -> str:
    fields = {
        **asdict(selection),
        "choices": [one.model_dump() for one in selection.choices],
        "outlook": selection.outlook and selection.outlook.model_dump(),
    }
    return json.dumps(fields, sort_keys=True)


@pytest.mark.parametrize("kind", SPACES)
@pytest.mark.parametrize("policy", POLICIES)
def test_points_can_be_sent_and_are_new(kind: str, policy: str) -> None:
    space = SPACES[kind]
    known = points_of(space, 18)
    rows = measured(space, known[:13])
    pending = tuple(Pending(trial=f"p{k}", point=point) for k, point in enumerate(known[13:15]))
    barred = tuple(known[15:])
    chosen = decided(space, rows, POLICIES[policy], pending=pending, barred=barred, q=3, started=20)
    assert chosen.kind == "model"
    points = [choice.point for choice in chosen.choices]
    assert len(points) == 3
    assert [space.reasons(point) for point in points] == [()] * 3
    names = {key(point) for point in points}
    assert len(names) == 3
    assert not names & {key(point) for point in known}
    for choice in chosen.choices:
        assert choice.replicate_of is None
        assert choice.why
        if policy != "random":
            mean, sd = choice.prediction["y"]
            assert np.isfinite([mean, sd, choice.score]).all()
            assert sd > 0
            assert sum(choice.shares.values()) == pytest.approx(1)
    assert (chosen.state is None) == (policy == "random")


@pytest.mark.parametrize("kind", SPACES)
@pytest.mark.parametrize("design", ["auto", "sobol", "latin_hypercube", "maximin"])
def test_the_initial_design_fills_the_space(kind: str, design: str) -> None:
    space, policy = SPACES[kind], Policy(initial=InitialDesign(design=design, size=6))  # type: ignore[arg-type]
    first = decided(space, policy=policy, q=4)
    points = [choice.point for choice in first.choices]
    pending = tuple(Pending(trial=str(k), point=point) for k, point in enumerate(points))
    second = decided(space, policy=policy, q=4, pending=pending, seed=8, started=4)
    points += [choice.point for choice in second.choices]
    assert (first.kind, second.kind) == ("initial", "initial")
    assert [space.reasons(point) for point in points] == [()] * 8
    assert len({key(point) for point in points}) == 8


@pytest.mark.parametrize("kind", SPACES)
def test_after_three_points_the_model_chooses(kind: str) -> None:
    space = SPACES[kind]
    rows = rows_of(space, 6)
    kinds = [decided(space, rows[:count], started=count).kind for count in range(6)]
    assert kinds == ["initial"] * 3 + ["model"] * 3


def test_what_tells_of_the_whole_space_follows_its_degrees_of_freedom() -> None:
    assert {kind: thorough(Encoding.of(space)) for kind, space in SPACES.items()} == {
        "continuous": 5, "discrete": 7, "mixed": 9, "composition": 7, "fine composition": 11,
        "pool": 7, "material": 7, "pool and number": 9, "constrained": 7, "constrained pool": 9,
    }  # fmt: skip


def test_trials_that_bring_nothing_do_not_hold_up_the_campaign() -> None:
    space = SPACES["continuous"]
    rows = rows_of(space, 2)
    assert decided(space, rows, started=5).kind == "initial"
    assert decided(space, rows, started=6).kind == "model"
    alone = decided(space, rows[:1], started=50)
    assert (alone.kind, len(alone.choices)) == ("initial", 1)
    assert decided(space, (), started=50).choices


def test_open_trials_count_for_the_design() -> None:
    space = SPACES["continuous"]
    rows = rows_of(space, 5)
    pending = tuple(Pending(trial=row.trial, point=row.point) for row in rows[2:])
    assert decided(space, rows[:2], pending=pending, started=5).kind == "model"
    assert decided(space, rows[:1], pending=pending, started=5).kind == "initial"
    assert decided(space, (), pending=pending, started=5).kind == "initial"


def test_given_points_come_first_and_once() -> None:
    space = SPACES["continuous"]
    given = tuple(points_of(space, 3))
    outside: Point = {"temperature": 999.0, "loading": 1.0}
    policy = Policy(initial=InitialDesign(design="points", points=(*given, outside)))
    first = decided(space, policy=policy, q=2)
    assert (first.kind, [one.point for one in first.choices]) == ("given", list(given[:2]))
    assert "1 given points are not in the space" in first.notes
    limit = LinearConstraint(coefficients={"temperature": 1.0}, high=float(given[0]["temperature"]))
    within = decided(space.within([limit]), policy=policy, q=2, leeway=(limit,))
    assert any("the operators' limits leave of the space" in note for note in within.notes)
    rows = measured(space, list(given[:2]))
    second = decided(space, rows, policy=policy, q=2)
    assert [one.point for one in second.choices] == [given[2]]
    assert decided(space, measured(space, list(given)), policy=policy, started=3).kind == "initial"
    assert decided(space, measured(space, list(given)), policy=policy, started=9).kind == "model"


def test_replicates_come_before_new_points() -> None:
    space = SPACES["discrete"]
    a, b, c = points_of(space, 3)
    policy = Policy(replicates=3, initial=InitialDesign(size=2))
    rows = measured(space, [a, a, a, b])
    rows = (*rows, rows[3].model_copy(update={"id": "again"}))
    pending = (Pending(trial="open", point=b), Pending(trial="other", point=c))
    chosen = decided(space, rows, policy, pending=pending, q=5).choices
    assert [one.point for one in chosen[:3]] == [b, c, c]
    assert [one.replicate_of for one in chosen] == ["t3", "other", "other", None, None]
    assert chosen[0].why == "measured again: 2 of 3 measurements of the point of t3 so far"
    assert not {key(one.point) for one in chosen[3:]} & {key(a), key(b), key(c)}
    barred = decided(space, rows, policy, pending=pending, barred=(b, c), q=2).choices
    assert [one.replicate_of for one in barred] == [None, None]


def test_a_space_that_is_exhausted_gives_what_is_left() -> None:
    space = SearchSpace(parameters=(DiscreteParameter(name="x", levels=(1, 2, 3, 4)),))
    points: list[Point] = [{"x": float(x)} for x in (1, 2, 3)]
    for policy in POLICIES.values():
        last = decided(space, measured(space, points), policy, q=3, started=9)
        assert [one.point for one in last.choices] == [{"x": 4.0}]
        assert "1 of 3 points: no other is feasible and new" in last.notes
        none = decided(space, measured(space, points), policy, barred=({"x": 4.0},), started=9)
        assert none.choices == ()
    assert len(decided(space, q=9).choices) == 4


def test_a_tiny_feasible_region_is_found() -> None:
    space = SearchSpace(
        parameters=tuple(ContinuousParameter(name=name, low=0, high=1) for name in "abcd"),
        constraints=(ExpressionConstraint(expression="max(a, b, c, d) <= 0.1"),),
    )
    initial = decided(space, q=6)
    assert len(initial.choices) == 6
    rows = measured(space, [one.point for one in initial.choices])
    chosen = decided(space, rows, POLICIES["expected_improvement"], q=2, started=30)
    assert (chosen.kind, len(chosen.choices)) == ("model", 2)
    assert all(one.point in space for one in chosen.choices)


def test_a_thin_slice_of_linear_constraints_is_found() -> None:
    names = "abcdefgh"
    space = SearchSpace(
        parameters=tuple(
            ContinuousParameter(name=name, low=0, high=1, resolution=1e-4) for name in names
        ),
        constraints=(LinearConstraint(coefficients=dict.fromkeys(names, 1.0), high=0.1),),
    )
    initial = decided(space, q=8)
    assert len(initial.choices) == 8
    assert all(one.point in space for one in initial.choices)


def test_an_empty_region_is_said_to_be_empty() -> None:
    parameters = (ContinuousParameter(name="a", low=0, high=1),)
    impossible = (ExpressionConstraint(expression="a > 2"),)
    empty = decided(SearchSpace(parameters=parameters, constraints=impossible), q=2)
    assert empty.choices == ()
    assert empty.notes == ("0 of 2 points: no other is feasible and new",)


def test_a_model_that_cannot_be_fitted_gives_way_to_the_design() -> None:
    space = SPACES["continuous"]
    rows = tuple(row.model_copy(update={"value": 1e308 * (-1) ** k}) for k, row in
                 enumerate(rows_of(space, 6)))  # fmt: skip
    chosen = decided(space, rows, started=40)
    assert len(chosen.choices) == 1


@pytest.mark.parametrize("policy", POLICIES)
def test_the_state_of_other_generators_changes_nothing(policy: str) -> None:
    space = SPACES["mixed"]
    rows = rows_of(space, 12)
    torch.manual_seed(1)
    first = plain(decided(space, rows, POLICIES[policy], q=2))
    before = torch.random.get_rng_state()
    torch.manual_seed(2)
    np.random.seed(3)
    threads = torch.get_num_threads()
    assert plain(decided(space, rows, POLICIES[policy], q=2)) == first
    assert torch.get_num_threads() == threads
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), before)


_FRESH = """
from tests.decide.test_propose import POLICIES, decided, plain
from tests.learn.spaces import SPACES, rows_of
for kind in ("mixed", "pool", "fine composition"):
    for policy in ("expected_improvement", "committee", "thompson"):
        print(plain(decided(SPACES[kind], rows_of(SPACES[kind], 14), POLICIES[policy], q=2)))
"""


def test_a_fresh_process_decides_the_same_to_the_last_bit() -> None:
    found = subprocess.run(
        [sys.executable, "-c", _FRESH], check=True, capture_output=True, text=True
    )
    here = [
        plain(decided(SPACES[kind], rows_of(SPACES[kind], 14), POLICIES[policy], q=2))
        for kind in ("mixed", "pool", "fine composition")
        for policy in ("expected_improvement", "committee", "thompson")
    ]
    assert found.stdout.splitlines() == here


@pytest.mark.parametrize("kind", ["continuous", "mixed", "pool"])
@pytest.mark.parametrize("policy", [name for name in POLICIES if name != "random"])
def test_the_acquisition_is_recomputed_from_the_state(kind: str, policy: str) -> None:
    space = SPACES[kind]
    rows = rows_of(space, 14)
    chosen = decided(space, rows, POLICIES[policy])
    state = json.loads(json.dumps(chosen.state))
    known = Situation(space, UP, POLICIES[policy], rows, seed=7, started=len(rows))
    compared = [chosen.choices[0].point, points_of(space, 20)[-1]]
    here, there = acquisition_of(known, state, compared)
    assert here == pytest.approx(chosen.choices[0].score, abs=1e-6)
    assert there <= here + 1e-6
    altered = (rows[0].model_copy(update={"value": 0.1}), *rows[1:])
    with pytest.raises(ReplayError):
        acquisition_of(replace(known, rows=altered), state, [rows[0].point])


def test_pending_points_move_the_choice() -> None:
    space = SPACES["continuous"]
    rows = rows_of(space, 12)
    for policy in ("expected_improvement", "ucb", "uncertainty"):
        first = decided(space, rows, POLICIES[policy]).choices[0].point
        open_ = (Pending(trial="open", point=first),)
        second = decided(space, rows, POLICIES[policy], pending=open_).choices[0].point
        assert abs(float(first["temperature"]) - float(second["temperature"])) > 1 or (
            abs(np.log(float(first["loading"]) / float(second["loading"]))) > 0.1
        )


TARGETS = {
    "match": Objective(name="y", unit="nm", goal="match", target=530.0),
    "within": Objective(name="y", unit="nm", goal="within", low=528.0, high=532.0),
    "above": Objective(name="y", unit="nm", goal="within", low=900.0),
}


@pytest.mark.parametrize(
    ("goal", "policy"),
    [
        *((goal, "expected_improvement") for goal in TARGETS),
        ("match", "ucb"),
        ("within", "thompson"),
    ],
)
def test_goals_with_a_target_are_reached(goal: str, policy: str) -> None:
    objective = TARGETS[goal]
    space = SearchSpace(
        parameters=(
            DiscreteParameter(name="a", low=0, high=1, step=0.01),
            IntegerParameter(name="b", low=0, high=9),
        )
    )
    rows: list[Row] = []
    for number in range(14):
        point = decided(
            space, tuple(rows), POLICIES[policy], objective=objective, seed=number
        ).choices[0].point  # fmt: skip
        value = 400.0 + 400 * float(point["a"]) ** 2 + 18 * float(point["b"])
        rows.append(Row(id=str(number), trial=str(number), point=point, value=value))
    assert max(objective.score(row.value) for row in rows) > -3


def test_why_says_it_in_the_unit() -> None:
    objective = Objective(name="y", unit="eV/atom", goal="minimise")
    space = SPACES["continuous"]
    one = decided(space, rows_of(space, 12), Policy(), objective=objective).choices[0]
    assert one.why.startswith("highest expected improvement: predicted ")
    assert " eV/atom, best so far " in one.why
    mean, _ = one.prediction["y"]
    assert f"predicted {mean:.2f}"[:13] in one.why
    assert "Sobol" in decided(space).choices[0].why


def test_shares_tell_looking_from_taking() -> None:
    space = SPACES["continuous"]
    looking = decided(space, rows_of(space, 12), POLICIES["uncertainty"]).choices[0]
    assert looking.shares == {"exploit": 0.0, "explore": 1.0}
    taking = decided(space, rows_of(space, 40), Policy()).choices[0]
    assert taking.shares["exploit"] > 0.5


def test_nothing_is_asked_for_nothing() -> None:
    assert decided(SPACES["continuous"], q=0).choices == ()
    assert deciding.Kind


@pytest.mark.parametrize(("unit", "low", "high"), [("A", 1e-15, 1e-12), ("fA", 1.0, 1e3)])
def test_candidates_are_as_many_in_a_large_unit_as_in_a_small_one(
    unit: str, low: float, high: float
) -> None:
    current = ContinuousParameter(name="current", low=low, high=high, unit=unit, scale="log")
    assert len(sampled(Encoding(SearchSpace(parameters=(current,))), 2048, 1)) > 800
