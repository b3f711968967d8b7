"""A MADSci node's words: what is certain of an action, what its schema takes, and what is no node at all."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.madsci import MadsciAdapter
from adapters.madsci.node import ActionResult, History, NodeInfo, NodeStatus
from adapters.madsci.rest import Node
from adapters.madsci.words import answer_of, argument_reasons, health_of
from adapters.testing import job_for
from agent.errors import Refused, Unreachable

WORDS = (
    "not_started", "not_ready", "running", "succeeded", "failed", "cancelled", "paused", "unknown",
)  # fmt: skip
INFO = NodeInfo.model_validate(
    {
        "node_name": "furnace",
        "actions": {
            "heat": {
                "args": {
                    "temperature": {"argument_type": "float", "required": True},
                    "cycles": {"argument_type": "int"},
                    "base": {"argument_type": "str"},
                    "profile": {"argument_type": "list[float]"},
                },
                "locations": {"vessel": {"argument_type": "location", "required": False}},
            }
        },
    }
)
FLAGS = ("busy", "paused", "locked", "stopped", "errored", "disconnected", "initializing")


def history(*words: str) -> History:
    return History(tuple(ActionResult(status=word) for word in words))


@given(st.lists(st.sampled_from(WORDS)))
def test_what_ran_is_never_said_not_to_have_been_executed(words: list[str]) -> None:
    told = history(*words)
    assert not (told.never_ran and {"running", "paused", "succeeded"} & set(words))
    assert not told.never_ran or told.ended
    assert not told._replace(whole=False).never_ran


@pytest.mark.parametrize(
    ("words", "never_ran", "ended"),
    [
        ((), False, False),
        (("not_started",), False, False),
        (("not_started", "not_ready"), True, True),
        (("not_started", "failed"), True, True),
        (("not_started", "running"), False, False),
        (("not_started", "running", "not_ready"), False, True),
        (("not_started", "running", "failed"), False, True),
        (("not_started", "running", "unknown"), False, True),
        (("not_started", "running", "paused"), False, False),
    ],
)
def test_only_what_was_taken_up_without_running_was_surely_not_executed(
    words: tuple[str, ...], never_ran: bool, ended: bool
) -> None:
    assert (history(*words).never_ran, history(*words).ended) == (never_ran, ended)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"temperature": 80, "cycles": 2.0, "base": "KOH", "profile": [1.0]}, []),
        ({"temperature": True}, ["the argument 'temperature' is a number, not True"]),
        ({"temperature": 1.5, "cycles": 1.5}, ["the argument 'cycles' is a whole number, not 1.5"]),
        ({"temperature": 1.5, "base": 3}, ["the argument 'base' is a text, not 3"]),
        ({"temprature": 1.5}, ["'heat' takes no argument 'temprature'", "'heat' needs the argument 'temperature'"]),
    ],
)  # fmt: skip
def test_arguments_are_held_against_the_node_s_schema(
    args: dict[str, Any], said: list[str]
) -> None:
    assert argument_reasons(INFO, "heat", args) == said


def test_results_of_every_shape_have_places() -> None:
    assert answer_of({"mass": 1.0}) == {"mass": 1.0}
    assert answer_of([{"mass": 1.0}, {"purity": 2.0}]) == {"mass": 1.0, "purity": 2.0}
    assert answer_of([1.0, 2.0]) == {"json_result": [1.0, 2.0]}
    assert answer_of(None) == {"json_result": None}


@given(st.sets(st.sampled_from(FLAGS)), st.booleans())
def test_a_node_is_ready_only_if_nothing_is_said_against_it(flags: set[str], ready: bool) -> None:
    status = NodeStatus.model_validate(dict.fromkeys(flags, True) | {"ready": ready})
    health = health_of(status, "http://node")
    assert (health.state == "ready") == (ready and not flags)
    assert health.state == "ready" or health.reason
    assert health.state == "faulted" or not flags & {"errored", "stopped"}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>a router</html>"),
        httpx.Response(200, json={"hello": "world"}),
        httpx.Response(200, json=["hello"]),
        httpx.Response(401, text="who are you?"),
        httpx.Response(302, headers={"location": "http://elsewhere"}),
    ],
)
def test_what_is_no_node_is_unreachable_and_a_job_for_it_is_refused(answer: httpx.Response) -> None:
    settings = MadsciAdapter.Settings.model_validate(
        {"url": "http://router", "action": "heat", "objectives": {"mass": "mg"}}
    )
    asked = MadsciAdapter(settings, httpx.MockTransport(lambda _: answer))
    job = job_for({"temperature": 80.0}, {"mass": "mg"})
    assert asked.health().state == "unreachable"
    assert asked.check(job.plans[0]) == ()
    with pytest.raises(Refused):
        asked.start(job, asked.prepare(job), pytest.fail)
    with pytest.raises(Unreachable):
        asked.collect(job, {"action": "1"})
    assert asked.cancel(job, {"action": "1"}) == "unconfirmed"


def test_an_unclear_answer_to_a_start_is_no_answer() -> None:
    for answer in (httpx.Response(500), httpx.Response(200, text="?"), httpx.Response(404)):
        node = Node("http://node", {}, 1.0, httpx.MockTransport(lambda _, told=answer: told))
        assert node.start("heat", "1") == ""


def test_an_address_carries_no_password() -> None:
    given = {"action": "heat", "objectives": {"mass": "mg"}}
    for url in ("http://me:secret@node", "node:2000"):
        with pytest.raises(ValueError, match="pattern"):
            MadsciAdapter.Settings.model_validate({"url": url, **given})
    assert MadsciAdapter.Settings.model_validate({"url": "${NODE_URL}", **given})


def test_a_path_before_the_routes_is_kept() -> None:
    asked: list[str] = []

    def proxy(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"ready": True})

    for url in ("http://lab/nodes/furnace", "http://lab/nodes/furnace/"):
        assert Node(url, {}, 1.0, httpx.MockTransport(proxy)).status().ready
    assert asked == ["/nodes/furnace/status"] * 2
