"""The guard: which priors are switched off, by how far each decision has believed them."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.core.campaign import Campaign
from agent.core.decision import Decision
from agent.core.values import Value

PATIENCE = 3
"""Decisions in a row that a source must be below the bound before it is switched off."""

REST = 4
"""Decisions without it, before a source that is off is tested again."""


class Watch(Value):
    """What the guard knows of one source.

    Attributes:
        off: Whether it is switched off.
        low: Decisions in a row that have believed it less than the bound.
        rested: Decisions since it was last asked.
    """

    off: bool = False
    low: int = 0
    rested: int = 0

    @property
    def due(self) -> bool:
        """Whether the next decision is to ask it: it is on, or it is time to test it again."""
        return not self.off or self.rested >= REST

    def after(self, trusted: float | None, bound: float) -> "Watch":
        """What is known of it after a decision that has believed it so far; None did not ask."""
        if trusted is None:
            return self.model_copy(update={"rested": self.rested + 1}) if self.off else self
        if trusted >= bound:
            return Watch()
        low = self.low + 1
        return Watch(off=self.off or low >= PATIENCE, low=low)


def watched(
    names: Sequence[str], told: Sequence[Mapping[str, float]], bound: float
) -> dict[str, Watch]:
    """The state of each source after some decisions.

    Args:
        names: Of the sources.
        told: Of each decision in order, how far it believed the sources that it asked.
        bound: Below it a source says too little to be asked.
    """
    found = {name: Watch() for name in names}
    for one in told:
        found = {name: watch.after(one.get(name), bound) for name, watch in found.items()}
    return found


def silent(watches: Mapping[str, Watch]) -> tuple[str, ...]:
    """The sources that the next decision is not to ask."""
    return tuple(name for name, watch in watches.items() if not watch.due)


def changes(
    before: Mapping[str, Watch], told: Mapping[str, float], bound: float
) -> dict[str, bool]:
    """The sources that a decision switches off (False) or on again (True)."""
    after = {name: watch.after(told.get(name), bound) for name, watch in before.items()}
    return {
        name: before[name].off for name, watch in after.items() if watch.off is not before[name].off
    }


def watches_of(campaign: Campaign, decisions: Sequence[Decision]) -> dict[str, Watch]:
    """What the guard knows of each prior after some decisions, by its name."""
    rule = campaign.policy.transfer
    rows = {prior.called: prior.source.sha256 for prior in campaign.priors if prior.source}
    told = [_trusted(one.state, rows) for one in decisions if one.state is not None]
    return watched([prior.called for prior in campaign.priors], told, rule.off_below)


def _trusted(state: Mapping[str, Any], rows: Mapping[str, str]) -> dict[str, float]:
    """How far a decision believed the sources as they are now: one with other rows is another."""
    then = {one["source"]: one["sha256"] for one in state.get("sources", ())}
    told: dict[str, float] = state.get("trusted", {})
    return {name: weight for name, weight in told.items() if then.get(name) == rows.get(name)}
