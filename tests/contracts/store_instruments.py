"""What every store keeps of instruments, over all campaigns."""

from datetime import datetime, timedelta

import pytest

from agent.core.actor import AGENT, Actor
from agent.core.instrument import BREAKER, Standard, in_force
from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.core.trial import Setting
from agent.core.turns import Stay
from agent.data.store import Store
from agent.errors import GateError, LifecycleError, StoreError
from tests.contracts import store_world as w

HOLMIUM = Standard(name="holmium filter", low=536.4, high=538.0, unit="nm")


def _say(store: Store, by: Actor, word: str, name: str = "robot") -> None:
    with store.write(by, w.NOW) as tx:
        getattr(tx, word)(name, "the lamp is out")


def _send(store: Store, number: int, parallel: int | None = 1) -> None:
    with store.write(AGENT, w.NOW) as tx:
        tx.intend(w.job(number), None, None)
        tx.take(w.job(number), parallel)


def _two_campaigns(store: Store) -> None:
    """Trials 1 and 2 of suzuki are approved, and trial 3 of anneal is."""
    w.approved(store, 1, 2)
    w.registered(store, "c2", "anneal")
    decision = w.decision(id="d2", campaign="c2")
    trial = w.trial(id="t3", campaign="c2", decision="d2")
    with store.write(AGENT, w.NOW) as tx:
        tx.decide(decision, [trial], [w.proposal(3, of=2)])
    with store.write(w.BERT, w.NOW) as tx:
        tx.review(w.review(3, w.BERT))
        tx.approve(w.approval(3, w.BERT, expires_at=w.LATER))


class InstrumentContract:
    """Holds, and one job at a time."""

    def test_what_was_said_of_an_instrument_is_kept_in_order(self, store: Store) -> None:
        _say(store, w.ANNA, "hold")
        assert in_force(store.holds("robot"), w.NOW) is not None
        _say(store, w.BERT, "release")
        assert in_force(store.holds("robot"), w.NOW) is None
        _say(store, BREAKER, "hold")
        said = store.holds("robot")
        assert [(one.number, one.word, one.by) for one in said] == [
            (1, "hold", w.ANNA),
            (2, "release", w.BERT),
            (3, "hold", BREAKER),
        ]
        assert store.holds("oven") == []
        assert store.instruments() == ["robot"]

    @pytest.mark.parametrize("by", [AGENT, BREAKER])
    def test_only_a_person_releases(self, store: Store, by: Actor) -> None:
        _say(store, w.ANNA, "hold")
        with pytest.raises(GateError, match="cannot release"):
            _say(store, by, "release")
        with pytest.raises(GateError, match="cannot hold"):
            _say(store, AGENT, "hold")
        assert len(store.holds("robot")) == 1

    def test_what_is_not_held_is_not_released(self, store: Store) -> None:
        with pytest.raises(LifecycleError, match="is not held"):
            _say(store, w.ANNA, "release")
        with pytest.raises(LifecycleError, match="not said why"), store.write(w.ANNA, w.NOW) as tx:
            tx.hold("robot", " ")
        with pytest.raises(LifecycleError, match="is over"), store.write(w.ANNA, w.NOW) as tx:
            tx.hold("robot", "so", w.NOW)
        assert store.holds("robot") == []

    def test_what_was_said_is_not_rewritten(self, store: Store) -> None:
        _say(store, w.ANNA, "hold")
        with pytest.raises(StoreError), store._database.writing() as connection:  # noqa: SLF001
            connection.exec_driver_sql("UPDATE holds SET reason = 'nothing'")
        assert store.holds("robot")[0].reason == "the lamp is out"

    def test_a_held_instrument_is_given_nothing(self, store: Store) -> None:
        w.approved(store, 1)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.hold("robot", "the lamp is out", w.LATER)
        with pytest.raises(GateError, match="the lamp is out"):
            _send(store, 1)
        assert store.jobs("c1") == []
        with store.write(AGENT, w.LATER + timedelta(seconds=1)) as tx:
            tx.intend(w.job(1), None, None)
            tx.take(w.job(1), 1)
        assert [job.id for job in store.jobs_on("robot")] == ["j1"]

    def test_it_is_given_as_many_as_it_takes(self, store: Store) -> None:
        w.approved(store, 1, 2)
        _send(store, 1)
        with pytest.raises(GateError, match="at work"):
            _send(store, 2)
        _send(store, 2, parallel=2)

    def test_with_a_job_in_doubt_it_is_given_nothing(self, store: Store) -> None:
        w.approved(store, 1, 2)
        _send(store, 1)
        with store.write(AGENT, w.NOW) as tx:
            tx.move_job("j1", JobStatus.UNKNOWN, message="no answer")
        with pytest.raises(GateError, match="not known"):
            _send(store, 2, parallel=None)

    def test_who_is_permitted_to_send_is_told_over_all_campaigns(self, store: Store) -> None:
        _two_campaigns(store)

        def permitted(at: datetime = w.NOW) -> dict[str, list[str]]:
            found = store.permitted("robot", at)
            return {name: [one.id for one in several] for name, several in found.items()}

        assert permitted() == {"c1": ["a1", "a2"], "c2": ["a3"]}
        assert permitted(w.LATER) == {"c1": ["a1", "a2"]}, "it has expired"
        assert store.permitted("oven", w.NOW) == {}
        _send(store, 1)
        assert permitted()["c1"] == ["a2"], "it is used"
        with store.write(w.ANNA, w.NOW) as tx:
            tx.revoke("a2", "no")
        assert permitted() == {"c2": ["a3"]}
        with store.write(w.ANNA, w.NOW) as tx:
            tx.set_status("c2", CampaignStatus.PAUSED, "lunch")
        assert permitted() == {}

    def test_whose_jobs_were_there_is_told_in_order(self, store: Store) -> None:
        _two_campaigns(store)
        _send(store, 1)
        with store.write(AGENT, w.LATER) as tx:
            tx.move_job("j1", JobStatus.STARTED)
            tx.move_job("j1", JobStatus.DONE)
        later = w.LATER + timedelta(seconds=9)
        with store.write(AGENT, later) as tx:
            tx.intend(w.job(2, intended_at=later), None, None)
            tx.move_job("j2", JobStatus.REFUSED)
        third = w.job(3, campaign="c2", intended_at=w.NOW + timedelta(seconds=1))
        with store.write(AGENT, w.NOW) as tx:
            tx.intend(third, None, None)
        first, second = store.stays("robot", w.NOW)
        assert first == Stay("suzuki", w.NOW, w.LATER)
        assert second == Stay("anneal", third.intended_at, None), "what was refused never was there"
        assert store.stays("robot", w.LATER) == [second]
        assert store.stays("oven", w.NOW) == []

    def test_with_a_standard_it_is_released_only_when_that_is_right(self, store: Store) -> None:
        with store.write(w.ANNA, w.NOW) as tx:
            tx.hold("robot", "new lamp", standard=HOLMIUM)
        for reading, why in (
            (None, "held until a standard is right"),
            (Setting(value=540.0, unit="nm"), "holmium filter: 540 nm is not 536.4 to 538 nm"),
            (Setting(value=537.0), "its unit is 'none'"),
        ):
            with pytest.raises(GateError, match=why), store.write(w.BERT, w.NOW) as tx:
                tx.release("robot", "done", reading)
        assert in_force(store.holds("robot"), w.NOW) is not None
        with store.write(w.BERT, w.NOW) as tx:
            tx.release("robot", "done", Setting(value=0.5371, unit="um"))
        last = store.holds("robot")[-1]
        assert (last.word, last.standard, last.reading) == ("release", HOLMIUM, 537.1)

    def test_a_later_hold_does_not_forget_the_standard(self, store: Store) -> None:
        with store.write(w.ANNA, w.NOW) as tx:
            tx.hold("robot", "new lamp", standard=HOLMIUM)
        with (
            pytest.raises(LifecycleError, match="not released by itself"),
            store.write(w.BERT, w.NOW) as tx,
        ):
            tx.hold("robot", "lunch", w.LATER)
        with store.write(w.BERT, w.NOW) as tx:
            assert tx.hold("robot", "smoke").standard == HOLMIUM
        with pytest.raises(GateError, match="until a standard is right"):
            _say(store, w.ANNA, "release")
