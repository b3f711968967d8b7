"""What goes wrong with MADSci nodes, each fault at a real one: nothing is executed twice or made up."""

import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest

from adapters.madsci import MadsciAdapter
from adapters.testing import AdapterContract, job_for
from agent.core.adapter import Handle, Outcome
from agent.core.job import Job
from agent.errors import AdapterError, Refused, Unreachable
from tests.lab.madsci.furnace import FurnaceNode, Losing, of
from tests.lab.running import until

pytestmark = pytest.mark.slow
_NUMBER = count(1)
LONG, SOME_TIME = {"seconds": 60.0}, {"seconds": 5.0}
CREATE, START = of("POST", "/make_sample"), of("POST", "/start")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnaceNode]:
    pytest.importorskip("madsci.node_module", reason="athanor[labs] is not installed")
    with FurnaceNode(tmp_path_factory.mktemp("furnace"), seconds=0.2) as opened:
        yield opened


@pytest.fixture
def node(running: FurnaceNode) -> FurnaceNode:
    """The node, ready, with nothing running."""
    running.reset()
    return running


def adapter(
    node: FurnaceNode, transport: httpx.BaseTransport | None = None, **more: object
) -> MadsciAdapter:
    given: dict[str, object] = {
        "url": node.url,
        "action": "make_sample",
        "parameters": {"temperature": "degC"},
        "objectives": {"mass": "mg"},
        "job_argument": "sample_id",
        "patience_s": 0.5,
    }
    return MadsciAdapter(MadsciAdapter.Settings.model_validate(given | more), transport)


def a_job(temperature: float = 80.0) -> Job:
    return job_for({"temperature": (temperature, "degC")}, {"mass": "mg"}, id=f"T{next(_NUMBER)}")


def send(sent: MadsciAdapter, job: Job) -> Handle:
    """Start it as dispatch does; the last handle that was noted."""
    handles = [sent.prepare(job)]
    sent.start(job, handles[-1], handles.append)
    return handles[-1]


def in_doubt(sent: MadsciAdapter, job: Job) -> Handle:
    """Start it in vain, and without knowing; the last handle that was noted."""
    handles = [sent.prepare(job)]
    with pytest.raises(Unreachable):
        sent.start(job, handles[-1], handles.append)
    return handles[-1]


def ended(asked: MadsciAdapter, job: Job, handle: Handle) -> Outcome:
    found: list[Outcome] = []
    until(lambda: found.append(asked.collect(job, handle)) or found[-1].state != "running", job.id)
    return found[-1]


def test_a_lost_reply_of_create_is_a_refusal_and_what_was_created_is_never_started(
    node: FurnaceNode,
) -> None:
    wire, job = Losing(replies=CREATE), a_job()
    sender = adapter(node, wire)
    with pytest.raises(Refused, match="no action was created"):
        sender.start(job, sender.prepare(job), pytest.fail)
    assert wire.starts() == 0
    assert node.counts()[job.id] == 0
    again = a_job()  # is not held up by what was created
    assert ended(adapter(node), again, send(adapter(node), again)).state == "done"


def test_a_lost_reply_of_start_is_settled_by_asking_and_nothing_is_sent_again(
    node: FurnaceNode,
) -> None:
    wire, job = Losing(replies=START), a_job()
    handle = send(adapter(node, wire), job)
    assert wire.starts() == 1
    assert ended(adapter(node), job, handle).state == "done"
    assert node.counts()[job.id] == 1


def test_a_lost_start_is_in_doubt_and_never_surely_absent(node: FurnaceNode) -> None:
    wire, job = Losing(requests=START), a_job()
    handle = in_doubt(adapter(node, wire), job)
    sighting = adapter(node).find(job, handle)
    assert (sighting.state, sighting.sure) == ("absent", False)
    assert "was the sample made?" in sighting.reason
    assert wire.starts() == 1


def test_a_start_that_arrives_late_is_found(node: FurnaceNode) -> None:
    wire, job = Losing(requests=START), a_job()
    handle = in_doubt(adapter(node, wire), job)
    late = wire.sent[[request.url.path.endswith("/start") for request in wire.sent].index(True)]
    httpx.post(late.url, timeout=60.0)
    assert adapter(node).find(job, handle).state in {"running", "ended"}
    assert ended(adapter(node), job, handle).state == "done"
    assert node.counts()[job.id] == 1


def test_a_node_that_hangs_at_a_start_executes_it_when_it_wakes_and_it_is_found(
    node: FurnaceNode,
) -> None:
    class Freezing(Losing):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if START(request):
                node.freeze()
            return super().handle_request(request)

    job = a_job()
    try:
        handle = in_doubt(adapter(node, Freezing(), timeout_s=0.5), job)
        assert adapter(node, timeout_s=0.5).health().state == "unreachable"
        with pytest.raises(Refused, match="nothing was sent"):
            adapter(node, timeout_s=0.5).start(a_job(), {}, pytest.fail)
    finally:
        node.thaw()
    patient = adapter(node, patience_s=30.0)
    assert patient.find(job, handle).state in {"running", "ended"}
    assert ended(patient, job, handle).state == "done"
    assert node.counts()[job.id] == 1


def test_a_start_that_never_left_is_a_refusal(node: FurnaceNode) -> None:
    class Cut(Losing):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if START(request):
                raise httpx.ConnectError("no route to the node", request=request)
            return super().handle_request(request)

    job = a_job()
    with pytest.raises(Refused, match="cannot be reached"):
        send(adapter(node, Cut()), job)
    assert node.counts()[job.id] == 0


def test_a_retried_start_that_answers_failed_for_a_success_is_not_believed(
    node: FurnaceNode,
) -> None:
    job = a_job()

    class Twice(Losing):
        """A proxy that repeats a start, and hands out the second answer."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle_request(request)
            if not START(request):
                return answer
            second = super().handle_request(request)
            assert second.json()["status"] == "failed"
            assert second.json()["errors"][0]["error_type"] == "NotFound"
            return second

    handle = send(adapter(node, Twice()), job)
    assert ended(adapter(node), job, handle).state == "done"
    assert node.counts()[job.id] == 1


def test_a_node_gives_an_action_an_id_of_its_own(node: FurnaceNode) -> None:
    """So ours has to be committed between the two phases: the node does not take it."""
    given = {"args": {"temperature": 80.0}, "action_id": "01M8B8YNYRJSP9G16R2DRF3G31"}
    answer = httpx.post(f"{node.url}/action/make_sample", json=given, timeout=60.0)
    assert answer.json()["action_id"] != given["action_id"]


def test_an_action_id_is_started_once_however_often_it_is_sent(node: FurnaceNode) -> None:
    job = a_job()
    handle = send(adapter(node), job)
    assert ended(adapter(node), job, handle).state == "done"
    path = f"{node.url}/action/make_sample/{handle['action']}/start"
    assert [httpx.post(path, timeout=60.0).json()["status"] for _ in range(2)] == ["failed"] * 2
    assert adapter(node).collect(job, handle).state == "done"
    assert node.counts()[job.id] == 1


def test_a_busy_node_takes_nothing_and_the_refusal_is_certain(node: FurnaceNode) -> None:
    first, second = a_job(), a_job()
    handle = send(adapter(node, action="deaf", constants=SOME_TIME), first)
    busy = adapter(node)
    assert busy.health().state == "busy"
    assert handle["action"] in busy.health().reason
    handles = [busy.prepare(second)]
    with pytest.raises(Refused, match="Node is busy"):
        busy.start(second, handles[-1], handles.append)
    sighting = busy.find(second, handles[-1])
    assert (sighting.state, sighting.sure) == ("absent", True)
    assert ended(busy, first, handle).state == "done"
    # The refused action is used up: nobody can start it now that the node is ready.
    httpx.post(f"{node.url}/action/make_sample/{handles[-1]['action']}/start", timeout=60.0)
    assert node.counts()[second.id] == 0


def test_an_action_that_answers_not_ready_itself_has_run(node: FurnaceNode) -> None:
    wire, job = Losing(replies=START), a_job()
    sender = adapter(node, wire, action="begun_then_not_ready")
    handle = send(sender, job)
    assert sender.find(job, handle).state == "ended"
    outcome = ended(sender, job, handle)
    assert (outcome.state, outcome.failure) == ("failed", "unclassified")
    assert outcome.message == "the door is open"
    assert node.counts()[job.id] == 1


def test_a_locked_node_is_locked(node: FurnaceNode) -> None:
    node.admin("lock")
    assert adapter(node).health().state == "locked"
    job = a_job()
    with pytest.raises(Refused, match="Node is locked"):
        send(adapter(node), job)
    node.admin("unlock")
    assert adapter(node).health().state == "ready"
    assert node.counts()[job.id] == 0


def test_a_fault_fails_the_job_and_the_node_takes_nothing_until_it_is_reset(
    node: FurnaceNode,
) -> None:
    job, asked = a_job(950.0), adapter(node)
    outcome = ended(asked, job, send(asked, job))
    assert (outcome.state, outcome.failure) == ("failed", "unclassified")
    assert (outcome.code, outcome.message) == ("RuntimeError", "heater burnt out")
    health = asked.health()
    assert health.state == "faulted"
    assert "heater burnt out" in health.reason and "/admin/reset" in health.reason
    later = a_job()
    with pytest.raises(Refused, match="error state"):
        send(asked, later)
    assert node.counts()[later.id] == 0
    node.reset()
    assert asked.health().state == "ready"  # although the node goes on listing the old error
    again = a_job()
    assert ended(asked, again, send(asked, again)).state == "done"


def test_a_wrong_type_is_a_reason_where_the_node_can_be_asked(node: FurnaceNode) -> None:
    plan = job_for({"temperature": "hot"}, {"mass": "mg"}).plans[0]
    seeing = adapter(node, parameters=None)
    assert seeing.check(plan) == ("the argument 'temperature' is a number, not 'hot'",)
    blind = adapter(node, Losing(requests=of("GET", "/info")), parameters=None)
    assert blind.check(plan) == ()


def test_what_the_node_itself_does_not_accept_is_refused_with_its_reason(node: FurnaceNode) -> None:
    wire = Losing()
    gentle, hot = adapter(node, wire, action="make_gently"), a_job(101.0)
    with pytest.raises(Refused, match="temperature: Input should be less than or equal to 100"):
        gentle.start(hot, gentle.prepare(hot), pytest.fail)
    assert wire.starts() == 0


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("make_sampel", "no action 'make_sampel'"),
        ("compare", "needs a file 'recipe'"),
        ("weigh", "takes no argument 'sample_id'"),
    ],
)
def test_what_the_node_does_not_take_is_a_reason(node: FurnaceNode, action: str, said: str) -> None:
    assert said in " ".join(adapter(node, action=action).check(a_job().plans[0]))


def test_an_argument_that_the_node_would_drop_is_a_reason(node: FurnaceNode) -> None:
    misspelt = adapter(node, constants={"baze": "NaOH"})
    assert misspelt.check(a_job().plans[0]) == ("'make_sample' takes no argument 'baze'",)


def test_after_a_restart_what_ran_is_lost_and_nothing_is_sent_again(node: FurnaceNode) -> None:
    job, wire = a_job(), Losing()
    asked = adapter(node, wire, constants=LONG)
    handle = send(asked, job)
    assert asked.collect(job, handle).state == "running"
    node.kill()
    assert asked.health().state == "unreachable"
    with pytest.raises(Unreachable):
        asked.collect(job, handle)
    with pytest.raises(Refused, match="nothing was sent"):
        asked.start(a_job(), {}, pytest.fail)
    node.open()
    outcome = asked.collect(job, handle)
    assert outcome.state == "lost"
    assert "restarted since" in outcome.message
    sighting = asked.find(job, handle)
    assert (sighting.state, sighting.sure) == ("absent", False)
    assert wire.starts() == 1
    assert node.counts()[job.id] == 1


def test_a_result_that_the_node_cannot_tell_is_lost_and_says_that_it_was_executed(
    node: FurnaceNode,
) -> None:
    job, asked = a_job(), adapter(node, action="unspeakable")
    handle = send(asked, job)
    assert asked.find(job, handle).state == "ended"
    outcome = ended(asked, job, handle)
    assert (outcome.state, outcome.message) == (
        "lost",
        "it succeeded, and the node cannot say with what result",
    )
    assert node.counts()[job.id] == 1


@pytest.mark.parametrize(
    ("action", "at", "value"),
    [("weigh", "json_result", 80.0), ("weigh_both", "mass", 80.0), ("weigh_nothing", "mass", None)],
)
def test_bare_numbers_models_and_nothing_are_read(
    node: FurnaceNode, action: str, at: str, value: float | None
) -> None:
    objectives = {"mass": {"unit": "mg", "at": at}}
    asked, job = adapter(node, action=action, job_argument=None, objectives=objectives), a_job()
    (seen,) = ended(asked, job, send(asked, job)).measurements
    assert seen.value == value
    assert (seen.void is None) == (value is not None)


def test_the_raw_document_tells_what_ran_where_and_when(node: FurnaceNode) -> None:
    asked = adapter(node)
    job = a_job()
    handle = send(asked, job)
    raw = json.loads(ended(asked, job, handle).raw or "")
    assert raw["job"] == raw["arguments"]["sample_id"] == job.id
    assert raw["action"] == handle["action"]
    assert (raw["node"]["node_name"], raw["node"]["module_version"]) == ("furnace", "1.2.3")
    assert [line["status"] for line in raw["history"]] == ["not_started", "running", "succeeded"]
    assert all(line["history_created_at"] for line in raw["history"])


def test_a_cancelled_action_that_says_so_is_confirmed(node: FurnaceNode) -> None:
    job, asked = a_job(), adapter(node, constants=LONG)
    handle = send(asked, job)
    assert asked.cancel(job, handle) == "confirmed"
    assert asked.cancel(job, handle) == "confirmed"
    outcome = asked.collect(job, handle)
    assert (outcome.state, outcome.message) == ("cancelled", "ramped down")


def test_an_action_that_raises_when_cancelled_is_not_called_cancelled(node: FurnaceNode) -> None:
    job, asked = a_job(), adapter(node, action="run_to_the_end", constants=LONG)
    handle = send(asked, job)
    assert asked.cancel(job, handle) == "unconfirmed"
    outcome = asked.collect(job, handle)
    assert (outcome.state, outcome.message) == ("failed", "stopped in the middle")
    assert asked.health().state == "faulted"


def test_a_cancel_has_a_deadline_of_its_own(node: FurnaceNode) -> None:
    job, asked = a_job(), adapter(node, action="deaf", cancel_deadline_s=0.2, constants=SOME_TIME)
    handle = send(asked, job)
    assert asked.cancel(job, handle) == "requested"
    assert ended(asked, job, handle).state == "done"
    assert asked.cancel(job, handle) == "unconfirmed"


def test_nobody_else_s_action_is_cancelled_with_ours(node: FurnaceNode) -> None:
    ours, theirs, asked = a_job(), a_job(), adapter(node, action="beside", constants=SOME_TIME)
    handle, other = send(asked, ours), send(asked, theirs)
    assert asked.cancel(ours, handle) == "unconfirmed"
    assert ended(asked, theirs, other).state == "done"


def test_what_was_never_started_cannot_be_cancelled(node: FurnaceNode) -> None:
    job, asked = a_job(), adapter(node)
    assert asked.cancel(job, asked.prepare(job)) == "unconfirmed"
    handle = in_doubt(adapter(node, Losing(requests=START)), job)
    assert asked.cancel(job, handle) == "unconfirmed"


def test_an_emergency_stop_stops_what_runs_and_lets_nothing_more_start(node: FurnaceNode) -> None:
    job, asked = a_job(), adapter(node, constants=LONG)
    handle = send(asked, job)
    asked.emergency_stop()
    assert ended(asked, job, handle).state == "cancelled"
    health = asked.health()
    assert (health.state, "stopped" in health.reason) == ("faulted", True)
    later = a_job()
    with pytest.raises(Refused):
        send(asked, later)
    assert node.counts()[later.id] == 0


def test_an_emergency_stop_that_the_node_fails_at_is_told(node: FurnaceNode) -> None:
    (node.folder / "broken").touch()
    try:
        with pytest.raises(
            AdapterError, match="the relay does not answer; it took cancel and lock"
        ):
            adapter(node).emergency_stop()
    finally:
        (node.folder / "broken").unlink()


def test_an_emergency_stop_is_tried_again_after_silence(node: FurnaceNode) -> None:
    class Stumbling(Losing):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle_request(request)
            if sum(one.url.path.endswith("/safety_stop") for one in self.sent) < 3:
                raise httpx.ReadError("the reply was lost", request=request)
            return answer

    wire = Stumbling()
    adapter(node, wire).emergency_stop()
    assert adapter(node).health().state == "faulted"
    assert sum(request.url.path.endswith("/safety_stop") for request in wire.sent) == 3


def test_nobody_is_told_that_a_silent_node_has_stopped(node: FurnaceNode) -> None:
    silent = adapter(node, Losing(requests=lambda _: True), stop_deadline_s=0.2)
    with pytest.raises(Unreachable):
        silent.emergency_stop()


@pytest.mark.skipif(
    sys.platform != "linux", reason="other machines have no second loopback address"
)
def test_the_node_s_rate_limiter_refuses_for_certain(node: FurnaceNode) -> None:
    """It does not count requests of its own machine; those of 127.0.0.2 it does."""

    class Spent(httpx.HTTPTransport):
        """Uses the limit up right before a start."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            while START(request):
                asked = httpx.Request("GET", f"{node.url}/status")
                with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as one:
                    if one.send(asked).status_code == 429:
                        break
            return super().handle_request(request)

    fresh = httpx.Limits(max_keepalive_connections=0)
    limited = adapter(node, Spent(local_address="127.0.0.2", limits=fresh), stop_deadline_s=0.0)
    job = a_job()
    with pytest.raises(Refused, match="takes no more requests now"):
        send(limited, job)
    assert limited.health().state == "unreachable"
    assert "429" in limited.health().reason
    with pytest.raises(Unreachable, match="429"):
        limited.emergency_stop()
    assert node.counts()[job.id] == 0


def test_headers_are_sent_and_never_shown(node: FurnaceNode) -> None:
    wire = Losing()
    asked = adapter(node, wire, headers={"Authorization": "Bearer secret-token"})
    assert asked.health().state == "ready"
    assert wire.sent[-1].headers["Authorization"] == "Bearer secret-token"
    assert "secret-token" not in repr(asked.settings)


@pytest.mark.parametrize("kind", ["plain", "bare"])
def test_a_node_without_a_safety_stop_is_cancelled_and_one_without_both_is_told_of(
    kind: str, tmp_path: Path
) -> None:
    pytest.importorskip("madsci.node_module", reason="athanor[labs] is not installed")
    with FurnaceNode(tmp_path, kind=kind) as node:
        asked = adapter(node)
        if kind == "plain":
            AdapterContract().test_emergency_stop_is_never_gated(asked)
            assert [line["did"] for line in node.account()] == ["cancel"] * 2
        else:
            with pytest.raises(AdapterError, match=r"not implemented.*go to the instrument"):
                asked.emergency_stop()
        assert asked.health().state == "locked"
