"""What a revision may change, what makes it another campaign, and how the difference reads."""

# ruff: noqa: E501 - tables, a case a line

from pathlib import Path
from typing import Any

import pytest

from agent.core.campaign import Campaign
from agent.load import outside, revise
from tests.load.files import Load, changed

BASE: dict[str, Any] = {
    "name": "melt",
    "seed": 3,
    "parameters": [
        {"name": "temperature", "type": "continuous", "unit": "degC", "low": 20, "high": 120},
        {"name": "dose", "type": "continuous", "scale": "log", "low": 0.1, "high": 10},
        {"name": "time", "type": "discrete", "unit": "h", "levels": [1, 2, 4]},
        {"name": "solvent", "type": "categorical", "choices": ["DMF", "DMSO"]},
        {"name": "mix", "type": "composition", "step": 0.1, "components": [{"name": "a"}, {"name": "b"}]},
        {"name": "alloy", "type": "material", "prototypes": [{"name": "B2", "sites": {"A": ["Al"], "B": ["Ni"]}}]},
        {"name": "sample", "type": "candidates", "file": "/x/t.csv", "id_column": "id", "units": {"x": "nm"}},
    ],
    "constraints": [{"type": "expression", "expression": "time < 4"}],
    "objectives": [{"name": "yield", "unit": "percent", "goal": "maximise"}],
    "budget": {"experiments": 20},
    "execution": {"adapter": "lab", "settings": {"url": "a", "port": 80}},
}  # fmt: skip


def altered(path: str, value: object) -> Campaign:
    """The base with one place changed: `parameters.temperature.high`; `+` adds, None removes."""
    document = Campaign.model_validate(BASE).model_dump(mode="json", exclude_none=True)
    *around, last = path.split(".")
    here: Any = document
    for step in around:
        here = next(x for x in here if x["name"] == step) if isinstance(here, list) else here[step]
    if isinstance(here, list):
        position = next((n for n, x in enumerate(here) if x.get("name") == last), len(here))
        here[position : position + 1] = [] if value is None else [value]
    elif value is None:
        del here[last]
    else:
        here[last] = value
    return Campaign.model_validate(document)


def param(name: str, **keys: object) -> dict[str, object]:
    return {"name": name, **keys}


ALLOWED = [
    ("budget.experiments", 30, "budget.experiments: 20 -> 30"),
    ("budget.cost", {"limit": 5, "unit": "EUR", "per_experiment": 1}, "budget.cost: none -> {limit: 5, unit: EUR, per_experiment: 1}"),
    ("stop.target", 90, "stop.target: none -> 90"),
    ("review", {"mode": "required"}, "review: none -> {mode: required}"),
    ("policy.batch_size", 4, "policy.batch_size: 1 -> 4"),
    ("execution.adapter", "files", "execution.adapter: lab -> files"),
    ("execution.settings.port", 81, "execution.settings.port: 80 -> 81"),
    ("execution.settings.verify", False, "execution.settings.verify: added False"),
    ("execution.settings.port", None, "execution.settings.port: removed 80"),
    ("description", "new words", "description: '' -> new words"),
    ("context", {"gas": {"value": "argon"}}, "context.gas: added {value: argon}"),
    ("constraints", [], "constraints: - time < 4"),
    ("parameters.temperature.high", 150, "parameters.temperature.high: 120 -> 150"),
    ("parameters.temperature.resolution", 5, "parameters.temperature.resolution: none -> 5"),
    ("parameters.time.levels", [1, 2, 8], "parameters.time.levels: - 4, + 8"),
    ("parameters.solvent.choices", ["DMF", "water"], "parameters.solvent.choices: - DMSO, + water"),
    ("parameters.mix.components.a.high", 0.5, "parameters.mix.components.a.high: none -> 0.5"),
    ("parameters.mix.max_present", 1, "parameters.mix.max_present: none -> 1"),
    ("parameters.alloy.prototypes.B2.sites.A", ["Al", "Ti"], "parameters.alloy.prototypes.B2.sites.A: + Ti"),
    ("parameters.sample.file", "/x/u.csv", "parameters.sample.file: /x/t.csv -> /x/u.csv"),
    ("objectives.yield.quantity", "isolated", "objectives.yield.quantity: '' -> isolated"),
    ("objectives.yield.plausible", [0, 100], "objectives.yield.plausible: none -> [0, 100]"),
    ("parameters.ph", param("ph", type="continuous", low=3, high=9, old_rows=7), "parameters.ph: added {name: ph"),
    ("parameters.ph", param("ph", type="continuous", low=3, high=9, old_rows="unknown"), "parameters.ph: added {name: ph"),
    ("parameters.base", param("base", type="categorical", choices=["KOH", "NaOH"], old_rows="KOH"), "parameters.base: added"),
]  # fmt: skip

REFUSED = [
    ("name", "other", "name", "it is fixed: melt, not other"),
    ("seed", 4, "seed", "it is fixed: 3, not 4"),
    ("objectives.yield.unit", "1", "objectives.yield.unit", "it is fixed"),
    ("objectives.yield.goal", "minimise", "objectives.yield.goal", "it is fixed"),
    ("objectives.yield.name", "purity", "objectives.yield.name", "it is fixed"),
    ("objectives.cost", {"name": "cost", "unit": "1", "goal": "minimise"}, "objectives", "their number is fixed"),
    ("parameters.temperature", None, "parameters.temperature", "cannot be taken away"),
    ("parameters.temperature.unit", "K", "parameters.temperature.unit", "it is fixed: degC, not K"),
    ("parameters.time", param("time", type="integer", unit="h", low=1, high=4), "parameters.time.type", "it is fixed"),
    ("parameters.dose.scale", "linear", "parameters.dose.scale", "it is fixed: log, not linear"),
    ("parameters.temperature.old_rows", 25, "parameters.temperature.old_rows", "it is fixed"),
    ("parameters.mix.total", 2, "parameters.mix.total", "it is fixed"),
    ("parameters.mix.components", [{"name": "a"}, {"name": "c"}], "parameters.mix.components", "a, b, not a, c"),
    ("parameters.alloy.prototypes", [{"name": "B2", "sites": {"A": ["Al"]}}], "parameters.alloy.prototypes.sites", "A, B, not A"),
    ("parameters.sample.id_column", "name", "parameters.sample.id_column", "it is fixed"),
    ("parameters.sample.units.x", "um", "parameters.sample.units.x", "it is fixed"),
    ("parameters.ph", param("ph", type="continuous", low=3, high=9), "parameters.ph.old_rows", "must say what the rows measured so far had"),
    ("parameters.ph", param("ph", type="continuous", low=3, high=9, old_rows=2), "parameters.ph.old_rows", "2 is outside 3 to 9"),
    ("parameters.base", param("base", type="categorical", choices=["KOH", "NaOH"], old_rows="LiOH"), "parameters.base.old_rows", "'LiOH' is not one of"),
    ("parameters.n", param("n", type="discrete", levels=[1, 2], old_rows=3), "parameters.n.old_rows", "outside 1 to 2"),
    ("parameters.salt", param("salt", type="composition", step=0.5, components=[{"name": "c"}, {"name": "d"}], old_rows=0), "parameters.salt.old_rows", "cannot stand for several components"),
]  # fmt: skip


def test_nothing_changed_is_no_revision() -> None:
    campaign = Campaign.model_validate(BASE)
    again = Campaign.model_validate_json(campaign.model_dump_json())
    assert revise(campaign, again).diff == ()
    assert revise(campaign, again).refused == ()


@pytest.mark.parametrize(("path", "value", "line"), ALLOWED)
def test_a_revision_may_change(path: str, value: object, line: str) -> None:
    revised = revise(Campaign.model_validate(BASE), altered(path, value))
    assert revised.refused == ()
    assert [text for text in revised.diff if text.startswith(line)], revised.diff


@pytest.mark.parametrize(("path", "value", "where", "words"), REFUSED)
def test_a_revision_may_not_change(path: str, value: object, where: str, words: str) -> None:
    revised = revise(Campaign.model_validate(BASE), altered(path, value))
    assert revised.refused[0].path == where
    assert words in revised.refused[0].what
    assert revised.diff
    if "old_rows" not in where:
        assert revised.refused[0].mend == "start a new campaign"


def test_every_refusal_is_told_at_once() -> None:
    new = altered("objectives.yield.unit", "1").model_copy(update={"name": "other", "seed": 9})
    found = [fault.path for fault in revise(Campaign.model_validate(BASE), new).refused]
    assert found == ["name", "seed", "objectives.yield.unit"]


def test_other_descriptors_rename_candidates_that_have_no_id(load: Load, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    pool = {"name": "p", "type": "candidates", "file": "t.csv"}
    old = load(changed(parameters=[pool])).campaign
    new = load(changed(parameters=[{**pool, "descriptors": ["a"]}])).campaign
    assert [fault.path for fault in revise(old, new).refused] == ["parameters.p.descriptors"]
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n5,6\n")
    longer = load(changed(parameters=[pool])).campaign
    revised = revise(old, longer)
    assert revised.refused == ()
    assert revised.diff[0].startswith("parameters.p.pool: 2 candidates (")


def test_old_rows_are_checked_when_a_file_is_read(load: Load) -> None:
    from agent.errors import CampaignError

    document = changed()
    document["parameters"][0]["old_rows"] = 500
    with pytest.raises(CampaignError, match="500 is outside 20 to 120 degC"):
        load(document)


def test_open_trials_outside_the_new_space_are_listed(load: Load) -> None:
    document = changed()
    document["parameters"][0]["high"] = 80
    inside = {"temperature": 60, "time": 1, "passes": 1, "solvent": "DMF"}
    found = outside(
        load(document).space,
        {"x-T1": inside, "x-T2": {**inside, "temperature": 100}, "x-T3": {"temperature": 60}},
    )
    assert list(found) == ["x-T2", "x-T3"]
    assert found["x-T2"] == ("temperature: 100 is outside 20 to 80 degC",)
    assert "time: missing" in found["x-T3"]
