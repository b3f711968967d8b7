"""The ways of transfer by their names: alike from outside, each with its own trust."""

import json
from typing import get_args

import numpy as np
import pytest
import torch

from agent.core.objective import Objective
from agent.core.policy import Policy
from agent.core.source import Source
from agent.core.transfer import Experience, Method, TransferRule
from agent.decide.propose import acquisition_of, propose
from agent.decide.situation import Situation
from agent.errors import ReplayError
from agent.learn.encoding import Encoding
from agent.learn.priors.given import Given
from agent.learn.priors.methods import fit_transfer, restore_transfer
from agent.learn.priors.source import fit_source
from agent.learn.priors.transfer import Transfer
from tests.learn.sources import source, unrelated
from tests.learn.spaces import SPACES, points_of, rows_of, value

UP = Objective(name="y", unit="eV", goal="maximise")
METHODS = tuple(one for one in get_args(Method) if one != "none")
SPACE = SPACES["continuous"]


def given(count: int, *sources: Source, kind: str = "continuous") -> Given:
    encoding = Encoding.of(SPACES[kind])
    models = tuple(fit_source(encoding, one, UP) for one in sources)
    return Given(encoding, rows_of(SPACES[kind], count), UP, models, sources, Experience(), seed=5)


def error(made: Transfer) -> float:
    points = points_of(SPACE, 40, seed=9)
    means = [mean for mean, _ in made.predict(points)]
    return float(np.std([m - value(SPACE, p) for m, p in zip(means, points, strict=True)]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_source_of_the_same_kind_helps(method: Method, count: int) -> None:
    made = fit_transfer(method, given(count, source(SPACE, 25)))
    assert error(made) < 0.6 * np.std([value(SPACE, p) for p in points_of(SPACE, 40, seed=9)])
    assert all(deviation > 0 for _, deviation in made.predict(points_of(SPACE, 5, seed=1)))


@pytest.mark.parametrize("method", METHODS)
def test_it_says_how_far_it_believes(method: Method) -> None:
    made = fit_transfer(method, given(6, source(SPACE, 25), unrelated(SPACE, 25)))
    assert sum(made.weights.values()) == pytest.approx(1.0)
    assert list(made.coefficients) == list(made.trusted) == ["earlier", "unrelated"]
    assert all(0 <= one <= 1 for one in made.trusted.values())
    assert 0 <= made.believed <= 1
    if method not in {"pooled", "stacked"}:
        assert made.trusted["unrelated"] < made.trusted["earlier"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["continuous", "mixed", "pool"])
def test_restored_it_predicts_the_same(method: Method, kind: str) -> None:
    space = SPACES[kind]
    what = given(5, source(space, 15), kind=kind)
    made = fit_transfer(method, what)
    state = json.loads(json.dumps(made.state()))
    again = restore_transfer(state, what)
    points = points_of(space, 8, seed=9)
    np.testing.assert_allclose(again.predict(points), made.predict(points), rtol=0, atol=1e-9)
    assert again.state() == made.state()
    with pytest.raises(ReplayError, match="not the rows"):
        restore_transfer(state, given(4, source(space, 15), kind=kind))


@pytest.mark.parametrize("method", METHODS)
def test_its_model_is_one_of_botorchs(method: Method) -> None:
    made = fit_transfer(method, given(6, source(SPACE, 20)))
    X = Encoding.of(SPACE).encode(points_of(SPACE, 7, seed=11))
    posterior = made.model.posterior(X)
    mean, deviation = made.posterior.marginals(X)
    torch.testing.assert_close(posterior.mean.squeeze(-1), mean, rtol=0, atol=1e-7)
    torch.testing.assert_close(
        posterior.variance.squeeze(-1), deviation.square(), rtol=0, atol=1e-6
    )


def test_the_field_may_take_a_mirrored_source_at_its_word_and_the_experts_do_not() -> None:
    what = given(8, source(SPACE, 25, factor=-1.0))
    stacked, experts = (fit_transfer(name, what) for name in ("stacked", "experts"))
    assert error(experts) < 0.5 * error(stacked)


def test_correlations_may_be_negative_where_they_are_free() -> None:
    what = given(8, source(SPACE, 25, factor=-1.0))
    free, positive = (fit_transfer(name, what) for name in ("multi_task_free", "multi_task"))
    assert free.coefficients["earlier"][0] < -0.5
    assert positive.coefficients["earlier"][0] >= 0
    assert error(free) < error(positive)


@pytest.mark.parametrize(
    ("method", "policy"),
    [
        *((method, "expected_improvement") for method in METHODS),
        *(("experts", policy) for policy in ("uncertainty", "committee", "ucb", "thompson")),
        *(("rgpe", policy) for policy in ("uncertainty", "committee", "ucb", "thompson")),
    ],
)
def test_every_policy_chooses_with_it(method: Method, policy: str) -> None:
    rule = TransferRule(method=method, plain_every=0)
    asked = Situation(
        SPACE,
        UP,
        Policy(name=policy, transfer=rule),  # type: ignore[arg-type]
        rows_of(SPACE, 4),
        sources=(source(SPACE, 20),),
        seed=7,
        started=4,
    )
    chosen = propose(asked, 2)
    assert len(chosen.choices) == 2
    assert chosen.state is not None and chosen.state["method"] == method
    assert [turn["by"] for turn in chosen.state["turns"]] == ["sources", "sources"]
    first = chosen.choices[0]
    (again,) = acquisition_of(asked, json.loads(json.dumps(chosen.state)), [first.point])
    if policy != "thompson":
        assert again == pytest.approx(first.score, abs=1e-6)


def test_with_none_it_is_decided_as_if_there_were_no_priors() -> None:
    rule = TransferRule(method="none")
    asked = Situation(SPACE, UP, Policy(transfer=rule), sources=(source(SPACE),), seed=7, started=0)
    chosen = propose(asked, 1)
    assert chosen.kind == "initial"
    assert chosen.choices == propose(Situation(SPACE, UP, Policy(), seed=7, started=0), 1).choices
