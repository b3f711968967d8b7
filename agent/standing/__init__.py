"""How a campaign stands: everything that the store knows of it, read at one moment, as one value.

Each module has one subject: what is stored, what was measured, what is known of points, what was predicted,
what is under way.
"""

from dataclasses import dataclass
from datetime import datetime

from agent.data.store import Store
from agent.resolved import campaign_of
from agent.standing.explored import Explored
from agent.standing.predicted import Predicted
from agent.standing.under_way import UnderWay

__all__ = ["Standing", "stand"]


@dataclass(frozen=True)
class Standing(Explored, Predicted, UnderWay):
    """A campaign at one moment. Made anew each time: nothing of it is carried in memory."""


def stand(store: Store, campaign: str, now: datetime) -> Standing:
    """Read how the campaign (by name or id) stands.

    Raises:
        NotFound: the store has no such campaign.
    """
    entry = store.entry(campaign)
    found = campaign_of(store, entry.id)
    return Standing(
        entry=entry,
        revision=store.latest(entry.id),
        campaign=found,
        trials=tuple(store.trials(entry.id)),
        reviews=tuple(store.reviews(entry.id)),
        jobs=tuple(store.jobs(entry.id)),
        observations=tuple(store.observations(entry.id)),
        decisions=tuple(store.decisions(entry.id)),
        now=now,
        judgements=tuple(store.judgements(entry.id)),
        words={name: tuple(store.holds(name)) for name in found.execution.instruments_named},
    )
