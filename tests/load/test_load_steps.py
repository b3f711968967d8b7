"""Executions of several steps: what they become, and what is wrong with them, each in one way."""

# ruff: noqa: E501 - a table, a case a line

from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest
import yaml

from agent.errors import CampaignError
from agent.load import schema
from tests.load.files import GOOD, MODELS, Load

ALONE = 'execution: {adapter: lab, settings: {url: "http://localhost"}}\n'
STEPS = """\
execution:
  steps:
    - name: make
      adapter: lab
      settings: {verify: false}
      instruments: {oven-1: {url: a}, oven-2: {url: b, verify: true}}
      parameters: [temperature, time]
    - {name: read, adapter: lab, settings: {url: c}, instrument: reader, parameters: [passes, solvent], repeatable: true}
"""
MANY = GOOD.replace(ALONE, STEPS)


def test_each_step_knows_where_it_is_done_and_how_it_is_reached(load: Load) -> None:
    execution = load(MANY).campaign.execution
    assert execution.names == ("make", "read")
    assert execution.instruments_named == ("oven-1", "oven-2", "reader")
    told = {one.instrument: one.settings for one in execution.everywhere}
    assert told["oven-1"] == {"verify": False, "url": "a"}
    assert told["oven-2"] == {"verify": True, "url": "b"}
    assert execution.repeatable == {"read"}


def test_the_last_step_measures_what_no_other_does(load: Load) -> None:
    two = MANY.replace("objectives:\n", "objectives:\n  - {name: mass, unit: g, goal: maximise}\n")
    campaign = load(
        two.replace(
            "time]\n    - {name: read", "time]\n      objectives: [mass]\n    - {name: read"
        )
    ).campaign
    make, read = campaign.execution.order
    assert [one.name for one in campaign.measured_in(make)] == ["mass"]
    assert [one.name for one in campaign.measured_in(read)] == ["yield"]


def test_paths_of_each_step_become_absolute(load: Load, tmp_path: Path) -> None:
    files = "execution: {steps: [{name: weigh, adapter: bench, instruments: {one: {folder: a}, two: {folder: b}}}]}\n"
    execution = load(GOOD.replace(ALONE, files)).campaign.execution
    folders = [one.settings["folder"] for one in execution.everywhere]
    assert folders == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_an_execution_without_steps_has_one(load: Load) -> None:
    campaign = load(GOOD).campaign
    (step,) = campaign.execution.order
    assert (step.name, campaign.execution.names) == ("run", ("run",))
    assert campaign.measured_in(step) == campaign.objectives
    assert "steps" not in campaign.execution.model_dump(mode="json"), "older revisions hash alike"


class Broken(NamedTuple):
    """The file with steps in which `old` is replaced by `new`."""

    old: str
    new: str
    path: str
    words: str


CASES = {
    "both": Broken("execution:\n", "execution:\n  adapter: lab\n", "execution", "give an adapter, or steps with an adapter each"),
    "neither": Broken(STEPS, "execution: {attempts: 2}\n", "execution", "give an adapter, or steps with an adapter each"),
    "settings beside": Broken("execution:\n", "execution:\n  settings: {url: a}\n", "execution", "belong to each of the steps"),
    "no adapter": Broken("    - {name: read, adapter: lab, settings: {url: c},", "    - {name: read,", "execution", "the step 'read' has no adapter"),
    "one name": Broken("- {name: read", "- {name: make", "execution", "two of the steps are called 'make'"),
    "one instrument": Broken("instrument: reader", "instrument: oven-1", "execution", "two of the instruments are called 'oven-1'"),
    "two ways": Broken("instruments: {oven-1", "instrument: oven\n      instruments: {oven-1", "execution.steps", "give instrument, or instruments"),
    "adapter": Broken("{name: read, adapter: lab", "{name: read, adapter: lba", "execution.steps.read.adapter", "did you mean 'lab'?"),
    "settings": Broken("{url: c}", "{url: c, prot: 1}", "execution.steps.read.settings.prot", "did you mean 'port'?"),
    "settings of one": Broken("{url: b, verify: true}", "{verify: true}", "execution.steps.make.instruments.oven-2.url", "the key 'url' is missing"),
    "parameter": Broken("[temperature, time]", "[temperature, tiem, time]", "execution.steps.make.parameters", "did you mean 'time'?"),
    "unsent": Broken("[passes, solvent]", "[passes]", "execution.steps", "no step is sent solvent"),
    "objective": Broken("repeatable: true", "objectives: [yeild]", "execution.steps.read.objectives", "did you mean 'yield'?"),
    "twice": Broken("time]\n", "time]\n      objectives: ['yield']\n", "execution.steps.read.objectives", "yield is measured by make already"),
    "unmeasured": Broken("repeatable: true", "objectives: []", "execution.steps", "no step measures yield"),
    "price": Broken("budget: {experiments: 20}", "budget: {cost: {limit: 9, unit: EUR, steps: {make: 1, raed: 1}}}", "budget.cost.steps.raed", "did you mean 'read'?"),
    "price's formula": Broken("budget: {experiments: 20}", "budget: {cost: {limit: 9, unit: EUR, steps: {make: 2 * tmie, read: 1}}}", "budget.cost.steps.make", "did you mean 'time'?"),
    "less than nothing": Broken("budget: {experiments: 20}", "budget: {cost: {limit: 9, unit: EUR, steps: {make: -1, read: 1}}}", "budget.cost", "it costs at least 0"),
    "oracle": Broken("budget: {experiments: 20}", "priors: [{name: rough, oracle: {steps: [{name: a, adapter: lab}]}}]\nbudget: {experiments: 20}", "priors.rough.oracle.steps", "an oracle only computes, in one step"),
    "too dear": Broken("budget: {experiments: 20}", "budget: {cost: {limit: 9, unit: EUR, steps: {make: 9 + time, read: 1}}}", "budget.cost.steps", "every experiment costs more than the limit of 9"),
    "no price": Broken("budget: {experiments: 20}", "budget: {cost: {limit: 9, unit: EUR}}", "budget.cost", "or what the steps cost"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_broken_steps_say_where_and_what(load: Load, name: str) -> None:
    case = CASES[name]
    text = MANY.replace(case.old, case.new, 1)
    if name == "twice":
        text = text.replace("repeatable: true", "objectives: ['yield']")
    assert text != MANY
    with pytest.raises(CampaignError) as caught:
        load(text)
    faults = [f"{fault.path}: {fault}" for fault in caught.value.faults]
    assert any(one.startswith(case.path) and case.words in one for one in faults), faults


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (MANY, True),
        (MANY.replace("{url: c}", "{url: c, prot: 1}"), False),
        (MANY.replace("execution:\n", "execution:\n  adapter: lab\n"), False),
        (MANY.replace("{name: read, adapter: lab", "{name: read, adapter: lba"), False),
    ],
)
def test_an_editor_says_the_same(text: str, valid: bool) -> None:
    validator = jsonschema.Draft202012Validator(schema(MODELS))
    assert validator.is_valid(yaml.safe_load(text)) is valid


def test_a_step_that_gives_no_price_somewhere_is_told_of(load: Load) -> None:
    cost = "budget: {cost: {limit: 90, unit: EUR, steps: {make: 5 - time, read: 1}}}"
    found = load(MANY.replace("budget: {experiments: 20}", cost))
    assert any("gives no cost of at least 0 at time" in str(one) for one in found.warnings)
