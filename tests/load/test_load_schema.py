"""The JSON Schema: it is one, it explains every key, and it agrees with the loader."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from agent.core.campaign import Campaign
from agent.load import schema
from agent.load.fields import DESCRIPTIONS, EXAMPLES
from agent.load.schema import models_of
from tests.load.files import GOOD, MODELS, ROOT, changed

VALIDATOR = jsonschema.Draft202012Validator(schema(MODELS))


def test_it_is_a_schema_of_2020_12() -> None:
    for models in (None, MODELS):
        document = schema(models)
        assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        jsonschema.Draft202012Validator.check_schema(document)


def blocks(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Campaign", document
    yield from document["$defs"].items()


def test_every_key_is_explained_with_an_example() -> None:
    for name, block in blocks(schema()):
        assert block["additionalProperties"] is False, name
        for key, entry in block["properties"].items():
            assert {"title", "description", "examples"} <= entry.keys(), f"{name}.{key}"


def test_every_example_is_valid() -> None:
    document = schema()
    for name, block in blocks(document):
        for key, entry in block["properties"].items():
            part = {"$defs": document["$defs"], **entry}
            for example in entry["examples"]:
                assert not list(jsonschema.Draft202012Validator(part).iter_errors(example)), (
                    f"{name}.{key}"
                )


def test_no_entry_of_the_tables_is_stale() -> None:
    known = {
        f"{base.__name__}.{key}" for model in models_of(Campaign) for base in model.__mro__
        for key in getattr(base, "model_fields", {})
    }  # fmt: skip
    assert (EXAMPLES.keys() | DESCRIPTIONS.keys()) - known == set()


def test_what_the_loader_makes_is_not_in_it() -> None:
    assert "PoolRef" not in str(schema(MODELS))
    assert "discriminator" not in str(schema(MODELS))


def test_the_good_file_is_valid() -> None:
    VALIDATOR.validate(yaml.safe_load(GOOD))


@pytest.mark.parametrize(
    "parts",
    [
        {"budget": None},
        {"polcy": {}},
        {"name": "My Campaign"},
        {"objectives": [{"name": "y", "unit": "1", "goal": "maximize"}]},
        {"objectives": [{"name": "y", "goal": "maximise"}]},
        {"objectives": [{"name": "y", "goal": "classify"}]},
        {"parameters": [{"name": "x", "low": 1, "high": 2}]},
        {"parameters": [{"name": "x", "type": "continous", "low": 1, "high": 2}]},
        {"parameters": [{"name": "x", "type": "continuous", "low": "warm", "high": 2}]},
        {"parameters": [{"name": "x", "type": "continuous", "low": 1, "high": 2, "step": 1}]},
        {"parameters": []},
        {"execution": {"adapter": "robot"}},
        {"execution": {"adapter": "lab"}},
        {"execution": {"adapter": "lab", "settings": {"url": "a", "prot": 1}}},
        {"execution": {"adapter": "table", "settings": {"url": "a"}}},
        {"seed": -1},
    ],
)  # fmt: skip
def test_broken_files_are_not(parts: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(changed(**parts)))


@pytest.mark.parametrize("file", sorted((ROOT / "campaigns").glob("*.yaml")), ids=lambda f: f.stem)
def test_every_campaign_of_the_house_is_valid(file: Any) -> None:
    jsonschema.validate(yaml.safe_load(file.read_text()), schema())
