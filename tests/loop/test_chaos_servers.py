"""A campaign at each real server while it breaks; `make chaos` is the long form."""

from pathlib import Path

import pytest

pytest.importorskip("bluesky_queueserver", reason="athanor[labs] is not installed")
pytest.importorskip("madsci.node_module", reason="athanor[labs] is not installed")
pytest.importorskip("sila2", reason="athanor[sila] is not installed")

from tests.lab.chaos import campaign
from tests.lab.ordeals import SERVERS
from tests.lab.scene import Chaos, Setting

KINDS = ["reply lost", "laboratory killed", "agent killed at a seam", "laboratory asleep"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(SERVERS))
def test_nothing_is_doubled_lost_or_stuck_at_a_real_server(name: str, tmp_path: Path) -> None:
    ordeal, found = SERVERS[name], Chaos()
    lab = ordeal.lab(tmp_path / "lab")
    setting = Setting(trials=6, lookup="best_effort", still_s=ordeal.still_s)
    campaign(tmp_path, lab, found, setting, KINDS, seed=1)
    assert not found.words()
    assert len(found.judgements) == 1
    assert found.faults["laboratory killed"] == 1
    assert found.faults.total() >= 2
