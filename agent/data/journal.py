"""The account of every step: each line's hash covers it and the line before."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from agent.core.actor import Actor
from agent.core.register import JournalEntry
from agent.core.values import digest
from agent.errors import JournalBroken


class Head(NamedTuple):
    """The last line so far, as far as the next one needs it."""

    seq: int
    hash: str


START = Head(0, "")


def seal(
    head: Head,
    *,
    campaign: str,
    at: datetime,
    by: Actor,
    event: str,
    subject: str,
    data: dict[str, Any],
) -> JournalEntry:
    """The line that follows `head`, with its hash."""
    entry = JournalEntry(
        campaign=campaign,
        seq=head.seq + 1,
        at=at,
        by=by,
        event=event,
        subject=subject,
        data=data,
        previous=head.hash,
        hash="",
    )
    return entry.model_copy(update={"hash": hash_of(entry)})


def hash_of(entry: JournalEntry) -> str:
    """sha256 of the canonical JSON of everything in `entry` but its own hash."""
    return digest(entry.model_dump(mode="json", exclude={"hash"}))


def verify(entries: Iterable[JournalEntry]) -> int:
    """How many lines there are, when they hold.

    Lines cut off at the end are not seen from the lines alone: compare the last hash with one that
    was kept elsewhere.

    Args:
        entries: Every line of one campaign, in order, from the first.

    Raises:
        JournalBroken: a line was altered, taken out or put in; names its `seq`.
    """
    seq, previous = 0, ""
    for entry in entries:
        seq += 1
        if entry.seq != seq:
            raise _broken(entry.campaign, seq, "is missing")
        if entry.previous != previous:
            raise _broken(entry.campaign, seq, "does not follow the line before it")
        if entry.hash != hash_of(entry):
            raise _broken(entry.campaign, seq, "was altered")
        previous = entry.hash
    return seq


def _broken(campaign: str, seq: int, what: str) -> JournalBroken:
    return JournalBroken(
        f"line {seq} of the journal of {campaign} {what}",
        "somebody wrote to the database beside the program: compare with a backup",
    )
