"""Figure: how far a response that is to be known everywhere is not known yet, decision by decision."""

from agent.core.outlook import Outlook
from agent.report import svg
from agent.report.digits import brief, count, unit, with_unit
from agent.report.svg import Drawn, Scale
from agent.report.view import View

_LEFT, _RIGHT, _TOP, _BELOW = 56.0, 14.0, 26.0, 56.0


def draw(view: View, width: float = 640, height: float = 320) -> Drawn | None:
    """The mean posterior deviation over the space against the results; None before it was told."""
    told = outlooks(view)
    if not told:
        return None
    stop = view.standing.campaign.stop.known_to
    levels = [one.unknown or 0.0 for one in told] + [0.0] + ([] if stop is None else [stop])
    y = svg.around(levels, height - _BELOW, _TOP)
    limit = view.standing.campaign.budget.experiments or 0
    x = Scale(0.0, float(max(limit, told[-1].rows) + 1), _LEFT, width - _RIGHT)
    placed = [(x(float(one.rows)), y(one.unknown or 0.0), one) for one in told]
    path = "M" + "L".join(f"{at:.1f} {level:.1f}" for at, level, _ in placed)
    wrong = view.objective.classed
    called = (
        "labels expected to be wrong"
        if wrong
        else f"not known of {view.what}" + (f" ({unit(view.objective.unit)})" if view.unit else "")
    )
    parts = [
        svg.left_axis(y, _LEFT - 4),
        svg.bottom_axis(x, height - _BELOW + 22),
        svg.text(_LEFT - 4, 12, called, "name"),
        svg.text(width - _RIGHT, height - 2, "results", "name", "end"),
        *([] if stop is None else _stop(x, y(stop))),
        svg.tag("path", d=path, class_="best-line"),
        *(svg.dot(at, level, "dot model", _tip(view, one)) for at, level, one in placed),
    ]
    words = f"{_tip(view, told[-1])}, on average over the space"
    return svg.figure(width, height, parts, words)


def outlooks(view: View) -> list[Outlook]:
    """What was not known by each decision of this revision that told it."""
    standing = view.standing
    same = (one.outlook for one in standing.decisions if one.revision == standing.revision)
    return [one for one in same if one is not None and one.unknown is not None]


def sentence(view: View) -> str:
    """How many are measured, and how well the response is known."""
    measured = len(view.own_rows)
    if not measured:
        return "Nothing is measured yet."
    told = outlooks(view)
    words = f"{count(measured, 'value')} of {view.what} {'is' if measured == 1 else 'are'} measured"
    if not told:
        return f"{words}."
    if view.objective.classed:
        return (
            f"{words}; over the space {_to(view, told[-1])} of the labels are expected to be wrong."
        )
    return f"{words}; it is known to {_to(view, told[-1])} on average over the space."


def _stop(x: Scale, at: float) -> list[Drawn]:
    return [
        svg.line(x.start, at, x.end, at, "goal"),
        svg.text(x.end - 2, at - 4, "stop here", "aside", "end"),
    ]


def _tip(view: View, one: Outlook) -> str:
    known = "expected to be wrong" if view.objective.classed else "known to"
    return f"after {count(one.rows, 'result')} {known} {_to(view, one)}"


def _to(view: View, one: Outlook) -> str:
    if view.objective.classed:
        return f"{one.unknown or 0.0:.1%}".replace("%", "\u00a0%")
    return with_unit(brief(one.unknown or 0.0, 3), view.objective.unit)
