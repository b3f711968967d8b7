"""Facts: the records that never change, each with a hash that its line of the journal holds."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from agent.core.decision import Decision
from agent.core.job import Observation
from agent.core.judgement import Judgement
from agent.core.register import JournalEntry, Revision
from agent.core.standing_approval import Revocation, StandingApproval
from agent.core.trial import Proposal, Review
from agent.core.values import digest
from agent.errors import JournalBroken

Fact = (
    Observation
    | Judgement
    | Review
    | Decision
    | Proposal
    | Revision
    | StandingApproval
    | Revocation
)

KEY = "facts"
"""Where a line of the journal keeps the hashes: name of the fact -> sha256."""


def sealed(*facts: Fact) -> dict[str, dict[str, str]]:
    """What the journal line of these facts says of their content."""
    return {KEY: {name_of(fact): hash_of(fact) for fact in facts}}


def name_of(fact: Fact) -> str:
    """`observation k7f3qz-O000012`, as the journal calls it."""
    name = str(fact.number) if isinstance(fact, Revision) else fact.id
    return f"{type(fact).__name__.lower()} {name}"


def hash_of(fact: Fact) -> str:
    """sha256 of the canonical JSON of a fact, its times in UTC as they are read again."""
    return digest(_in_utc(fact.model_dump()))


def verify(entries: Iterable[JournalEntry], kept: Iterable[Fact]) -> int:
    """How many facts are as the journal says.

    Raises:
        JournalBroken: one was altered, taken out, or put in without a line.
    """
    told: dict[str, str] = {}
    for entry in entries:
        told.update(entry.data.get(KEY, {}))
    found: Mapping[str, str] = {name_of(fact): hash_of(fact) for fact in kept}
    for name in sorted(told.keys() | found.keys()):
        if told.get(name) != found.get(name):
            what = _wrong(name in found, name in told)
            raise JournalBroken(
                f"the journal does not tell of this: {name} {what}",
                "somebody wrote to the database beside the program: compare with a backup",
            )
    return len(told)


def _wrong(there: bool, told: bool) -> str:
    if there and told:
        return "was altered"
    return "has no line" if there else "is missing"


def _in_utc(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return {str(key): _in_utc(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_utc(item) for item in value]
    return value
