"""Recorded data for the tests: beside the repository, or where ATHANOR_DATA says; else skipped."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def recorded() -> Callable[[str], Path]:
    """The path of a recorded data set by its file name; the test is skipped where it is absent."""

    def path(name: str) -> Path:
        folder = Path(os.environ.get("ATHANOR_DATA", ROOT.parent / "shared" / "data"))
        if not (folder / name).is_file():
            pytest.skip(f"{name} is not in {folder}: set ATHANOR_DATA to the folder that has it")
        return folder / name

    return path
