"""What the store keeps besides the nouns: a campaign's register entry, revisions, leases, journal."""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from agent.core.actor import Actor, Process
from agent.core.values import Value


class CampaignStatus(StrEnum):
    """What the people (or a stop rule) have said of a campaign."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


class Entry(Value):
    """A campaign's entry in the register: `id` is a short random token, so that a campaign made
    anew under the same name never shares an idempotency key with the old one.
    """

    id: str
    name: str
    status: CampaignStatus = CampaignStatus.ACTIVE
    reason: str = ""
    at: AwareDatetime


class Revision(Value):
    """A resolved campaign, numbered: the document, the file's own text, and what changed."""

    campaign: str
    number: int = Field(ge=1)
    document: dict[str, Any]
    source: str
    diff: tuple[str, ...] = ()
    by: Actor
    at: AwareDatetime


class Lease(Value):
    """Who may take steps in `name` (a campaign's id, or `instrument:NAME`) until when.

    `fence` grows with every change of holder; each step is conditional on it. `seen_at` is when its holder
    last took or renewed it; it stays when the lease is given back, so that it tells who is looked after.
    """

    name: str
    holder: Process
    fence: int = Field(ge=1)
    expires_at: AwareDatetime
    seen_at: AwareDatetime | None = None


class JournalEntry(Value):
    """One line of the account. `hash` covers everything above it, and `previous`."""

    campaign: str
    seq: int = Field(ge=1)
    at: AwareDatetime
    by: Actor
    event: str
    subject: str
    data: dict[str, Any]
    previous: str
    hash: str
