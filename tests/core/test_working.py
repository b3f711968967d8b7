"""What a campaign has had of each instrument."""

from datetime import timedelta

from agent.core.job import JobStatus
from agent.core.working import at_work
from tests.core.made import NOW, job


def test_each_instrument_s_jobs_time_and_cost_are_counted_apart() -> None:
    hour = timedelta(hours=1)
    jobs = [
        job(id="a", instrument="oven", status=JobStatus.DONE, cost=5, started_at=NOW, ended_at=NOW + 2 * hour),
        job(id="b", instrument="reader", status=JobStatus.FAILED, cost=1, started_at=NOW, ended_at=NOW + hour),
        job(id="c", instrument="oven", status=JobStatus.REFUSED, cost=5),
        job(id="d", instrument="oven", status=JobStatus.RUNNING, cost=5, started_at=NOW + 3 * hour),
    ]  # fmt: skip
    oven, reader = at_work(jobs, NOW + 4 * hour)
    assert (oven.instrument, oven.jobs, oven.seconds, oven.cost) == ("oven", 2, 3 * 3600, 10)
    assert (reader.instrument, reader.jobs, reader.seconds, reader.cost) == ("reader", 1, 3600, 1)
