"""Every branch of the look-up after a doubt: who sent it, what was committed, what is seen."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import pytest

from agent.core.actor import AGENT, Process
from agent.core.adapter import Health, Sighting
from agent.core.campaign import Campaign
from agent.core.history import effective
from agent.core.job import Job, JobStatus
from agent.core.register import Lease
from agent.core.trial import TrialStatus
from agent.dispatch.holding import holding
from agent.dispatch.plans import plan_for
from agent.dispatch.process import boot, namespace
from agent.dispatch.reconcile import reconcile
from agent.dispatch.send import Order, intend, send
from agent.errors import Unreachable
from agent.resolved import campaign_of
from tests.loop.worlds import HERE, THERE, World

DEAD = Process(
    host=socket.gethostname(), boot=boot(), pid=2**22 + 1, started="1", namespace=namespace()
)
SENDERS = {"dead": DEAD, "alive, perhaps": THERE, "me": HERE}
SEEN = {
    "running": Sighting(state="running", handle={"key": "found"}),
    "ended": Sighting(state="ended"),
    "surely absent": Sighting(state="absent", sure=True, reason="barred"),
    "not there": Sighting(state="absent", sure=False, reason="no trace"),
    "silence": Unreachable("no answer"),
}


@dataclass
class Scene:
    """A campaign with one approved trial, and its lease."""

    world: World
    campaign: Campaign
    lease: Lease

    def intended(self, sender: Process, handle: dict[str, object] | None) -> Job:
        """A job that `sender` has intended, with what it committed."""
        store, now = self.world.store, self.world.clock.now()
        (trial,) = self.world.trials(TrialStatus.APPROVED)
        plan = plan_for(trial, effective([trial], [])[trial.id], self.campaign)
        (approval,) = store.approvals_of(trial.id)
        job = intend(store, self.lease, self.campaign, Order(plan, approval), sender, now, 1)
        if handle is not None:
            with store.write(AGENT, now, self.lease) as tx:
                tx.note(job.id, handle)
        return store.job(job.id)

    def looked_up(self, job: Job, seen: Sighting | Exception) -> tuple[str, Job]:
        """What `reconcile` says, and the job after it."""
        store = self.world.store
        said = reconcile(
            store, self.lease, self.campaign, job, Finder(seen), HERE, self.world.clock.now()
        )
        return said, store.job(job.id)


class Finder:
    """As much of an adapter as a look-up needs."""

    def __init__(self, seen: Sighting | Exception) -> None:
        self._seen = seen

    def find(self, job: Job, handle: dict[str, object] | None) -> Sighting:
        if isinstance(self._seen, Exception):
            raise self._seen
        return self._seen


@pytest.fixture
def scene(make_world: Callable[..., World]) -> Iterator[Scene]:
    made = make_world(execution={"adapter": "bench", "deadline": {"limit": 60, "unit": "s"}})
    made.instrument.state = lambda: Health(state="busy", reason="not yet")
    made.run(patience=1)
    campaign = made.standing.entry.id
    with holding(made.store, campaign, HERE, made.clock, heartbeat=False) as lease:
        yield Scene(made, campaign_of(made.store, campaign), lease)


def expected(sender: str, committed: bool, seen: str) -> JobStatus:
    """The rule, in one place."""
    if not committed:
        return JobStatus.REFUSED
    if seen in {"running", "ended"}:
        return JobStatus.STARTED
    if seen == "surely absent":
        return JobStatus.REFUSED
    waits = seen == "silence" or sender == "alive, perhaps"
    return JobStatus.INTENDED if waits else JobStatus.UNKNOWN


@pytest.mark.parametrize(("sender", "committed", "seen"), [*product(SENDERS, [True, False], SEEN)])
def test_what_a_look_up_leads_to(scene: Scene, sender: str, committed: bool, seen: str) -> None:
    job = scene.intended(SENDERS[sender], {"key": "mine"} if committed else None)
    said, after = scene.looked_up(job, SEEN[seen])
    assert after.status is expected(sender, committed, seen), said
    (trial,) = scene.world.trials()
    freed = after.status is JobStatus.REFUSED
    assert trial.status is (TrialStatus.APPROVED if freed else TrialStatus.IN_PROGRESS)


@pytest.mark.parametrize(("sender", "seen"), [("me", "silence"), ("alive, perhaps", "not there")])
def test_nobody_waits_for_ever(scene: Scene, sender: str, seen: str) -> None:
    job = scene.intended(SENDERS[sender], {"key": "mine"})
    assert scene.looked_up(job, SEEN[seen])[0].startswith("waiting: ")
    scene.world.clock.sleep(61.0)
    said, after = scene.looked_up(job, SEEN[seen])
    assert (said, after.status) == ("unknown", JobStatus.UNKNOWN)
    assert after.message


def test_the_handle_of_what_was_found_is_kept(scene: Scene) -> None:
    job = scene.intended(DEAD, {"key": "mine"})
    assert scene.looked_up(job, SEEN["running"])[1].handle == {"key": "found"}


def test_the_one_that_was_found_without_a_handle_keeps_its_own(scene: Scene) -> None:
    job = scene.intended(DEAD, {"key": "mine"})
    assert scene.looked_up(job, SEEN["ended"])[1].handle == {"key": "mine"}


def test_a_job_that_this_process_is_sending_is_left_alone(scene: Scene) -> None:
    """Another thread of ours has lost its lease and does not know it yet."""
    job = scene.intended(HERE, None)
    world, seen = scene.world, []

    def starting(one: Job) -> str:
        noted = world.store.job(job.id)
        seen.append(scene.looked_up(noted, SEEN["not there"])[1].status)
        return "answer"

    world.instrument.starting = starting
    send(world.store, scene.lease, scene.campaign, job, world.instrument, world.clock)
    assert seen == [JobStatus.INTENDED]
    assert world.store.job(job.id).status is JobStatus.STARTED


def test_whoever_looks_after_a_doubt_is_told_what_the_adapter_raised(scene: Scene) -> None:
    """Of a traceback only what was raised; the last of several."""
    job = scene.intended(HERE, {"key": "mine"})
    store, now = scene.world.store, scene.world.clock.now()
    with store.write(AGENT, now, scene.lease) as tx:
        tx.record(job.campaign, "job.in_doubt", job.id, {"reason": "no answer"})
        traceback = "Traceback (most recent call last):\n  File …\nKeyError: 'slot'\n"
        tx.record(job.campaign, "adapter.error", job.id, {"reason": traceback})
    said, after = scene.looked_up(job, SEEN["not there"])
    assert said == "unknown"
    assert after.message == "no trace; its adapter said: KeyError: 'slot'"


def test_nothing_is_said_of_an_adapter_that_raised_nothing(scene: Scene) -> None:
    job = scene.intended(HERE, {"key": "mine"})
    assert scene.looked_up(job, SEEN["not there"])[1].message == "no trace"
