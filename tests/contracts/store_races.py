"""What every store does when two write at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from agent.core.actor import AGENT
from agent.core.stock import Need
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import AthanorError, GateError, LifecycleError, StoreError
from tests.contracts import store_world as w


def race(*doings: Any) -> list[Any]:
    """What each returned or raised, begun at the same moment in threads of their own."""
    together = Barrier(len(doings))

    def run(doing: Any) -> Any:
        together.wait()
        try:
            return doing()
        except AthanorError as error:
            return error

    with ThreadPoolExecutor(len(doings)) as pool:
        return list(pool.map(run, doings))


class RaceContract:
    """Two at the same time: one wins, or both in order."""

    def test_numbers_are_given_once(self, store: Store) -> None:
        w.registered(store)

        def take() -> list[int]:
            taken = []
            for _ in range(10):
                with store.write(AGENT, w.NOW) as tx:
                    taken.append(tx.number("c1", "trial"))
                    tx.record("c1", "numbered", "", {})
            return taken

        got = race(take, take, take)
        assert sorted(number for taken in got for number in taken) == list(range(1, 31))
        assert store.verify("c1") == 31

    def test_one_job_gets_the_approval(self, store: Store) -> None:
        w.approved(store, 1)

        def send(id: str) -> Any:
            def doing() -> str:
                with store.write(AGENT, w.NOW) as tx:
                    tx.intend(w.job(1, id=id), None, None)
                return id

            return doing

        got = race(send("j1"), send("j2"))
        (lost,) = [one for one in got if not isinstance(one, str)]
        assert isinstance(lost, GateError)
        assert [job.id for job in store.jobs("c1")] == [one for one in got if isinstance(one, str)]

    def test_one_job_gets_the_instrument(self, store: Store) -> None:
        w.approved(store, 1, 2)

        def send(number: int) -> Any:
            def doing() -> str:
                with store.write(AGENT, w.NOW) as tx:
                    tx.intend(w.job(number), None, None)
                    tx.take(w.job(number), 1)
                return f"j{number}"

            return doing

        got = race(send(1), send(2))
        (lost,) = [one for one in got if not isinstance(one, str)]
        assert isinstance(lost, GateError)
        assert len(store.busy("robot")) == 1

    def test_one_job_gets_the_last_tips(self, store: Store) -> None:
        w.approved(store, 1, 2)
        with store.write(w.ANNA, w.NOW) as tx:
            tx.count("robot", "tips", 12, "1")

        def send(number: int) -> Any:
            def doing() -> str:
                with store.write(AGENT, w.NOW) as tx:
                    tx.intend(w.job(number), None, None)
                    tx.take(w.job(number), None)
                    tx.draw(w.job(number), [Need("tips", 8.0, "1")])
                return f"j{number}"

            return doing

        got = race(send(1), send(2))
        (lost,) = [one for one in got if not isinstance(one, str)]
        assert isinstance(lost, GateError) and "4 tips left on robot" in str(lost)
        assert store.levels("robot")["tips"].level == 4

    def test_one_job_gets_the_last_of_the_budget(self, store: Store) -> None:
        w.approved(store, 1, 2)

        def send(number: int) -> Any:
            def doing() -> None:
                with store.write(AGENT, w.NOW) as tx:
                    tx.intend(w.job(number), 1, None)

            return doing

        got = race(send(1), send(2))
        assert sorted(type(one).__name__ for one in got) == ["BudgetSpent", "NoneType"]
        assert len(store.jobs("c1")) == 1

    def test_one_reviewer_is_first(self, store: Store) -> None:
        w.proposed(w.registered(store), 1)

        def say(by: Any, verdict: str, id: int) -> Any:
            def doing() -> str:
                with store.write(by, w.NOW) as tx:
                    tx.review(w.review(id, by=by, trial="t1", number=id, verdict=verdict))
                return verdict

            return doing

        got = race(say(w.ANNA, "approve", 1), say(w.BERT, "reject", 2))
        (won,) = [one for one in got if isinstance(one, str)]
        after = TrialStatus.APPROVED if won == "approve" else TrialStatus.REJECTED
        assert w.status(store) is after
        assert [review.verdict for review in store.reviews("c1")] == [won]

    def test_a_failed_step_leaves_nothing_of_its_transaction(self, store: Store) -> None:
        w.registered(store)

        def fail() -> None:
            with store.write(AGENT, w.NOW) as tx:
                tx.number("c1", "trial")
                tx.add_trial(w.trial(1))
                tx.move_trial("t1", TrialStatus.DONE, "at once")

        with pytest.raises(LifecycleError):
            fail()
        with store.write(AGENT, w.NOW) as tx:
            assert tx.number("c1", "trial") == 1
        assert store.trials("c1") == []

    def test_who_writes_reads_what_it_has_written(self, store: Store) -> None:
        w.registered(store)
        with store.write(AGENT, w.NOW) as tx:
            tx.add_trial(w.trial(1))
            assert [trial.id for trial in store.trials("c1")] == ["t1"]
            with pytest.raises(StoreError, match="writing already"):
                store.acquire("c1", w.ME, w.NOW, 60, lambda _: False)

    def test_who_reads_together_writes_afterwards(self, store: Store) -> None:
        w.proposed(w.registered(store), 1)
        with store.together():
            with store.together():
                assert store.latest("c1") == 1
            assert [trial.id for trial in store.trials("c1")] == ["t1"]
            with pytest.raises(StoreError, match="reading"), store.write(AGENT, w.NOW) as tx:
                tx.move_trial("t1", TrialStatus.CANCELLED, "too soon")
        with store.write(AGENT, w.NOW) as tx:
            tx.move_trial("t1", TrialStatus.CANCELLED, "in time")
        assert store.trial("t1").status is TrialStatus.CANCELLED
