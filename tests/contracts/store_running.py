"""What every store does with jobs on their way, samples, observations and documents."""

import hashlib
from typing import Any

import pytest

from agent.core.actor import AGENT, Actor
from agent.core.job import JobStatus
from agent.core.lifecycle import JOB, Settling
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import GateError, LifecycleError, NotFound, StoreError
from tests.contracts import store_world as w

J, T = JobStatus, TrialStatus
WAYS: dict[JobStatus, list[JobStatus]] = {
    J.INTENDED: [],
    J.STARTED: [J.STARTED],
    J.RUNNING: [J.STARTED, J.RUNNING],
    J.DONE: [J.STARTED, J.DONE],
    J.FAILED: [J.STARTED, J.FAILED],
    J.CANCELLED: [J.STARTED, J.CANCELLED],
    J.REFUSED: [J.REFUSED],
    J.UNKNOWN: [J.UNKNOWN],
}


def _settle(store: Store, attempts: int = 3, trial: str = "t1") -> TrialStatus:
    with store.write(AGENT, w.LATER) as tx:
        return tx.settle(trial, Settling(("yield", "purity"), attempts))


def _observe(store: Store, *observations: Any) -> None:
    with store.write(AGENT, w.LATER) as tx:
        for observation in observations:
            tx.observe(observation)


class RunningContract:
    """Jobs, samples, observations, documents, settling."""

    def test_a_handle_is_noted_until_the_job_ends(self, store: Store) -> None:
        w.intended(store, 1)
        with store.write(AGENT, w.NOW) as tx:
            tx.note("j1", {"id": 7})
        assert store.job("j1").handle == {"id": 7}
        w.moved(store, J.STARTED, J.DONE)
        with pytest.raises(LifecycleError), store.write(AGENT, w.NOW) as tx:
            tx.note("j1", {"id": 8})

    @pytest.mark.parametrize("source", J)
    def test_a_job_moves_by_its_life_cycle_only(self, store: Store, source: JobStatus) -> None:
        w.intended(store, 1)
        w.moved(store, *WAYS[source])
        allowed = {step.target for step in JOB if step.source == source and "agent" in step.actors}
        for target in set(J) - allowed:
            with pytest.raises(LifecycleError):
                w.moved(store, target)
        assert store.job("j1").status is source

    def test_a_job_keeps_what_is_said_of_it(self, store: Store) -> None:
        w.intended(store, 1)
        w.moved(store, J.STARTED, handle={"id": 7}, message="on its way")
        w.moved(store, J.FAILED, failure="infeasible", cost=2.5)
        found = store.job("j1")
        assert (found.status, found.failure, found.cost) == (J.FAILED, "infeasible", 2.5)
        assert (found.handle, found.message) == ({"id": 7}, "on its way")
        assert found.started_at == found.ended_at == w.LATER

    def test_a_failure_is_unclassified_unless_somebody_says(self, store: Store) -> None:
        w.intended(store, 1)
        with pytest.raises(LifecycleError):
            w.moved(store, J.STARTED, failure="infeasible")
        w.moved(store, J.STARTED, J.FAILED)
        assert store.job("j1").failure == "unclassified"

    def test_doubt_and_work_are_seen_over_all_campaigns(self, store: Store) -> None:
        w.intended(store, 1, 2)
        assert [job.id for job in store.busy("robot")] == ["j1", "j2"]
        w.moved(store, J.UNKNOWN)
        assert [job.id for job in store.busy("robot")] == ["j2"]
        assert [job.id for job in store.in_doubt("robot")] == ["j1"]
        assert store.busy("oven") == store.in_doubt("oven") == []
        assert [job.id for job in store.jobs("c1", J.UNKNOWN)] == ["j1"]

    def test_jobs_come_as_they_were_intended(self, store: Store) -> None:
        w.approved(store, 1, 2, 3)
        for number in (3, 1, 2):
            with store.write(AGENT, w.NOW) as tx:
                tx.intend(w.job(number), None, None)
        assert [job.id for job in store.jobs("c1")] == ["j3", "j1", "j2"]

    def test_observations_are_corrected_not_changed(self, store: Store) -> None:
        w.intended(store, 1)
        first, better = w.observation(1, job="j1"), w.observation(2, supersedes="o1", void="spilt")
        _observe(store, first, better)
        assert store.observations("c1") == store.observations_of("t1") == [first, better]
        for wrong in (
            w.observation(3, supersedes="o1"),
            w.observation(3, supersedes="o2", objective="purity"),
            w.observation(3, supersedes="o9"),
            w.observation(3, trial="t9"),
            w.observation(1),
        ):
            with pytest.raises(StoreError):
                _observe(store, wrong)

    def test_samples_have_codes_of_their_own(self, store: Store) -> None:
        w.intended(store, 1)
        with store.write(AGENT, w.NOW) as tx:
            tx.add_sample(w.sample(2, job="j1"))
            tx.add_sample(w.sample(1, parent="s2"))
        assert [sample.id for sample in store.samples("c1")] == ["s2", "s1"]
        with pytest.raises(StoreError), store.write(AGENT, w.NOW) as tx:
            tx.add_sample(w.sample(3, code="S1"))

    def test_a_document_is_kept_once(self, store: Store) -> None:
        content = b"\x00raw\xff"
        for _ in range(2):
            with store.write(AGENT, w.NOW) as tx:
                sha = tx.put_blob(content, "application/octet-stream")
        assert sha == hashlib.sha256(content).hexdigest()
        assert store.has_blob(sha)
        assert store.blob(sha) == content
        assert not store.has_blob("0" * 64)
        with pytest.raises(NotFound):
            store.blob("0" * 64)

    @pytest.mark.parametrize(
        ("path", "after"),
        [
            ([], T.IN_PROGRESS),
            ([J.STARTED], T.IN_PROGRESS),
            ([J.STARTED, J.RUNNING], T.IN_PROGRESS),
            ([J.UNKNOWN], T.IN_PROGRESS),
            ([J.STARTED, J.DONE], T.PARTIAL),
            ([J.STARTED, J.FAILED], T.FAILED),
            ([J.STARTED, J.CANCELLED], T.CANCELLED),
            ([J.CANCELLED], T.CANCELLED),
            ([J.REFUSED], T.APPROVED),
        ],
    )
    def test_a_trial_settles_where_its_job_is(
        self, store: Store, path: list[JobStatus], after: TrialStatus
    ) -> None:
        w.intended(store, 1)
        w.moved(store, *path)
        assert _settle(store) is w.status(store) is after
        lines = len(store.journal("c1"))
        assert _settle(store) is after
        assert len(store.journal("c1")) == lines

    def test_a_trial_is_done_when_every_objective_is_observed(self, store: Store) -> None:
        w.intended(store, 1)
        w.moved(store, J.STARTED, J.DONE)
        _observe(store, w.observation(1))
        assert _settle(store) is T.PARTIAL
        _observe(store, w.observation(2, objective="purity", low=99.0))
        assert _settle(store) is w.status(store) is T.DONE
        assert _settle(store) is T.DONE

    def test_a_corrected_observation_is_still_one(self, store: Store) -> None:
        w.intended(store, 1)
        w.moved(store, J.STARTED, J.DONE)
        _observe(store, w.observation(1), w.observation(2, supersedes="o1"))
        _observe(store, w.observation(3, objective="purity"))
        assert _settle(store) is T.DONE

    def test_a_refused_job_may_be_sent_again_but_not_for_ever(self, store: Store) -> None:
        w.intended(store, 1)
        w.moved(store, J.REFUSED)
        assert _settle(store, attempts=2) is T.APPROVED
        with store.write(w.RULE, w.NOW) as tx:
            tx.approve(w.approval(2, by=w.RULE, trial="t1", review="r1", digest=w.plan(1).digest))
        again = w.job(1, id="j2", attempt=2, approvals=("a2",))
        with store.write(AGENT, w.NOW) as tx:
            tx.intend(again, 1, None)
            tx.move_job("j2", J.REFUSED)
        assert [job.id for job in store.jobs_of("t1")] == ["j1", "j2"]
        assert _settle(store, attempts=2) is T.FAILED

    def test_a_trial_is_in_progress_while_a_step_is_left(self, store: Store) -> None:
        w.registered(store)
        with store.write(AGENT, w.NOW) as tx:
            tx.add_trial(w.trial(1, steps=("run", "measure")))
        measure = w.plan(1, step="measure")
        with store.write(w.ANNA, w.NOW) as tx:
            tx.review(w.review(1))
            tx.approve(w.approval(1))
            tx.approve(
                w.approval(2, trial="t1", review="r1", step="measure", digest=measure.digest)
            )
        with store.write(AGENT, w.NOW) as tx:
            tx.intend(w.job(1), None, None)
        w.moved(store, J.STARTED, J.DONE)
        assert _settle(store) is T.IN_PROGRESS
        with store.write(AGENT, w.NOW) as tx:
            tx.intend(
                w.job(1, id="j2", step="measure", plans=(measure,), approvals=("a2",)), None, None
            )
            tx.move_job("j2", J.STARTED)
            tx.move_job("j2", J.DONE)
        assert _settle(store) is T.PARTIAL

    def test_a_person_judges_what_has_ended(self, store: Store) -> None:
        w.ended(store, J.FAILED)
        with store.write(w.ANNA, w.LATER) as tx:
            tx.judge(w.judgement(1))
            tx.judge(w.judgement(2, word="infeasible"))
        assert store.judgements("c1") == store.judgements_of("t1")
        assert [one.word for one in store.judgements("c1")] == ["fault", "infeasible"]
        line = store.last_line("c1", "trial.judged", "t1")
        assert line is not None
        assert (line.by, line.data["word"]) == (w.ANNA, "infeasible")
        assert store.verify("c1")

    @pytest.mark.parametrize("speaker", [AGENT, w.RULE, w.BERT])
    def test_nobody_judges_for_a_person(self, store: Store, speaker: Actor) -> None:
        w.ended(store, J.FAILED)
        with pytest.raises(GateError), store.write(speaker, w.LATER) as tx:
            tx.judge(w.judgement())

    def test_what_has_not_ended_is_not_judged(self, store: Store) -> None:
        w.intended(store, 1)
        with pytest.raises(LifecycleError), store.write(w.ANNA, w.LATER) as tx:
            tx.judge(w.judgement())

    def test_what_a_person_brings_ends_a_failed_trial_otherwise(self, store: Store) -> None:
        w.ended(store, J.FAILED)
        for number, name, after in [(1, "yield", T.PARTIAL), (2, "purity", T.DONE)]:
            _observe(store, w.observation(number, objective=name))
            with store.write(w.ANNA, w.LATER) as tx:
                assert tx.supplement("t1", ("yield", "purity")) is after
            assert w.status(store) is after
        assert store.job("j1").status is J.FAILED

    def test_the_agent_supplements_nothing_that_failed(self, store: Store) -> None:
        w.ended(store, J.FAILED)
        with pytest.raises(LifecycleError), store.write(AGENT, w.LATER) as tx:
            tx.supplement("t1", ("yield",))

    def test_what_is_not_in_progress_does_not_settle(self, store: Store) -> None:
        w.approved(store, 1)
        with store.write(AGENT, w.NOW) as tx:
            tx.add_trial(w.trial(2, status=T.DONE, origin="paper"))
            tx.move_trial("t1", T.CANCELLED, "the campaign ended")
        assert _settle(store) is T.CANCELLED
        assert _settle(store, trial="t2") is T.DONE
        with pytest.raises(GateError), store.write(w.ANNA, w.NOW) as tx:
            tx.approve(w.approval(2, trial="t2"))
