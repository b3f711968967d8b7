"""Results become observations, samples and a job's end, in one transaction."""

from collections.abc import Callable

import pytest

from agent.core.adapter import Measurement, Outcome
from agent.core.job import Job, JobStatus
from agent.core.trial import TrialStatus
from agent.errors import IngestError
from agent.ingest.collect import ingest
from agent.recording import record
from tests.loop.worlds import ANNA, World, done, failed, readings

Make = Callable[..., World]
ONE = {"experiments": 1}


def test_what_was_executed_is_kept_beside_what_was_asked_for(make_world: Make) -> None:
    made = make_world(budget=ONE)
    made.instrument.ending = lambda job: Outcome(
        state="done",
        measurements=readings(job, value=1.0, executed={"x": 3.5, "pressure": 2.0}, analysis="v2"),
        raw='{"counts": 12}',
        cost=0.7,
    )
    made.run()
    (seen,) = made.standing.observations
    assert (seen.executed, seen.analysis) == ({"x": 3.5, "pressure": 2.0}, "v2")
    assert made.store.blob(seen.raw or "") == b'{"counts": 12}'
    (row,) = made.standing.rows
    assert row.point == {**made.trials()[0].point, "x": 3.5}
    assert made.jobs()[0].cost == 0.7


def test_what_the_outcome_says_of_the_sample_holds_for_its_readings(make_world: Make) -> None:
    made = make_world(budget=ONE)

    def ending(job: Job) -> Outcome:
        (trial,) = job.trials
        told = readings(job, value=1.0, executed={"y": 2.5})
        return Outcome(state="done", measurements=told, executed={trial: {"x": 3.5, "y": 1.0}})

    made.instrument.ending = ending
    made.run()
    (row,) = made.standing.rows
    assert row.point == {"x": 3.5, "y": 2.5}


def test_a_job_that_is_done_leaves_a_sample(make_world: Make) -> None:
    made = make_world(budget={"experiments": 2})
    made.instrument.ending = lambda job: failed() if "T0001" in job.id else None
    made.run()
    (sample,) = made.store.samples(made.standing.entry.id)
    assert (sample.code, sample.trial) == ("world-001", made.trials()[1].id)


def test_what_nobody_asked_for_is_only_written_down(make_world: Make) -> None:
    def ending(job: Job) -> Outcome:
        strange = Measurement(trial=job.trials[0], objective="colour", unit="", value=1.0)
        other = Measurement(trial="of another campaign", objective="mass", unit="mg", value=1.0)
        return Outcome(state="done", measurements=(strange, other, *done(job).measurements))

    made = make_world(budget=ONE)
    made.instrument.ending = ending
    made.run()
    assert [one.objective for one in made.standing.observations] == ["mass"]
    events = [line.event for line in made.store.journal(made.standing.entry.id)]
    assert events.count("measurement.unasked") == 2


@pytest.mark.parametrize(
    ("outcome", "job", "trial"),
    [
        (Outcome(state="failed"), JobStatus.FAILED, TrialStatus.FAILED),
        (Outcome(state="cancelled"), JobStatus.CANCELLED, TrialStatus.CANCELLED),
        (Outcome(state="lost", message="gone"), JobStatus.UNKNOWN, TrialStatus.IN_PROGRESS),
        (Outcome(state="done"), JobStatus.DONE, TrialStatus.PARTIAL),
    ],
)
def test_how_a_job_ends(
    make_world: Make, outcome: Outcome, job: JobStatus, trial: TrialStatus
) -> None:
    made = make_world(budget=ONE)
    made.instrument.ending = lambda _: outcome
    made.run()
    assert made.jobs()[0].status is job
    assert made.trials()[0].status is trial
    assert made.jobs()[0].failure == ("unclassified" if job is JobStatus.FAILED else None)


def test_replicates_within_one_job_are_rows_of_one_point(make_world: Make) -> None:
    made = make_world(budget=ONE)
    made.instrument.ending = lambda job: Outcome(
        state="done",
        measurements=tuple(
            one for n in (1, 2, 3) for one in readings(job, value=float(n), replicate=n)
        ),
    )
    made.run()
    assert [row.value for row in made.standing.rows] == [1.0, 2.0, 3.0]
    best = made.standing.best
    assert best is not None
    assert (best.value, best.rows) == (2.0, 3)


def test_a_reading_that_comes_twice_in_one_outcome_counts_once(make_world: Make) -> None:
    made = make_world(budget=ONE)
    made.instrument.ending = lambda job: Outcome(
        state="done", measurements=(*readings(job, value=1.0), *readings(job, value=5.0))
    )
    made.run()
    assert [row.value for row in made.standing.rows] == [1.0]


def test_a_text_where_a_number_was_set_is_kept_and_does_not_move_the_point(
    make_world: Make,
) -> None:
    made = make_world(budget=ONE)
    made.instrument.ending = lambda job: Outcome(
        state="done", measurements=readings(job, value=1.0, executed={"x": "about 3"})
    )
    made.run()
    (seen,), (row,) = made.standing.observations, made.standing.rows
    assert seen.executed == {"x": "about 3"}
    assert row.point == made.trials()[0].point


def test_what_a_person_recorded_while_the_instrument_answered_stands(make_world: Make) -> None:
    made = make_world(budget=ONE)

    def ending(job: Job) -> Outcome:
        record(made.store, made.name, "1", ["mass=7"], ANNA, made.clock.now())
        return done(job, 5.0)

    made.instrument.ending = ending
    assert made.run().state == "finished"
    assert [row.value for row in made.standing.rows] == [7.0]
    (late,) = (x for x in made.store.journal(made.id) if x.event == "outcome.late")
    assert late.data["measurements"][0]["value"] == 5.0


def test_a_person_is_told_when_the_job_has_ended(make_world: Make) -> None:
    made = make_world(budget=ONE)
    made.run()
    (job,) = made.jobs()
    with pytest.raises(IngestError, match="done since"):
        ingest(made.store, None, made.campaign, job, done(job, 5.0), made.clock.now(), ANNA)
    assert len(made.standing.rows) == 1
