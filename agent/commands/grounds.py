"""What a proposal rests on, for a terminal: a few lines that are read in ten seconds."""

from collections.abc import Iterator, Mapping

from agent.core.campaign import Campaign
from agent.core.grounds import Grounds, Influence, Neighbour, RunnerUp, why_it_lost
from agent.core.history import differing
from agent.core.space import describe
from agent.core.trial import Proposal
from agent.core.values import Point
from agent.core.worded import figures, percent, told


def lines(
    proposal: Proposal, point: Point, campaign: Campaign, numbers: Mapping[str, int]
) -> Iterator[str]:
    """Each kind of grounds in a line; none where a proposal has none.

    Args:
        proposal: With what it rests on.
        point: What it proposes.
        campaign: For units.
        numbers: Trial id -> the number that people call it by.
    """
    grounds = proposal.grounds or Grounds()
    if grounds.probability_of_improvement is not None:
        yield f"better than the best known with {percent(grounds.probability_of_improvement)} probability"
    if grounds.neighbours:
        near = (_neighbour(one, campaign, numbers) for one in grounds.neighbours)
        yield f"nearest measured: {'; '.join(near)}"
    if grounds.influences:
        moved = (_influence(one, campaign, numbers) for one in grounds.influences)
        yield f"prediction moved most by {', '.join(moved)}"
    for one in grounds.runners_up:
        why = why_it_lost(one.lost, proposal.acquisition)
        yield f"rather than {_runner_up(one, point, campaign)}: {why}"


def _neighbour(one: Neighbour, campaign: Campaign, numbers: Mapping[str, int]) -> str:
    differs = describe(one.differs, campaign.space.units)
    values = told(one.values, campaign.aim)
    if campaign.aim.single:
        values = values.removeprefix(f"{campaign.objective.name} ")
    return f"{_trial(one.trial, numbers)} {values} ({differs or 'the same settings'})"


def _influence(one: Influence, campaign: Campaign, numbers: Mapping[str, int]) -> str:
    unit = next((o.unit for o in campaign.objectives if o.name == one.objective), "1")
    of = "" if campaign.aim.single else f"{one.objective} "
    return f"{_trial(one.trial, numbers)} ({of}{one.moved:+.2g}{'' if unit == '1' else f' {unit}'})"


def _runner_up(one: RunnerUp, point: Point, campaign: Campaign) -> str:
    """By those of its settings that are other than the proposal's."""
    expected = ", ".join(
        ("" if campaign.aim.single else f"{name} ") + figures(mean, sd)
        for name, (mean, sd) in one.prediction.items()
    )
    works = "" if one.feasible is None else f", works with {percent(one.feasible)}"
    return f"{describe(differing(one.point, point), campaign.space.units)} ({expected}{works})"


def _trial(id: str, numbers: Mapping[str, int]) -> str:
    return f"trial {numbers[id]}" if id in numbers else id
