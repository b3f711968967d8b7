"""The Bluesky adapter against Bluesky's own servers: the contract, and what comes back."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from adapters.bluesky import BlueskyAdapter
from adapters.testing import AdapterContract, job_for
from agent.core.job import Job
from agent.errors import Refused, Unreachable
from tests.docs.pages import ROOT, blocks
from tests.lab.bluesky.bench import adapter_for, ended, job_that, send
from tests.lab.bluesky.server import KEY, STARTUP, Bluesky
from tests.lab.running import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Contract(AdapterContract):
    deadline_s = 240.0

    @pytest.fixture(autouse=True)
    def _servers(self, bluesky: Bluesky) -> None:
        self.bluesky = bluesky

    @pytest.fixture
    def good_job(self) -> Job:
        return job_for({"temperature": (80.0, "degC"), "hours": (2, "h")}, {"mass": "mg"})

    @pytest.fixture
    def bad_job(self) -> Job:
        return job_for({"pressure": (1.0, "bar")}, {"mass": "mg"})

    def executions(self, adapter: BlueskyAdapter, job: Job) -> int:
        return max(self.bluesky.count(job.id), self.bluesky.requested(job.id))


class TestWithClaims(Contract):
    @pytest.fixture
    def adapter(self, bluesky: Bluesky) -> BlueskyAdapter:
        return adapter_for(bluesky)


class TestWithoutClaims(Contract):
    @pytest.fixture
    def adapter(self, bluesky: Bluesky) -> BlueskyAdapter:
        return adapter_for(bluesky, claims=None)


class TestInAQueueThatPeopleStart(Contract):
    @pytest.fixture
    def adapter(self, bluesky: Bluesky) -> BlueskyAdapter:
        return adapter_for(bluesky, start_queue=False)

    def settle(self, adapter: BlueskyAdapter, job: Job) -> None:
        self.bluesky.say("/queue/start")


class TestWithAutostart(Contract):
    @pytest.fixture
    def adapter(self, bluesky: Bluesky) -> BlueskyAdapter:
        bluesky.say("/queue/autostart", enable=True)
        return adapter_for(bluesky, start_queue=False)


# ---- what comes back ----


def test_the_lab_s_own_account_of_it_comes_back(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that()
    outcome = ended(adapter, job, send(adapter, job))
    (measured,) = outcome.measurements
    assert measured.value == pytest.approx(1.717, abs=1e-3)
    assert measured.executed == {"temperature": 79.5, "seconds": 0.0, "fault": ""}
    told = json.loads(outcome.raw or "")
    (run,) = told["item"]["result"]["run_uids"]
    (name, start), *_ = told["runs"][run]["documents"]
    assert told["server"].startswith("RE Manager v")
    assert told["item"]["result"]["time_stop"] > told["item"]["result"]["time_start"]
    assert (name, start["athanor_job"], start["uid"]) == ("start", job.id, run)


def test_a_failure_teaches_nothing_and_tells_what_the_lab_calls_it(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that(fault="thermocouple open: E042")
    outcome = ended(adapter, job, send(adapter, job))
    assert (outcome.state, outcome.failure) == ("failed", "unclassified")
    assert outcome.code == "FurnaceFault"
    assert outcome.message.startswith("Plan failed: thermocouple open: E042\n")
    assert "FurnaceFault: thermocouple open: E042" in outcome.message


def test_results_that_cannot_be_read_now_are_waited_for(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that()
    handle = send(adapter, job)
    until(lambda: bool(bluesky.history), "for the plan to end")
    until(lambda: bluesky.state == "idle", "for the queue to be idle")
    assert bluesky.say("/environment/close")["success"]
    until(lambda: bluesky.state == "idle", "for the environment to be closed")
    with pytest.raises(Unreachable, match="results cannot be read"):
        adapter.collect(job, handle)
    bluesky.open_environment()
    assert ended(adapter, job, handle).state == "done"


def test_results_that_the_lab_has_lost_go_to_a_person(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky), job_that()
    handle = send(adapter, job)
    until(lambda: bool(bluesky.history), "for the plan to end")
    (run,) = bluesky.history[0]["result"]["run_uids"]
    (bluesky.lab / "runs" / f"{run}.jsonl").unlink()
    outcome = ended(adapter, job, handle)
    assert outcome.state == "lost"
    assert "get_run" in outcome.message


# ---- refusals come with status 200 ----


def test_a_refused_item_is_refused_and_nothing_is_queued(bluesky: Bluesky) -> None:
    adapter = adapter_for(bluesky, parameters={"temperature": {"unit": "", "name": "setpoint"}})
    job = job_for({"temperature": "hot"}, {"mass": "mg"})
    with pytest.raises(Refused, match="valid number"):
        send(adapter, job)
    assert bluesky.queue == bluesky.history == []
    assert not bluesky.ask("/status")["lock"]["queue"]


def test_a_plan_that_the_lab_does_not_have_is_a_fault(bluesky: Bluesky) -> None:
    for other, said in (({"plan": "nope"}, "not allowed"), ({"md": "notes"}, "no argument notes")):
        health = adapter_for(bluesky, **other).health()
        assert health.state == "faulted" and said in health.reason
        with pytest.raises(Refused, match=said):
            send(adapter_for(bluesky, **other), job_that())


def test_a_wrong_key_is_refused_and_found_out(bluesky: Bluesky) -> None:
    adapter = adapter_for(bluesky, api_key="nobody")
    assert adapter.health().state == "unreachable"
    assert "API key" in adapter.health().reason
    with pytest.raises(Refused):
        send(adapter, job_that())
    assert "nobody" not in repr(adapter.settings)


def test_wrong_settings_are_told_without_the_key() -> None:
    with pytest.raises(ValidationError) as told:
        BlueskyAdapter.Settings.model_validate(
            {"api_key": KEY, "url": "http://lab", "objectives": 3}
        )
    assert "plan" in str(told.value)
    assert KEY not in str(told.value)


# ---- the server's ids ----


def test_the_server_s_id_is_noted_and_the_job_s_is_what_finds_it(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky, start_queue=False), job_that()
    handle = send(adapter, job)
    (item,) = bluesky.queue
    assert handle["item_uid"] == item["item_uid"] != job.id
    assert item["meta"]["athanor_job"] == item["kwargs"]["md"]["athanor_job"] == job.id


def test_the_same_job_is_added_once(bluesky: Bluesky) -> None:
    adapter, job = adapter_for(bluesky, start_queue=False, claims=None), job_that()
    first = send(adapter, job)
    assert send(adapter, job)["item_uid"] == first["item_uid"]
    assert len(bluesky.queue) == 1
    bluesky.say("/queue/start")
    assert ended(adapter, job, first).state == "done"
    send(adapter, job)
    assert bluesky.queue == []
    assert bluesky.count(job.id) == 1


# ---- what the documents say ----


def test_the_startup_directory_of_the_documents_does_it(tmp_path: Path) -> None:
    """Its plan, its claims and its results, under the settings that stand beside them."""
    pytest.importorskip("bluesky_queueserver", reason="athanor[labs] is not installed")
    page = ROOT / "docs" / "bluesky.md"
    startup = tmp_path / "startup"
    startup.mkdir()
    for block in blocks(page, "python"):
        if block.file in {"00_claims.py", "10_anneal.py"}:
            (startup / block.file).write_text(block.text)
    assert (startup / "00_claims.py").read_text() == (STARTUP / "00_claims.py").read_text()
    shutil.copy(STARTUP / "user_group_permissions.yaml", startup)
    (told,) = [one for one in blocks(page, "yaml") if "adapter: bluesky" in one.text]
    settings = yaml.safe_load(told.text)["execution"]["settings"]
    job = job_for({"temperature": (80.0, "degC"), "time": (0.01, "h")}, {"yield": "percent"})
    with Bluesky(tmp_path / "site", startup) as bluesky:
        adapter = BlueskyAdapter(
            BlueskyAdapter.Settings.model_validate({**settings, "url": bluesky.url, "api_key": KEY})
        )
        assert adapter.health().state == "ready"
        outcome = ended(adapter, job, send(adapter, job))
        late = job_for({"temperature": (90.0, "degC")}, {"yield": "percent"}, id="late")
        assert adapter.find(late, None).sure
    (measured,) = outcome.measurements
    assert measured.value == pytest.approx(1.7)
    assert measured.executed == {"temperature": 80.0, "time": 0.01}
