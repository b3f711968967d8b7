"""Test functions have their published values, and behave like an instrument when asked to."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from adapters.benchmarks import FUNCTIONS
from adapters.diagrams import silicon_germanium
from adapters.function import FunctionAdapter
from adapters.testing import job_for
from agent.core.adapter import Handle, Outcome
from agent.core.values import Point


def ask(adapter: FunctionAdapter, point: Point, **job: object) -> Outcome:
    return adapter.collect(job_for(point, {"value": ""}, **job), {})


def minimiser(name: str, dimensions: int = 5) -> Point:
    function = FUNCTIONS[name]
    return function.at or {f"x{i}": function.everywhere for i in range(1, dimensions + 1)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_published_optimum_is_reached(name: str) -> None:
    adapter = FunctionAdapter(FunctionAdapter.Settings(function=name))
    job = job_for(minimiser(name), {"value": ""})
    assert adapter.check(job.plans[0]) == ()
    outcome = adapter.collect(job, {})
    assert outcome.measurements[0].value == pytest.approx(FUNCTIONS[name].optimum, abs=2e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_in_the_box_is_better_than_the_optimum(name: str) -> None:
    function, generator = FUNCTIONS[name], random.Random(1)
    domains = function.domains(("x1", "x2", "x3"))
    for _ in range(3000):
        point: Point = {}
        for parameter, domain in domains.items():
            if isinstance(domain[0], str):
                point[parameter] = generator.choice(domain)
            elif parameter in function.integers:
                point[parameter] = generator.randint(int(domain[0]), int(domain[1]))
            else:
                point[parameter] = generator.uniform(domain[0], domain[1])
        if function.broken(point) is None:
            assert function.formula(point) >= function.optimum - 2e-5


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("branin", {"x1": -3.141592653589793, "x2": 12.275}, 0.397887),
        ("branin", {"x1": 9.42478, "x2": 2.475}, 0.397887),
        ("branin", {"x1": 0, "x2": 0}, 55.602113),
        ("rosenbrock", {"x1": -1.2, "x2": 1.0}, 24.2),
        ("ackley", {"x1": 1.0, "x2": 1.0}, 3.625385),
        ("levy", {"x1": -3.0, "x2": 1.0}, 1 + 10 * 0.7080734),
        ("mixed_branin", {"x1": 0, "x2": 0, "catalyst": "gold", "passes": 2}, 55.602113 + 5 + 8),
        ("gardner", {"x1": 2.0, "x2": 1.0}, 0.556131),
    ],
)
def test_values_elsewhere(name: str, point: Point, value: float) -> None:
    assert FUNCTIONS[name].formula(point) == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "point"), [("gardner", {"x1": 0.1, "x2": 0.1}), ("townsend", {"x1": -2.2, "x2": -2.4})]
)
def test_a_broken_constraint_is_infeasible(name: str, point: Point) -> None:
    outcome = ask(FunctionAdapter(FunctionAdapter.Settings(function=name)), point)
    assert (outcome.state, outcome.failure) == ("failed", "infeasible")
    assert outcome.message
    assert not outcome.measurements


@pytest.mark.parametrize(
    ("point", "says"),
    [
        ({"x1": 1.0, "x2": 1.0, "catalyst": "copper"}, "'passes' is missing"),
        ({"x1": 11, "x2": 1.0, "catalyst": "copper", "passes": 3}, "'x1' = 11 is not within"),
        ({"x1": 1.0, "x2": 1.0, "catalyst": "tin", "passes": 3}, "one of copper, silver, gold"),
        ({"x1": 1.0, "x2": 1.0, "catalyst": "gold", "passes": 2.5}, "not a whole number"),
        ({"x1": "a", "x2": 1.0, "catalyst": "gold", "passes": 2}, "is a number, not 'a'"),
        ({"x1": 1.0, "x2": 1.0, "catalyst": "gold", "passes": 2, "y": 1}, "no parameter 'y'"),
    ],
)
def test_check_says_what_is_wrong(point: Point, says: str) -> None:
    adapter = FunctionAdapter(FunctionAdapter.Settings(function="mixed_branin"))
    job = job_for(point, {"value": ""})
    assert any(says in reason for reason in adapter.check(job.plans[0]))
    assert adapter.collect(job, {}).failure == "unclassified"


def test_any_number_of_dimensions() -> None:
    adapter = FunctionAdapter(FunctionAdapter.Settings(function="ackley"))
    for count in (2, 7, 20):
        job = job_for({f"x{i}": 0.0 for i in range(1, count + 1)}, {"value": ""})
        assert adapter.check(job.plans[0]) == ()
        assert adapter.collect(job, {}).measurements[0].value == pytest.approx(0.0, abs=1e-12)
    gap = job_for({"x1": 0.0, "x3": 0.0}, {"value": ""})
    assert adapter.check(gap.plans[0])


def test_noise_is_paired_between_campaigns_and_differs_between_trials() -> None:
    adapter = FunctionAdapter(FunctionAdapter.Settings(function="branin", noise_sd=2.0, seed=7))
    point = {"x1": 1.0, "x2": 2.0}
    one = ask(adapter, point, trial="aaaaaa-T0003").measurements[0].value
    other = ask(adapter, {"x1": 1, "x2": 2}, trial="zzzzzz-T0003").measurements[0].value
    assert one == other
    again = ask(adapter, point, trial="aaaaaa-T0004").measurements[0].value
    assert again != one
    seeded = FunctionAdapter(FunctionAdapter.Settings(function="branin", noise_sd=2.0, seed=8))
    assert ask(seeded, point, trial="aaaaaa-T0003").measurements[0].value != one


def test_noise_has_the_stated_size() -> None:
    adapter = FunctionAdapter(FunctionAdapter.Settings(function="branin", noise_sd=2.0))
    point = {"x1": 1.0, "x2": 2.0}
    truth = FUNCTIONS["branin"].formula(point)
    errors = [
        ask(adapter, point, trial=f"k7f3q2-T{i:04}").measurements[0].value - truth
        for i in range(2000)
    ]
    assert sum(errors) / 2000 == pytest.approx(0.0, abs=4 * 2 / 2000**0.5)
    assert (sum(e * e for e in errors) / 2000) ** 0.5 == pytest.approx(2.0, rel=0.07)


def test_failures_have_the_stated_rate_and_a_retry_draws_anew() -> None:
    settings = FunctionAdapter.Settings(
        function="branin", failure_rate=0.3, failure_kind="resources", cost=2.5
    )
    adapter = FunctionAdapter(settings)
    point = {"x1": 1.0, "x2": 2.0}
    outcomes = [ask(adapter, point, trial=f"k7f3q2-T{i:04}") for i in range(1000)]
    failed = [o for o in outcomes if o.state == "failed"]
    assert 250 < len(failed) < 350
    assert {o.failure for o in failed} == {"resources"}
    assert {o.cost for o in outcomes} == {2.5}
    retried = {ask(adapter, point, attempt=k).state for k in range(1, 20)}
    assert retried == {"done", "failed"}


def test_a_delay_is_kept_without_any_state() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    settings = FunctionAdapter.Settings(function="branin", delay_s=60)
    job = job_for({"x1": 1.0, "x2": 2.0}, {"value": ""})
    noted: list[Handle] = []
    adapter = FunctionAdapter(settings, now=lambda: moment)
    adapter.start(job, adapter.prepare(job), noted.append)
    assert adapter.collect(job, noted[0]).state == "running"
    soon = FunctionAdapter(settings, now=lambda: moment + timedelta(seconds=59))
    assert soon.collect(job, noted[0]).state == "running"
    later = FunctionAdapter(settings, now=lambda: moment + timedelta(seconds=60))
    assert later.collect(job, noted[0]).state == "done"


def test_an_unknown_function_lists_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="ackley, branin"):
        FunctionAdapter.Settings(function="brannin")


def test_the_schema_names_the_functions() -> None:
    schema = FunctionAdapter.Settings.model_json_schema()
    assert "hartmann6" in schema["properties"]["function"]["enum"]


MELT = {"classes": {"phase": ("liquid", "solid", "both")}}


def phase_at(silicon: float, temperature: float) -> str:
    return silicon_germanium({"silicon": silicon, "temperature": temperature})


def test_elements_melt_at_a_temperature_and_their_mixtures_over_a_range() -> None:
    assert [phase_at(1.0, 1686.9), phase_at(1.0, 1687.1)] == ["solid", "liquid"]
    assert [phase_at(0.0, 1211.3), phase_at(0.0, 1211.5)] == ["solid", "liquid"]
    along = [phase_at(0.5, temperature) for temperature in range(1200, 1800, 10)]
    assert list(dict.fromkeys(along)) == ["solid", "both", "liquid"]
    # Liquidus and solidus at half of either, as in the assessed diagram: about 1550 and 1390 K.
    assert along.count("solid") == pytest.approx(19, abs=3)
    assert along.count("both") == pytest.approx(16, abs=4)


def test_a_phase_is_a_number_among_the_classes_of_the_campaign() -> None:
    adapter = FunctionAdapter(
        FunctionAdapter.Settings(function="silicon_germanium", objective="phase")
    )
    point: Point = {"silicon": (0.5, ""), "temperature": (1750.0, "K")}
    job = job_for(point, {"phase": "1"})
    plan = job.plans[0].model_copy(update=MELT)
    assert adapter.check(plan) == ()
    outcome = adapter.collect(job.model_copy(update={"plans": (plan,)}), {})
    assert outcome.measurements[0].value == 0.0  # liquid
    assert adapter.check(job.plans[0]) == (
        "the classes of silicon_germanium are solid, both, liquid",
    )
    celsius = job_for({"silicon": (0.5, ""), "temperature": (1200.0, "degC")}, {"phase": "1"})
    (reason,) = adapter.check(celsius.plans[0].model_copy(update=MELT))
    assert reason == "'temperature' is in K, not in degC"
    branin = FunctionAdapter(FunctionAdapter.Settings(function="branin", objective="phase"))
    number = job_for({"x1": 1.0, "x2": 2.0}, {"phase": "1"})
    (reason,) = branin.check(number.plans[0].model_copy(update=MELT))
    assert reason == "branin has values, and no classes"


def test_phases_have_no_noise() -> None:
    with pytest.raises(ValidationError, match="noise_sd is of values"):
        FunctionAdapter.Settings(function="silicon_germanium", noise_sd=0.1)
