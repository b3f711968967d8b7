"""What priors have saved so far, in experiments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.ledger import Shadow, saving
from agent.core.objective import Objective

UP = Objective(name="y", unit="1", goal="maximise")
DOWN = Objective(name="y", unit="1", goal="minimise")


def by_prior(value, expected, **trusted):
    instead = None if expected is None else {"x": expected}
    return Shadow(value=value, instead=instead, expected=expected, trusted=trusted or {"dft": 0.8})


def plain(value):
    return Shadow(value=value)


def test_before_a_prior_had_a_say_there_is_nothing_to_tell():
    assert saving([], UP) is None
    assert saving([plain(1.0), plain(2.0)], UP) is None


def test_what_the_shadow_reaches_last_was_passed_earlier():
    told = saving([by_prior(5.0, 1.0), plain(2.0), by_prior(4.0, 3.0)], UP)
    assert told is not None
    # After one experiment 5 was there; the shadow has 3 after three.
    assert (told.experiments, told.by_source, told.of) == (2, {"dft": 2.0}, 3)


def test_a_prior_that_misleads_has_cost_what_the_shadow_would_have_saved():
    told = saving([by_prior(0.0, 3.0), by_prior(0.5, 4.0), plain(1.0)], UP)
    assert told is not None
    assert told.experiments == -2


def test_less_is_better_where_less_is_wanted():
    told = saving([by_prior(-5.0, -1.0), plain(-2.0)], DOWN)
    assert told is not None and told.experiments == 1


def test_the_same_choice_saves_nothing():
    told = saving([by_prior(5.0, None), by_prior(6.0, None)], UP)
    assert told is not None and told.experiments == 0


def test_a_failed_experiment_is_worth_nothing():
    told = saving([by_prior(None, 3.0), plain(1.0)], UP)
    assert told is not None and told.experiments == -1


def test_it_is_shared_out_by_trust():
    shadows = [by_prior(5.0, 1.0, dft=0.6, old=0.2), plain(0.0), plain(0.0)]
    told = saving(shadows, UP)
    assert told is not None
    assert told.by_source == pytest.approx({"dft": 1.5, "old": 0.5})


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(-9, 9)), st.one_of(st.none(), st.floats(-9, 9))),
        min_size=1,
        max_size=30,
    )
)
def test_it_is_never_more_than_there_were(pairs):
    told = saving([by_prior(value, expected) for value, expected in pairs], UP)
    assert told is not None
    assert abs(told.experiments) < len(pairs)
    assert sum(told.by_source.values()) == pytest.approx(told.experiments, abs=0.02)
