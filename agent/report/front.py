"""Several objectives: which points none is better than, in a sentence, as a picture and as a list."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from agent.core.front import Known
from agent.core.history import key
from agent.core.trial import TrialStatus
from agent.core.worded import told
from agent.report import svg
from agent.report.digits import brief
from agent.report.svg import Drawn, Scale
from agent.report.view import View

_LEFT, _RIGHT, _TOP, _BELOW = 60.0, 16.0, 26.0, 44.0
_MOST_PAIRS = 3
_APART, _LINE = 76.0, 15.0


class Member(NamedTuple):
    """One point of the front: its name, its values in the order of the objectives, its settings."""

    name: str
    values: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]


def sentence(view: View) -> str:
    """What is best, or that no point is, of how many."""
    standing, aim = view.standing, view.standing.campaign.aim
    if not standing.known:
        failed = len(standing.of(TrialStatus.FAILED))
        return (
            f"Nothing is measured yet; {failed} failed." if failed else "Nothing is measured yet."
        )
    found, count = standing.front, len(standing.known)
    required = " and ".join(one.name.replace("_", " ") for one in aim.required)
    permitted = f" with {required} as required" if required else ""
    if not found:
        return f"None of {count} measured is complete{permitted}."
    if not aim.fronted:
        name, best = view.name(view.trials[found[0].trial]), standing.best
        worth = (
            "" if best is None or len(aim.wanted) == 1 else f"desirability {brief(best.value, 3)}, "
        )
        values = told(found[0].values, aim, found[0].limits)
        return f"{name} is the best of {count} measured{permitted}: {worth}{values}."
    names = [one.name.replace("_", " ") for one in aim.wanted]
    both = f"{'both' if len(names) == 2 else 'all of'} {', '.join(names[:-1])} and {names[-1]}"
    words = (
        f"{len(found)} of {count} measured are on the front{permitted}: none is better in {both}."
    )
    volume = standing.hypervolume
    return words if volume is None else f"{words} They dominate {brief(volume)} (hypervolume)."


def members(views: Sequence[View]) -> list[Member]:
    """The front's points, along the first objective; empty where no front is looked for."""
    view = views[0]
    aim = view.standing.campaign.aim
    if not aim.fronted:
        return []
    along = sorted(view.standing.front, key=lambda one: aim.worth(one.values), reverse=True)
    return [
        Member(
            view.name(view.trials[one.trial]),
            tuple(_value(each, one) for each in views),
            tuple(view.words(one.point)),
        )
        for one in along
    ]


def _value(view: View, one: Known) -> str:
    name = view.objective.name
    side = one.limits.get(name)
    return f"{side} {view.value(one.values[name])}" if side else view.value(one.values[name])


def draw(views: Sequence[View]) -> list[Drawn]:
    """A picture for each pair of wanted objectives, at most three; none where no front is looked for."""
    wanted = [view for view in views if not view.objective.required]
    standing = views[0].standing
    complete = [one for one in standing.known if standing.campaign.aim.complete(one.values)]
    if not standing.campaign.aim.fronted or not complete:
        return []
    pairs = list(combinations(wanted, 2))[:_MOST_PAIRS]
    size = (640.0, 360.0) if len(pairs) == 1 else (330.0, 260.0)
    return [_pair(across, up, complete, len(wanted) == 2, *size) for across, up in pairs]


def _pair(
    across: View, up: View, points: Sequence[Known], whole: bool, width: float, height: float
) -> Drawn:
    """One objective against another; where these are all, with the line of the front."""
    x = svg.around([_at(across, one) for one in points], _LEFT, width - _RIGHT)
    y = svg.around([_at(up, one) for one in points], height - _BELOW, _TOP)
    best = {key(one.point) for one in across.standing.front}
    parts = [
        svg.left_axis(y, _LEFT - 4),
        svg.bottom_axis(x, height - _BELOW + 4),
        svg.text(_LEFT - 4, 12, up.axis, "name"),
        svg.text(width - _RIGHT, height - 4, across.axis, "name", "end"),
        *(_line(across, up, x, y) if whole else ()),
        *(_dot(across, up, one, key(one.point) in best, x, y) for one in points),
        *(_names(across, up, x, y) if whole else ()),
    ]
    words = f"{up.what} against {across.what}: {len(best)} of {len(points)} points are on the front"
    return svg.figure(width, height, parts, words)


def _at(view: View, one: Known) -> float:
    return view.scaled(one.values[view.objective.name])


def _along(across: View) -> list[Known]:
    name = across.objective.name
    return sorted(across.standing.front, key=lambda one: one.values[name])


def _line(across: View, up: View, x: Scale, y: Scale) -> Iterator[Drawn]:
    """Steps from point to point, around what the front dominates."""
    if {across.objective.goal, up.objective.goal} - {"maximise", "minimise"}:
        return
    places = [(x(_at(across, one)), y(_at(up, one))) for one in _along(across)]
    path = f"M{places[0][0]:.1f} {places[0][1]:.1f}"
    for _, (at, height) in pairwise(places):
        # The corner is on the side of what both points dominate.
        up_first = across.objective.goal == "maximise"
        path += f"V{height:.1f}H{at:.1f}" if up_first else f"H{at:.1f}V{height:.1f}"
    yield svg.tag("path", d=path, class_="best-line")


def _dot(across: View, up: View, one: Known, best: bool, x: Scale, y: Scale) -> Drawn:
    trial = across.trials[one.trial]
    permitted = across.standing.campaign.aim.permits(one.values)
    kind = "dot first" if across.first(trial) else "dot model"
    kind = "void" if not permitted else f"{kind} best" if best else kind
    values = told(one.values, across.standing.campaign.aim, one.limits)
    tip = f"{across.name(trial)}: {values}" + ("" if permitted else " (not as required)")
    return svg.dot(x(_at(across, one)), y(_at(up, one)), kind, tip, 4.8 if best else 3.4)


def _names(across: View, up: View, x: Scale, y: Scale) -> Iterator[Drawn]:
    """The names of the front's points, where they do not stand on each other."""
    last = (-1e9, 0.0)
    for one in _along(across):
        at, height = x(_at(across, one)), y(_at(up, one))
        if at - last[0] < _APART and abs(height - last[1]) < _LINE:
            continue
        last = (at, height)
        end = at > x.start + 0.8 * (x.end - x.start)
        words = across.name(across.trials[one.trial])
        yield svg.text(
            at + (-7 if end else 7), height - 6, words, "best-name", "end" if end else None
        )
