"""The guard: a source that says nothing is switched off, and asked again now and then."""

from hypothesis import given
from hypothesis import strategies as st

from agent.core.guard import PATIENCE, REST, changes, silent, watched

BOUND = 0.05


def after(*told: float | None) -> dict[str, float]:
    return [{} if one is None else {"dft": one} for one in told]


def off(*told: float | None) -> bool:
    return watched(["dft"], after(*told), BOUND)["dft"].off


def test_it_takes_several_decisions_in_a_row():
    assert not off()
    assert not off(0.0, 0.0)
    assert off(0.0, 0.0, 0.0)
    assert not off(0.0, 0.0, 0.3, 0.0, 0.0)


def test_it_is_asked_again_after_a_while_and_stays_off_or_comes_back():
    told = [0.0] * PATIENCE
    for rested in range(REST):
        watches = watched(["dft"], after(*told, *[None] * rested), BOUND)
        assert silent(watches) == ("dft",)
    due = [*told, *[None] * REST]
    assert silent(watched(["dft"], after(*due), BOUND)) == ()
    assert not off(*due, 0.4)
    assert off(*due, 0.01)
    assert silent(watched(["dft"], after(*due, 0.01), BOUND)) == ("dft",)


def test_a_change_is_told_once():
    before = watched(["dft", "old"], [{"dft": 0.0, "old": 0.9}] * (PATIENCE - 1), BOUND)
    assert changes(before, {"dft": 0.0, "old": 0.9}, BOUND) == {"dft": False}
    later = watched(["dft"], after(*[0.0] * PATIENCE, *[None] * REST), BOUND)
    assert changes(later, {"dft": 0.5}, BOUND) == {"dft": True}
    assert changes(later, {"dft": 0.01}, BOUND) == {}
    assert changes(later, {}, BOUND) == {}


def test_without_a_bound_nothing_is_ever_switched_off():
    assert not watched(["dft"], after(*[0.0] * 20), 0.0)["dft"].off


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=40))
def test_who_is_off_is_always_asked_again(told):
    watches = watched(["dft"], after(*told), BOUND)
    for _ in range(REST + 1):
        if not silent(watches):
            return
        told = [*told, None]
        watches = watched(["dft"], after(*told), BOUND)
    raise AssertionError("it is never asked again")
