"""A finding: what was looked at, how it is, and what to do about it."""

from typing import Literal

from agent.core.values import Value

Level = Literal["ok", "note", "fault"]


class Finding(Value):
    """One thing that was looked at.

    Attributes:
        level: `ok`; `note`, which keeps nothing from running; `fault`, which does or will.
        about: What: python, store, clock, lease, job, instrument, operators, prefect, process.
        said: How it is.
        mend: What to do; empty where there is nothing to do.
    """

    level: Level
    about: str
    said: str
    mend: str = ""


def ok(about: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(level="ok", about=about, said=said)


def note(about: str, said: str, mend: str = "") -> Finding:
    """It keeps nothing from running, and somebody should know."""
    return Finding(level="note", about=about, said=said, mend=mend)


def fault(about: str, said: str, mend: str) -> Finding:
    """It keeps something from running, or will."""
    return Finding(level="fault", about=about, said=said, mend=mend)
