"""Campaigns under faults of every kind; `make chaos` is the long form."""

from pathlib import Path

import pytest

from tests.lab.chaos import Ordeal, campaign, chaos
from tests.lab.disk import no_disk
from tests.lab.scene import FAULTS, Chaos, Setting
from tests.lab.small import SmallLab


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_nothing_is_doubled_lost_or_stuck(tmp_path: Path) -> None:
    found = chaos(tmp_path, Ordeal(SmallLab), 2 * len(FAULTS), seed=3)
    assert not found.words()
    assert len(found.faults) >= len(FAULTS) - 3, (
        "every kind happens, but where there is no database, and no disk to fill"
    )
    assert found.judgements


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_campaign_goes_on_when_a_full_disk_is_freed(tmp_path: Path) -> None:
    why_not = no_disk(tmp_path / "disk")
    if why_not is not None:
        pytest.skip(why_not)
    found, setting = Chaos(), Setting(trials=20, lookup="sure", small_disk=True)
    campaign(tmp_path, SmallLab(tmp_path / "lab"), found, setting, 4 * ["disk full"], seed=1)
    assert not found.words()
    assert found.faults["disk full"] >= 1
    assert len(found.judgements) == 1
