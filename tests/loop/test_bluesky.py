"""Whole campaigns on Bluesky's own servers, from one campaign file; the lab counts what it executes."""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.job import Job, JobStatus
from agent.core.register import CampaignStatus
from agent.data.store import Store
from tests.lab.bluesky.server import KEY, Bluesky
from tests.lab.running import Forked, ended, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CAMPAIGN = """\
name: anneal
parameters:
  - {{name: temperature, type: continuous, unit: degC, low: 40, high: 200, resolution: 1}}
  - {{name: time, type: continuous, unit: h, low: 0, high: 2, resolution: 0.1}}
objectives:
  - {{name: mass, unit: mg, goal: maximise}}
budget: {{experiments: 8}}
policy: {{name: random, initial: {{size: 2}}, in_flight: 2}}
stop: {{confirm: 0}}
execution:
  adapter: bluesky
  instrument: furnace
  attempts: 50
  poll: {{limit: 0.2, unit: s}}
  settings:
    url: {url}
    api_key: ${{BLUESKY_KEY}}
    plan: make_sample
    parameters:
      temperature: {{unit: degC, name: setpoint, executed: actual.setpoint}}
      time: {{unit: h, name: hours}}
    objectives: {{mass: mg}}
    constants: {{limit: {limit}, seconds: {seconds}}}
    results: get_run
    claims: job_claim
    start_queue: true
    parallel: 2
    timeout_s: 60
review: {{mode: none}}
seed: 3
"""

OPERATORS = """\
adapters: {bluesky: "adapters.bluesky:BlueskyAdapter"}
unattended: [furnace]
instruments:
  furnace:
    limits:
      temperature: {low: 40, high: 200, unit: degC}
      time: {low: 0, high: 2, unit: h}
    signed: {by: M. Curie, at: 2026-03-01}
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bluesky]:
    pytest.importorskip("bluesky_queueserver", reason="athanor[labs] is not installed")
    with Bluesky(tmp_path_factory.mktemp("bluesky") / "site") as opened:
        yield opened


@pytest.fixture
def bluesky(servers: Bluesky) -> Bluesky:
    servers.tidy()
    return servers


class Desk:
    """A campaign file, the operators' file and a store, and `athanor run` on them."""

    def __init__(
        self, folder: Path, bluesky: Bluesky, limit: float = 1000, seconds: float = 0.2
    ) -> None:
        self.file, self.log = folder / "anneal.yaml", folder / "log.txt"
        self.store = f"sqlite:///{folder / 'store.db'}"
        self.file.write_text(CAMPAIGN.format(url=bluesky.url, limit=limit, seconds=seconds))
        operators = folder / "operators.yaml"
        operators.write_text(OPERATORS)
        self._running: list[Forked] = []
        self._environ = {
            "ATHANOR_OPERATORS": str(operators),
            "BLUESKY_KEY": KEY,
            "OMP_NUM_THREADS": "1",
        }

    def run(self) -> Forked:
        given = ["run", str(self.file), "--store", self.store, "--direct", "--lease", "5"]
        self._running.append(Forked(given, self._environ, self.log))
        return self._running[-1]

    def say(self, *arguments: str) -> int:
        return ended(Forked([*arguments, "--store", self.store], self._environ, self.log))

    def jobs(self) -> list[Job]:
        with Store.open(self.store, create=False) as store:
            return store.jobs(store.entry("anneal").id)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs."""
        for running in self._running:
            if running.code() is None:
                os.kill(running.pid, signal.SIGKILL)
                ended(running)

    def finish(self) -> None:
        code = ended(self.run())
        assert code == 0, f"exit code {code}: {self.log.read_text()[-3000:]}"


def judged(desk: Desk, bluesky: Bluesky) -> list[Job]:
    """The jobs of a finished campaign; everything that was executed was executed once, and is known."""
    with Store.open(desk.store, create=False) as store:
        entry = store.entry("anneal")
        assert entry.status is CampaignStatus.FINISHED
        store.verify(entry.id)
        jobs = store.jobs(entry.id)
        observed = {one.job for one in store.observations(entry.id)}
    begun = [line["job"] for line in bluesky.account() if line["did"] == "begin"]
    assert len(begun) == len(set(begun))
    done = {job.id for job in jobs if job.status is JobStatus.DONE}
    assert {line["job"] for line in bluesky.account() if line["did"] == "end"} == done == observed
    executed = {job.id for job in jobs if job.status is not JobStatus.REFUSED}
    assert executed == set(begun)
    assert len(executed) == 8
    assert bluesky.queue == []
    assert not bluesky.ask("/status")["lock"]["queue"]
    return jobs


def test_a_campaign_runs_from_its_file_to_its_end(bluesky: Bluesky, tmp_path: Path) -> None:
    with Desk(tmp_path, bluesky) as desk:
        desk.finish()
        jobs = judged(desk, bluesky)
        assert {job.status for job in jobs} == {JobStatus.DONE}
        with Store.open(desk.store, create=False) as store:
            campaign = store.entry("anneal").id
            for one in store.observations(campaign):
                (job,) = (job for job in jobs if job.id == one.job)
                asked = job.plans[0].settings()
                assert one.executed == {**asked, "temperature": asked["temperature"] - 0.5}
                document = json.loads(store.blob(one.raw or ""))
                assert document["item"]["meta"]["athanor_job"] == job.id
            assert KEY not in json.dumps(store.revision(campaign).document)


def test_what_fails_is_not_repeated_and_the_campaign_goes_on(
    bluesky: Bluesky, tmp_path: Path
) -> None:
    with Desk(tmp_path, bluesky, limit=120) as desk:
        desk.finish()
        jobs = judged(desk, bluesky)
        failed = [job for job in jobs if job.status is JobStatus.FAILED]
        assert failed and len(failed) < 8
        assert {job.failure for job in failed} == {"unclassified"}
        assert all("FurnaceFault: over the limit" in job.message for job in failed)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_nothing_is_executed_twice_and_nothing_lost(
    bluesky: Bluesky, tmp_path: Path, seed: int
) -> None:
    with Desk(tmp_path, bluesky, limit=150) as desk:
        moments, kills = random.Random(seed), 0
        for kill in range(1, 5):
            running = desk.run()
            until(
                lambda kill=kill, running=running: (
                    len(bluesky.account()) >= 3 * kill or running.code() is not None
                ),
                "for something to be executed",
            )
            moment = time.monotonic() + moments.uniform(0, 1)
            until(lambda moment=moment: time.monotonic() > moment, "for the moment")
            if running.code() is None:
                os.kill(running.pid, signal.SIGKILL)
                kills += ended(running) == -signal.SIGKILL
        assert kills >= 2
        desk.finish()
        judged(desk, bluesky)


def test_a_power_cut_at_the_lab_is_asked_about_and_the_campaign_goes_on(
    bluesky: Bluesky, tmp_path: Path
) -> None:
    with Desk(tmp_path, bluesky, seconds=3.0) as desk:
        running = desk.run()
        until(lambda: bool(bluesky.account()), "for a plan to begin")
        cut = bluesky.account()[0]["job"]
        bluesky.kill_manager()
        bluesky.restart_manager()
        in_doubt: list[str] = []

        def asked() -> bool:
            in_doubt[:] = [job.id for job in desk.jobs() if job.status is JobStatus.UNKNOWN]
            return bool(in_doubt)

        until(asked, "for the job to be in doubt")
        assert in_doubt == [cut]
        assert (
            desk.say("resolve", cut, "failed", "--reason", "the sample was cold and half done") == 0
        )
        assert ended(running) == 0, desk.log.read_text()[-3000:]
        failed = [job.id for job in judged(desk, bluesky) if job.status is JobStatus.FAILED]
        assert failed == [cut]
