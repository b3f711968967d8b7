"""The outside world of a campaign, as one argument."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core.actor import Process
from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.clock import Clock
from agent.core.operators import NOTHING_SAID, InForce
from agent.data.store import Store


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

    def adapter(self, campaign: Campaign) -> Adapter:
        """The instrument that the campaign names."""
        return self.adapters[campaign.execution.target]

    def limits_of(self, campaign: Campaign) -> InForce:
        """What the operators say of it."""
        return self.limits.get(campaign.execution.target, NOTHING_SAID)
