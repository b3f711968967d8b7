"""A call that does not return is left behind, and asked to end."""

import threading

import pytest

from adapters.deadline import within


def nothing() -> None:
    """There is nothing to give up."""


def test_what_comes_in_time_is_handed_on() -> None:
    assert within(60.0, lambda: 42, nothing) == 42
    with pytest.raises(ZeroDivisionError):
        within(60.0, lambda: 1 // 0, nothing)


def test_what_does_not_come_is_given_up() -> None:
    over, ended = threading.Event(), threading.Event()

    def work() -> None:
        over.wait()
        ended.set()

    with pytest.raises(TimeoutError, match=r"no answer within 0\.01 s"):
        within(0.01, work, over.set)
    assert ended.wait(60.0)


def test_a_call_that_gives_up_by_itself_says_why() -> None:
    def work() -> None:
        raise TimeoutError("the handshake timed out")

    with pytest.raises(TimeoutError, match="the handshake timed out"):
        within(60.0, work, nothing)


def test_no_thread_of_it_keeps_the_process() -> None:
    assert within(60.0, lambda: threading.Thread(target=nothing).daemon, nothing)
