"""What the laboratory's past campaigns teach of priors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.alike import LEAST, likenesses
from agent.core.source import Source, TransferPrior
from agent.core.transfer import Experience
from agent.data.store import Store
from agent.errors import ModelError
from agent.load.faults import Document, Findings
from agent.load.priors import source
from agent.load.target import Target
from agent.resolved import space_of
from agent.results import results_of
from agent.standing import Standing, stand

_FEWEST_ROWS, _FIRST_ROWS, _MOST_SOURCES = 6, 15, 4
"""Of each campaign its first rows count: what is expected before there are many."""

_MOST_CAMPAIGNS = 12

FEWEST = 2
"""Fewer campaigns that have alike ones teach nothing."""


@dataclass(frozen=True)
class Learnt:
    """What was learnt.

    Attributes:
        experience: What to expect of priors.
        campaigns: Those that it was learnt from; empty if they are too few.
        gain: By how much it makes their results more likely than the defaults, in logarithms, each
            campaign predicted from the others.
    """

    experience: Experience
    campaigns: tuple[str, ...] = ()
    gain: float = 0.0


def learnt(
    store: Store,
    now: datetime,
    leave_out: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Learnt:
    """The experience of the campaigns of the store that have others alike, the latest dozen.

    Args:
        store: Where they are.
        now: The time.
        leave_out: The campaign that wants to know.
        progress: Told (how much is done, of how much at the most).
    """
    # Imported here: torch is slow to load, and few campaigns ask for it.
    from agent.learn.encoding import Encoding  # noqa: PLC0415
    from agent.learn.priors.experience import Record, likeliest  # noqa: PLC0415
    from agent.learn.priors.given import Given  # noqa: PLC0415
    from agent.learn.priors.source import SourceModel, fit_source  # noqa: PLC0415

    past: list[Given] = []
    names: list[str] = []
    for entry in reversed(store.entries()):
        if len(past) == _MOST_CAMPAIGNS:
            break
        standing = stand(store, entry.id, now)
        objective = standing.campaign.objective
        rows = standing.own_rows_of(objective)[:_FIRST_ROWS]
        if entry.name == leave_out or len(rows) < _FEWEST_ROWS:
            continue
        encoding = Encoding.of(space_of(store, standing.campaign))
        models: list[SourceModel] = []
        believed: list[Source] = []
        for one in _sources(store, standing, now, leave_out):
            try:
                models.append(fit_source(encoding, one, objective))
                believed.append(one)
            except ModelError:
                continue
        if models:
            given = Given(encoding, rows, objective, tuple(models), tuple(believed), Experience())
            past.append(given)
            names.append(entry.name)
    if len(past) < FEWEST:
        return Learnt(Experience())
    record = Record(past)
    found = likeliest(record, Experience(), progress)
    gain = record.evidence(found) - record.evidence(Experience())
    return Learnt(found, tuple(reversed(names)), gain)


def _sources(
    store: Store, standing: Standing, now: datetime, leave_out: str | None
) -> list[Source]:
    """What the other campaigns that look alike know of this one's space."""
    campaign = standing.campaign
    target = Target(space_of(store, campaign), campaign.objective, campaign.context)
    found: list[Source] = []
    for one in likenesses(store, campaign, target, now):
        if one.campaign == leave_out or one.likeness < LEAST or len(found) == _MOST_SOURCES:
            continue
        prior = TransferPrior(campaign=one.campaign, columns=one.columns, value=one.value)
        results = results_of(store, stand(store, one.campaign, now))
        made = source(Findings(Document("", {})), (), prior, results, target)
        if made is not None:
            found.append(made)
    return found
