"""The outside world of a campaign, as one argument."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.core.actor import Process
from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.clock import Clock
from agent.data.store import Store


@dataclass(frozen=True)
class Lab:
    """The store, the instruments, the time, and which process this is.

    `unattended` names the instruments that the operators allow to run without reviews; `limits` is
    the hash of the limits in force.
    """

    store: Store
    adapters: Mapping[str, Adapter]
    clock: Clock
    me: Process
    unattended: frozenset[str] = frozenset()
    limits: str = ""

    def adapter(self, campaign: Campaign) -> Adapter:
        """The instrument that the campaign names."""
        return self.adapters[campaign.execution.target]
