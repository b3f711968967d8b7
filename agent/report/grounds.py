"""What a proposal rests on: near measurements, readings that moved it, and what lost against it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.core.grounds import Influence, Neighbour, RunnerUp, why_it_lost
from agent.core.history import differing
from agent.core.trial import Proposal, Trial
from agent.core.values import Point
from agent.core.worded import percent
from agent.report.digits import brief, with_unit
from agent.report.view import View


@dataclass(frozen=True)
class Kind:
    """One kind of grounds: what it is called, and its lines."""

    name: str
    lines: tuple[str, ...]


def kinds(views: Sequence[View], trial: Trial) -> tuple[Kind, ...]:
    """What the proposal of a trial rests on; nothing where it has no grounds.

    Args:
        views: Of each objective.
        trial: Which one.
    """
    proposal = views[0].proposals.get(trial.id)
    if proposal is None or proposal.grounds is None:
        return ()
    told = _kinds(views, trial, proposal)
    return tuple(Kind(name, lines) for name, lines in told if lines)


def _kinds(
    views: Sequence[View], trial: Trial, proposal: Proposal
) -> Iterator[tuple[str, tuple[str, ...]]]:
    view, grounds = views[0], proposal.grounds
    if grounds is None:
        return
    if grounds.probability_of_improvement is not None:
        yield "better than the best known", (_percent(grounds.probability_of_improvement),)
    yield "nearest measured", tuple(_neighbour(views, one) for one in grounds.neighbours)
    yield "moved the prediction", tuple(_influence(views, one) for one in grounds.influences)
    others = (
        f"{_runner_up(views, one, trial.point)}: {why_it_lost(one.lost, proposal.acquisition)}"
        for one in grounds.runners_up
    )
    yield "rather than", tuple(others)
    if view.edited(trial):
        yield "this is", ("for the point before its edit",)


def _neighbour(views: Sequence[View], one: Neighbour) -> str:
    values = ", ".join(
        ("" if len(views) == 1 else f"{view.what} ") + view.value(one.values[view.objective.name])
        for view in views
        if view.objective.name in one.values
    )
    name, settings = _name(views[0], one.trial), _settings(views[0], one.differs)
    return f"{name}, {values}" + (f" ({settings})" if settings not in ("", name) else "")


def _influence(views: Sequence[View], one: Influence) -> str:
    view = next(view for view in views if view.objective.name == one.objective)
    of = "" if len(views) == 1 else f"{view.what} "
    moved = with_unit(("+" if one.moved > 0 else "") + brief(one.moved, 2), view.objective.unit)
    return f"{_name(view, one.trial)} ({of}{view.value(one.value)}) by {moved}"


def _runner_up(views: Sequence[View], one: RunnerUp, point: Point) -> str:
    """By those of its settings that are other than the proposal's."""
    told = [
        (view, one.prediction[view.objective.name])
        for view in views
        if view.objective.name in one.prediction
    ]
    expected = ", ".join(
        ("" if len(views) == 1 else f"{view.what} ")
        + with_unit(f"{view.plain(mean)} ± {view.plain(sd)}", view.objective.unit)
        for view, (mean, sd) in told
    )
    works = "" if one.feasible is None else f", works with {_percent(one.feasible)}"
    return f"{_settings(views[0], differing(one.point, point))}, predicted {expected}{works}"


def _settings(view: View, point: Point) -> str:
    """Settings in words; of a space that is one pool, only the candidate."""
    told = [(n, view.setting(n, value)) for n, value in point.items() if n in view.parameters]
    if len(view.space.columns) == 1:
        return ", ".join(words for _, words in told)
    return ", ".join(f"{name}\u00a0{words}" for name, words in told)


def _name(view: View, id: str) -> str:
    trial = view.trials.get(id)
    return view.name(trial) if trial else id


def _percent(share: float) -> str:
    return percent(share).replace(" %", "\u00a0%")
