"""What may be done to test an adapter is read like a campaign: every fault at once, paths absolute."""

from pathlib import Path

import pytest

from agent.core.trial import Setting
from agent.errors import CampaignError
from agent.load import declared
from agent.named import SettingsModels

GOOD = """\
execution: {adapter: files, instrument: bench, settings: {folder: sheets}}
good:
  parameters: {temperature: {value: 30, unit: degC}, solvent: water}
  objectives: {yield: percent}
bad:
  parameters: {pressure: 1}
  objectives: {yield: percent}
executions: 2
may: [cancel]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "harmless.yaml"
    path.write_text(text)
    return path


def faults(path: Path) -> str:
    with pytest.raises(CampaignError) as refused:
        declared(path, SettingsModels())
    return str(refused.value)


def test_a_declaration_is_read_with_absolute_paths(tmp_path: Path) -> None:
    (tmp_path / "sheets").mkdir()
    found = declared(written(tmp_path, GOOD), SettingsModels())
    assert found.execution.settings == {"folder": str(tmp_path / "sheets")}
    assert found.good.settings == {
        "temperature": Setting(value=30, unit="degC"),
        "solvent": Setting(value="water"),
    }
    plan = found.good.plan(found.execution, "k7f3q2-T0001")
    assert (plan.instrument, plan.objectives) == ("bench", {"yield": "percent"})
    assert found.may == {"cancel"}


def test_a_step_that_makes_a_sample_and_one_that_takes_one_are_declared(tmp_path: Path) -> None:
    (tmp_path / "sheets").mkdir()
    text = GOOD.replace("{yield: percent}", "{}", 1)
    text = text.replace("bad:", "  sample: {code: film-1, place: slot 3}\nbad:")
    good = declared(written(tmp_path, text), SettingsModels()).good
    assert good.objectives == {} and good.sample is not None
    assert (good.sample.code, good.sample.executed) == ("film-1", {})


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("executions: 2", "execution_count: 2").replace("cancel", "reset")
    told = faults(written(tmp_path, text.replace("objectives: {yield", "objectve: {yield", 1)))
    assert "execution_count (line 8): there is no key" in told
    assert "executions: " in told and "missing" in told
    assert "good.objectve (line 4)" in told
    assert "may[0] (line 9)" in told


def test_settings_that_the_adapter_does_not_take_are_faults(tmp_path: Path) -> None:
    told = faults(written(tmp_path, GOOD.replace("folder: sheets", "foldr: sheets")))
    assert "execution.settings.foldr" in told
    assert "there is no adapter 'fils'" in faults(
        written(tmp_path, GOOD.replace("adapter: files", "adapter: fils"))
    )


def test_what_is_no_yaml_or_not_there_is_told(tmp_path: Path) -> None:
    assert "declares nothing" in faults(written(tmp_path, "a: ["))
    assert "there is no file" in faults(tmp_path / "none.yaml")
