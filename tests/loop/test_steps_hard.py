"""What goes wrong in the middle of an experiment of several steps, or with several instruments that are alike."""

import pytest

from agent.core.actor import AGENT
from agent.core.job import JobStatus
from agent.data.store import Store
from agent.errors import LifecycleError
from tests.loop.worlds import HandClock, Instrument, workshop


def test_what_is_under_way_on_one_instrument_is_not_sent_to_one_that_is_alike(
    store: Store, clock: HandClock
) -> None:
    """The approval of the other instrument is there, unused: the transaction itself refuses."""
    robots = {name: Instrument(clock, parallel=1, seconds=100) for name in ("a", "b")}
    execution = {"adapter": "any", "instruments": {"a": {}, "b": {}}}
    found = workshop(store, clock, robots, execution=execution, budget={"experiments": 1})
    found.run(patience=2)
    (job,) = found.jobs()
    (unused,) = [one for one in store.approvals_of(job.trials[0]) if one.job is None]
    second = job.model_copy(
        update={
            "id": "second",
            "status": JobStatus.INTENDED,
            "instrument": "b",
            "plans": (job.plans[0].model_copy(update={"instrument": "b"}),),
            "approvals": (unused.id,),
        }
    )
    with (
        store.write(AGENT, clock.now()) as tx,
        pytest.raises(LifecycleError, match="in progress"),
    ):
        tx.intend(second, None, None)
