"""What every store does with campaigns, decisions and trials."""

import pytest

from agent.core.actor import AGENT
from agent.core.register import CampaignStatus
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import LifecycleError, NotFound, StoreError
from tests.contracts import store_world as w


class PlanningContract:
    """Campaigns, revisions, decisions, trials."""

    def test_a_campaign_is_found_by_name_and_by_id(self, store: Store) -> None:
        w.registered(store)
        assert store.entry("suzuki") == store.entry("c1") == w.entry()
        assert store.entries() == [w.entry()]
        assert store.revision("c1") == w.revision()

    def test_a_name_that_is_not_there_is_answered_with_near_ones(self, store: Store) -> None:
        with pytest.raises(NotFound, match="no campaign yet"):
            store.entry("suzuki")
        w.registered(store)
        with pytest.raises(NotFound, match="there is: suzuki"):
            store.entry("suzuky")

    def test_a_name_is_given_once(self, store: Store) -> None:
        w.registered(store)
        with pytest.raises(StoreError):
            w.registered(store, "c2")
        assert store.entries() == [w.entry()]

    def test_revisions_are_numbered_and_the_latest_is_the_one(self, store: Store) -> None:
        w.registered(store)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.revise(w.revision(number=2))
        assert [revision.number for revision in store.revisions("c1")] == [1, 2]
        assert store.revision("c1").number == 2
        assert store.revision("c1", 1).number == 1
        with pytest.raises(NotFound):
            store.revision("c1", 3)
        with pytest.raises(StoreError), store.write(w.ANNA, w.NOW) as tx:
            tx.revise(w.revision(number=2))

    def test_a_revision_is_of_its_campaign(self, store: Store) -> None:
        with pytest.raises(StoreError), store.write(w.ANNA, w.NOW) as tx:
            tx.register(w.entry(), w.revision("c2"))

    def test_a_status_has_its_reason(self, store: Store) -> None:
        w.registered(store)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.set_status("c1", CampaignStatus.PAUSED, "the pump leaks")
        found = store.entry("c1")
        assert (found.status, found.reason) == (CampaignStatus.PAUSED, "the pump leaks")

    def test_numbers_count_for_each_campaign_and_kind(self, store: Store) -> None:
        w.registered(store)
        w.registered(store, "c2", "heck")
        with store.write(AGENT, w.NOW) as tx:
            assert [tx.number("c1", "trial") for _ in range(3)] == [1, 2, 3]
            assert (tx.number("c1", "decision"), tx.number("c2", "trial")) == (1, 1)
        with store.write(AGENT, w.NOW) as tx:
            assert tx.number("c1", "trial") == 4

    def test_a_decision_comes_with_its_trials_and_proposals(self, store: Store) -> None:
        w.proposed(w.registered(store), 1, 2)
        made = w.decision(1)
        assert store.decisions("c1") == [made]
        assert store.decision("d1") == made
        assert [trial.id for trial in store.trials("c1")] == ["t1", "t2"]
        assert store.proposals("c1") == [w.proposal(1), w.proposal(2)]
        assert store.proposal("t2") == w.proposal(2)

    def test_a_decision_is_written_whole_or_not(self, store: Store) -> None:
        w.registered(store)
        for trial, proposal in (
            (w.trial(1), w.proposal(1)),
            (w.trial(1, decision="d1", campaign="c2"), w.proposal(1)),
            (w.trial(1, decision="d1"), w.proposal(2)),
            (w.trial(1, decision="d1"), w.proposal(1, of=2)),
        ):
            with pytest.raises(StoreError), store.write(AGENT, w.NOW) as tx:
                tx.decide(w.decision(1), [trial], [proposal])
        with pytest.raises(StoreError), store.write(AGENT, w.NOW) as tx:
            tx.decide(w.decision(1), [w.trial(1, decision="d1")] * 2, [])
        assert store.decisions("c1") == []
        assert store.trials("c1") == []
        assert len(store.journal("c1")) == 1

    def test_a_decision_may_choose_nothing(self, store: Store) -> None:
        w.proposed(w.registered(store))
        assert store.decision("d1").number == 1

    def test_trials_are_asked_for_by_state(self, store: Store) -> None:
        w.registered(store)
        with store.write(w.ANNA, w.NOW) as tx:
            for number, state in enumerate(TrialStatus, 1):
                tx.add_trial(w.trial(number, status=state))
        for state in TrialStatus:
            assert [trial.status for trial in store.trials("c1", state)] == [state]
        both = store.trials("c1", TrialStatus.DONE, TrialStatus.PROPOSED)
        assert [trial.number for trial in both] == [1, 4]
        assert store.proposal("t1") is None

    def test_a_trial_moves_by_its_life_cycle_only(self, store: Store) -> None:
        w.proposed(w.registered(store), 1)
        with pytest.raises(LifecycleError), store.write(AGENT, w.NOW) as tx:
            tx.move_trial("t1", TrialStatus.DONE, "")
        with pytest.raises(LifecycleError), store.write(w.ANNA, w.NOW) as tx:
            tx.move_trial("t1", TrialStatus.EXPIRED, "only the agent or a rule")
        with store.write(AGENT, w.NOW) as tx:
            tx.move_trial("t1", TrialStatus.EXPIRED, "waited for a week")
        assert w.status(store) is TrialStatus.EXPIRED
        with pytest.raises(NotFound), store.write(AGENT, w.NOW) as tx:
            tx.move_trial("t9", TrialStatus.EXPIRED, "")

    def test_nothing_is_written_for_a_campaign_that_is_not_there(self, store: Store) -> None:
        with pytest.raises(NotFound), store.write(AGENT, w.NOW) as tx:
            tx.number("c9", "trial")
        with pytest.raises(NotFound), store.write(AGENT, w.NOW) as tx:
            tx.record("c9", "event", "", {})

    def test_a_sketch_counts(self, store: Store) -> None:
        w.intended(store, 1, 2)
        w.moved(store, w.JobStatus.STARTED)
        sketch = store.sketch("c1")
        assert sketch.trials == {TrialStatus.IN_PROGRESS: 2}
        assert sketch.jobs == {w.JobStatus.STARTED: 1, w.JobStatus.INTENDED: 1}
        assert sketch.decision == 1
        assert store.sketch("c9").decision == 0
