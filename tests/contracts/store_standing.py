"""What every store keeps of standing approvals: given, counted, revoked."""

from datetime import timedelta
from typing import Any

import pytest

from agent.core.actor import AGENT, Actor
from agent.core.standing_approval import Revocation, StandingApproval
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import GateError, JournalBroken, LifecycleError, NotFound, StoreError
from tests.contracts import store_world as w
from tests.contracts.store_races import race


def standing_approval(**more: Any) -> StandingApproval:
    told: dict[str, Any] = {
        "id": "s1",
        "campaign": "c1",
        "number": 1,
        "instruments": ("robot",),
        "region": {"temperature": {"low": 60, "high": 90, "unit": "degC"}},
        "scope": "0" * 64,
        "count": 2,
        "until": w.LATER,
        "by": w.ANNA,
        "reasons": ("as usual",),
        "at": w.NOW,
    }
    return StandingApproval.model_validate({**told, **more})


def _revocation(**more: Any) -> Revocation:
    told: dict[str, Any] = {"id": "k1", "campaign": "c1", "standing": "s1", "reason": "no lot left"}
    return Revocation(**{**told, "by": w.BERT, "at": w.NOW, **more})


def _world(store: Store, *numbers: int, **more: Any) -> Store:
    """The store, with these trials proposed, and Anna's standing approval for two of them."""
    w.proposed(w.registered(store), *numbers)
    with store.write(w.ANNA, w.NOW) as tx:
        tx.give_standing(standing_approval(**more))
    return store


def _let_through(store: Store, number: int, **more: Any) -> None:
    now = more.pop("now", w.NOW)
    told = {"standing": "s1", "expires_at": w.LATER, **more}
    with store.write(w.RULE, now) as tx:
        tx.review(w.review(number, w.RULE))
        tx.approve(w.approval(number, w.RULE, **told))


class StandingContract:
    """Two trials are let through, and no third."""

    def test_it_comes_back_with_what_was_counted_against_it(self, store: Store) -> None:
        _world(store, 1, 2)
        (one,) = store.standing_approvals("c1")
        assert (one.given, one.used, one.left, one.revoked) == (standing_approval(), 0, 2, None)
        _let_through(store, 1)
        (one,) = store.standing_approvals("c1")
        assert (one.used, one.left) == (1, 1)
        assert one.in_force(w.NOW)
        assert not one.in_force(w.LATER)
        assert store.approval("a1").standing == "s1"
        assert store.standing_approvals("c2") == []
        events = [line.event for line in store.journal("c1")]
        assert "standing.given" in events
        store.verify("c1")

    @pytest.mark.parametrize("by", [AGENT, w.RULE])
    def test_only_a_person_gives_and_revokes(self, store: Store, by: Actor) -> None:
        w.registered(store)
        with pytest.raises(GateError, match="a person does"), store.write(by, w.NOW) as tx:
            tx.give_standing(standing_approval(by=by))
        with pytest.raises(GateError, match="in another's name"), store.write(w.BERT, w.NOW) as tx:
            tx.give_standing(standing_approval())
        assert store.standing_approvals("c1") == []
        with store.write(w.ANNA, w.NOW) as tx:
            tx.give_standing(standing_approval())
        with pytest.raises(GateError, match="a person does"), store.write(by, w.NOW) as tx:
            tx.revoke_standing(_revocation(by=by))
        with pytest.raises(GateError, match="in another's name"), store.write(w.ANNA, w.NOW) as tx:
            tx.revoke_standing(_revocation())
        assert store.standing_approvals("c1")[0].revoked is None

    def test_what_is_over_or_without_a_reason_is_notstanding_approval(self, store: Store) -> None:
        w.registered(store)
        for told, why in (({"until": w.NOW}, "is over"), ({"reasons": (" ",)}, "not said why")):
            with pytest.raises(LifecycleError, match=why), store.write(w.ANNA, w.NOW) as tx:
                tx.give_standing(standing_approval(**told))
        with pytest.raises(NotFound), store.write(w.ANNA, w.NOW) as tx:
            tx.give_standing(standing_approval(campaign="c9"))
        assert store.standing_approvals("c1") == []

    def test_used_up_it_lets_nothing_more_through(self, store: Store) -> None:
        _world(store, 1, 2, 3)
        _let_through(store, 1)
        _let_through(store, 2)
        with pytest.raises(GateError, match="standing approval 1 is used up"):
            _let_through(store, 3)
        assert w.status(store, "t3") is TrialStatus.PROPOSED
        assert store.reviews_of("t3") == []

    def test_a_trial_counts_once_however_often_it_is_permitted(self, store: Store) -> None:
        _world(store, 1, 2)
        _let_through(store, 1)
        again = w.approval(1, w.RULE, id="a1b", standing="s1", expires_at=w.LATER)
        with store.write(w.RULE, w.NOW) as tx:
            tx.revoke("a1", "the plan has changed")
            tx.approve(again)
        assert store.standing_approvals("c1")[0].used == 1
        _let_through(store, 2)

    def test_two_processes_do_not_use_it_up_twice(self, store: Store) -> None:
        _world(store, 1, 2, 3, count=1)
        got = race(*(lambda n=n: _let_through(store, n) for n in (1, 2, 3)))
        assert sum(one is None for one in got) == 1
        assert all(isinstance(one, GateError) for one in got if one is not None)
        assert len(store.approvals("c1")) == store.standing_approvals("c1")[0].used == 1

    def test_over_it_permits_nothing_and_nothing_beyond_its_end(self, store: Store) -> None:
        _world(store, 1)
        beyond = w.LATER + timedelta(seconds=1)
        for told, why in (
            ({"now": w.LATER}, "is over"),
            ({"expires_at": None}, "is over"),
            ({"expires_at": beyond}, "nothing beyond its end"),
        ):
            with pytest.raises(GateError, match=why):
                _let_through(store, 1, **told)

    def test_it_is_for_its_campaign_and_instrument(self, store: Store) -> None:
        _world(store, 1, instruments=("oven",))
        with pytest.raises(GateError, match="another campaign or instrument"):
            _let_through(store, 1)
        w.registered(store, "c2", "anneal")
        with store.write(w.ANNA, w.NOW) as tx:
            tx.give_standing(standing_approval(id="s2", campaign="c2"))
        with pytest.raises(GateError, match="another campaign or instrument"):
            _let_through(store, 1, standing="s2")
        with pytest.raises(NotFound):
            _let_through(store, 1, standing="s9")

    def test_revoked_it_takes_back_what_was_not_sent(self, store: Store) -> None:
        _world(store, 1, 2, 3, count=3)
        _let_through(store, 1)
        _let_through(store, 2)
        with store.write(AGENT, w.NOW) as tx:
            tx.intend(w.job(1), None, None)
        with store.write(w.BERT, w.NOW) as tx:
            tx.revoke_standing(_revocation())
        assert store.approval("a1").revoked_at is None, "it was used"
        assert store.approval("a2").revoked_at == w.NOW
        with pytest.raises(GateError, match="was revoked"), store.write(AGENT, w.NOW) as tx:
            tx.intend(w.job(2), None, None)
        with pytest.raises(GateError, match="standing approval 1 was revoked"):
            _let_through(store, 3)
        with (
            pytest.raises(LifecycleError, match="revoked before"),
            store.write(w.BERT, w.NOW) as tx,
        ):
            tx.revoke_standing(_revocation(id="k2"))
        (one,) = store.standing_approvals("c1")
        assert one.revoked == _revocation()
        assert not one.in_force(w.NOW)
        revoked = [line.subject for line in store.journal("c1") if line.event.endswith("revoked")]
        assert revoked == ["s1", "a2"]
        store.verify("c1")

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE standing_approvals SET count = 99",
            "DELETE FROM standing_approvals",
            "UPDATE revocations SET reason = 'nothing'",
            "DELETE FROM revocations",
            "UPDATE approvals SET standing = NULL",
        ],
    )
    def test_it_is_not_rewritten(self, store: Store, change: str) -> None:
        _world(store, 1)
        _let_through(store, 1)
        with store.write(w.BERT, w.NOW) as tx:
            tx.revoke_standing(_revocation())
        with pytest.raises(StoreError), store._database.writing() as connection:  # noqa: SLF001
            connection.exec_driver_sql(change)

    def test_one_that_is_put_in_beside_the_program_is_seen(self, store: Store) -> None:
        _world(store, 1)
        row = "INSERT INTO standing_approvals SELECT 's2', campaign, 2, instruments, region, scope"
        row += ', 99, until, "by", reasons, at FROM standing_approvals'
        with store._database.writing() as connection:  # noqa: SLF001
            connection.exec_driver_sql(row)
        with pytest.raises(JournalBroken, match="standingapproval s2 has no line"):
            store.verify("c1")
