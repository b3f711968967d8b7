"""Instruments as those who answer for them see them: held, released, and held by a rule that calls a person."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal

from pydantic import AwareDatetime, Field, model_validator

from agent.core.actor import Actor
from agent.core.job import IN_FLIGHT, FailureKind, Job, JobStatus
from agent.core.limits import Limit
from agent.core.record import Tested, widened
from agent.core.values import Value, later

BREAKER = Actor(kind="rule", name="breaker")
"""Holds an instrument that fails again and again."""

IN_A_ROW = 3
"""So many failures, or readings that nobody could expect, in a row."""

BEYOND = 3.29
"""Deviations: 99.9 % of what was predicted lies within them."""

_ALIKE = 2.0
"""Deviations of the noise within which two readings are the same."""

_BLAMED: frozenset[FailureKind] = frozenset({"instrument", "resources", "timeout", "unclassified"})
"""Failures that may be the instrument's own; the others say something of a point."""


class Standard(Value):
    """What an instrument must read of something known before it is trusted again."""

    name: str = Field(min_length=1, description="what is measured: holmium filter, peak")
    low: float | None = Field(default=None, description="the least that is right")
    high: float | None = Field(default=None, description="the most that is right")
    unit: str = Field(default="", description="unit of low and high; '' is dimensionless")

    @model_validator(mode="after")
    def _sane(self) -> "Standard":
        if self.low is None and self.high is None:
            raise ValueError("low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is above high")
        return self

    @property
    def right(self) -> Limit:
        """The readings that are right."""
        return Limit(low=self.low, high=self.high, unit=self.unit)

    def __str__(self) -> str:
        """`holmium filter, peak: 536.4 to 538 nm`."""
        return f"{self.name}: {self.right}"


class Hold(Value):
    """What was said of an instrument: `hold`, it takes nothing from then on; `release`, it does again.

    Append-only: the last word counts. A hold may end by itself (`until`), or ask for a `standard` before it
    is released; the release then has its `reading`, in the standard's unit.
    """

    id: str
    instrument: str
    number: int = Field(ge=1)
    word: Literal["hold", "release"]
    reason: str
    until: AwareDatetime | None = None
    standard: Standard | None = later(None)
    reading: float | None = later(None)
    by: Actor
    at: AwareDatetime

    def __str__(self) -> str:
        """As whoever waits for the instrument reads it."""
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        until += f" until a standard is right ({self.standard})" if self.standard else ""
        return f"{self.instrument} is held by {self.by.name}{until}: {self.reason}"


def in_force(words: Sequence[Hold], now: datetime) -> Hold | None:
    """The hold that keeps an instrument from taking anything now; None if there is none.

    Args:
        words: What was said of it, in order.
        now: When.
    """
    if not words or words[-1].word == "release":
        return None
    last = words[-1]
    return last if last.until is None or now < last.until else None


def holds_within(
    words: Sequence[Hold], since: datetime, now: datetime
) -> list[tuple[datetime, datetime]]:
    """When an instrument was held from `since` to `now`, in order and apart."""
    found = []
    for word, following in zip(words, (*(one.at for one in words[1:]), now), strict=False):
        if word.word == "hold":
            end = following if word.until is None else min(word.until, following)
            begin, end = max(word.at, since), min(end, now)
            found += [(begin, end)] if begin < end else []
    return found


def held_for(
    steps: Sequence[Sequence[Sequence[Hold]]], since: datetime | None, now: datetime
) -> float:
    """Seconds from `since` to `now` in which some step could be done nowhere, since each of its instruments
    was held; 0 where there is no `since`.

    Args:
        steps: Of each step, of each of its instruments, what was said of it, in order.
        since: From when on; maybe nothing was sent yet.
        now: When.
    """
    if since is None:
        return 0.0
    spans = [[holds_within(words, since, now) for words in alike] for alike in steps]
    edges = {since, now}.union(at for step in spans for one in step for span in one for at in span)
    return sum(
        (end - begin).total_seconds()
        for begin, end in pairwise(sorted(edges))
        if any(step and all(_covers(one, begin, end) for one in step) for step in spans)
    )


def _covers(spans: Iterable[tuple[datetime, datetime]], begin: datetime, end: datetime) -> bool:
    return any(first <= begin and end <= last for first, last in spans)


State = Literal["held", "in doubt", "at work", "free"]
"""How an instrument stands, as the store knows it: it is not asked itself."""


def state_now(words: Sequence[Hold], jobs: Iterable[Job], now: datetime) -> State:
    """How an instrument stands.

    Args:
        words: What was said of it, in order.
        jobs: Its jobs.
        now: When.
    """
    if in_force(words, now):
        return "held"
    statuses = {job.status for job in jobs}
    if JobStatus.UNKNOWN in statuses:
        return "in doubt"
    return "at work" if statuses & IN_FLIGHT else "free"


def tripped(
    words: Sequence[Hold], jobs: Iterable[Job], readings: Sequence[tuple[Tested, datetime]]
) -> str | None:
    """Why an instrument is to be held before it spoils more; None if it is not.

    Its last three jobs, of whichever campaign, have failed in a way that may be its own; or the last three
    readings of a campaign were beyond what was predicted with 99.9 %, or read like one that was: an empty well
    reads 0.041, which is finite, within bounds, and wrong. Predictions that were too sure before are widened
    by as much. What was before its last word does not count.

    Args:
        words: What was said of it, in order.
        jobs: Its jobs.
        readings: Predictions that were put to the test on it, and when, in order.
    """
    since = words[-1].at if words else None
    ended = sorted(
        (one.ended_at, one.id, one)
        for one in jobs
        if one.ended_at is not None
        and one.status in {JobStatus.DONE, JobStatus.FAILED}
        and (since is None or one.ended_at > since)
    )
    last = [job for *_, job in ended[-IN_A_ROW:]]
    if len(last) == IN_A_ROW and all(job.failure in _BLAMED for job in last):
        told = last[-1].message.partition("\n")[0] or "without a word"
        return f"its last {IN_A_ROW} jobs failed, at last {last[-1].id}: {told}"
    new = [one for one, at in readings if since is None or at > since][-IN_A_ROW:]
    far = BEYOND * widened([one.off for one, _ in readings[:-IN_A_ROW]])
    if len(new) == IN_A_ROW and all(_strange(one, new[0], far) for one in new):
        values = ", ".join(f"{one.value:.4g}" for one in new)
        return f"its last {IN_A_ROW} readings ({values}) are beyond all that was predicted"
    return None


def _strange(one: Tested, first: Tested, far: float) -> bool:
    """Whether a reading is more than `far` deviations from what was predicted, or is what one was that is.

    A model that has learnt one empty well expects anything of the next: that it reads the same tells.
    """
    alike = abs(one.value - first.value) <= _ALIKE * first.noise
    return abs(first.off) > far and (alike or abs(one.off) > far)
