"""What a decision by Ax promises: the same as any other, but for what Ax is not told."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from agent.core.constraints import LinearConstraint
from agent.core.history import Bound, Pending, key
from agent.core.objective import Objective
from agent.core.parameters import ContinuousParameter
from agent.core.policy import Policy
from agent.core.source import Source, SourceRow
from agent.core.space import SearchSpace
from agent.decide.propose import acquisition_of
from agent.decide.situation import Situation
from agent.errors import ReplayError
from tests.decide.test_propose import UP, decided, plain
from tests.learn.spaces import SPACES, measured, points_of, rows_of

pytestmark = pytest.mark.skipif(find_spec("ax") is None, reason="Ax is an extra")

AX = Policy(strategy="ax")
BOX = SearchSpace(parameters=tuple(ContinuousParameter(name=name, low=0, high=10) for name in "ab"))


@pytest.mark.parametrize(
    "kind", ["discrete", "composition", "pool", "pool and number", "constrained"]
)
def test_points_can_be_sent_and_are_new(kind: str) -> None:
    space = SPACES[kind]
    known = points_of(space, 18)
    pending = tuple(Pending(trial=f"p{k}", point=point) for k, point in enumerate(known[13:15]))
    told = {"pending": pending, "barred": tuple(known[15:]), "q": 2, "started": 20}
    chosen = decided(space, measured(space, known[:13]), AX, **told)
    points = [choice.point for choice in chosen.choices]
    assert chosen.kind == "model"
    assert [space.reasons(point) for point in points] == [()] * 2
    assert len({key(point) for point in [*points, *known]}) == 20
    for choice in chosen.choices:
        assert choice.acquisition == "qLogNoisyExpectedImprovement"
        assert choice.why.startswith("the choice of Ax: predicted ")
        assert np.isfinite([*choice.prediction["y"], choice.score]).all()


def test_in_a_box_it_searches_by_itself_near_the_top() -> None:
    points = points_of(BOX, 12)
    values = [-((point["a"] - 6.2) ** 2) - (point["b"] - 3.1) ** 2 for point in points]
    rows = tuple(
        row.model_copy(update={"value": value})
        for row, value in zip(measured(BOX, points), values, strict=True)
    )
    (choice,) = decided(BOX, rows, AX).choices
    assert choice.point["a"] == pytest.approx(6.2, abs=1)
    assert choice.point["b"] == pytest.approx(3.1, abs=1)
    assert choice.point in BOX


def test_where_rounding_breaks_a_constraint_the_next_point_inside_is_taken() -> None:
    grid = [ContinuousParameter(name=name, low=0, high=10, resolution=2.5) for name in "ab"]
    leaves_out = LinearConstraint(coefficients={"a": 1, "b": 1}, high=11)
    space = SearchSpace(parameters=tuple(grid), constraints=(leaves_out,))
    points = points_of(space, 8)
    rows = tuple(
        row.model_copy(update={"value": float(row.point["a"]) + float(row.point["b"])})
        for row in measured(space, points)
    )
    chosen = decided(space, rows, AX)
    assert [space.reasons(choice.point) for choice in chosen.choices] == [()]
    assert not {key(choice.point) for choice in chosen.choices} & {key(point) for point in points}


def test_to_minimise_is_to_look_on_the_other_side() -> None:
    space = SPACES["discrete"]
    rows = rows_of(space, 14)
    up, down = (
        decided(space, rows, AX, Objective(name="y", unit="eV", goal=goal)).choices[0]
        for goal in ("maximise", "minimise")
    )
    assert up.prediction["y"][0] > down.prediction["y"][0]


def test_what_is_executed_need_not_be_in_the_box() -> None:
    rows = rows_of(BOX, 8)
    beyond = rows[0].model_copy(update={"point": {"a": 10.3, "b": -0.2}})
    assert decided(BOX, (beyond, *rows[1:]), AX).kind == "model"


def test_what_ax_is_not_told_is_said() -> None:
    space = SPACES["pool"]
    rows, (at, *_) = rows_of(space, 8), points_of(space, 9)[8:]
    source = Source(name="old", rows=(SourceRow(point=at, value=1.0),), trust="similar")
    bound = Bound(id="b", trial="tb", point=at, high=0.5)
    chosen = decided(space, rows, AX, sources=(source,), bounds=(bound,))
    assert chosen.notes == ("Ax leaves out bounds: 1 of them", "Ax leaves out the priors")


@pytest.mark.parametrize("kind", ["pool", "discrete"])
def test_a_space_that_is_exhausted_gives_nothing(kind: str) -> None:
    space = SPACES[kind]
    chosen = decided(space, rows_of(space, 8), AX, barred=tuple(points_of(space, 40)), q=1)
    assert chosen.kind == "model"


def test_for_what_it_cannot_choose_the_design_goes_on() -> None:
    target = Objective(name="y", unit="eV", goal="match", target=1.0)
    chosen = decided(SPACES["pool"], rows_of(SPACES["pool"], 8), AX, target)
    assert chosen.kind == "initial"
    assert "the goal is match" in chosen.notes[0]


_FRESH = """
import torch; torch.rand(5)
from tests.decide.test_ax import AX, BOX
from tests.decide.test_propose import decided, plain
from tests.learn.spaces import SPACES, rows_of
print(plain(decided(SPACES["pool"], rows_of(SPACES["pool"], 9), AX, q=2)))
print(plain(decided(BOX, rows_of(BOX, 9), AX)))
"""


def test_a_fresh_process_decides_the_same_to_the_last_bit() -> None:
    found = subprocess.run(
        [sys.executable, "-c", _FRESH], check=True, capture_output=True, text=True
    )
    pool = SPACES["pool"]
    here = [decided(pool, rows_of(pool, 9), AX, q=2), decided(BOX, rows_of(BOX, 9), AX)]
    assert found.stdout.splitlines() == [plain(one) for one in here]
    assert found.stderr == ""


@pytest.mark.parametrize("space", [SPACES["pool"], BOX], ids=["pool", "box"])
def test_the_acquisition_is_recomputed_from_the_state(space: SearchSpace) -> None:
    rows = rows_of(space, 10)
    chosen = decided(space, rows, AX)
    state = json.loads(json.dumps(chosen.state))
    known = Situation(space, UP, AX, rows, seed=7, started=len(rows))
    compared = [chosen.choices[0].point, points_of(space, 20)[-1]]
    here, there = acquisition_of(known, state, compared)
    assert here == pytest.approx(chosen.choices[0].score, abs=1e-9)
    assert there <= here
    altered = (rows[0].model_copy(update={"value": 0.1}), *rows[1:])
    with pytest.raises(ReplayError):
        acquisition_of(replace(known, rows=altered), state, compared)


def test_the_acquisition_is_that_of_the_stored_hyperparameters() -> None:
    space = SPACES["pool"]
    rows = rows_of(space, 10)
    chosen = decided(space, rows, AX)
    state = json.loads(json.dumps(chosen.state))
    named = state["hyperparameters"]
    named["covar_module.raw_lengthscale"] = [[9.0] * len(state["parameters"])]
    known = Situation(space, UP, AX, rows, seed=7, started=len(rows))
    (other,) = acquisition_of(known, state, [chosen.choices[0].point])
    assert other != pytest.approx(chosen.choices[0].score, abs=1e-3)


def test_ax_is_imported_only_where_it_is_asked() -> None:
    code = (
        "import sys; from tests.decide.test_propose import decided\n"
        "from tests.learn.spaces import SPACES, rows_of\n"
        "decided(SPACES['pool'], rows_of(SPACES['pool'], 6)); print('ax' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "False"
