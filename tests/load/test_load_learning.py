"""A file that wants a response known everywhere: what it may say, and what is filled in."""

from pathlib import Path

import pytest

from agent.core.campaign import Campaign
from agent.core.objective import Objective
from agent.errors import CampaignError
from agent.load import read
from agent.named import SettingsModels

FILE = """
name: known
parameters: [{name: x, type: continuous, low: 0, high: 1}]
objectives:
  - {name: y, unit: "1", goal: learn}
budget: {experiments: 10}
execution: {adapter: function, settings: {function: branin}}
"""


def written(folder: Path, *more: str, text: str = FILE) -> Path:
    file = folder / "known.yaml"
    file.write_text("\n".join([text.strip(), *more]) + "\n")
    return file


def campaign(file: Path) -> Campaign:
    return read(file, SettingsModels()).campaign


@pytest.mark.parametrize(
    ("said", "name", "criterion"),
    [
        ("", "uncertainty", "integrated_variance"),
        ("policy: {batch_size: 2}", "uncertainty", "integrated_variance"),
        ("policy: {criterion: standard_deviation}", "uncertainty", "standard_deviation"),
        ("policy: {name: committee}", "committee", "standard_deviation"),
    ],
)
def test_with_nothing_said_it_reduces_the_variance(
    tmp_path: Path, said: str, name: str, criterion: str
) -> None:
    policy = campaign(written(tmp_path, said)).policy
    assert (policy.name, policy.criterion) == (name, criterion)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("policy: {name: ucb}", "policy ucb looks for a best point, and goal learn has none"),
        ("stop: {target: 1}", "target looks at a best value"),
        ("stop: {left_to_gain: 1}", "left_to_gain looks at a best value"),
        ("stop: {known_to: 1}\npolicy: {name: random}", "no model that could tell known_to"),
    ],
)
def test_what_looks_for_a_best_is_a_fault(tmp_path: Path, said: str, words: str) -> None:
    with pytest.raises(CampaignError, match=words):
        campaign(written(tmp_path, said))


def test_known_to_belongs_to_goal_learn(tmp_path: Path) -> None:
    text = FILE.replace("learn", "maximise")
    with pytest.raises(CampaignError, match="known_to belongs to goals learn and classify"):
        campaign(written(tmp_path, "stop: {known_to: 1}", text=text))


def test_it_stands_alone(tmp_path: Path) -> None:
    text = FILE.replace("budget", '  - {name: z, unit: "1", goal: minimise}\nbudget')
    with pytest.raises(CampaignError, match="goal learn stands alone, and there are 2 objectives"):
        campaign(written(tmp_path, text=text))


@pytest.mark.parametrize("wrong", [{"worst": 3}, {"ideal": 3}, {"target": 3}, {"low": 1}])
def test_no_value_is_wanted(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="goal"):
        Objective.model_validate({"name": "y", "unit": "1", "goal": "learn", **wrong})


CLASSES = FILE.replace('unit: "1", goal: learn', "goal: classify, classes: [a, b]")


@pytest.mark.parametrize(
    ("said", "name", "criterion"),
    [
        ("", "uncertainty", "margin"),
        ("policy: {name: committee}", "committee", "consensus_entropy"),
        ("policy: {criterion: entropy}", "uncertainty", "entropy"),
        ("policy: {name: committee, criterion: vote_entropy}", "committee", "vote_entropy"),
    ],
)
def test_classes_have_criteria_of_their_own(
    tmp_path: Path, said: str, name: str, criterion: str
) -> None:
    resolved = read(written(tmp_path, said, text=CLASSES), SettingsModels())
    policy = resolved.campaign.policy
    assert (policy.name, policy.criterion, resolved.warnings) == (name, criterion, ())
    assert resolved.campaign.objective.unit == "1"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("policy: {criterion: integrated_variance}", "integrated_variance is no criterion of"),
        ("policy: {name: committee, criterion: margin}", "margin is no criterion of"),
        ("policy: {name: thompson}", "goal classify has none"),
        ("stop: {known_to: 3}", "share of wrong labels, below 1"),
        ('priors: [{formula: "x", trust: similar}]', "goal classify has classes"),
    ],
)
def test_what_does_not_suit_classes_is_a_fault(tmp_path: Path, said: str, words: str) -> None:
    with pytest.raises(CampaignError, match=words):
        campaign(written(tmp_path, said, text=CLASSES))


@pytest.mark.parametrize(
    "wrong",
    [
        {"classes": []},
        {"classes": ["a"]},
        {"classes": ["a", "a"]},
        {"classes": ["a", " b"]},
        {"classes": ["a", "b"], "unit": "mm"},
        {"classes": ["a", "b"], "plausible": [0, 1]},
        {"classes": ["a", "b"], "goal": "maximise", "unit": "1"},
    ],
)
def test_classes_are_named_once_and_have_no_unit(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="class"):
        Objective.model_validate({"name": "y", "goal": "classify", **wrong})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("policy: {samples: stream, name: random}", "cannot say how much more one sample tells"),
        ("policy: {samples: stream, replicates: 2}", "asked for once"),
        (
            'policy: {samples: stream}\npriors: [{formula: "x", trust: similar}]',
            "screened without priors",
        ),
    ],
)
def test_what_does_not_suit_a_stream_is_a_fault(tmp_path: Path, said: str, words: str) -> None:
    with pytest.raises(CampaignError, match=words):
        campaign(written(tmp_path, said))
