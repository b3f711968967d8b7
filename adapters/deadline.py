"""A deadline for calls that have none of their own: each runs in a thread that is left behind when its time is up."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T], give_up: Callable[[], None]) -> T:
    """What `work` returns, or raises, unless that takes too long.

    The thread is a daemon, and so is every thread that it starts: none keeps the process from ending.

    Args:
        seconds: How long is waited.
        work: The call.
        give_up: Called when the time is up, to make `work` end: it closes what `work` waits for.

    Raises:
        TimeoutError: the time is up; `work` may still be at it.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again, by the one who waits
            outcome.set_exception(error)

    threading.Thread(target=run, name="within a deadline", daemon=True).start()
    try:
        return outcome.result(seconds)
    except TimeoutError as error:
        give_up()
        raise TimeoutError(str(error) or f"no answer within {seconds:g} s") from error
