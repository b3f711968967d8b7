"""Back-tests of campaigns that are to know a response: judged where they have not measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.backtest import LEARNT_HEADER, Backtest, learnt_table, metrics, picture, run, table
from agent.backtest.exam import Exam, errors, exam
from agent.backtest.truth import Case, Experiment, Oracle
from agent.errors import CampaignError
from agent.learn.encoding import Encoding
from agent.load import read
from agent.named import SettingsModels
from tests.backtest.world import Given, grid, make

LEARN = [{"name": "y", "unit": "J", "goal": "learn"}]
UNCERTAIN = {"name": "uncertainty", "criterion": "integrated_variance"}


def plane(folder: Path, **more: Any) -> Given:
    """The grid, whose means are 10 a + b, to be known everywhere."""
    given = grid(folder, objectives=LEARN, policy=UNCERTAIN, **more)
    settings = {**given.campaign.execution.settings, "objectives": {"y": {"unit": "J"}}}
    execution = given.campaign.execution.model_copy(update={"settings": settings})
    return Given(given.campaign.model_copy(update={"execution": execution}))


def asked(folder: Path) -> tuple[Case, Exam]:
    given = plane(folder)
    case = Case(given.campaign, given.blobs, given.pools)
    return case, exam(case, Oracle(case, make))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    """Two policies, two seeds, one table."""
    given = plane(tmp_path_factory.mktemp("plane"))
    return run([given], ["uncertainty", "random"], 2, 1, make)


def test_it_is_asked_where_it_has_not_measured(tmp_path: Path) -> None:
    case, one = asked(tmp_path)
    assert (len(one.points), one.kind, one.population) == (25, "listed", 25)
    assert one.alone == pytest.approx(np.std([10 * a + b for a in range(5) for b in range(5)]))
    truths = zip(one.points, one.truths, strict=True)
    every = [Experiment(point, (("y", value),)) for point, value in truths]
    curve = errors(one, Encoding.of(case.space), case.campaign.objective, every)
    assert len(curve) == 25
    assert curve[0] > 10
    assert curve[20] < 1
    assert curve[-1] == 0.0


def test_an_experiment_that_failed_teaches_nothing(tmp_path: Path) -> None:
    case, one = asked(tmp_path)
    told = (Experiment(None), Experiment(one.points[7], (("y", 12.0),)), Experiment(None))
    nothing, first, same = errors(one, Encoding.of(case.space), case.campaign.objective, told)
    assert nothing == one.alone
    assert first == same != nothing


def test_the_policies_are_compared_by_their_errors(result: Backtest) -> None:
    assert (result.campaigns, result.failures) == ((), ())
    (campaign,) = result.learnt
    assert (campaign.goal, campaign.unit, campaign.budget) == ("learn", "J", 8)
    for one in campaign.policies:
        assert len(one.error.mean) == 8
        assert one.final.value < campaign.alone
    (beside,) = campaign.comparisons
    assert (beside.policy, beside.reference, beside.seeds) == ("uncertainty", "random", (0, 1))
    assert 1 <= beside.to_final.value <= 9


def test_its_table_and_picture(result: Backtest, tmp_path: Path) -> None:
    head, ours, chance = learnt_table(result)
    assert head == LEARNT_HEADER
    assert ours[1] == "uncertainty"
    assert ours[3].endswith(" J")
    assert ours[5].endswith(" of 8")
    assert chance[5] == ""
    assert len(table(result)) == 1
    assert picture(result, tmp_path / "errors.png").stat().st_size > 5000
    assert Backtest.model_validate(result.to_dict()) == result


@pytest.mark.parametrize(
    ("ours", "after"),
    [
        ([9, 5, 2, 1], 3),
        ([9, 2, 5, 1], 4),  # it was as low, and not for good
        ([9, 9, 9, 4], 5),  # never
        ([3, 3, 3, 3], 1),
    ],
)
def test_experiments_to_the_reference_s_final_error(ours: list[float], after: int) -> None:
    found = metrics.to_final([ours], [[9, 8, 7, 3]], 4)
    assert (found.value, found.low, found.high) == (after, after, after)


def test_a_policy_that_looks_for_a_best_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="policy ucb looks for a best point"):
        run([plane(tmp_path)], ["ucb", "random"], 1, 1, make)


def test_criteria_are_compared_by_their_names(tmp_path: Path) -> None:
    names = ["uncertainty+standard_deviation", "uncertainty+integrated_variance"]
    (campaign,) = run([plane(tmp_path)], names, 1, 1, make).learnt
    assert [one.policy for one in campaign.policies] == names
    assert campaign.policies[0].error != campaign.policies[1].error


def test_classes_are_judged_by_their_labels(tmp_path: Path) -> None:
    """A 5 x 5 map of two phases: with all but few measured hardly a label is wrong."""
    lines = ["a,b,y", *(f"{a},{b},{'left' if a < 2 else 'right'}" for a in range(5) for b in range(5))]  # fmt: skip
    given = grid(
        tmp_path,
        objectives=[{"name": "y", "goal": "classify", "classes": ["left", "right"]}],
        policy={"name": "uncertainty", "criterion": "margin"},
        budget=12,
    )
    (tmp_path / "grid.csv").write_text("\n".join(lines) + "\n")
    found = run([given], ["uncertainty", "uncertainty+entropy", "random"], 1, 1, make)
    (campaign,) = found.learnt
    assert campaign.alone == pytest.approx(0.4)
    assert campaign.policy("uncertainty").final.value == 0.0
    # Of two classes each measure ranks alike.
    assert campaign.policies[0].error == campaign.policies[1].error
    assert learnt_table(found)[1][3].startswith("100.0 % right")


def test_the_house_s_own_campaign_learns_branin() -> None:
    """What it errs by falls to a third of what it would by the mean alone, in 20 experiments."""
    file = Path(__file__).parents[2] / "campaigns" / "branin_everywhere.yaml"
    (campaign,) = run([read(file, SettingsModels())], ["uncertainty"], 1, 1, make, budget=20).learnt
    assert (campaign.campaign, campaign.population) == ("branin-everywhere", "sampled")
    assert campaign.policy("uncertainty").final.value < campaign.alone / 3
