"""Campaigns under faults of every kind; `make chaos` is the long form."""

from pathlib import Path

import pytest

from tests.lab.chaos import FAULTS, chaos


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_nothing_is_doubled_lost_or_stuck(tmp_path: Path) -> None:
    found = chaos(tmp_path, 2 * len(FAULTS), seed=3)
    assert not found.words()
    assert len(found.faults) >= len(FAULTS) - 2, (
        "every kind happens, but where there is no database"
    )
    assert found.judgements
