"""The JSON Schema of a campaign file, for editors: completion, and faults while typing."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from agent.core.campaign import Campaign
from agent.core.limits import UNLIMITED
from agent.core.operators import Operators
from agent.load.fields import DESCRIPTIONS, EXAMPLES, MADE_BY_LOADER, known_as

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(settings_models: Mapping[str, type[BaseModel]] | None = None) -> dict[str, Any]:
    """JSON Schema (2020-12) of a campaign file.

    Args:
        settings_models: Adapter name -> the model of its settings; with them, `execution.settings`
            is what the named adapter takes.
    """
    document = Campaign.model_json_schema()
    definitions = document["$defs"]
    for made in ("PoolRef", "SourceRef"):
        definitions.pop(made, None)
    for model in models_of(Campaign):
        _explain(document if model is Campaign else definitions[model.__name__], model)
    _classes_need_no_unit(definitions["Objective"])
    if settings_models:
        _by_adapter(definitions, settings_models)
    for part in (document, *definitions.values()):
        _drop_discriminators(part)
    return {"$schema": _DRAFT, "title": "Athanor campaign", **_without(document, "title")}


def operators_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the operators' file."""
    document = Operators.model_json_schema()
    definitions = document["$defs"]
    definitions["Limit"]["properties"].pop("unlimited")  # in a file it is a word of its own
    definitions["Limit"] = {"anyOf": [{"const": UNLIMITED}, definitions["Limit"]]}
    return {"$schema": _DRAFT, "title": "Athanor operators", **_without(document, "title")}


def _explain(part: dict[str, Any], model: type[BaseModel]) -> None:
    for name in MADE_BY_LOADER & part["properties"].keys():
        del part["properties"][name]
    for name, entry in part["properties"].items():
        if description := known_as(model, name, DESCRIPTIONS):
            entry.setdefault("description", description)
        example = known_as(model, name, EXAMPLES)
        if example is not None:
            entry["examples"] = [example]
        entry.setdefault("title", name.replace("_", " ").capitalize())
    if "type" in model.model_fields:
        # The core fills it in; in a file it says which kind is meant.
        part["required"] = sorted({*part.get("required", ()), "type"})


def _classes_need_no_unit(objective: dict[str, Any]) -> None:
    """Of goal classify the unit may be left out, and the classes may not."""
    objective["required"] = [name for name in objective["required"] if name != "unit"]
    objective["if"] = {"properties": {"goal": {"const": "classify"}}, "required": ["goal"]}
    objective["then"] = {"required": ["classes"]}
    objective["else"] = {"required": ["unit"]}


def _by_adapter(
    definitions: dict[str, Any], settings_models: Mapping[str, type[BaseModel]]
) -> None:
    branches: list[dict[str, Any]] = []
    for adapter, model in sorted(settings_models.items()):
        own = model.model_json_schema(ref_template=f"#/$defs/{adapter}.{{model}}")
        for name, definition in own.pop("$defs", {}).items():
            definitions[f"{adapter}.{name}"] = definition
        definitions[f"{adapter}.settings"] = own
        needed = ["adapter", *(["settings"] if own.get("required") else [])]
        whole = {"$ref": f"#/$defs/{adapter}.settings"}
        named = {"adapter": {"const": adapter}}
        alone = {**named, "settings": whole, "instruments": False}
        branches.append({"title": adapter, "properties": alone, "required": needed})
        # Of several alike the settings are in two places, and each may be a part only.
        alike = {"title": f"{adapter}, several alike", "properties": named}
        branches.append({**alike, "required": ["adapter", "instruments"]})
    for name in ("Execution", "Step"):
        definitions[name]["properties"]["adapter"]["enum"] = sorted(settings_models)
        definitions[name]["oneOf"] = list(branches)
    alone = {"adapter": False, "settings": False, "instrument": False, "instruments": False}
    steps = {"title": "steps", "properties": alone, "required": ["steps"]}
    definitions["Execution"]["oneOf"].append(steps)


def models_of(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model of the core that a campaign holds."""
    seen: set[type[BaseModel]] = set()
    waiting: list[Any] = [root]
    while waiting:
        here = waiting.pop()
        if isinstance(here, type) and issubclass(here, BaseModel):
            if here in seen:
                continue
            seen.add(here)
            yield here
            waiting += [
                info.annotation
                for key, info in here.model_fields.items()
                if key not in MADE_BY_LOADER
            ]
        else:
            waiting += getattr(here, "__args__", ())


def _drop_discriminators(part: object) -> None:
    """`discriminator` is OpenAPI's, not JSON Schema's."""
    if isinstance(part, dict):
        part.pop("discriminator", None)
        for item in part.values():
            _drop_discriminators(item)
    elif isinstance(part, list):
        for item in part:
            _drop_discriminators(item)


def _without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}
