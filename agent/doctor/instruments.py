"""Instruments: what was said of them, and how those of the active campaigns answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from agent.core.adapter import Health
from agent.core.instrument import Hold, in_force
from agent.doctor.finding import Finding, fault, note, ok


def holds(words: Mapping[str, Sequence[Hold]], now: datetime) -> list[Finding]:
    """The instruments that are held; one finding that none is.

    Args:
        words: Instrument -> what was said of it, in order.
        now: The time.
    """
    found = [(name, in_force(said, now)) for name, said in words.items()]
    notes = [
        note("instrument", str(held), f"when it is fit again: athanor instrument release {name}")
        for name, held in found
        if held is not None
    ]
    return notes or [ok("instrument", "none is held")]


def health(name: str, campaigns: Sequence[str], said: Health | str) -> Finding:
    """How an instrument answers.

    Args:
        name: The instrument.
        campaigns: Who uses it.
        said: Its health; in words, why it cannot be asked.
    """
    whose = f"{name} (of {', '.join(campaigns)})"
    if isinstance(said, str):
        return fault(
            "instrument", f"{whose} cannot be asked: {said}", "see its settings in the file"
        )
    told = f"{whose} is {said.state}" + (f": {said.reason}" if said.reason else "")
    if said.state in {"ready", "busy"}:
        return ok("instrument", told)
    if said.state == "locked":
        return note("instrument", told, "who has locked it lets it go")
    return fault("instrument", told, f"look after it; until then: athanor instrument hold {name}")
