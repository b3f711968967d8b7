"""The adapter contract as a suite: inherit `AdapterContract`, give it an adapter and two jobs.

    class TestMyRobot(AdapterContract):
        @pytest.fixture
        def adapter(self):
            return MyRobot(MyRobot.Settings(url="http://127.0.0.1:9000"))

        @pytest.fixture
        def good_job(self):
            return job_for({"temperature": (80.0, "°C")}, {"yield": "%"})

        @pytest.fixture
        def bad_job(self):
            return job_for({"temperature": (8000.0, "°C")}, {"yield": "%"})

For an adapter of something physical, override `settle` (let the thing finish) and `executions`
(how often it was really executed).
"""

# ruff: noqa: ARG002, S101 - a suite of assertions, with hooks that take what others may need

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.core.actor import Process
from agent.core.adapter import Adapter, Handle, Outcome
from agent.core.harmless import Laid as Laid  # noqa: PLC0414 - suites name it
from agent.core.job import Job
from agent.core.trial import Plan, Setting
from agent.core.values import Scalar
from agent.errors import LeaseLost, Refused

Given = Scalar | tuple[Scalar, str] | Setting
"""A parameter for a test: a bare value, (value, unit), or a Setting."""

ENDED = frozenset({"done", "failed", "cancelled", "lost"})


def plan_for(
    parameters: Mapping[str, Given],
    objectives: Mapping[str, str],
    *,
    trial: str = "k7f3q2-T0001",
    instrument: str = "bench",
    step: str = "run",
    fidelity: str = "target",
) -> Plan:
    """A plan as an adapter gets it; `objectives` maps each name to its unit."""
    settings = {
        name: given
        if isinstance(given, Setting)
        else Setting(value=given[0], unit=given[1])
        if isinstance(given, tuple)
        else Setting(value=given)
        for name, given in parameters.items()
    }
    return Plan(
        trial=trial,
        revision=1,
        step=step,
        fidelity=fidelity,
        instrument=instrument,
        parameters=settings,
        objectives=dict(objectives),
    )


def job_of(*plans: Plan, id: str | None = None, attempt: int = 1) -> Job:
    """A job for some plans, as dispatch would intend it."""
    first = plans[0]
    return Job(
        id=id or f"{first.trial}-{first.step}-{attempt}",
        campaign=first.trial.partition("-")[0],
        trials=tuple(plan.trial for plan in plans),
        plans=plans,
        approvals=tuple(f"approval-{plan.trial}" for plan in plans),
        step=first.step,
        instrument=first.instrument,
        attempt=attempt,
        sender=Process(host="test", boot="0", pid=1, started="0"),
        fence=1,
        intended_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def job_for(
    parameters: Mapping[str, Given],
    objectives: Mapping[str, str],
    *,
    id: str | None = None,
    attempt: int = 1,
    sample: Laid | None = None,
    **plan: str,
) -> Job:
    """A job for one trial, maybe of a step that takes a sample; the other arguments are those of `plan_for`."""
    made = job_of(plan_for(parameters, objectives, **plan), id=id, attempt=attempt)
    if sample is None:
        return made
    return made.model_copy(update={"stage": 2, "samples": (sample.handed(made.trials[0]),)})


class AdapterContract:
    """What every adapter promises. Override `adapter`, `good_job`, `bad_job`, and the hooks."""

    deadline_s = 30.0
    """Seconds within which `good_job` has ended."""

    @pytest.fixture
    def adapter(self) -> Adapter:
        """The adapter under test, with nothing sent yet."""
        raise NotImplementedError

    @pytest.fixture
    def good_job(self) -> Job:
        """A job that the adapter executes."""
        raise NotImplementedError

    @pytest.fixture
    def bad_job(self) -> Job:
        """A job that `check` has reasons against: an unknown parameter, for instance."""
        raise NotImplementedError

    def again(self, adapter: Adapter) -> Adapter:
        """Another instance with the same settings, as after a restart."""
        fresh: Adapter = type(adapter)(adapter.settings)  # type: ignore[call-arg,attr-defined]
        return fresh

    def settle(self, adapter: Adapter, job: Job) -> None:
        """Let what stands behind the adapter finish `job`, if it does not do so by itself."""

    def executions(self, adapter: Adapter, job: Job) -> int | None:
        """How often `job` was executed, if that can be counted."""
        return None

    def send(self, adapter: Adapter, job: Job) -> Handle:
        """Start `job` as dispatch does: prepare, then start; never after a look-up."""
        handles = [adapter.prepare(job)]
        adapter.start(job, handles[-1], handles.append)
        return handles[-1]

    def ended(self, adapter: Adapter, job: Job, handle: Handle) -> Outcome:
        """Collect until the job has ended.

        Raises:
            AssertionError: it has not ended within the deadline.
        """
        deadline = time.monotonic() + self.deadline_s
        while True:
            outcome = adapter.collect(job, handle)
            if outcome.state in ENDED:
                return outcome
            assert time.monotonic() < deadline, f"still {outcome.state}: {outcome.message}"
            time.sleep(0.01)

    def test_capabilities_are_complete_and_constant(self, adapter: Adapter) -> None:
        """They say what happens on cancel, on lost contact and at an emergency stop, and which version this is."""
        promised = adapter.capabilities()
        assert promised.version
        assert promised.on_cancel
        assert promised.on_lost_contact
        assert promised.on_emergency_stop
        assert "target" in promised.fidelities
        assert adapter.capabilities() == promised

    def test_health_has_a_reason_unless_ready(self, adapter: Adapter) -> None:
        """A state that keeps jobs from being sent is explained."""
        health = adapter.health()
        assert health.state == "ready" or health.reason

    def test_settings_feed_a_schema(self, adapter: Adapter) -> None:
        """Every setting is described, and unknown ones are refused."""
        schema = adapter.Settings.model_json_schema()
        assert schema["additionalProperties"] is False
        undescribed = [n for n, p in schema["properties"].items() if not p.get("description")]
        assert not undescribed

    def test_check_is_pure_and_repeatable(self, adapter: Adapter, good_job: Job) -> None:
        """A good plan has no reasons against it, however often it is asked, and is not sent."""
        assert [adapter.check(plan) for plan in good_job.plans * 2] == [()] * len(
            good_job.plans
        ) * 2
        assert not self.executions(adapter, good_job)

    def test_check_gives_reasons_not_exceptions(self, adapter: Adapter, bad_job: Job) -> None:
        """A bad plan has reasons against it, each a sentence, the same every time."""
        reasons = [adapter.check(plan) for plan in bad_job.plans]
        assert any(reasons)
        assert all(reason.strip() for found in reasons for reason in found)
        assert reasons == [adapter.check(plan) for plan in bad_job.plans]

    def test_an_unknown_objective_or_unit_is_a_reason(
        self, adapter: Adapter, good_job: Job
    ) -> None:
        """An objective that the adapter does not know, or gives in another unit, is refused."""
        plan = good_job.plans[0]
        unknown = plan.model_copy(update={"objectives": {"no such objective": "K"}})
        assert adapter.check(unknown)
        other = dict.fromkeys(plan.objectives, "lightyear")
        # What only makes a sample measures nothing, in no unit.
        assert not other or adapter.check(plan.model_copy(update={"objectives": other}))

    def test_prepare_has_no_effect(self, adapter: Adapter, good_job: Job) -> None:
        """A handle is JSON, and making one sends nothing."""
        handle = adapter.prepare(good_job)
        assert json.loads(json.dumps(handle)) == handle == adapter.prepare(good_job)
        assert not self.executions(adapter, good_job)

    def test_a_bad_job_is_refused_or_fails(self, adapter: Adapter, bad_job: Job) -> None:
        """Never half executed: refused before, or failed with a message."""
        try:
            handle = adapter.prepare(bad_job)
        except Refused:
            return
        outcome = self.ended(adapter, bad_job, handle)
        assert outcome.state == "failed"
        assert outcome.message
        assert outcome.failure != "infeasible"

    def test_a_job_never_started(self, adapter: Adapter, good_job: Job) -> None:
        """Absent; or running, for what only has to be computed."""
        sighting = adapter.find(good_job, None)
        pure = adapter.capabilities().effect == "pure"
        assert sighting.state == "absent" or (pure and sighting.state == "running")
        if adapter.capabilities().lookup == "sure" and sighting.state == "absent":
            assert sighting.sure

    def test_a_started_job_is_seen_and_ends(self, adapter: Adapter, good_job: Job) -> None:
        """From start to done; every noted handle is JSON."""
        handle = self.send(adapter, good_job)
        assert json.loads(json.dumps(handle)) == handle
        assert adapter.find(good_job, handle).state in {"running", "ended"}
        self.settle(adapter, good_job)
        outcome = self.ended(adapter, good_job, handle)
        assert outcome.state == "done"
        assert outcome.failure is None
        assert adapter.find(good_job, handle).state in {"running", "ended"}

    def test_measurements_answer_what_was_asked(self, adapter: Adapter, good_job: Job) -> None:
        """Each asked objective of each trial, in its unit, as one of value, bound and void."""
        handle = self.send(adapter, good_job)
        self.settle(adapter, good_job)
        outcome = self.ended(adapter, good_job, handle)
        asked = {
            (p.trial, name): unit for p in good_job.plans for name, unit in p.objectives.items()
        }
        assert {(m.trial, m.objective): m.unit for m in outcome.measurements} == asked
        for seen in outcome.measurements:
            bound = seen.low is not None or seen.high is not None
            assert [seen.value is not None, bound, seen.void is not None].count(True) == 1
            assert seen.value is None or type(seen.value) is float
        keys = [(m.trial, m.objective, m.replicate) for m in outcome.measurements]
        assert len(keys) == len(set(keys))

    def test_collecting_twice_gives_the_same(self, adapter: Adapter, good_job: Job) -> None:
        """An ended job does not change."""
        handle = self.send(adapter, good_job)
        self.settle(adapter, good_job)
        first = self.ended(adapter, good_job, handle)
        assert adapter.collect(good_job, handle) == first

    def test_no_state_is_kept(self, adapter: Adapter, good_job: Job) -> None:
        """Another instance finds and collects what this one started; the handle may be lost."""
        handle = self.send(adapter, good_job)
        fresh = self.again(adapter)
        sighting = fresh.find(good_job, None)
        if fresh.capabilities().lookup == "sure":
            assert sighting.state in {"running", "ended"}
        self.settle(fresh, good_job)
        stored: dict[str, Any] = json.loads(json.dumps(handle))
        outcome = self.ended(fresh, good_job, stored)
        assert outcome == self.ended(adapter, good_job, handle)
        if sighting.handle is not None:
            assert self.ended(self.again(adapter), good_job, sighting.handle) == outcome

    def test_after_a_crash_a_look_up_sees_what_was_sent(
        self, adapter: Adapter, good_job: Job
    ) -> None:
        """A sender that comes back looks the job up, and so does not execute it again."""
        handle = self.send(adapter, good_job)
        sighting = self.again(adapter).find(good_job, handle)
        if adapter.capabilities().lookup == "sure":
            assert sighting.state != "absent"
        assert self.executions(adapter, good_job) in {None, 1}

    def test_a_sure_absence_bars_a_late_sender(self, adapter: Adapter, good_job: Job) -> None:
        """What `find` was sure not to have been executed never will be, whoever still sends it.

        A sender that somebody has overtaken cannot `note` any more. Where executions are counted, that
        may be what keeps it from sending.
        """

        def overtaken(_: Handle) -> None:
            raise LeaseLost("somebody has looked it up meanwhile")

        handle = adapter.prepare(good_job)
        sighting = self.again(adapter).find(good_job, handle)
        if sighting.state != "absent" or not sighting.sure:
            return
        with pytest.raises((Refused, LeaseLost)):
            adapter.start(good_job, handle, overtaken)
        if self.executions(adapter, good_job) is None:
            with pytest.raises(Refused):
                adapter.start(good_job, handle, lambda _: None)
        assert not self.executions(adapter, good_job)

    def test_cancel_has_an_answer(self, adapter: Adapter, good_job: Job) -> None:
        """One of the three; a confirmed cancellation is not executed by anybody later."""
        handle = self.send(adapter, good_job)
        answer = adapter.cancel(good_job, handle)
        assert answer in {"requested", "confirmed", "unconfirmed"}
        if answer == "confirmed" and adapter.capabilities().effect == "physical":
            assert adapter.collect(good_job, handle).state == "cancelled"

    def test_emergency_stop_is_never_gated(self, adapter: Adapter) -> None:
        """Callable at once and again, with nothing started."""
        adapter.emergency_stop()
        adapter.emergency_stop()
