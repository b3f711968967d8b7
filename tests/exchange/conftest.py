"""A store with a small campaign, and a file of results to import."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.data.store import Store
from tests.exchange.world import new_store


@pytest.fixture
def store() -> Iterator[Store]:
    """A store in memory with the campaign."""
    with new_store() as opened:
        yield opened


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a CSV of results."""

    def write(text: str, name: str = "runs.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
