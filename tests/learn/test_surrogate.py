"""Rows in, posterior out: also of few rows, equal rows, huge and tiny ones."""

import json

import numpy as np
import pytest
import torch

from agent.core.history import Row
from agent.core.objective import Objective
from agent.errors import ModelError, ReplayError
from agent.learn.committee import Committee
from agent.learn.encoding import Encoding
from agent.learn.posterior import Posterior
from agent.learn.surrogate import fit, restore
from agent.learn.training import FITTERS, Training, prior_mode
from tests.learn.spaces import SPACES, points_of, rows_of

UP = Objective(name="y", unit="eV", goal="maximise")
DOWN = Objective(name="y", unit="eV", goal="minimise")


def noisy(count: int, sd: float | None = None) -> tuple[Row, ...]:
    rows = rows_of(SPACES["continuous"], count)
    random = np.random.default_rng(5)
    return tuple(
        row.model_copy(update={"value": row.value + 0.1 * random.normal(), "sd": sd})
        for row in rows
    )


@pytest.mark.parametrize("kind", SPACES)
def test_predictions_are_near_the_rows(kind: str) -> None:
    space = SPACES[kind]
    rows = rows_of(space, 15)
    surrogate = fit(Encoding.of(space), rows, DOWN, seed=0)
    spread = np.std([row.value for row in rows])
    for row, (mean, sd) in zip(rows, surrogate.predict([r.point for r in rows]), strict=True):
        assert abs(mean - row.value) < spread
        assert 0 < sd < 2 * spread


@pytest.mark.parametrize("sd", [None, 0.1, 0.0])
def test_restored_it_predicts_the_same(sd: float | None) -> None:
    encoding, rows = Encoding.of(SPACES["continuous"]), noisy(12, sd)
    surrogate = fit(encoding, rows, DOWN, seed=0)
    state = json.loads(json.dumps(surrogate.state()))
    again = restore(state, encoding, rows, DOWN)
    points = points_of(SPACES["continuous"], 20, seed=9)
    np.testing.assert_allclose(again.predict(points), surrogate.predict(points), rtol=0, atol=1e-9)
    assert again.state() == surrogate.state()


def test_other_rows_cannot_restore_it() -> None:
    encoding, rows = Encoding.of(SPACES["continuous"]), noisy(6)
    state = fit(encoding, rows, UP, seed=0).state()
    altered = (rows[0].model_copy(update={"value": rows[0].value + 1e-9}), *rows[1:])
    with pytest.raises(ReplayError, match="not the rows"):
        restore(state, encoding, altered, UP)
    with pytest.raises(ReplayError, match="not the one"):
        restore({**state, "scales": ["other"]}, encoding, rows, UP)


@pytest.mark.parametrize(
    "values",
    [[3.0], [3.0, 4.0], [0.0] * 6, [7.25] * 6, [1e12, 1.1e12, 0.9e12], [1e-12, 2e-12, 3e-12],
     [1e-300, 2e-300], [1e300, -1e300, 0.0], [1e9, 1e9 + 1e-6, 1e9]],
)  # fmt: skip
def test_any_values_give_finite_predictions(values: list[float]) -> None:
    space = SPACES["continuous"]
    points = points_of(space, len(values))
    rows = tuple(
        Row(id=str(k), trial=str(k), point=point, value=value)
        for k, (point, value) in enumerate(zip(points, values, strict=True))
    )
    surrogate = fit(Encoding.of(space), rows, DOWN, seed=0)
    assert np.isfinite(surrogate.predict(points_of(space, 5, seed=2))).all()
    assert json.loads(json.dumps(surrogate.state(), allow_nan=False)) == surrogate.state()


def test_the_same_point_many_times() -> None:
    space = SPACES["discrete"]
    one, two = points_of(space, 2)
    random = np.random.default_rng(0)
    rows = tuple(
        Row(id=str(k), trial=str(k), point=two if k == 0 else one, value=float(random.normal(5, 1)))
        for k in range(30)
    )
    surrogate = fit(Encoding.of(space), rows, UP, seed=0)
    mean, sd = surrogate.predict([one])[0]
    assert mean == pytest.approx(np.mean([row.value for row in rows[1:]]), abs=0.5)
    assert sd < 0.6


def test_rows_from_outside_the_space_are_left_out() -> None:
    space = SPACES["discrete"]
    rows = rows_of(space, 5)
    strange = rows[0].model_copy(update={"point": {**rows[0].point, "base": "Rb"}, "id": "x"})
    surrogate = fit(Encoding.of(space), (strange, *rows), UP, seed=0)
    assert surrogate.rows == rows
    assert surrogate.notes == ("1 rows left out: outside the space",)
    with pytest.raises(ModelError, match="no row"):
        fit(Encoding.of(space), (strange,), UP, seed=0)


def failing(_: Training) -> object:
    raise ModelError("planted")


def not_finite(training: Training) -> object:
    model = training.model()
    with torch.no_grad():
        model.mean_module.constant.fill_(float("nan"))
    return model


def test_a_fitter_that_fails_gives_way_to_the_next() -> None:
    encoding, rows = Encoding.of(SPACES["continuous"]), noisy(8)
    chain = [("first", failing), ("second", not_finite), ("third", prior_mode)]
    surrogate = fit(encoding, rows, UP, 0, chain)  # type: ignore[arg-type]
    assert surrogate.fitter == "third"
    assert surrogate.notes == (
        "fit failed (first): planted",
        "fit failed (second): the posterior is not finite",
    )
    assert np.isfinite(surrogate.predict([rows[0].point])).all()
    state = surrogate.state()
    again = restore(state, encoding, rows, UP)
    assert again.predict([rows[0].point]) == surrogate.predict([rows[0].point])
    with pytest.raises(ModelError, match="planted"):
        fit(encoding, rows, UP, 0, chain[:2])  # type: ignore[arg-type]


@pytest.mark.parametrize("sd", [None, 0.2])
@pytest.mark.parametrize("at", range(len(FITTERS)))
def test_every_fitter_of_the_chain_works_and_is_restored(at: int, sd: float | None) -> None:
    encoding, rows = Encoding.of(SPACES["mixed"]), rows_of(SPACES["mixed"], 9)
    rows = tuple(row.model_copy(update={"sd": sd}) for row in rows)
    surrogate = fit(encoding, rows, UP, 0, FITTERS[at : at + 1])
    again = restore(surrogate.state(), encoding, rows, UP)
    points = points_of(SPACES["mixed"], 5, seed=1)
    assert again.predict(points) == surrogate.predict(points)


def test_marginals_are_those_of_botorch() -> None:
    space = SPACES["mixed"]
    surrogate = fit(Encoding.of(space), rows_of(space, 12), UP, seed=0)
    X = Encoding.of(space).encode(points_of(space, 30, seed=4))
    mean, sd = surrogate.posterior.marginals(X)
    theirs = surrogate.model.posterior(X)
    torch.testing.assert_close(mean, theirs.mean.squeeze(-1), rtol=0, atol=1e-8)
    torch.testing.assert_close(sd.square(), theirs.variance.squeeze(-1), rtol=0, atol=1e-8)
    shared = surrogate.posterior.parts[0].covariance(X, X)
    torch.testing.assert_close(shared, theirs.covariance_matrix, rtol=0, atol=1e-8)


def test_points_in_flight_shrink_variances_and_leave_means() -> None:
    space = SPACES["mixed"]
    surrogate = fit(Encoding.of(space), rows_of(space, 8), UP, seed=0)
    X = Encoding.of(space).encode(points_of(space, 20, seed=4))
    mean, sd = surrogate.posterior.marginals(X)
    after, less = Posterior(surrogate.model, X[:3]).marginals(X)
    torch.testing.assert_close(after, mean)
    assert bool((less <= sd + 1e-12).all())
    assert float(less[0]) < 0.9 * float(sd[0])


def test_a_committee_disagrees_less_where_it_was_measured() -> None:
    space = SPACES["continuous"]
    rows = rows_of(space, 10)
    surrogate = fit(Encoding.of(space), rows, UP, seed=0)
    committee = Committee(surrogate, torch.zeros(0, 2, dtype=torch.float64), seed=1)
    inside = committee.variance(surrogate.training.X).mean()
    outside = committee.variance(Encoding.of(space).encode(points_of(space, 50, seed=8))).mean()
    assert float(inside) < float(outside)
