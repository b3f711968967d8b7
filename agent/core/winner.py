"""The winner: which samples were made anew to confirm it, and what they say."""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import fmean, stdev

from agent.core.budget import affordable
from agent.core.campaign import Campaign
from agent.core.confirming import CONFIRMATION, Anew
from agent.core.decision import Decision
from agent.core.history import Row, key
from agent.core.trial import OPEN, Trial, TrialStatus
from agent.core.values import Point, Value

USUAL = 3
"""Samples that confirm a winner where the effect is physical and the campaign does not say."""

_SHARE = 4
"""Unless the campaign says so, no more than one experiment in so many is kept for it."""

_NEVER = frozenset({TrialStatus.REJECTED, TrialStatus.EXPIRED, TrialStatus.CANCELLED})


class Estimate(Value):
    """The mean of samples made anew, with its standard error; None of a single one.

    The samples were made because their point was the winner, and not chosen by how they came out: so
    their mean is not too good, as that of the values is by which the point was chosen (the
    winner's curse). It says nothing of errors that every sample shares.
    """

    mean: float
    error: float | None
    samples: int


def estimate(values: Sequence[float]) -> Estimate | None:
    """The mean of k values and `s / sqrt(k)`; None without one."""
    if not values:
        return None
    error = stdev(values) / sqrt(len(values)) if len(values) > 1 else None
    return Estimate(mean=fmean(values), error=error, samples=len(values))


def made_anew(
    trials: Iterable[Trial],
    decisions: Iterable[Decision],
    rows: Iterable[Row],
    places: Mapping[str, Point],
) -> tuple[Anew, ...]:
    """What was made anew to confirm each point, in the order of the trials.

    A sample that a review sent elsewhere confirms nothing; what was made twice for another reason
    (declared replicates, results in question) had a say in which point won, and does not count.

    Args:
        trials: The campaign's.
        decisions: Its decisions.
        rows: Values of the objective that count.
        places: Trial id -> its point, from `places_of`.
    """
    asked = {
        (decision.id, choice.replicate_of): key(choice.point)
        for decision in decisions
        for choice in decision.choices
        if choice.acquisition == CONFIRMATION
    }
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row.trial, []).append(row.value)
    found: dict[object, list[Trial]] = {}
    for one in trials:
        wanted = asked.get((one.decision or "", one.replicate_of))
        if wanted is None or one.status in _NEVER or key(places[one.id]) != wanted:
            continue
        found.setdefault(wanted, []).append(one)
    return tuple(
        Anew(
            point=places[made[0].id],
            values=tuple(fmean(values[one.id]) for one in made if one.id in values),
            open=sum(one.status in OPEN for one in made),
            tries=len(made),
        )
        for made in found.values()
    )


def samples_wanted(campaign: Campaign, usual: int) -> int:
    """How many samples of the winner are made anew: what the campaign says, or what is usual for its
    instrument, at most a quarter of the experiments. Of several objectives none yet.
    """
    if not campaign.aim.confirmable:
        return 0
    if campaign.stop.confirm is not None:
        return campaign.stop.confirm
    most = affordable(campaign.budget)
    return usual if most is None else min(usual, most // _SHARE)
