"""Which items of a Bluesky queue are a job's, whatever has happened to them there."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bluesky.items import (
    KEY,
    Item,
    Places,
    exception,
    item_for,
    job_of,
    look,
    put_back,
    told,
)
from adapters.testing import job_for

JOB = job_for({"temperature": (80.0, "degC")}, {"mass": "mg"})


@dataclass
class Server:
    """The queue's rules, as its source has them: what ends badly goes back to the front, renamed."""

    queue: list[dict[str, Any]] = field(default_factory=list)
    running: dict[str, Any] | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    executed: int = 0
    _ids: "count[int]" = field(default_factory=count)

    def add(self, job: str) -> None:
        self.queue.append({"item_uid": str(next(self._ids)), "meta": {KEY: job}})

    def start(self) -> None:
        if self.queue and self.running is None:
            self.running = self.queue.pop(0)
            self.executed += job_of(self.running) == JOB.id

    def end(self, how: str) -> None:
        if self.running is None:
            return
        runs = ["run"] if how == "completed" else []
        past = {**self.running, "result": {"exit_status": how, "run_uids": runs}}
        self.history.append(past)
        if how in {"failed", "aborted", "halted"}:
            self.queue.insert(0, {**past, "item_uid": str(next(self._ids))})
        self.running = None

    @property
    def places(self) -> Places:
        return Places(tuple(self.queue), self.running, tuple(self.history))


ENDS = ("completed", "failed", "aborted", "halted", "stopped", "unknown")
STEPS = st.lists(
    st.sampled_from(["add", "other", "start", "clear", "take out", *ENDS]), max_size=25
)


@given(STEPS)
def test_what_was_executed_never_waits(steps: list[str]) -> None:
    server = Server()
    for step in steps:
        match step:
            case "add":
                server.add(JOB.id)
            case "other":
                server.add("somebody's")
            case "start":
                server.start()
            case "clear":
                server.history.clear()
            case "take out":
                for item in look(server.places, JOB.id).again:
                    server.queue.remove(item)
            case how:
                server.end(how)
        seen = look(server.places, JOB.id)
        mine = [item for item in server.queue if job_of(item) == JOB.id]
        assert len(mine) == len(seen.again) + (seen.waiting is not None)
        assert set(map(id, put_back(mine))) <= set(map(id, seen.again))
        if seen.waiting is not None:
            assert seen.running is None and seen.ended is None
            assert server.queue[seen.place - 1] is seen.waiting
            assert server.executed == 0 or "clear" in steps
        if seen.ended is not None:
            assert server.executed
        assert seen.anywhere == bool(mine or seen.running or seen.ended)


def test_the_execution_that_brought_something_is_the_one_that_counts() -> None:
    server = Server()
    server.add(JOB.id)
    for how in ("failed", "completed"):
        server.start()
        server.end(how)
    seen = look(server.places, JOB.id)
    assert seen.ended is server.history[1]


def ended(message: str, traceback: str = "") -> Item:
    return {"result": {"exit_status": "failed", "msg": message, "traceback": traceback}}


@pytest.mark.parametrize(
    ("traceback", "code"),
    [
        ("Traceback:\n  File x\nFurnaceFault: too hot\n", "FurnaceFault"),
        (
            "Traceback:\n  File x\nlab.devices.FurnaceFault: too hot\n  indeed\nhint: see the log\n",
            "FurnaceFault",
        ),
        ("Traceback:\n  File x\nKeyboardInterrupt\n", "KeyboardInterrupt"),
        ("", "E042: too hot"),
    ],
)
def test_a_failure_is_called_as_the_lab_calls_it(traceback: str, code: str) -> None:
    assert exception(ended("E042: too hot\nsecond line", traceback)) == code


def test_a_long_traceback_is_told_by_its_end() -> None:
    lines = [f"line {number}" for number in range(100)]
    said = told(ended("Plan failed: too hot", "\n".join(lines))).splitlines()
    assert said[0] == "Plan failed: too hot"
    assert said[-1] == "line 99"
    assert len(said) < 10


def test_the_job_s_id_goes_into_meta_and_into_the_runs() -> None:
    (plan,) = JOB.plans
    item = item_for(JOB, plan, "anneal", {"setpoint": 80.0, "md": {"owner": "anna"}}, "md")
    assert item["meta"][KEY] == JOB.id
    assert item["kwargs"]["md"] == {"owner": "anna", **item["meta"]}
    assert item_for(JOB, plan, "anneal", {"setpoint": 80.0}, None)["kwargs"] == {"setpoint": 80.0}


@pytest.mark.parametrize("meta", [None, [], {}, {KEY: 3}, "text", [{KEY: "a"}]])
def test_other_people_s_meta_is_no_job(meta: Any) -> None:
    assert job_of({"item_uid": "1", "meta": meta}) is None
