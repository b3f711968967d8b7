"""The SiLA 2 adapter keeps the contract, on a real server; and what happens to it when that one does not."""

import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("sila2", reason="athanor[sila] is not installed")

from sila2.client import SilaClient

from adapters.testing import AdapterContract, job_for
from agent.core.adapter import Adapter, Handle, Health, Outcome
from agent.core.job import Job
from agent.errors import AdapterError, Refused, Unreachable
from tests.lab.running import PATIENCE_S, ROOT, until
from tests.lab.sila.proxy import Line
from tests.lab.sila.running import LOOKED_UP, Furnace

pytestmark = pytest.mark.slow

_numbers = itertools.count(1)


def a_job(temperature: Any = 80.0, cycles: Any = 2, solvent: Any = "DMF", **more: Any) -> Job:
    """A sample that was never asked for before."""
    parameters = {"temperature": (temperature, "°C"), "cycles": cycles, "solvent": solvent}
    trial = f"k7f3q2-T{next(_numbers):04}"
    return job_for({**parameters, **more}, {"yield": "percent"}, trial=trial)


@pytest.fixture(scope="module")
def furnace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnace]:
    """A furnace that several tests use one after the other."""
    with Furnace(tmp_path_factory.mktemp("furnace")) as opened:
        yield opened


class TestSila(AdapterContract):
    """With all that a feature can offer."""

    more: ClassVar[dict[str, Any]] = LOOKED_UP

    @pytest.fixture
    def adapter(self, furnace: Furnace) -> Adapter:
        return furnace.adapter(**self.more)

    @pytest.fixture
    def good_job(self) -> Job:
        return a_job()

    @pytest.fixture
    def bad_job(self) -> Job:
        return a_job(temperature=800.0)

    @pytest.fixture(autouse=True)
    def _count(self, furnace: Furnace) -> None:
        self.furnace = furnace

    def executions(self, adapter: Adapter, job: Job) -> int:
        return self.furnace.counts()[job.id]


class TestSilaLookedUpOnly(TestSila):
    """Where ids cannot be withdrawn."""

    more: ClassVar[dict[str, Any]] = {"lookup": LOOKED_UP["lookup"]}


class TestSilaOfAVendor(TestSila):
    """Where the feature offers nothing but the command."""

    more: ClassVar[dict[str, Any]] = {"cancel": None, "key": "SampleId"}


SHORT = {"deadline_s": 3.0, "start_deadline_s": 3.0, "cancel_deadline_s": 3.0}
"""Deadlines for what does not answer."""

SERVER = "3f0c6c0a-5b1e-4a7e-9c55-0a6f4a1f0e11"
UUID = "9b3dcb7e-6b2e-4a55-8f4f-1b4c1f0f9d11"


def sent(adapter: Adapter, job: Job) -> Handle:
    """The last handle that was noted while the job was sent."""
    handles = [adapter.prepare(job)]
    adapter.start(job, handles[-1], handles.append)
    return handles[-1]


def outcome_of(adapter: Adapter, job: Job, handle: Handle) -> Outcome:
    """What became of a job, once that is known."""
    found: list[Outcome] = []

    def known() -> bool:
        try:
            found.append(adapter.collect(job, handle))
        except Unreachable:
            return False
        return found[-1].state != "running"

    until(known, f"for {job.id} to end")
    return found[-1]


def left_behind() -> list[threading.Thread]:
    """Threads that still wait for a server, though nobody waits for them."""
    return [one for one in threading.enumerate() if one.name == "within a deadline"]


# ---- what is sent, and what comes back


def test_what_comes_back_is_kept_with_who_said_it(furnace: Furnace) -> None:
    adapter, job = furnace.adapter(**LOOKED_UP), a_job(cycles=2.0)
    handle = sent(adapter, job)
    outcome = outcome_of(adapter, job, handle)
    (reading,) = outcome.measurements
    assert reading.value == pytest.approx(75.0)
    assert reading.executed == {"temperature": 80.5, "cycles": 2.0, "solvent": "DMF"}
    raw = json.loads(outcome.raw)
    assert raw["server"]["name"] == "Furnace"
    assert raw["server"]["version"] == "1.2"
    assert raw["execution"] == handle["execution"]
    assert raw["command"] == "SampleMaker.MakeSample"
    assert raw["responses"]["Actual"]["Ended"].startswith("20")


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (a_job(temperature=800.0), "MaximalInclusive(120.0)"),
        (a_job(temperature="hot"), "a number is needed"),
        (a_job(cycles=2.5), "a whole number is needed"),
        (a_job(solvent="oil"), "Set(['water', 'DMF'])"),
        (a_job(solvent=3), "a text is needed"),
    ],
)
def test_what_the_feature_does_not_allow_is_never_sent(
    furnace: Furnace, job: Job, reason: str
) -> None:
    adapter = furnace.adapter()
    (told,) = adapter.check(job.plans[0])
    assert reason in told
    with pytest.raises(Refused, match="cannot be"):
        adapter.start(job, {"key": job.id}, lambda _: None)
    assert not furnace.counts()[job.id]


def test_an_argument_that_is_not_given_or_not_known_is_a_reason(furnace: Furnace) -> None:
    parameters = {**furnace.settings()["parameters"], "pressure": {"name": "Pressure"}}
    adapter = furnace.adapter(parameters=parameters)
    whole = a_job(pressure=1.0).plans[0]
    (told,) = adapter.check(whole)
    assert "no argument 'Pressure'" in told
    less = {name: one for name, one in a_job().plans[0].parameters.items() if name != "cycles"}
    (told,) = furnace.adapter().check(whole.model_copy(update={"parameters": less}))
    assert "'Cycles' is not given" in told
    (told,) = furnace.adapter(constants={"SampleId": "x"}).check(a_job().plans[0])
    assert "takes the job's id" in told


def test_a_named_fault_is_a_failure_with_its_code_and_teaches_nothing(furnace: Furnace) -> None:
    adapter, job = furnace.adapter(), a_job(cycles=13)
    outcome = outcome_of(adapter, job, sent(adapter, job))
    assert (outcome.state, outcome.failure) == ("failed", "unclassified")
    assert (outcome.code, outcome.message) == ("HeaterFault", "HeaterFault: E17")
    assert outcome.raw is not None


def test_a_fault_of_the_servers_own_code_is_a_failure_without_a_code(furnace: Furnace) -> None:
    adapter, job = furnace.adapter(), a_job(cycles=17)
    outcome = outcome_of(adapter, job, sent(adapter, job))
    assert (outcome.state, outcome.failure, outcome.code) == ("failed", "unclassified", "")
    assert "no such relay" in outcome.message


def test_settings_that_do_not_fit_the_server_are_a_fault(furnace: Furnace) -> None:
    def health(**more: Any) -> Health:
        return furnace.adapter(**more).health()

    assert health(**LOOKED_UP) == Health(state="ready")
    assert "no feature 'Oven'" in health(feature="Oven").reason
    assert "no command 'Bake'" in health(command="Bake").reason
    assert "not an observable command" in health(command="GetResult").reason
    assert "no argument 'Name'" in health(key="Name").reason
    assert "nothing at 'Yeild'" in health(objectives={"yield": {"at": "Yeild"}}).reason
    assert "no argument 'Why'" in health(cancel={"command": "Cancel", "key": "Why"}).reason
    assert "is an observable command" in health(cancel="MakeSample").reason
    assert health(feature="Oven").state == "faulted"
    kelvin = {"temperature": {"unit": "K", "name": "Temperature"}}
    assert "'Temperature' in '°C'" in health(parameters=kelvin).reason
    assert "'Yield' in '%'" in health(objectives={"yield": {"unit": "1", "at": "Yield"}}).reason


def test_nothing_is_asked_of_another_server_at_the_same_address(furnace: Furnace) -> None:
    assert furnace.adapter(server_uuid=SERVER).health().state == "ready"
    other = furnace.adapter(**LOOKED_UP, server_uuid=UUID)
    assert other.health() == Health(
        state="unreachable",
        reason=f"at 127.0.0.1:{furnace.port} is the server {SERVER}, and not {UUID} "
        "(where is that one now?)",
    )
    with pytest.raises(Unreachable):
        other.find(a_job(), None)


# ---- a server that lies still, dies, or comes back


def test_nothing_waits_for_a_server_that_lies_still(furnace: Furnace) -> None:
    adapter, job = furnace.adapter(**LOOKED_UP, **SHORT), a_job()
    handle = sent(adapter, job)
    furnace.lie_still()
    try:
        with pytest.raises(Unreachable, match="within 3 s"):
            adapter.collect(job, handle)
        assert adapter.health().state == "unreachable"
        assert adapter.check(job.plans[0]) == ()
        with pytest.raises(Unreachable):
            adapter.find(job, handle)
        with pytest.raises(Refused, match="nothing was sent"):
            adapter.start(a_job(), {}, lambda _: None)
        assert adapter.cancel(job, handle) == "unconfirmed"
        with pytest.raises(AdapterError, match="not known to have stopped"):
            adapter.emergency_stop()
        until(lambda: not left_behind(), "for the threads to end", 30.0)
    finally:
        furnace.go_on()
    assert outcome_of(adapter, job, handle).state == "done"
    assert furnace.counts()[job.id] == 1


def test_a_server_that_is_not_there_is_unreachable_and_says_why(tmp_path: Path) -> None:
    adapter = Furnace(tmp_path).adapter()
    health = adapter.health()
    assert health.state == "unreachable"
    assert "Connection refused" in health.reason
    with pytest.raises(Refused, match="nothing was sent"):
        adapter.start(a_job(), {}, lambda _: None)


def test_the_server_holds_back_nothing_so_the_adapter_does(tmp_path: Path) -> None:
    with Furnace(tmp_path, 600.0) as furnace:
        adapter, jobs = furnace.adapter(), [a_job(), a_job()]
        handles = [sent(adapter, job) for job in jobs]
        until(lambda: furnace.counts().total() == 2, "for both to begin")
        states = [adapter.collect(*one).state for one in zip(jobs, handles, strict=True)]
        assert states == ["running", "running"]
        assert adapter.capabilities().parallel == 1


def test_a_server_that_died_in_the_middle_does_not_run_for_ever(tmp_path: Path) -> None:
    job = a_job()
    with Furnace(tmp_path, 600.0) as furnace:
        adapter = furnace.adapter(**LOOKED_UP, **SHORT)
        handle = sent(adapter, job)
        assert adapter.collect(job, handle).state == "running"
        until(lambda: furnace.counts()[job.id] == 1, "for it to begin")
        furnace.kill()
        with pytest.raises(Unreachable):
            adapter.collect(job, handle)
        furnace.open()
        lost = outcome_of(adapter, job, handle)
        assert (lost.state, lost.message) == ("lost", "GetResult says 'broken off'")
        assert adapter.find(job, handle).state == "ended"
        alone = furnace.adapter()
        assert "was started again" in alone.collect(job, handle).message
        assert alone.find(job, handle).model_dump(include={"state", "sure"}) == {
            "state": "absent",
            "sure": False,
        }
        assert furnace.counts()[job.id] == 1


def test_what_a_server_finished_before_it_died_is_found_by_the_jobs_id(tmp_path: Path) -> None:
    job = a_job()
    with Furnace(tmp_path) as furnace:
        adapter = furnace.adapter(**LOOKED_UP)
        handle = sent(adapter, job)
        until(lambda: furnace.account()[-1]["did"] == "done", "for it to end")
        furnace.kill()
        furnace.open()
        outcome = outcome_of(adapter, job, handle)
        assert outcome.state == "done"
        assert outcome.measurements[0].value == pytest.approx(75.0)


def test_another_agent_goes_on_by_the_execution_alone(furnace: Furnace) -> None:
    job = a_job()
    handle = json.loads(json.dumps(sent(furnace.adapter(), job)))
    assert outcome_of(furnace.adapter(), job, handle).state == "done"
    assert furnace.adapter().find(job, handle).state == "ended"


def test_an_execution_that_nobody_knows_is_lost(furnace: Furnace) -> None:
    job = a_job()
    handle = {"key": job.id, "execution": UUID}
    outcome = furnace.adapter().collect(job, handle)
    assert outcome.state == "lost"
    assert UUID in outcome.message
    seen = furnace.adapter(**LOOKED_UP).find(job, handle)
    assert (seen.state, seen.sure) == ("absent", False)
    assert furnace.adapter().collect(job, {"key": job.id}).state == "lost"


def test_a_sample_that_takes_longer_than_its_lifetime_says_so(tmp_path: Path) -> None:
    with Furnace(tmp_path, 600.0, 0.1) as furnace:
        adapter, job = furnace.adapter(), a_job()
        handle = sent(adapter, job)
        until(lambda: bool(adapter.collect(job, handle).message), "for the lifetime to be over")
        late = adapter.collect(job, handle)
        assert late.state == "running"
        assert "the server may forget it when it ends" in late.message


def test_an_execution_whose_lifetime_is_over_says_so(tmp_path: Path) -> None:
    with Furnace(tmp_path, lifetime=0.1) as furnace:
        adapter, job = furnace.adapter(), a_job()
        handle = sent(adapter, job)
        assert handle["lifetime_s"] == 0.1
        until(lambda: adapter.find(job, handle).state == "absent", "for it to be forgotten")
        outcome = adapter.collect(job, handle)
        assert outcome.state == "lost"
        assert "keeps one for 0.1 s" in outcome.message
        assert furnace.adapter(**LOOKED_UP).collect(job, handle).state == "done"


# ---- lost requests and lost replies


@pytest.mark.parametrize("request_too", [False, True])
def test_a_lost_answer_is_looked_up_and_nothing_is_sent_again(
    furnace: Furnace, request_too: bool
) -> None:
    job, noted = a_job(), []
    with Line(furnace.port, (job.id.encode(),)) as line:
        adapter = furnace.adapter(**LOOKED_UP, **SHORT | {"port": line.port})
        assert adapter.health().state == "ready"
        line.lose("lost request" if request_too else "lost reply")
        with pytest.raises(Unreachable):
            adapter.start(job, adapter.prepare(job), noted.append)
        assert line.lost.total() == 1
        assert not noted
        seen = adapter.find(job, {"key": job.id})
        if request_too:
            assert (seen.state, seen.sure) == ("absent", True)
            with pytest.raises(Refused, match="is withdrawn"):
                adapter.start(job, {"key": job.id}, noted.append)
        else:
            assert seen.handle is not None
            assert outcome_of(adapter, job, seen.handle).state == "done"
            alone = furnace.adapter().find(job, {"key": job.id})
            assert (alone.state, alone.sure) == ("absent", False)
    assert furnace.counts()[job.id] == (0 if request_too else 1)


def test_a_word_that_nobody_has_explained_goes_to_a_person(furnace: Furnace) -> None:
    job = a_job(cycles=13)
    sent(furnace.adapter(), job)
    until(lambda: furnace.account()[-1]["did"] == "faulted", "for it to fail")
    silent = furnace.adapter(lookup=LOOKED_UP["lookup"] | {"uuid": None}, meanings={})
    outcome = silent.collect(job, {"key": job.id})
    assert outcome.state == "lost"
    assert "'faulted', which `meanings` of the settings do not know" in outcome.message
    told = furnace.adapter(lookup=LOOKED_UP["lookup"] | {"uuid": None})
    outcome = told.collect(job, {"key": job.id})
    assert (outcome.state, outcome.code) == ("failed", "faulted")


def test_without_a_withdrawal_no_absence_is_sure(furnace: Furnace) -> None:
    adapter = furnace.adapter(lookup=LOOKED_UP["lookup"])
    seen = adapter.find(a_job(), None)
    assert (seen.state, seen.sure) == ("absent", False)


def test_a_refusal_that_was_not_waited_for_is_no_doubt_either(furnace: Furnace) -> None:
    """The process dies after the UUID is noted; the next one is told that nothing was executed."""
    adapter, job = furnace.adapter(**LOOKED_UP), a_job()
    assert adapter.find(job, None).sure
    hasty, noted = furnace.adapter(acceptance_s=0), []
    with suppress(Refused):
        hasty.start(job, {"key": job.id}, noted.append)
    until(lambda: hasty.find(job, noted[0]).sure, "for the refusal")
    outcome = outcome_of(hasty, job, noted[0])
    assert outcome.state == "failed"
    assert outcome.message.startswith("nothing was executed")


# ---- stopping


def test_a_cancelled_sample_says_so(tmp_path: Path) -> None:
    with Furnace(tmp_path, 600.0) as furnace:
        adapter, job = furnace.adapter(**LOOKED_UP), a_job()
        handle = sent(adapter, job)
        assert adapter.cancel(job, handle) == "confirmed"
        assert adapter.collect(job, handle).state == "cancelled"
        assert adapter.cancel(job, handle) == "confirmed"
        by_uuid = {"command": "CancelExecution", "execution": "CommandExecutionUUID"}
        adapter, job = furnace.adapter(cancel=by_uuid), a_job()
        assert adapter.cancel(job, sent(adapter, job)) == "confirmed"
        other = a_job()
        handle = sent(adapter, other)
        adapter.emergency_stop()
        assert outcome_of(adapter, other, handle).state == "cancelled"


def test_what_has_ended_cannot_be_cancelled(furnace: Furnace) -> None:
    adapter, job = furnace.adapter(), a_job()
    handle = sent(adapter, job)
    outcome_of(adapter, job, handle)
    assert adapter.cancel(job, handle) == "unconfirmed"
    assert furnace.adapter(cancel=None).cancel(job, handle) == "unconfirmed"


def test_where_nothing_stops_it_a_person_has_to(furnace: Furnace) -> None:
    with pytest.raises(AdapterError, match="press the emergency stop at the instrument"):
        furnace.adapter(emergency_stop=None).emergency_stop()


# ---- locks, encryption, and the end of the process


def test_a_locked_server_takes_nothing(tmp_path: Path) -> None:
    with Furnace(tmp_path, 0.1, None, "--lockable") as furnace:
        adapter, job = furnace.adapter(), a_job()
        with SilaClient("127.0.0.1", furnace.port, insecure=True) as operator:
            operator.LockController.LockServer(LockIdentifier="operator", Timeout=600)
        assert adapter.health().state == "locked"
        with pytest.raises(Refused, match="InvalidMetadata"):
            adapter.start(job, {"key": job.id}, lambda _: None)
        assert not furnace.counts()


def test_an_encrypted_server_is_trusted_by_its_certificate(tmp_path: Path) -> None:
    with Furnace(tmp_path, 0.1, None, "--encrypted") as furnace:
        trusting = {**SHORT, "root_certificate": furnace.certificate}
        adapter, job = furnace.adapter(**trusting), a_job()
        assert outcome_of(adapter, job, sent(adapter, job)).state == "done"
        assert furnace.adapter(**SHORT).health().state == "unreachable"
        assert furnace.adapter(**SHORT, insecure=True).health().state == "unreachable"
        missing = furnace.adapter(**SHORT, root_certificate=tmp_path / "no.pem").health()
        assert "no.pem" in missing.reason
        furnace.lie_still()
        assert furnace.adapter(**trusting).health().state == "unreachable"
        assert adapter.health().state == "unreachable"
        until(lambda: not left_behind(), "for the threads to end", 30.0)


ENDING = """
import json, os, signal, sys
from adapters.sila import SilaAdapter
from adapters.testing import job_for
settings = json.loads(sys.argv[1])
adapter = SilaAdapter(SilaAdapter.Settings.model_validate(settings))
job = job_for({"temperature": (80.0, "°C"), "cycles": 2, "solvent": "DMF"}, {"yield": "percent"})
handles = [adapter.prepare(job)]
adapter.start(job, handles[-1], handles.append)
os.kill(int(sys.argv[2]), signal.SIGSTOP)
while open(f"/proc/{sys.argv[2]}/stat").read().rpartition(")")[2].split()[0] != "T":
    pass  # it answers until it really lies still
signal.signal(signal.SIGALRM, lambda *_: sys.exit(7))
signal.setitimer(signal.ITIMER_REAL, 0.5)
adapter.collect(job, handles[-1])
"""


def test_no_thread_keeps_the_process_from_ending(tmp_path: Path) -> None:
    """It ends in the middle of a question to a server that lies still, with a sample that runs."""
    with Furnace(tmp_path, 600.0) as furnace:
        given = [json.dumps(furnace.settings(deadline_s=500.0)), str(furnace.process.pid)]
        command = [sys.executable, "-c", ENDING, *given]
        ended = subprocess.run(command, cwd=ROOT, timeout=PATIENCE_S / 3, check=False)
        assert ended.returncode == 7
