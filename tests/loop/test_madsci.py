"""Whole campaigns on a MADSci node, killed in the middle of a sending, judged by the node's own count."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from agent.core.job import JobStatus
from agent.data.store import Store
from tests.lab.madsci.furnace import FurnaceNode
from tests.lab.ordeal import judge
from tests.lab.running import Site, ended, stopped, until
from tests.lab.seams import KILL, STOP

pytestmark = pytest.mark.slow
DIRECT = ("--direct", "--lease", "1", "--no-wait")
PERSON, HELD, OVER = 3, 5, 0
FILE = """\
name: fire
parameters:
  - {name: temperature, type: continuous, unit: degC, low: 20, high: 800, resolution: 5}
  - {name: duration, type: continuous, unit: h, low: 1, high: 10, resolution: 0.5}
  - {name: base, type: categorical, choices: [KOH, NaOH]}
objectives:
  - {name: mass, unit: mg, goal: maximise}
budget: {experiments: 5}
policy: {name: random, initial: {size: 2}}
execution:
  adapter: madsci
  instrument: furnace
  settings:
    url: ${FURNACE_URL}
    action: make_sample
    parameters:
      temperature: {unit: degC, executed: actual.temperature}
      duration: {unit: h, name: time}
      base: ""
    objectives: {mass: mg}
    job_argument: sample_id
    patience_s: 0.5
  attempts: 5
  poll: {limit: 0.05, unit: s}
review: {mode: none}
seed: 3
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnaceNode]:
    pytest.importorskip("madsci.node_module", reason="athanor[labs] is not installed")
    with FurnaceNode(tmp_path_factory.mktemp("furnace"), seconds=0.1) as opened:
        yield opened


@pytest.fixture
def site(node: FurnaceNode, tmp_path: Path) -> Iterator[Site]:
    node.reset()
    (node.folder / "account.jsonl").unlink(missing_ok=True)
    with Site(tmp_path, node) as made:
        made.file.write_text(FILE)
        operators = tmp_path / "operators.yaml"
        adapters = {"madsci": "tests.lab.madsci.adapter:SeamedAdapter"}
        operators.write_text(yaml.safe_dump({"adapters": adapters, "unattended": ["furnace"]}))
        made.environ["FURNACE_URL"] = node.url
        yield made


def run(site: Site, **environ: str) -> int:
    """`athanor run`, until it is over or a person is needed; the exit code."""
    code = HELD
    while code not in {OVER, PERSON, -signal.SIGKILL}:
        code = ended(site.run(*DIRECT, **environ))
        assert code in {OVER, PERSON, HELD, 4, -signal.SIGKILL}, site.log.read_text()[-3000:]
    return code


def in_doubt(site: Site) -> list[str]:
    with Store.open(f"sqlite:///{site.store}", create=False) as store:
        return [job.id for job in store.jobs(store.entry("fire").id, JobStatus.UNKNOWN)]


@pytest.mark.timeout(600)
def test_a_campaign_runs_on_a_node_from_one_file(site: Site, node: FurnaceNode) -> None:
    assert run(site) == OVER, site.log.read_text()[-3000:]
    assert judge(site, node.counts()).clean
    with Store.open(f"sqlite:///{site.store}", create=False) as store:
        for one in store.observations(store.entry("fire").id):
            (made,) = [line for line in node.account() if line["key"] == one.job]
            assert one.value == pytest.approx(made["temperature"] / 10 + made["time"])
            assert one.executed is not None
            assert one.executed["temperature"] == made["temperature"] + 0.5
            assert one.raw is not None


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "seam",
    [
        "after commit of job.intended:2",
        "after commit of job.noted:3",  # prepared, and nothing created
        "before commit of job.noted:4",  # created, and its id not kept: nobody will ever start it
        "after the last byte:2",
        "after the answer:2",
        "before commit of job.moved to started:2",
    ],
)
def test_killed_while_sending_it_goes_on_by_itself(
    site: Site, node: FurnaceNode, seam: str
) -> None:
    assert run(site, **{KILL: seam}) == -signal.SIGKILL
    assert run(site) == OVER, site.log.read_text()[-3000:]
    judgement = judge(site, node.counts())
    assert judgement.clean, judgement


@pytest.mark.timeout(600)
def test_a_sender_that_slept_before_its_note_starts_nothing_when_it_wakes(
    site: Site, node: FurnaceNode
) -> None:
    """Its job was surely absent, and made as the next attempt: the note fails, so the start is not sent."""
    first = site.run(*DIRECT, **{STOP: "after commit of job.noted:3"})
    until(lambda: stopped(first) or first.code() is not None, "for the sender to lie still")
    assert first.code() is None, site.log.read_text()[-3000:]
    assert run(site) == OVER, site.log.read_text()[-3000:]
    os.kill(first.pid, signal.SIGCONT)
    assert ended(first) == 1
    judgement = judge(site, node.counts())
    assert judgement.clean, judgement


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seam", ["after commit of job.noted:4", "in the middle of the request:2"])
def test_killed_between_the_note_and_the_start_it_asks_a_person(
    site: Site, node: FurnaceNode, seam: str
) -> None:
    assert run(site, **{KILL: seam}) == -signal.SIGKILL
    assert run(site) == PERSON
    (job,) = in_doubt(site)
    assert node.counts()[job] == 0
    assert site.say("resolve", job, "refused", "--reason", "the furnace is cold and empty") == 0
    assert run(site) == OVER, site.log.read_text()[-3000:]
    judgement = judge(site, node.counts())
    assert judgement.clean, judgement
