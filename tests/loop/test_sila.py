"""A whole campaign on a SiLA 2 server, whose agent and whose server are killed on the way."""

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("sila2", reason="athanor[sila] is not installed")

import json

import yaml

from agent.commands.common import Exit
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


ALLOWED = {
    "adapters": {"sila": "adapters.sila:SilaAdapter"},
    "unattended": ["furnace"],
    "instruments": {
        "furnace": {
            "limits": {
                "temperature": {"low": 20, "high": 120, "unit": "degC"},
                "cycles": {"low": 1, "high": 6},
                "solvent": {"names": ["water", "DMF"]},
            },
            "signed": {"by": "the operators", "at": "2026-03-01"},
        }
    },
}
"""What the operators of the furnace have written."""


class Bench:
    """A folder with the campaign of a furnace, and what it takes to run it."""

    def __init__(self, folder: Path, furnace: Furnace) -> None:
        self.file, operators = folder / "anneal.yaml", folder / "operators.yaml"
        self.log, self.store = folder / "log.txt", f"sqlite:///{folder / 'lab.db'}"
        self.file.write_text(yaml.safe_dump(campaign(furnace), sort_keys=False))
        operators.write_text(yaml.safe_dump(ALLOWED))
        self.environ = {"ATHANOR_OPERATORS": str(operators), "OMP_NUM_THREADS": "1"}

    def run(self, *options: str) -> Forked:
        """Start `athanor run`."""
        given = ["run", str(self.file), "--store", self.store, "--direct", "--lease", "5"]
        return Forked([*given, *options], self.environ, self.log)


@pytest.mark.timeout(600)
def test_every_sample_is_made_once_whoever_is_killed(tmp_path: Path) -> None:
    with Furnace(tmp_path / "furnace", 0.5) as furnace:
        bench = Bench(tmp_path, furnace)
        first = bench.run()
        until(
            lambda: furnace.counts().total() == 2 or first.code() is not None,
            "for the second sample",
        )
        os.kill(first.pid, signal.SIGKILL)
        assert ended(first) == -signal.SIGKILL
        second = bench.run()
        until(
            lambda: furnace.counts().total() == 4 or second.code() is not None,
            "for the fourth sample",
        )
        until(lambda: furnace.account()[-1]["did"] == "done", "for it to end")
        furnace.kill()
        furnace.open()
        assert ended(second) == 0, bench.log.read_text()[-3000:]
        counts = furnace.counts()
    with Store.open(bench.store, create=False) as store:
        entry = store.entry("anneal")
        assert entry.status is CampaignStatus.FINISHED
        jobs = {job.id: job for job in store.jobs(entry.id)}
        seen = store.observations(entry.id)
        raw = json.loads(store.blob(seen[0].raw))
    assert set(counts.values()) == {1}
    assert counts.total() == len(seen) == 6
    assert {jobs[key].status for key in counts} == {JobStatus.DONE}
    assert raw["server"]["name"] == "Furnace"


@pytest.mark.timeout(600)
def test_a_server_that_dies_in_the_middle_of_a_sample_is_a_persons_matter(tmp_path: Path) -> None:
    with Furnace(tmp_path / "furnace", 600.0) as furnace:
        bench = Bench(tmp_path, furnace)
        running = bench.run()
        until(lambda: furnace.counts().total() == 1 or running.code() is not None, "for the sample")
        furnace.kill()
        os.kill(running.pid, signal.SIGKILL)
        ended(running)
        furnace.open()
        assert ended(bench.run("--no-wait")) == Exit.PERSON, bench.log.read_text()[-3000:]
        assert ended(bench.run("--no-wait")) == Exit.PERSON
        with Store.open(bench.store, create=False) as store:
            (job,) = store.jobs(store.entry("anneal").id)
        assert (job.status, job.message) == (JobStatus.UNKNOWN, "GetResult says 'broken off'")
        assert furnace.counts() == {job.id: 1}
