"""A whole campaign on a SiLA 2 server, whose agent and whose server are killed on the way."""

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("sila2", reason="athanor[sila] is not installed")

import json

import yaml

from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.data.store import Store
from tests.lab.running import Forked, ended, until
from tests.lab.sila.running import LOOKED_UP, Furnace

pytestmark = pytest.mark.slow


def campaign(furnace: Furnace) -> dict[str, object]:
    """The file of a campaign that this furnace carries out; only `execution` knows of it."""
    return {
        "name": "anneal",
        "parameters": [
            {
                "name": "temperature",
                "type": "continuous",
                "unit": "°C",
                "low": 20,
                "high": 120,
                "resolution": 1,
            },
            {"name": "cycles", "type": "integer", "low": 1, "high": 6},
            {"name": "solvent", "type": "categorical", "choices": ["water", "DMF"]},
        ],
        "objectives": [{"name": "yield", "unit": "percent", "goal": "maximise"}],
        "budget": {"experiments": 6},
        "policy": {"name": "expected_improvement", "initial": {"size": 3}},
        "execution": {
            "adapter": "sila",
            "instrument": "furnace",
            "settings": furnace.settings(**LOOKED_UP),
            "poll": {"limit": 0.1, "unit": "s"},
        },
        "review": {"mode": "none"},
        "seed": 3,
    }


@pytest.mark.timeout(600)
def test_every_sample_is_made_once_whoever_is_killed(tmp_path: Path) -> None:
    file, operators, log = (tmp_path / name for name in ("anneal.yaml", "operators.yaml", "log"))
    allowed = {"adapters": {"sila": "adapters.sila:SilaAdapter"}, "unattended": ["furnace"]}
    operators.write_text(yaml.safe_dump(allowed))
    environ = {"ATHANOR_OPERATORS": str(operators), "OMP_NUM_THREADS": "1"}
    where = f"sqlite:///{tmp_path / 'lab.db'}"
    run = ["run", str(file), "--store", where, "--direct", "--lease", "5"]
    with Furnace(tmp_path / "furnace", 0.5) as furnace:
        file.write_text(yaml.safe_dump(campaign(furnace), sort_keys=False))

        def made() -> int:
            return furnace.counts().total()

        first = Forked(run, environ, log)
        until(lambda: made() == 2 or first.code() is not None, "for the second sample")
        os.kill(first.pid, signal.SIGKILL)
        assert ended(first) == -signal.SIGKILL
        second = Forked(run, environ, log)
        until(lambda: made() == 4 or second.code() is not None, "for the fourth sample")
        until(lambda: furnace.account()[-1]["did"] == "done", "for it to end")
        furnace.kill()
        furnace.open()
        assert ended(second) == 0, log.read_text()[-3000:]
        counts = furnace.counts()
    with Store.open(where, create=False) as store:
        entry = store.entry("anneal")
        assert entry.status is CampaignStatus.FINISHED
        jobs = {job.id: job for job in store.jobs(entry.id)}
        seen = store.observations(entry.id)
        raw = json.loads(store.blob(seen[0].raw))
    assert set(counts.values()) == {1}
    assert counts.total() == len(seen) == 6
    assert {jobs[key].status for key in counts} == {JobStatus.DONE}
    assert raw["server"]["name"] == "Furnace"
