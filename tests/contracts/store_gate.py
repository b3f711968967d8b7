"""What every store lets through the gate, and what it does not."""

from datetime import timedelta
from typing import Any

import pytest

from agent.core.actor import AGENT, Actor
from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.core.trial import Setting, TrialStatus
from agent.data.store import Store
from agent.errors import BudgetSpent, GateError, LifecycleError, StoreError
from tests.contracts import store_world as w


def _intend(store: Store, *args: Any, number: int = 1, by: Actor = AGENT, **more: Any) -> None:
    with store.write(by, more.pop("now", w.NOW)) as tx:
        tx.intend(w.job(number, **more), *(args or (None, None)))


def _unsent(store: Store) -> bool:
    """Whether everything is as it was before an intent that failed."""
    return (
        not store.jobs("c1")
        and w.status(store) is TrialStatus.APPROVED
        and all(approval.job is None for approval in store.approvals("c1"))
    )


class GateContract:
    """Reviews, approvals, intents."""

    @pytest.mark.parametrize(
        ("verdict", "after"),
        [
            ("approve", TrialStatus.APPROVED),
            ("edit", TrialStatus.APPROVED),
            ("reject", TrialStatus.REJECTED),
        ],
    )
    def test_a_verdict_moves_its_trial(
        self, store: Store, verdict: str, after: TrialStatus
    ) -> None:
        w.proposed(w.registered(store), 1)
        written = w.review(1, verdict=verdict, reasons=("so it is",))
        with store.write(w.ANNA, w.NOW) as tx:
            tx.review(written)
        assert w.status(store) is after
        assert store.reviews("c1") == store.reviews_of("t1") == [written]

    def test_the_agent_cannot_review(self, store: Store) -> None:
        w.proposed(w.registered(store), 1)
        with pytest.raises(GateError, match="agent cannot review"), store.write(AGENT, w.NOW) as tx:
            tx.review(w.review(1, by=AGENT))
        with pytest.raises(GateError), store.write(AGENT, w.NOW) as tx:
            tx.review(w.review(1, by=w.ANNA))
        assert store.reviews("c1") == []

    def test_nobody_reviews_in_anothers_name(self, store: Store) -> None:
        w.proposed(w.registered(store), 1)
        with pytest.raises(GateError, match="name"), store.write(w.BERT, w.NOW) as tx:
            tx.review(w.review(1, by=w.ANNA))

    def test_a_trial_is_reviewed_while_it_waits(self, store: Store) -> None:
        w.approved(store, 1)
        with pytest.raises(LifecycleError), store.write(w.ANNA, w.NOW) as tx:
            tx.review(w.review(2, trial="t1", number=2, verdict="reject"))

    def test_an_approval_rests_on_the_latest_review(self, store: Store) -> None:
        w.proposed(w.registered(store), 1, 2)
        with pytest.raises(GateError, match="reviewed first"), store.write(w.ANNA, w.NOW) as tx:
            tx.approve(w.approval(1))
        with store.write(w.ANNA, w.NOW) as tx:
            tx.review(w.review(1))
            tx.review(w.review(2))
        with pytest.raises(GateError, match="latest"), store.write(w.ANNA, w.NOW) as tx:
            tx.approve(w.approval(1, review="r2"))
        with pytest.raises(GateError), store.write(AGENT, w.NOW) as tx:
            tx.approve(w.approval(1, by=AGENT))
        assert store.approvals("c1") == []

    def test_an_approval_is_revoked_until_it_is_used(self, store: Store) -> None:
        w.approved(store, 1, 2)
        _intend(store, number=2)
        with store.write(w.BERT, w.LATER) as tx:
            tx.revoke("a1", "second thoughts")
        assert store.approval("a1").revoked_at == w.LATER
        for id in ("a1", "a2"):
            with pytest.raises(GateError), store.write(w.BERT, w.LATER) as tx:
                tx.revoke(id, "again")

    def test_an_intent_consumes_its_approval(self, store: Store) -> None:
        w.approved(store, 1)
        _intend(store)
        assert store.jobs("c1") == store.jobs_of("t1") == [w.job(1)]
        assert store.job("j1") == w.job(1)
        assert [approval.job for approval in store.approvals_of("t1")] == ["j1"]
        assert w.status(store) is TrialStatus.IN_PROGRESS

    def test_one_job_may_be_of_many_trials(self, store: Store) -> None:
        w.approved(store, 1, 2, 3)
        plate = {
            "trials": ("t3", "t1", "t2"),
            "plans": (w.plan(3), w.plan(1), w.plan(2)),
            "approvals": ("a1", "a2", "a3"),
        }
        _intend(store, 1, None, **plate)
        assert store.jobs_of("t2") == [w.job(1, **plate)]
        assert {approval.job for approval in store.approvals("c1")} == {"j1"}

    def test_an_approval_is_used_once(self, store: Store) -> None:
        w.approved(store, 1)
        _intend(store)
        with pytest.raises(GateError, match="was used by job j1"):
            _intend(store, id="j2", attempt=2)

    def test_a_revoked_approval_is_none(self, store: Store) -> None:
        w.approved(store, 1)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.revoke("a1", "second thoughts")
        with pytest.raises(GateError, match="revoked"):
            _intend(store)
        assert _unsent(store)

    def test_an_expired_approval_is_none(self, store: Store) -> None:
        w.proposed(w.registered(store), 1)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.review(w.review(1))
            tx.approve(w.approval(1, expires_at=w.LATER))
        with pytest.raises(GateError, match="expired"):
            _intend(store, now=w.LATER)
        assert _unsent(store)
        _intend(store, now=w.LATER - timedelta(microseconds=1))

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"parameters": {"temperature": Setting(value=80.5, unit="degC")}}, "binds something"),
            ({"limits": "other"}, "binds something"),
            ({"instrument": "oven"}, "another step or instrument"),
            ({"step": "measure"}, "another step or instrument"),
        ],
    )
    def test_an_approval_binds_what_is_sent(
        self, store: Store, change: dict[str, Any], why: str
    ) -> None:
        w.approved(store, 1)
        other = w.plan(1, **change)
        with pytest.raises(GateError, match=why):
            _intend(store, plans=(other,), step=other.step, instrument=other.instrument)
        assert _unsent(store)

    @pytest.mark.parametrize(
        ("approvals", "why"),
        [
            ((), "1 plans and 0 approvals"),
            (("a1", "a2"), "1 plans and 2 approvals"),
            (("a2",), "another trial"),
            (("a9",), "no approval a9"),
        ],
    )
    def test_each_plan_has_its_approval(
        self, store: Store, approvals: tuple[str, ...], why: str
    ) -> None:
        w.approved(store, 1, 2)
        with pytest.raises(GateError, match=why):
            _intend(store, approvals=approvals)
        assert _unsent(store)

    def test_what_was_made_under_an_older_revision_is_not_intended(self, store: Store) -> None:
        w.approved(store, 1)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.revise(w.revision("c1", number=2))
        with pytest.raises(GateError, match="revision 2 now"):
            _intend(store, None, None, 1)
        assert _unsent(store)
        _intend(store, None, None, 2)

    def test_a_job_is_of_one_piece(self, store: Store) -> None:
        w.approved(store, 1)
        with pytest.raises(StoreError, match="not of its trials"):
            _intend(store, plans=(w.plan(2),))
        with pytest.raises(StoreError, match="not of its trials"):
            _intend(store, trials=("t1", "t1"))
        with pytest.raises(StoreError, match="another step"):
            _intend(store, step="measure")
        with pytest.raises(LifecycleError):
            _intend(store, status=JobStatus.STARTED)
        w.registered(store, "c2", "heck")
        with pytest.raises(StoreError, match="has no trial t1"):
            _intend(store, campaign="c2")
        assert _unsent(store)

    def test_only_the_agent_intends(self, store: Store) -> None:
        w.approved(store, 1)
        with pytest.raises(LifecycleError):
            _intend(store, by=w.ANNA)
        assert _unsent(store)

    def test_nothing_is_sent_for_a_campaign_that_is_not_active(self, store: Store) -> None:
        w.approved(store, 1)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.set_status("c1", CampaignStatus.PAUSED, "the pump leaks")
        with pytest.raises(GateError, match="paused"):
            _intend(store)
        assert _unsent(store)

    def test_experiments_are_reserved(self, store: Store) -> None:
        w.approved(store, 1, 2)
        with pytest.raises(BudgetSpent, match="all 0"):
            _intend(store, 0, None)
        assert _unsent(store)
        _intend(store, 1, None)
        with pytest.raises(BudgetSpent, match="all 1"):
            _intend(store, 1, None, number=2)

    def test_cost_is_reserved(self, store: Store) -> None:
        w.approved(store, 1, 2, 3)
        _intend(store, None, 0.3, cost=0.1)
        with pytest.raises(BudgetSpent, match=r"0\.1 of 0\.3"):
            _intend(store, None, 0.3, number=2, cost=0.21)
        _intend(store, None, 0.3, number=2, cost=0.1)
        _intend(store, None, 0.3, number=3, cost=0.1)

    @pytest.mark.parametrize(
        ("path", "counts"),
        [
            ([JobStatus.REFUSED], False),
            ([JobStatus.CANCELLED], False),
            ([JobStatus.STARTED, JobStatus.CANCELLED], True),
            ([JobStatus.STARTED, JobStatus.FAILED], True),
            ([JobStatus.UNKNOWN], True),
        ],
    )
    def test_what_was_executed_or_may_have_been_counts(
        self, store: Store, path: list[JobStatus], counts: bool
    ) -> None:
        w.intended(store, 1)
        w.moved(store, *path)
        with store.write(AGENT, w.NOW) as tx:
            tx.add_trial(w.trial(2))
        with store.write(w.ANNA, w.NOW) as tx:
            tx.review(w.review(2))
            tx.approve(w.approval(2))
        if counts:
            with pytest.raises(BudgetSpent):
                _intend(store, 1, 1.0, number=2)
        else:
            _intend(store, 1, 1.0, number=2)

    def test_what_a_person_stopped_in_doubt_counts(self, store: Store) -> None:
        w.intended(store, 1)
        w.moved(store, JobStatus.UNKNOWN)
        w.moved(store, JobStatus.CANCELLED, by=w.ANNA)
        assert store.job("j1").started_at == w.NOW
