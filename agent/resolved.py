"""A campaign of the store as it was resolved: its revision as a frozen value, its pools and its sources."""

from weakref import WeakKeyDictionary

from agent.core.campaign import Campaign
from agent.core.pools import Pool
from agent.core.source import Source
from agent.core.space import SearchSpace
from agent.data.store import Store

_CAMPAIGNS: WeakKeyDictionary[Store, dict[tuple[str, int], Campaign]] = WeakKeyDictionary()
_POOLS: WeakKeyDictionary[Store, dict[str, Pool]] = WeakKeyDictionary()
_SOURCES: WeakKeyDictionary[Store, dict[str, Source]] = WeakKeyDictionary()
"""What a store never changes is read once: revisions by number, pools and sources by hash."""


def campaign_of(store: Store, campaign: str, number: int | None = None) -> Campaign:
    """A revision of a campaign (by id), as its frozen value; the latest if no number is given.

    Raises:
        NotFound: the store has no such campaign or revision.
    """
    if number is None:
        number = store.latest(campaign)
    kept = _CAMPAIGNS.setdefault(store, {})
    if (campaign, number) not in kept:
        document = store.revision(campaign, number).document
        kept[campaign, number] = Campaign.model_validate(document)
    return kept[campaign, number]


def asked_for(store: Store, name: str) -> list[str]:
    """The ids of the campaigns in the store that are asked before the one of that name begins."""
    return [one.id for one in store.entries() if campaign_of(store, one.id).asked_for == name]


def space_of(store: Store, campaign: Campaign) -> SearchSpace:
    """The campaign's space with its pools bound."""
    kept = _POOLS.setdefault(store, {})
    for sha in campaign.pools.values():
        if sha not in kept:
            kept[sha] = Pool.model_validate_json(store.blob(sha))
    return campaign.space.bound({name: kept[sha] for name, sha in campaign.pools.items()})


def sources_of(store: Store, campaign: Campaign) -> tuple[Source, ...]:
    """What the campaign's priors know, read once."""
    kept = _SOURCES.setdefault(store, {})
    for sha in campaign.sources:
        if sha not in kept:
            kept[sha] = Source.model_validate_json(store.blob(sha))
    return tuple(kept[sha] for sha in campaign.sources)
