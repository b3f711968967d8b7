"""The outside world of a campaign, as one argument."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core.actor import Process
from agent.core.adapter import Adapter
from agent.core.clock import Clock
from agent.core.operators import NOTHING_SAID, InForce
from agent.data.store import Store
from agent.errors import AdapterError

PERSON = "for a person"
"""How what waits for somebody begins."""


def for_a_person(contact: str) -> str:
    """Whom something waits for."""
    return f"{PERSON} ({contact})" if contact else PERSON


@dataclass(frozen=True)
class Lab:
    """The store, the instruments, the time, and which process this is.

    `unattended` names the instruments that the operators allow to run without reviews; `limits` has what
    they say of each.
    """

    store: Store
    adapters: Mapping[str, Adapter]
    clock: Clock
    me: Process
    unattended: frozenset[str] = frozenset()
    limits: Mapping[str, InForce] = field(default_factory=dict)

    def adapter(self, instrument: str) -> Adapter:
        """The adapter behind an instrument.

        Raises:
            AdapterError: the campaign did not name it when this process began.
        """
        if instrument not in self.adapters:
            raise AdapterError(
                f"this process does not know the instrument {instrument!r}",
                "if a revision has named it since, run the campaign again; if one has taken it away, name it "
                "again under `execution` until what was sent there has ended",
            )
        return self.adapters[instrument]

    def limits_of(self, instrument: str) -> InForce:
        """What the operators say of an instrument."""
        return self.limits.get(instrument, NOTHING_SAID)

    def person(self, instrument: str) -> str:
        """`for a person (Ben Ito, 4711)`: who is called when an instrument needs somebody."""
        return for_a_person(self.limits_of(instrument).rules.contact)

    def hash_of(self, instrument: str) -> str:
        """Hash of the operators' limits in force for an instrument."""
        return self.limits_of(instrument).hash
