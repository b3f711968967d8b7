"""What a good file becomes: absolute paths, pools as blobs, references kept, warnings."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core.campaign import Campaign
from agent.core.pools import Pool
from agent.errors import CampaignError
from agent.load import read
from tests.load.files import GOOD, MODELS, ROOT, Load, changed


def test_the_campaign_is_what_the_file_says(load: Load) -> None:
    resolved = load(GOOD)
    assert resolved.source == GOOD
    assert resolved.campaign.space.columns == ("temperature", "time", "passes", "solvent")
    assert resolved.blobs == resolved.pools == {}
    assert resolved.campaign == Campaign.model_validate(yaml.safe_load(GOOD))


def test_reading_twice_gives_the_same(load: Load) -> None:
    assert load(GOOD) == load(GOOD)


def test_scientific_notation_is_a_number(load: Load) -> None:
    resolved = load(
        GOOD.replace("low: 20", "low: 2e1").replace("resolution: 1", "resolution: 1E-1")
    )
    parameter = resolved.campaign.parameters[0]
    assert (parameter.low, parameter.resolution) == (20.0, 0.1)  # type: ignore[union-attr]


def test_crlf_and_a_byte_order_mark_are_fine(load: Load) -> None:
    raw = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert load(raw).campaign == load(GOOD).campaign


def test_anchors_are_followed(load: Load) -> None:
    text = GOOD.replace("[1, 2, 4, 8]", "&levels [1, 2]") + (
        "policy: {initial: {design: points, points: ["
        "{temperature: 20, time: 1, passes: 1, solvent: DMF}]}}\n"
        "constraints: [{type: exclude, combination: {time: *levels, solvent: water}}]\n"
    )
    constraint = load(text).campaign.constraints[0]
    assert constraint.combination["time"] == (1, 2)  # type: ignore[union-attr]


def test_paths_become_absolute_and_references_stay(load: Load, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "data" / name).write_text("x\n1\n")
    execution = {
        "adapter": "table",
        "settings": {"file": "data/a.csv", "extra_files": ["${HERE}/data/b.csv"]},
    }
    document = changed(execution=execution)
    found = load(document, HERE=str(tmp_path)).campaign.execution.settings
    assert found["file"] == str(tmp_path / "data" / "a.csv")
    assert found["extra_files"] == [str(tmp_path / "data" / "b.csv")]

    lab = {"url": "https://${HOST}/x", "token": "${LAB_TOKEN}", "headers": {"a": "${B}"}}
    kept = load(changed(execution={"adapter": "lab", "settings": lab}), LAB_TOKEN="s3cret")
    assert kept.campaign.execution.settings == lab
    assert "s3cret" not in kept.campaign.model_dump_json()


def test_a_folder_may_be_made_later(load: Load, tmp_path: Path) -> None:
    execution = {"adapter": "bench", "settings": {"folder": "bench/one"}}
    resolved = load(changed(execution=execution))
    assert resolved.campaign.execution.settings == {"folder": str(tmp_path / "bench" / "one")}
    assert not (tmp_path / "bench").exists()
    assert "not there yet" in resolved.warnings[0]
    (tmp_path / "bench" / "one").mkdir(parents=True)
    assert load(changed(execution=execution)).warnings == ()


def test_a_rule_that_can_never_be_met_is_a_fault(load: Load) -> None:
    for name in ("left_to_gain", "expected_gain"):
        parts = {"policy": {"name": "random"}, "stop": {name: 0.5}}
        with pytest.raises(
            CampaignError, match=f"policy random has no model that could tell {name}"
        ):
            load(changed(**parts))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"policy": {"beta": 1.0}}, "policy expected_improvement does not look at beta"),
        ({"policy": {"in_flight": 50}}, "50 may be in flight"),
        ({"budget": {"experiments": 5000}}, "the budget pays for 5000"),
        ({"context": {"charge": {"value": 1, "unit": "C"}}}, "'C' is the coulomb"),
    ],
)  # fmt: skip
def test_warnings(parts: dict[str, Any], words: str, load: Load) -> None:
    document = changed(**parts)
    document["parameters"] = document["parameters"][1:]
    assert words in " ".join(load(document).warnings)


def test_a_missing_package_of_an_adapter_is_a_fault(tmp_path: Path) -> None:
    from collections.abc import Iterator, Mapping

    from agent.errors import MissingExtra

    class Lazy(Mapping[str, Any]):
        def __iter__(self) -> Iterator[str]:
            return iter(("lab", "table"))

        def __len__(self) -> int:
            return 2

        def __getitem__(self, name: str) -> Any:
            raise MissingExtra("torch is not installed", "pip install it")

    file = tmp_path / "c.yaml"
    file.write_text(GOOD)
    with pytest.raises(CampaignError, match="pip install it"):
        read(file, Lazy())
    file.write_text(GOOD.replace("adapter: lab", "adapter: other"))
    with pytest.raises(CampaignError, match="there is no adapter 'other'"):
        read(file, Lazy())


def test_neither_torch_nor_prefect_nor_adapters_are_imported() -> None:
    code = (
        "import sys, agent.load; "
        "print([m for m in ('torch', 'prefect', 'sqlmodel', 'adapters', 'ax') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


# ---- any campaign comes back from its own JSON; anything else is a CampaignError

finite = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
words = st.sampled_from(
    ["DMF", "DMSO", "yes", "NO", "1", "1e3", "2024-01-01", "null", "a: b", "°C"]
)


@st.composite
def parameters(draw: st.DrawFn, name: str) -> dict[str, Any]:
    kind = draw(st.sampled_from(["continuous", "log", "discrete", "ladder", "integer", "choices"]))
    low = draw(finite)
    width = draw(st.floats(1, 1e4).map(lambda x: round(x, 3)))
    unit = draw(st.sampled_from(["", "degC", "mL/min", "1", "%"]))
    base = {"name": name, "unit": unit, "description": draw(words)}
    match kind:
        case "continuous":
            return {**base, "type": "continuous", "low": low, "high": low + width}
        case "log":
            high = width * 1000
            return {**base, "type": "continuous", "scale": "log", "low": width, "high": high}
        case "discrete":
            levels = draw(st.lists(finite, min_size=2, max_size=5, unique=True))
            return {**base, "type": "discrete", "levels": levels}
        case "ladder":
            return {**base, "type": "discrete", "low": low, "high": low + width, "step": width / 7}
        case "integer":
            return {**base, "type": "integer", "low": int(low), "high": int(low) + 5}
    choices = draw(st.lists(words, min_size=2, max_size=4, unique=True))
    return {**base, "type": "categorical", "choices": choices}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(list("abcdefg")), min_size=1, max_size=4, unique=True))
    return {
        "name": "x" + draw(st.from_regex(r"[a-z0-9_-]{0,20}", fullmatch=True)),
        "parameters": [draw(parameters(name)) for name in names],
        "objectives": [{"name": "y", "unit": "J", "goal": draw(st.sampled_from(["maximise", "minimise"]))}],
        "budget": {"experiments": draw(st.integers(30, 1000))},
        "policy": {"batch_size": draw(st.integers(1, 5)), "initial": {"size": 2}},
        "context": {draw(words): {"value": draw(finite | words)}},
        "execution": {"adapter": "lab", "settings": {"url": draw(words), "verify": draw(st.booleans())}},
        "seed": draw(st.integers(0, 2**31 - 1)),
    }  # fmt: skip


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(document=documents())
def test_any_campaign_comes_back_from_its_json(document: dict[str, Any], load: Load) -> None:
    # JSON is YAML; PyYAML itself would write the text 1e3 without quotes.
    campaign = load(json.dumps(document)).campaign
    assert Campaign.model_validate_json(campaign.model_dump_json()) == campaign
    again = load(campaign.model_dump_json(exclude_none=True)).campaign
    assert again == campaign


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_in_words(raw: bytes, load: Load) -> None:
    with pytest.raises(CampaignError):
        load(raw)


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(),
    st.sampled_from([10**40, -(10**30), 1e300, 5e-324, "${X}", "${", "C", "temperature", "DMF"]),
)  # fmt: skip
KEYS = [
    "name", "type", "low", "high", "levels", "step", "choices", "components", "unit", "goal", "old_rows",
    "expression", "coefficients", "combination", "prototypes", "sites", "file", "total", "resolution",
    "experiments", "cost", "limit", "design", "points", "initial", "size", "target", "settings", "scale",
    "adapter", "temperature", "time", "pool", "units", "descriptors", "descriptor_file", "plausible",
]  # fmt: skip
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)


@st.composite
def mutilated(draw: st.DrawFn) -> dict[str, Any]:
    """The good document with some of its places overwritten by anything."""
    document = yaml.safe_load(GOOD)
    document["constraints"] = [
        {"type": "expression", "expression": "time + passes < 9"},
        {"type": "linear", "coefficients": {"time": 1}, "high": 5},
        {"type": "exclude", "combination": {"solvent": "DMF"}},
    ]
    document["stop"] = {"target": 50}
    document["policy"] = {"initial": {"size": 3}, "replicates": 1}
    mix = [{"name": "p", "low": 0.1}, {"name": "q"}]
    document["parameters"].append(
        {"name": "mix", "type": "composition", "components": mix, "step": 0.1}
    )
    document["parameters"].append(
        {"name": "ladder", "type": "discrete", "low": 0, "high": 1, "step": 0.5}
    )
    for _ in range(draw(st.integers(1, 3))):
        here: Any = document
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            key = draw(st.sampled_from(keys))
            deeper = isinstance(here[key], dict | list) and len(here[key]) > 0
            if not deeper or draw(st.booleans()):
                here[key] = draw(trees)
                break
            here = here[key]
    return document


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(document=mutilated())
def test_any_document_is_read_or_refused_in_words(document: dict[str, Any], load: Load) -> None:
    try:
        resolved = load(document)
    except CampaignError as error:
        for fault in error.faults:
            assert fault.what
            assert "pydantic" not in str(fault)
            assert "\n" not in fault.path
    else:
        campaign = resolved.campaign
        assert Campaign.model_validate_json(campaign.model_dump_json()) == campaign


def test_blobs_are_the_pools(load: Load, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,x\na,1\nb,2.5\n")
    pool = {"name": "p", "type": "candidates", "file": "t.csv", "id_column": "id"}
    resolved = load(changed(parameters=[pool]))
    sha256 = resolved.campaign.pools["p"]
    assert hashlib.sha256(resolved.blobs[sha256]).hexdigest() == sha256
    assert Pool.model_validate_json(resolved.blobs[sha256]) == resolved.pools["p"]
    assert resolved.space.settings({"p": "b"}) == {"p": "b", "x": 2.5}
    assert set(MODELS) == {"bench", "table", "lab"}
