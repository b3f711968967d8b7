"""Models of sources, remembered between processes: fitted once, and again whenever forgotten.

What is remembered is named by all that it depends on, the program's own code included, so that a
decision is the same whether it was remembered or not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent.core.campaign import Campaign
from agent.core.values import digest
from agent.data.store import Store
from agent.decide.sources import key_of, place_of
from agent.fingerprint import fingerprint
from agent.resolved import sources_of, space_of

States = Mapping[str, dict[str, Any]]


def recalled(store: Store, campaign: Campaign) -> States:
    """What is remembered of the campaign's sources, by the keys of a decision."""
    if not campaign.priors:
        return {}
    space = space_of(store, campaign)
    place = place_of(space, campaign.objective)
    keys = [key_of(one, place) for one in sources_of(store, campaign)]
    found = store.remembered(_marked(key) for key in keys)
    return {key: found[_marked(key)] for key in keys if _marked(key) in found}


def keep(store: Store, fitted: States, known: States, now: datetime) -> None:
    """Remember what a decision has fitted and did not know."""
    new = {_marked(key): state for key, state in fitted.items() if key not in known}
    store.remember(new, now)


def _marked(key: str) -> str:
    return digest([fingerprint(), key])
