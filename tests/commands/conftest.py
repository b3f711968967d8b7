"""The command line, called in this process on a store of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.cli import app

Athanor = Callable[..., Result]

QUICK = """\
name: quick
parameters:
  - {name: x1, type: continuous, low: -5, high: 10, resolution: 0.5, unit: mm}
  - {name: x2, type: continuous, low: 0, high: 15, resolution: 0.5, unit: mm}
objectives:
  - {name: value, unit: "1", goal: minimise}
budget: {experiments: 4}
policy: {name: random}
execution: {adapter: function, settings: {function: branin}}
"""


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "store.db")


@pytest.fixture
def athanor(store: str) -> Athanor:
    """Calls `athanor` with this test's store; faults of ours are raised."""

    def call(*words: str, code: int | None = 0, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(
            app, list(words), env={"ATHANOR_STORE": store}, input=stdin, catch_exceptions=False
        )
        assert code is None or result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """A campaign that runs in a moment."""
    path = tmp_path / "quick.yaml"
    path.write_text(QUICK)
    return path


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    """The same, but people review."""
    path = tmp_path / "reviewed.yaml"
    path.write_text(QUICK.replace("quick", "reviewed") + "review: {mode: required}\n")
    return path
