"""What priors have saved, as it was reckoned last: remembered in the store, and never a fact."""

from datetime import datetime

from agent.core.saving import Saving
from agent.core.values import digest
from agent.data.store import Store
from agent.standing import Standing


def remembered(store: Store, standing: Standing) -> Saving | None:
    """What was reckoned last; there may be more results since."""
    if not standing.campaign.priors:
        return None
    mark = _key(standing)
    found = store.remembered([mark]).get(mark)
    return None if found is None else Saving.model_validate(found)


def keep(store: Store, standing: Standing, saving: Saving, now: datetime) -> None:
    """Remember what was reckoned."""
    store.remember({_key(standing): saving.model_dump(mode="json")}, now)


def _key(standing: Standing) -> str:
    return digest(["saving", standing.entry.id, standing.campaign.sources])
