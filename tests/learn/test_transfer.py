"""What sources teach: their values, their lengthscales, or nothing; by their track record."""

import json

import numpy as np
import pytest
import torch

from agent.core.objective import Objective
from agent.core.source import Source, SourceRow
from agent.core.space import SearchSpace
from agent.core.transfer import Experience
from agent.errors import ModelError, ReplayError
from agent.learn.encoding import Encoding
from agent.learn.evidence import Believed, Rows, dimension_scaled
from agent.learn.kernel import squared_distances
from agent.learn.priors.experts import Experts, fit, restore
from agent.learn.priors.given import Given
from agent.learn.priors.selftest import tells
from agent.learn.priors.source import SourceModel, fit_source, restore_source
from tests.learn.sources import source, unrelated
from tests.learn.spaces import SPACES, points_of, rows_of, value

UP = Objective(name="y", unit="eV", goal="maximise")
DOWN = Objective(name="y", unit="eV", goal="minimise")
SPACE = SPACES["continuous"]


def given(space: SearchSpace, count: int, *sources: Source, objective: Objective = UP) -> Given:
    encoding = Encoding.of(space)
    models = tuple(fit_source(encoding, one, objective) for one in sources)
    return Given(encoding, rows_of(space, count), objective, models, sources, Experience())


def learnt(space: SearchSpace, count: int, *sources: Source, objective: Objective = UP) -> Experts:
    return fit(given(space, count, *sources, objective=objective))


@pytest.mark.parametrize("kind", SPACES)
def test_a_source_predicts_what_it_has_seen_nearby(kind: str) -> None:
    space = SPACES[kind]
    encoding, points = Encoding.of(space), points_of(space, 15, seed=9)
    model = fit_source(encoding, source(space, count=15 if "pool" in kind else 40), UP)
    with torch.no_grad():
        expected = model.marginal_mean(encoding.encode(points)).numpy()
    truth = np.array([value(space, point) for point in points])
    assert np.corrcoef(expected, truth)[0, 1] > 0.5


def test_before_the_first_row_the_sources_are_believed() -> None:
    for objective in (UP, DOWN):
        made = learnt(SPACE, 0, source(SPACE, offset=100.0), objective=objective)
        assert made.believed == pytest.approx(0.8)
        points = points_of(SPACE, 30, seed=9)
        means = [mean for mean, _ in made.predict(points)]
        truth = [value(SPACE, point) for point in points]
        assert np.corrcoef(means, truth)[0, 1] > 0.9


@pytest.mark.parametrize("height", [1e3, -1e5])
def test_only_the_shape_of_a_source_has_to_be_right(height: float) -> None:
    made = learnt(SPACE, 6, source(SPACE, offset=height))
    points = points_of(SPACE, 30, seed=9)
    means = np.array([mean for mean, _ in made.predict(points)])
    truth = np.array([value(SPACE, point) for point in points])
    assert np.corrcoef(means, truth)[0, 1] > 0.8
    assert abs(means.mean() - truth.mean()) < 2 * truth.std()


def test_of_very_many_rows_none_counts_twice() -> None:
    """Few settings, each measured very often, and one reading that is wrong."""
    encoding, points = Encoding.of(SPACE), points_of(SPACE, 8, seed=3)
    random = np.random.default_rng(0)
    rows = [
        SourceRow(point=point, value=value(SPACE, point) + 0.1 * random.standard_normal())
        for point in points
        for _ in range(100)
    ]
    wrong = SourceRow(point=points[0], value=value(SPACE, points[0]) + 5)
    often = Source(name="often", trust="same", rows=(wrong, *rows))
    model = fit_source(encoding, often, UP)
    assert len(model.X) == 400
    with torch.no_grad():
        told = (
            model.marginal_mean(encoding.encode(points[:1])).item() * model.deviation + model.mean
        )
    assert told == pytest.approx(value(SPACE, points[0]), abs=0.5)


def test_noise_of_different_heaviness_is_no_pattern() -> None:
    found = []
    for seed in range(12):
        random = np.random.default_rng(seed)
        sds = random.choice([0.05, 1.5], 40)
        z = sds * random.standard_normal(40)
        X = random.random((40, 2))
        rows = Rows(squared_distances(X, X, (0, 1)), (z - z.mean()) / z.std(), np.zeros((40, 40)), sds**2 / z.var())  # fmt: skip  # noqa: E501
        found.append(tells(rows, Believed(dimension_scaled((0, 1))), seed))
    assert sum(found) <= 5


@pytest.mark.parametrize(
    ("trust", "weight"), [("same", 0.8), ("similar", 0.65), ("simulation", 0.5), ("maybe", 0.3)]
)
def test_trust_in_words_is_the_weight_to_begin_with(trust: str, weight: float) -> None:
    made = learnt(SPACE, 0, source(SPACE, trust=trust))  # type: ignore[arg-type]
    assert made.believed == pytest.approx(weight)
    assert made.weights["mirrored"] == pytest.approx(weight / 8)
    assert sum(made.weights.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(("factor", "offset"), [(1.0, 0.0), (3.0, 50.0), (0.2, -7.0)])
def test_a_related_source_is_used_whatever_its_scale_and_offset(
    factor: float, offset: float
) -> None:
    made = learnt(SPACE, 8, source(SPACE, factor=factor, offset=offset))
    assert made.weights["sources"] > 0.5
    points = points_of(SPACE, 30, seed=9)
    errors = [m - value(SPACE, p) for (m, _), p in zip(made.predict(points), points, strict=True)]
    assert np.std(errors) < 0.25 * np.std([value(SPACE, point) for point in points])


def test_a_mirrored_source_has_a_negative_coefficient() -> None:
    made = learnt(SPACE, 10, source(SPACE, factor=-1.0))
    mean, deviation = made.coefficients["earlier"]
    assert mean + 2 * deviation < 0
    points = points_of(SPACE, 30, seed=9)
    means = [mean for mean, _ in made.predict(points)]
    assert np.corrcoef(means, [value(SPACE, point) for point in points])[0, 1] > 0.9


def test_each_source_has_a_coefficient_of_its_own() -> None:
    good, bad = source(SPACE, name="good"), unrelated(SPACE, name="bad")
    made = learnt(SPACE, 12, good, bad)
    assert made.coefficients["good"][0] > 0.4
    assert abs(made.coefficients["bad"][0]) < made.coefficients["good"][0]
    assert made.trusted["bad"] < made.trusted["good"]


def test_an_unrelated_source_loses_its_weight() -> None:
    begun, later = (learnt(SPACE, count, unrelated(SPACE)) for count in (0, 20))
    assert later.believed < 0.5 < begun.believed
    assert later.trusted["unrelated"] < 0.2 < begun.trusted["unrelated"]


def test_a_mirrored_source_is_turned_round_at_once() -> None:
    made = learnt(SPACE, 4, source(SPACE, factor=-1.0))
    assert made.weights["mirrored"] > made.weights["sources"]


@pytest.mark.parametrize("seed", range(4))
def test_a_source_of_chance_tells_nothing(seed: int) -> None:
    with pytest.raises(ModelError, match="tells nothing"):
        fit_source(Encoding.of(SPACE), source(SPACE, shuffled=True, seed=seed), UP)


def test_a_source_of_a_few_rows_is_not_asked_whether_it_tells_anything() -> None:
    few = source(SPACE, 7, shuffled=True)
    assert len(fit_source(Encoding.of(SPACE), few, UP).z) == 7


def test_the_experts_are_what_gpytorch_makes_of_them() -> None:
    made = learnt(SPACE, 9, source(SPACE), source(SPACE, factor=-1.0, name="other"))
    X = Encoding.of(SPACE).encode(points_of(SPACE, 7, seed=11))
    for expert in made.experts:
        posterior = expert.model.posterior(X)
        mean, deviation = expert.posterior.marginals(X)
        torch.testing.assert_close(mean, posterior.mean.squeeze(-1), rtol=0, atol=1e-8)
        torch.testing.assert_close(
            deviation, posterior.variance.squeeze(-1).sqrt(), rtol=0, atol=1e-6
        )
        model = expert.model
        model.train()
        joint = model.likelihood(model(*model.train_inputs))
        assert float(joint.log_prob(model.train_targets)) == pytest.approx(expert.found.evidence)
        model.eval()


def test_restored_it_predicts_the_same() -> None:
    sources = (source(SPACE), source(SPACE, factor=-2.0, name="other"))
    made = learnt(SPACE, 9, *sources)
    state = json.loads(json.dumps(made.state()))
    again = restore(state, given(SPACE, 9, *sources))
    points = points_of(SPACE, 10, seed=9)
    np.testing.assert_allclose(again.predict(points), made.predict(points), rtol=0, atol=1e-9)
    assert again.state() == made.state()


def test_other_rows_or_sources_cannot_restore_it() -> None:
    earlier = source(SPACE)
    state = learnt(SPACE, 6, earlier).state()
    with pytest.raises(ReplayError, match="not the rows"):
        restore(state, given(SPACE, 5, earlier))
    other = source(SPACE, factor=1.0 + 1e-9)
    with pytest.raises(ReplayError, match="not the one"):
        restore_source(state["sources"][0], Encoding.of(SPACE), other, UP)


def test_a_column_that_the_source_does_not_know_is_left_out() -> None:
    whole = source(SPACE)
    first, *others = SPACE.columns
    rows = tuple(
        row.model_copy(update={"point": {name: row.point[name] for name in others}})
        for row in whole.rows
    )
    encoding = Encoding.of(SPACE)
    model = fit_source(encoding, whole.model_copy(update={"rows": rows}), UP)
    assert len(model.columns) == encoding.width - 1
    point = points_of(SPACE, 1, seed=9)[0]
    low, high = ({**point, first: end} for end in (0.0, 10.0))
    with torch.no_grad():
        same = model.marginal_mean(encoding.encode([low, high]))
    assert float(same[0]) == float(same[1])


def test_a_source_without_a_usable_row_is_refused() -> None:
    encoding = Encoding.of(SPACES["pool"])
    strange = tuple(SourceRow(point={"candidate": "lead"}, value=float(k)) for k in range(5))
    flat = tuple(row.model_copy(update={"value": 1.0}) for row in source(SPACE).rows)
    with pytest.raises(ModelError, match="earlier"):
        fit_source(encoding, Source(name="earlier", trust="same", rows=strange), UP)
    with pytest.raises(ModelError, match="earlier"):
        fit_source(Encoding.of(SPACE), Source(name="earlier", trust="same", rows=flat), UP)


def test_a_source_in_other_units_tells_only_the_shape() -> None:
    other = source(SPACE, factor=1000.0).model_copy(update={"comparable": False})
    made = learnt(SPACE, 8, other)
    assert made.weights["sources"] > 0.5
    assert made.scaling.scale < 10
    assert restore_source(
        made.sources[0].state(), Encoding.of(SPACE), other, UP
    ).mean == pytest.approx(made.sources[0].mean)


def test_candidates_that_are_not_in_the_pool_teach_by_their_descriptors() -> None:
    space = SPACES["pool"]
    encoding, pool = Encoding.of(space), SPACES["pool"].pools["candidate"]
    whole = source(space, 15)
    strangers = tuple(
        row.model_copy(
            update={
                "point": {
                    name: column[pool.ids.index(str(row.point["candidate"]))]
                    for name, column in pool.descriptors.items()
                }
            }
        )
        for row in whole.rows
    )
    named = fit_source(encoding, whole, UP)
    described = fit_source(encoding, whole.model_copy(update={"rows": strangers}), UP)
    torch.testing.assert_close(described.X, named.X)
    X = encoding.encode(points_of(space, 10, seed=9))
    with torch.no_grad():
        torch.testing.assert_close(described.marginal_mean(X), named.marginal_mean(X))


def test_of_very_many_rows_the_best_and_the_far_apart_are_kept() -> None:
    space, encoding = SPACE, Encoding.of(SPACE)
    whole = source(space, 1000)
    model = fit_source(encoding, whole, UP)
    assert len(model.X) == 400
    best = max(whole.rows, key=lambda row: row.value)
    assert float(model.z.max()) * model.deviation + model.mean == pytest.approx(best.value)
    points = points_of(space, 40, seed=9)
    with torch.no_grad():
        expected = model.marginal_mean(encoding.encode(points)).numpy()
    truth = [value(space, point) for point in points]
    assert np.corrcoef(expected, truth)[0, 1] > 0.99
    again = restore_source(model.state(), encoding, whole, UP)
    torch.testing.assert_close(again.X, model.X)


def at_bath(bath: float, count: int, own: float = 70.0) -> Source:
    """Rows of an earlier campaign at another bath, which shifts its values and their slope."""
    whole = source(SPACE, count)
    rows = tuple(
        row.model_copy(
            update={
                "point": {**row.point, "bath": bath},
                "value": row.value + 0.05 * (bath - 70) * float(row.point["temperature"]) / 50,
            }
        )
        for row in whole.rows
    )
    return whole.model_copy(update={"rows": rows, "context": {"bath": own}})


def test_circumstances_that_differ_are_inputs_of_the_source() -> None:
    cold, warm = at_bath(60.0, 40), at_bath(80.0, 40)
    joint = cold.model_copy(update={"rows": cold.rows + warm.rows})
    encoding = Encoding.of(SPACE)
    between = fit_source(encoding, joint, UP)
    assert (len(between.here), between.X.shape[1]) == (1, encoding.width + 1)
    points = points_of(SPACE, 40, seed=9)
    truth = np.array([value(SPACE, point) for point in points])
    ignored = fit_source(encoding, joint.model_copy(update={"context": {}}), UP)

    def error(made: SourceModel) -> float:
        with torch.no_grad():
            mean = made.marginal_mean(encoding.encode(points)).numpy() * made.deviation + made.mean
        return float(np.std(mean - truth))

    assert error(between) < 0.5 * error(ignored)
    again = restore_source(json.loads(json.dumps(between.state())), encoding, joint, UP)
    torch.testing.assert_close(again.X, between.X)


def test_the_same_circumstances_everywhere_are_no_input() -> None:
    model = fit_source(Encoding.of(SPACE), at_bath(70.0, 30), UP)
    assert len(model.here) == 0
    named = at_bath(70.0, 30)
    rows = tuple(
        row.model_copy(update={"point": {**row.point, "bath": "oil"}}) for row in named.rows
    )
    other = named.model_copy(update={"rows": rows, "context": {"bath": "sand"}})
    assert fit_source(Encoding.of(SPACE), other, UP).here.tolist() == [0.0]


def test_known_uncertainties_are_the_noise_of_its_rows() -> None:
    whole = source(SPACE, 40)
    random = np.random.default_rng(0)
    rows = tuple(
        row.model_copy(
            update={"value": row.value + (0.01 if k % 2 else 3.0) * random.normal(),
                    "sd": 0.01 if k % 2 else 3.0}
        )
        for k, row in enumerate(whole.rows)
    )  # fmt: skip
    told = whole.model_copy(update={"rows": rows})
    encoding = Encoding.of(SPACE)
    model = fit_source(encoding, told, UP)
    assert model.variance_of is not None
    with torch.no_grad():
        mean = model.marginal_mean(encoding.encode([row.point for row in rows]))
    left = (mean - model.z).abs()
    assert float(left[1::2].mean()) < 0.2 * float(left[::2].mean())
