"""Whole campaigns on a MADSci node, killed in the middle of a sending, judged by the node's own count."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.job import Job, JobStatus
from agent.data.store import Store
from tests.lab.madsci.furnace import FurnaceNode
from tests.lab.ordeal import judge
from tests.lab.running import Site, ended, stopped, until
from tests.lab.seams import KILL, STOP

pytestmark = pytest.mark.slow
DIRECT = ("--direct", "--lease", "1", "--no-wait")
OVER, PERSON, INSTRUMENT, HELD = 0, 3, 4, 5
KEY = "a-key-that-is-nobody-s-business"
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
    headers: {Authorization: "Bearer ${FURNACE_KEY}"}
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


OPERATORS = """\
adapters: {madsci: "tests.lab.madsci.adapter:SeamedAdapter"}
unattended: [furnace]
instruments:
  furnace:
    limits:
      temperature: {low: 20, high: 1000, unit: degC}
      duration: {low: 1, high: 10, unit: h}
      base: {names: [KOH, NaOH]}
    settings: {url: "${FURNACE_URL}"}
    signed: {by: the operators, at: 2026-03-01}
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
        made.operators.write_text(OPERATORS)
        made.environ.update(FURNACE_URL=node.url, FURNACE_KEY=KEY)
        yield made


def run(site: Site, **environ: str) -> int:
    """`athanor run`, until it is over or somebody is needed; the exit code."""
    code = HELD
    while code == HELD:
        code = ended(site.run(*DIRECT, **environ))
    assert code in {OVER, PERSON, INSTRUMENT, -signal.SIGKILL}, site.log.read_text()[-3000:]
    return code


def patiently(site: Site) -> int:
    """The same, waiting for the node as well."""
    while (code := run(site)) == INSTRUMENT:
        pass
    return code


def jobs(site: Site, status: JobStatus) -> list[Job]:
    with Store.open(f"sqlite:///{site.store}", create=False) as store:
        return store.jobs(store.entry("fire").id, status)


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
    assert KEY.encode() not in site.store.read_bytes()


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
    (job,) = jobs(site, JobStatus.UNKNOWN)
    assert node.counts()[job.id] == 0
    assert site.say("resolve", job.id, "refused", "--reason", "the furnace is cold and empty") == 0
    assert run(site) == OVER, site.log.read_text()[-3000:]
    judgement = judge(site, node.counts())
    assert judgement.clean, judgement


@pytest.mark.timeout(600)
def test_a_furnace_that_burns_out_waits_to_be_reset(site: Site, node: FurnaceNode) -> None:
    """What failed is counted once, teaches nothing, and nothing is sent to a node in error: a person is called."""
    site.file.write_text(FILE.replace("low: 20, high: 800", "low: 800, high: 1000"))
    resets = 0
    while (code := run(site)) == PERSON:
        assert node.status()["errored"]
        node.reset()
        resets += 1
    assert code == OVER, site.log.read_text()[-3000:]
    hot = [line["key"] for line in node.account() if line["temperature"] > 900]
    failed = jobs(site, JobStatus.FAILED)
    assert [job.id for job in failed] == hot
    assert {(job.failure, job.message) for job in failed} == {
        ("unclassified", "RuntimeError: heater burnt out")
    }
    assert 0 < resets <= len(hot)
    assert len(node.account()) == len(node.counts()) == 5


@pytest.mark.timeout(600)
def test_a_node_that_restarts_in_the_middle_asks_a_person(tmp_path: Path, site: Site) -> None:
    with FurnaceNode(tmp_path / "slow", seconds=60.0) as slow:
        site.environ["FURNACE_URL"] = slow.url
        site.file.write_text(FILE.replace("experiments: 5", "experiments: 2"))
        running = site.run(*DIRECT)
        until(lambda: len(slow.account()) == 1, "for the first sample")
        until(lambda: bool(jobs(site, JobStatus.RUNNING)), "for the agent to see it")
        slow.kill()
        slow.seconds = 0.1
        slow.open()
        ended(running)
        assert patiently(site) == PERSON, site.log.read_text()[-3000:]
        (job,) = jobs(site, JobStatus.UNKNOWN)
        assert "restarted since" in job.message
        assert site.say("resolve", job.id, "failed", "--reason", "half made, thrown away") == 0
        assert patiently(site) == OVER, site.log.read_text()[-3000:]
        assert len(slow.account()) == len(slow.counts()) == 2
