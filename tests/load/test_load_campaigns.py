"""The campaigns of the house: each is read without a fault, with its adapter's own settings."""

import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from agent.errors import MissingExtra
from agent.load import Resolved, read, schema
from tests.load.files import ROOT

FILES = sorted((ROOT / "campaigns").glob("*.yaml"))
DATA = Path(os.environ.get("ATHANOR_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="module")
def models() -> dict[str, type[BaseModel]]:
    from adapters.files import FilesSettings
    from adapters.function import FunctionSettings
    from adapters.table import TableSettings

    found: dict[str, type[BaseModel]] = {
        "files": FilesSettings,
        "function": FunctionSettings,
        "table": TableSettings,
    }
    try:
        from adapters.chgnet import ChgnetSettings
    except MissingExtra:
        return found
    return {**found, "chgnet": ChgnetSettings}


def loaded(file: Path, models: Any) -> Resolved:
    text = file.read_text()
    if "${ATHANOR_DATA}" in text and not DATA.is_dir():
        pytest.skip(f"there is no {DATA}: set ATHANOR_DATA to the folder of the recorded data")
    if yaml.safe_load(text)["execution"]["adapter"] not in models:
        pytest.skip("chgnet is not installed")
    return read(file, models, {"ATHANOR_DATA": str(DATA)})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_read(file: Path, models: Any) -> None:
    resolved = loaded(file, models)
    allowed = 1 if file.stem == "bench_files" else 0
    assert len(resolved.warnings) <= allowed, resolved.warnings
    assert all(part.name and part.unit for part in resolved.campaign.objectives)
    jsonschema.validate(yaml.safe_load(file.read_text()), schema(models))


def test_there_are_these() -> None:
    assert [file.stem for file in FILES] == [
        "agnp", "b2_alloys", "bench_files", "branin", "branin_everywhere",
        "crossed_barrel", "direct_arylation", "hartmann6_noisy", "light_alloys", "mixed_reaction",
        "silicon_germanium", "suzuki_front",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("agnp", 164),
        ("b2_alloys", 66),
        ("light_alloys", 66),
        ("crossed_barrel", 600),
        ("direct_arylation", 1728),
    ],
)
def test_the_size_of_its_space(name: str, size: int, models: Any) -> None:
    assert loaded(ROOT / "campaigns" / f"{name}.yaml", models).space.size() == size


@pytest.mark.parametrize("name", ["agnp", "crossed_barrel", "direct_arylation"])
def test_every_candidate_is_recorded(name: str, models: Any) -> None:
    from adapters.table import TableAdapter
    from agent.core.trial import Plan

    resolved = loaded(ROOT / "campaigns" / f"{name}.yaml", models)
    adapter = TableAdapter(models["table"].model_validate(resolved.campaign.execution.settings))
    space, objective = resolved.space, resolved.campaign.objective
    if resolved.pools:
        (parameter, pool), = resolved.pools.items()  # fmt: skip
        points = [{parameter: identity} for identity in pool.ids]
    else:
        points = [{p.name: p.values[-1] for p in space.parameters}]  # type: ignore[union-attr]
    for point in points[:: max(len(points) // 20, 1)]:
        plan = Plan(
            trial="x-T0001", revision=1, step="run", fidelity="target", instrument="table",
            parameters=space.labelled(space.settings(point)),
            objectives={objective.name: objective.unit},
        )  # fmt: skip
        assert adapter.check(plan) == ()


def test_the_data_must_be_said_to_be_somewhere(models: Any) -> None:
    from agent.errors import CampaignError

    with pytest.raises(CampaignError) as caught:
        read(ROOT / "campaigns" / "agnp.yaml", models, {})
    assert [fault.path.split(" (")[0] for fault in caught.value.faults] == [
        "parameters.recipe.file",
        "execution.settings.file",
    ]
