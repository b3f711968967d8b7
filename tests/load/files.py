"""Adapters' settings for the tests, and a campaign file that is right: each test breaks a thing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from agent.load import Resolved

Load = Callable[..., Resolved]
"""Reads a text, or a document, as a campaign file; keywords are the environment."""


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class BenchSettings(_Closed):
    folder: Path


class TableSettings(_Closed):
    file: Path
    extra_files: tuple[Path, ...] = ()
    match: Literal["exact", "nearest"] = "exact"
    replicates: int = Field(default=1, ge=1)


class LabSettings(_Closed):
    url: str
    token: SecretStr | None = None
    port: int = 80
    verify: bool = True
    headers: dict[str, str] = Field(default_factory=dict)


MODELS: dict[str, type[BaseModel]] = {
    "bench": BenchSettings,
    "table": TableSettings,
    "lab": LabSettings,
}

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
name: good
parameters:
  - {name: temperature, type: continuous, unit: degC, low: 20, high: 120, resolution: 1}
  - {name: time, type: discrete, unit: h, levels: [1, 2, 4, 8]}
  - {name: passes, type: integer, low: 1, high: 4}
  - {name: solvent, type: categorical, choices: [DMF, DMSO, water]}
objectives:
  - {name: yield, unit: percent, goal: maximise, plausible: [0, 100]}
budget: {experiments: 20}
execution: {adapter: lab, settings: {url: "http://localhost"}}
"""


def changed(**parts: object) -> dict[str, Any]:
    """The good document with other top-level keys; None takes one out."""
    document = {**yaml.safe_load(GOOD), **parts}
    return {key: value for key, value in document.items() if value is not None}
