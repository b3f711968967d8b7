"""The MADSci adapter keeps the contract, against a real node that counts what it does."""

from collections.abc import Iterator

import pytest

from adapters.madsci import MadsciAdapter
from adapters.testing import AdapterContract, job_for
from agent.core.job import Job
from tests.lab.madsci.furnace import FurnaceNode

SETTINGS = {
    "action": "make_sample",
    "parameters": {
        "temperature": {"unit": "degC", "executed": "actual.temperature"},
        "duration": {"unit": "h", "name": "time"},
        "base": "",
    },
    "objectives": {"mass": "mg", "purity": {"unit": "%"}},
    "job_argument": "sample_id",
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnaceNode]:
    pytest.importorskip("madsci.node_module", reason="athanor[labs] is not installed")
    with FurnaceNode(tmp_path_factory.mktemp("furnace"), seconds=0.3) as opened:
        yield opened


@pytest.mark.slow
class TestMadsci(AdapterContract):
    deadline_s = 60.0

    @pytest.fixture
    def adapter(self, node: FurnaceNode) -> MadsciAdapter:
        node.reset()
        (node.folder / "account.jsonl").unlink(missing_ok=True)
        self.node = node
        return MadsciAdapter(MadsciAdapter.Settings(url=node.url, **SETTINGS))

    @pytest.fixture
    def good_job(self) -> Job:
        asked = {"temperature": (80.0, "degC"), "duration": (2, "h"), "base": "KOH"}
        return job_for(asked, {"mass": "mg", "purity": "%"})

    @pytest.fixture
    def bad_job(self) -> Job:
        return job_for({"pressure": (1.0, "bar")}, {"mass": "mg"})

    def executions(self, adapter: MadsciAdapter, job: Job) -> int:
        return self.node.counts()[job.id]


@pytest.mark.slow
class TestMadsciKnownByItsNode(TestMadsci):
    """What is wrong with a job is only seen by what the node says of its action."""

    @pytest.fixture
    def adapter(self, node: FurnaceNode) -> MadsciAdapter:
        node.reset()
        (node.folder / "account.jsonl").unlink(missing_ok=True)
        self.node = node
        loose = {**SETTINGS, "parameters": None}
        return MadsciAdapter(MadsciAdapter.Settings(url=node.url, **loose))

    @pytest.fixture
    def good_job(self) -> Job:
        asked = {"temperature": (80.0, "degC"), "base": "KOH"}
        return job_for(asked, {"mass": "mg", "purity": "%"})

    @pytest.fixture
    def bad_job(self) -> Job:
        return job_for({"temperature": (80.0, "degC"), "tempreature": 1.0}, {"mass": "mg"})
