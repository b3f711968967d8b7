"""What every store remembers of what was computed, and forgets when it is told to."""

from sqlalchemy import text

from agent.data.store import Store
from tests.contracts import store_world as w
from tests.contracts.store_account import as_owner


class RememberingContract:
    """No fact: it may be gone, and is not given back when it is not as it was written."""

    def test_what_is_remembered_comes_back(self, store: Store) -> None:
        store.remember({"a": {"x": [1.5, 2]}, "b": {}}, w.NOW)
        assert store.remembered(["a", "b", "c"]) == {"a": {"x": [1.5, 2]}, "b": {}}
        assert store.remembered([]) == {}

    def test_the_last_word_counts(self, store: Store) -> None:
        store.remember({"a": {"x": 1}}, w.NOW)
        store.remember({"a": {"x": 2}}, w.NOW)
        assert store.remembered(["a"]) == {"a": {"x": 2}}

    def test_all_of_it_may_be_forgotten(self, store: Store) -> None:
        store.remember({"a": {"x": 1}, "b": {"x": 2}}, w.NOW)
        assert store.forget() == 2
        assert store.remembered(["a", "b"]) == {}
        assert store.forget() == 0

    def test_what_somebody_altered_is_not_given_back(self, store: Store) -> None:
        store.remember({"a": {"x": 1}, "b": {"x": 2}}, w.NOW)
        with as_owner(store) as connection:
            altered = text("UPDATE remembered SET value = :value WHERE key = 'a'")
            connection.execute(altered, {"value": '{"x":9}'})
        assert store.remembered(["a", "b"]) == {"b": {"x": 2}}
