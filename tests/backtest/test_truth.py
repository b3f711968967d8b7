"""The truth: every noise off, the mean of replicates, and a population to find something in."""

from pathlib import Path

import pytest

from agent.backtest.truth import Case, Oracle, population
from agent.core.history import key
from agent.errors import AdapterError
from tests.backtest.world import branin, grid, make


def case_of(given: object) -> Case:
    return Case(given.campaign, given.blobs, given.pools)  # type: ignore[attr-defined]


def test_the_truth_of_a_table_is_the_mean_of_its_replicates(tmp_path: Path) -> None:
    oracle = Oracle(case_of(grid(tmp_path)), make)
    assert oracle.ask({"a": 2.0, "b": 3.0}) == ({"a": 2.0, "b": 3.0}, {"y": 23.0})


def test_the_truth_of_a_function_has_no_noise_and_no_failures() -> None:
    noisy = Oracle(case_of(branin(noise_sd=10.0, failure_rate=0.9, delay_s=60.0)), make)
    answer = noisy.ask({"x1": 3.141592653589793, "x2": 2.275})
    assert answer is not None
    assert answer[1]["value"] == pytest.approx(0.397887, abs=1e-5)


def test_a_listed_population_is_every_point_that_answers(tmp_path: Path) -> None:
    case = case_of(grid(tmp_path))
    people = population(case, Oracle(case, make))
    assert (people.kind, len(people.merits)) == ("listed", 25)
    assert (people.best, people.median, people.top1, people.top5) == (44.0, 22.0, 44.0, 44.0)
    assert people.winners == {key({"a": 4.0, "b": 4.0})}


def test_points_that_the_table_does_not_have_are_no_part_of_it(tmp_path: Path) -> None:
    given = grid(tmp_path)
    wider = given.campaign.parameters[0].model_copy(update={"levels": (0.0, 1.0, 9.0)})
    case = Case(
        given.campaign.model_copy(update={"parameters": (wider, given.campaign.parameters[1])}),
        {},
        {},
    )
    people = population(case, Oracle(case, make))
    assert len(people.merits) == 10
    assert people.best == 14.0


def test_of_a_table_that_answers_with_the_nearest_row_the_rows_are_the_population(
    tmp_path: Path,
) -> None:
    given = grid(tmp_path)
    box = [
        {"type": "continuous", "name": column, "low": 0, "high": 4, "resolution": 0.01}
        for column in "ab"
    ]
    document = given.campaign.model_dump(mode="json")
    document["execution"]["settings"]["match"] = "nearest"
    campaign = type(given.campaign).model_validate({**document, "parameters": box})
    case = Case(campaign, {}, {})
    people = population(case, Oracle(case, make))
    assert (people.kind, len(people.merits), people.best) == ("recorded", 25, 44.0)


def test_the_best_of_a_sampled_space_is_looked_for_beyond_the_sample() -> None:
    case = case_of(branin())
    people = population(case, Oracle(case, make))
    assert people.kind == "sampled"
    assert people.winners == frozenset()
    assert people.best == pytest.approx(-0.397887, abs=2e-3)
    assert people.best >= max(people.merits.values())


def test_a_space_without_answers_is_an_error(tmp_path: Path) -> None:
    given = grid(tmp_path)
    strange = tuple(
        one.model_copy(update={"levels": (70.0, 80.0)}) for one in given.campaign.parameters
    )
    case = Case(given.campaign.model_copy(update={"parameters": strange}), {}, {})
    with pytest.raises(AdapterError, match="answers at no point"):
        population(case, Oracle(case, make))


def test_a_physical_adapter_cannot_be_back_tested(tmp_path: Path) -> None:
    given = grid(tmp_path)
    document = given.campaign.model_dump(mode="json")
    document["execution"] = {"adapter": "files", "settings": {"folder": str(tmp_path)}}
    campaign = type(given.campaign).model_validate(document)
    with pytest.raises(AdapterError, match="physical"):
        Oracle(Case(campaign, {}, {}), make)
