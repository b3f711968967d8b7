"""What every store keeps of stocks: what was filled in, counted, used and given back."""

import pytest

from agent.core.actor import AGENT, Actor
from agent.core.instrument import BREAKER
from agent.core.job import JobStatus
from agent.core.stock import Need
from agent.data.store import Store
from agent.errors import GateError, LifecycleError, StoreError
from tests.contracts import store_world as w

TIPS = Need("tips", 8.0, "1")


def _say(store: Store, word: str, amount: float, by: Actor = w.ANNA, unit: str = "1") -> None:
    with store.write(by, w.NOW) as tx:
        getattr(tx, word)("robot", "tips", amount, unit)


def _send(store: Store, number: int, *needs: Need) -> None:
    with store.write(AGENT, w.NOW) as tx:
        tx.intend(w.job(number), None, None)
        tx.take(w.job(number), None)
        tx.draw(w.job(number), needs)


def _level(store: Store) -> float:
    return store.levels("robot")["tips"].level


class StockContract:
    """Levels, and who may change them."""

    def test_the_level_is_what_was_counted_and_filled_less_what_was_used(
        self, store: Store
    ) -> None:
        w.approved(store, 1)
        _say(store, "count", 20)
        _say(store, "fill", 96)
        _send(store, 1, TIPS)
        moves = store.movements("robot", "tips")
        assert [(one.number, one.word, one.amount, one.level, one.job) for one in moves] == [
            (1, "counted", 20, 20, None),
            (2, "filled", 96, 116, None),
            (3, "used", -8, 108, "j1"),
        ]
        _say(store, "count", 100)
        assert store.movements("robot", "tips")[-1].amount == -8
        assert _level(store) == 100
        assert store.levels("oven") == {}
        assert store.instruments() == ["robot"]

    def test_where_too_little_is_left_nothing_is_written(self, store: Store) -> None:
        w.approved(store, 1, 2)
        with pytest.raises(GateError, match="nobody has counted the tips on robot"):
            _send(store, 1, TIPS)
        _say(store, "count", 11)
        _send(store, 1, TIPS)
        with pytest.raises(GateError, match="3 tips left on robot, 8 needed"):
            _send(store, 2, Need("water", 0.0, "mL"), TIPS)
        assert [job.id for job in store.jobs("c1")] == ["j1"]
        assert store.approval("a2").job is None
        assert _level(store) == 3
        _send(store, 2, Need("tips", 0.0, "1"))
        assert _level(store) == 3

    def test_everything_that_is_missing_is_told_together(self, store: Store) -> None:
        w.approved(store, 1)
        _say(store, "count", 3)
        with pytest.raises(GateError) as refused:
            _send(store, 1, TIPS, Need("water", 2.5, "mL"))
        assert "3 tips left" in str(refused.value) and "counted the water" in str(refused.value)
        assert "athanor stock fill robot tips AMOUNT; athanor stock count robot water" in str(
            refused.value
        )

    def test_a_level_in_another_unit_is_not_known(self, store: Store) -> None:
        w.approved(store, 1)
        _say(store, "count", 500)
        with pytest.raises(GateError, match="were counted in '1', and are now in 'mL'"):
            _send(store, 1, Need("tips", 8.0, "mL"))
        with pytest.raises(LifecycleError, match="athanor stock count robot tips"):
            _say(store, "fill", 1, unit="mL")

    def test_a_job_that_was_refused_gives_back_once(self, store: Store) -> None:
        w.approved(store, 1)
        _say(store, "count", 20)
        _send(store, 1, TIPS)
        with store.write(AGENT, w.NOW) as tx:
            tx.move_job("j1", JobStatus.REFUSED, message="busy")
        assert store.movements("robot", "tips")[-1].word == "returned"
        assert _level(store) == 20

    def test_a_job_withdrawn_before_it_was_sent_gives_back(self, store: Store) -> None:
        w.approved(store, 1)
        _say(store, "count", 20)
        _send(store, 1, TIPS)
        with store.write(AGENT, w.NOW) as tx:
            tx.move_job("j1", JobStatus.CANCELLED)
        assert _level(store) == 20

    def test_a_job_in_doubt_keeps_what_it_took(self, store: Store) -> None:
        w.approved(store, 1)
        _say(store, "count", 20)
        _send(store, 1, TIPS)
        with store.write(AGENT, w.NOW) as tx:
            tx.move_job("j1", JobStatus.UNKNOWN, message="no answer")
        assert _level(store) == 12
        with store.write(w.BERT, w.NOW) as tx:
            tx.move_job("j1", JobStatus.REFUSED, message="looked")
        assert _level(store) == 20
        assert store.movements("robot", "tips")[-1].by == w.BERT

    def test_what_was_counted_since_is_not_given_back(self, store: Store) -> None:
        w.approved(store, 1)
        _say(store, "count", 20)
        _send(store, 1, TIPS)
        _say(store, "count", 19)
        with store.write(AGENT, w.NOW) as tx:
            tx.move_job("j1", JobStatus.REFUSED)
        assert _level(store) == 19

    @pytest.mark.parametrize("by", [AGENT, BREAKER])
    @pytest.mark.parametrize("word", ["fill", "count"])
    def test_only_a_person_says_what_is_there(self, store: Store, by: Actor, word: str) -> None:
        with pytest.raises(GateError, match="a person can"):
            _say(store, word, 96, by)
        assert store.levels("robot") == {}

    def test_amounts_that_are_none_are_refused(self, store: Store) -> None:
        with pytest.raises(LifecycleError, match="nobody has counted"):
            _say(store, "fill", 96)
        for amount in (-1.0, float("nan"), float("inf")):
            with pytest.raises(LifecycleError, match="cannot be counted"):
                _say(store, "count", amount)
        _say(store, "count", 0)
        with pytest.raises(LifecycleError, match="nothing to fill in"):
            _say(store, "fill", 0)
        assert _level(store) == 0

    def test_what_was_moved_is_not_rewritten(self, store: Store) -> None:
        _say(store, "count", 20)
        for change in ("UPDATE movements SET level = 96", "DELETE FROM movements"):
            with pytest.raises(StoreError), store._database.writing() as connection:  # noqa: SLF001
                connection.exec_driver_sql(change)
        assert _level(store) == 20
