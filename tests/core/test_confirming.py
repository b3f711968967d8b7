"""Which samples confirm a point, how many are missing, and when a winner gives way."""

import pytest

from agent.core.confirming import CONFIRMATION, Anew, Confirming, outdone
from agent.core.decision import Choice
from agent.core.history import Row
from agent.core.trial import Trial, TrialStatus
from agent.core.values import Point
from agent.core.winner import estimate, made_anew
from tests.contracts import store_world as w
from tests.core.made import trial

HERE, THERE = {"x": 1.0}, {"x": 2.0}


def again(number: int, acquisition: str = CONFIRMATION, **said: object) -> Trial:
    """A trial that makes the first one anew, of a decision that wanted it for this reason."""
    status = said.pop("status", TrialStatus.DONE)
    decision = f"{acquisition}"
    return trial(
        number, point=HERE, decision=decision, replicate_of="c-T0001", status=status, **said
    )


def found(trials: list[Trial], *values: float, **places: Point) -> tuple[Anew, ...]:
    """What was made anew, with a value of each of the first trials."""
    decisions = [
        w.decision(
            1,
            choices=(Choice(point=HERE, acquisition=one, why="so", replicate_of="c-T0001"),),
        ).model_copy(update={"id": one})
        for one in (CONFIRMATION, "replicate")
    ]
    rows = [
        Row(id=f"{one.id}v", trial=one.id, point=HERE, value=value)
        for one, value in zip(trials, values, strict=False)
    ]
    return made_anew(trials, decisions, rows, {one.id: HERE for one in trials} | places)


def test_what_was_made_to_confirm_it_counts_and_the_first_reading_does_not() -> None:
    trials = [trial(1, point=HERE), again(2), again(3), again(4, status=TrialStatus.IN_PROGRESS)]
    assert found(trials, 9.0, 5.0, 6.0) == (Anew(point=HERE, values=(5.0, 6.0), open=1, tries=3),)


def test_what_was_made_twice_for_another_reason_does_not_count() -> None:
    assert found([trial(1, point=HERE), again(2, "replicate")], 9.0, 5.0) == ()


def test_what_was_turned_down_or_sent_elsewhere_does_not_count() -> None:
    rejected, elsewhere = again(2, status=TrialStatus.REJECTED), again(3)
    trials = [trial(1, point=HERE), rejected, elsewhere]
    assert found(trials, **{elsewhere.id: THERE}) == ()


def test_a_sample_that_failed_is_a_try() -> None:
    (one,) = found([trial(1, point=HERE), again(2, status=TrialStatus.FAILED)], 9.0)
    assert (one.values, one.open, one.tries) == ((), 0, 1)


def test_what_is_open_may_bring_a_sample_and_nothing_is_tried_for_ever() -> None:
    def missing(**said: object) -> int:
        told = Anew(point=HERE, **said)  # type: ignore[arg-type]
        return Confirming(samples=3, anew=(told,)).missing(HERE)

    assert missing() == 3
    assert missing(values=(1.0,), open=1, tries=2) == 1
    assert missing(values=(1.0, 2.0, 3.0), tries=3) == 0
    assert missing(tries=5) == 1
    assert missing(tries=6) == 0
    assert Confirming(samples=3).missing(THERE) == 3


def test_what_is_kept_is_not_free() -> None:
    told = Confirming(samples=3, left=5)
    assert (told.free(1), told.free(4), told.last) == (1, 2, False)
    assert Confirming(samples=3, left=3).last
    without = Confirming(samples=3)
    assert (without.free(9), without.last) == (9, False)


def test_a_winner_gives_way_beyond_the_deviation_of_the_difference() -> None:
    assert not outdone((10.0, 0.3), (10.4, 0.4), float)
    assert outdone((10.0, 0.3), (10.6, 0.4), float)
    assert outdone((10.0, 0.3), (9.4, 0.4), lambda value: -value)


def test_the_mean_of_samples_has_its_standard_error() -> None:
    told = estimate([1.0, 2.0, 3.0])
    assert told is not None
    assert (told.mean, told.samples) == (2.0, 3)
    assert told.error == pytest.approx(3**-0.5)
    alone = estimate([1.0])
    assert alone is not None and alone.error is None
    assert estimate([]) is None
