"""Figure: the best so far against the results, in the order in which they came."""

from collections.abc import Iterator, Sequence

from agent.core.budget import counts
from agent.report import svg
from agent.report.results import Outcome
from agent.report.svg import Drawn, Scale
from agent.report.view import View

_LEFT, _RIGHT, _TOP, _BELOW = 56.0, 14.0, 26.0, 56.0
_STEPS = 4
"""The axis reaches to the budget's end where that is not more than this many times the results."""


def draw(
    view: View, outcomes: Sequence[Outcome], width: float = 640, height: float = 320
) -> Drawn | None:
    """The figure; None if nothing has come back yet."""
    if not outcomes:
        return None
    levels = [view.scaled(value) for value in _values(view, outcomes)]
    y = svg.around(levels, height - _BELOW, _TOP)
    x = Scale(0.25, _last(view, len(outcomes)) + 0.75, _LEFT, width - _RIGHT)
    parts = [
        *_first(outcomes, x, y, height - 2),
        *_wanted(view, x, y),
        svg.left_axis(y, _LEFT - 4),
        _axis(x, height - _BELOW + 22),
        svg.text(_LEFT - 4, 12, view.axis, "name"),
        svg.text(width - _RIGHT, height - 2, "results, in order", "name", "end"),
        *_steps(view, outcomes, x, y),
        *_dots(view, outcomes, x, y, height - _BELOW + 10),
        *_label(view, outcomes, x, y),
    ]
    last = outcomes[-1].best
    words = "" if last is None else f"; the best is {view.value(last)}"
    return svg.figure(width, height, parts, f"Best so far after {len(outcomes)} results{words}")


def _values(view: View, outcomes: Sequence[Outcome]) -> Iterator[float]:
    for outcome in outcomes:
        if outcome.mark is not None:
            yield outcome.mark.value
        yield from (bound for bound in (outcome.low, outcome.high) if bound is not None)
    objective, stop = view.objective, view.standing.campaign.stop
    wanted = (objective.target, objective.low, objective.high, stop.target)
    yield from (value for value in wanted if value is not None)


def _last(view: View, results: int) -> int:
    """Where the axis ends: at the budget's end, if that is in sight and counts single trials."""
    limit = view.standing.campaign.budget.experiments
    single = all(len(job.trials) == 1 for job in view.standing.jobs if counts(job))
    if limit is None or not single or limit > _STEPS * results:
        return results
    return max(results, limit)


def _axis(x: Scale, y: float) -> Drawn:
    """Whole numbers only."""
    ticks = [tick for tick in x.ticks(8) if tick >= 1 and float(tick).is_integer()]
    drawn = (
        svg.joined((svg.line(x(t), y, x(t), y + 4, "tick"), svg.text(x(t), y + 16, f"{t:.0f}", None, "middle")))
        for t in ticks
    )  # fmt: skip
    return svg.joined((svg.line(x.start, y, x.end, y, "axis"), *drawn))


def _first(outcomes: Sequence[Outcome], x: Scale, y: Scale, below: float) -> Iterator[Drawn]:
    """The part before the model chose, shaded."""
    model = (
        n for n, outcome in enumerate(outcomes) if outcome.mark and outcome.mark.kind == "model"
    )
    first = next(model, len(outcomes))
    if first > 0:
        end = x(first + 0.5)
        yield svg.tag(
            "rect", x=x.start, y=y.end - 6, width=max(end - x.start, 1), height=y.start - y.end + 6,
            class_="first-design",
        )  # fmt: skip
        if first < len(outcomes):
            yield svg.text(x.start, below, "initial design", "aside")


def _wanted(view: View, x: Scale, y: Scale) -> Iterator[Drawn]:
    """What is wanted: the range to stay within, the value to match, the value to stop at."""
    objective, stop = view.objective, view.standing.campaign.stop.target
    if objective.goal in {"within", "require"}:
        top = y.end if objective.high is None else y(view.scaled(objective.high))
        floor = y.start if objective.low is None else y(view.scaled(objective.low))
        yield svg.tag(
            "rect", x=x.start, y=top, width=x.end - x.start, height=floor - top, class_="wanted"
        )
        yield svg.text(x.end - 4, top + 12, "wanted", "aside", "end")
    for value, words in ((objective.target, "target"), (stop, "stop here")):
        if value is not None:
            at = y(view.scaled(value))
            yield svg.line(x.start, at, x.end, at, "goal")
            near = at + 13 if objective.goal == "minimise" else at - 4
            yield svg.text(x.end - 2, near, words, "aside", "end")


def _steps(view: View, outcomes: Sequence[Outcome], x: Scale, y: Scale) -> Iterator[Drawn]:
    """The line of the best."""
    path, last = "", None
    for n, outcome in enumerate(outcomes, 1):
        if outcome.best is None:
            continue
        if last is None:
            path = f"M{x(n):.1f} {y(view.scaled(outcome.best)):.1f}"
        elif outcome.best != last:
            path += f"H{x(n):.1f}V{y(view.scaled(outcome.best)):.1f}"
        last = outcome.best
    if last is not None:
        yield svg.tag("path", d=f"{path}H{x(len(outcomes) + 0.5):.1f}", class_="best-line")


def _dots(
    view: View, outcomes: Sequence[Outcome], x: Scale, y: Scale, below: float
) -> Iterator[Drawn]:
    small = 2.2 if len(outcomes) > 150 else 3.4
    for n, outcome in enumerate(outcomes, 1):
        if outcome.mark is not None:
            mark = outcome.mark
            kind = f"dot {mark.kind}" + (" best" if mark.best else "")
            radius = small + 1.4 if mark.best else small
            yield svg.dot(x(n), y(view.scaled(mark.value)), kind, outcome.words, radius)
        elif outcome.kind == "failed":
            yield svg.cross(x(n), below, "failed", outcome.words)
        elif outcome.kind == "void":
            yield svg.dot(x(n), below, "void", outcome.words, 2.6)
        else:
            yield _bound(view, outcome, x(n), y)


def _bound(view: View, outcome: Outcome, x: float, y: Scale) -> Drawn:
    """An arrow from the bound to where the value is."""
    low, high = outcome.low, outcome.high
    title = svg.tag("title", outcome.words)
    if low is not None and high is not None:
        path = f"M{x:.1f} {y(view.scaled(low)):.1f}V{y(view.scaled(high)):.1f}"
    else:
        at, way = (low, -1) if low is not None else (high or 0.0, 1)
        path = f"M{x - 3:.1f} {y(view.scaled(at)):.1f}h6m-3 0v{10 * way}m-3 {-3 * way}l3 {3 * way}l3 {-3 * way}"
    return svg.tag("path", title, d=path, class_="bound")


def _label(view: View, outcomes: Sequence[Outcome], x: Scale, y: Scale) -> Iterator[Drawn]:
    """The name and the value of the best, where its dot is."""
    best = view.best
    if best is None:
        return
    n = next(n for n, o in enumerate(outcomes, 1) if o.mark and o.mark.best)
    at, height = x(n), y(view.scaled(best.value))
    left = at > x.start + 0.6 * (x.end - x.start)
    words = f"{view.name(view.trials[best.trial])}  {view.plain(best.value)}"
    # Nothing is beyond the best: there is room on that side.
    near = height + 17 if view.objective.goal == "minimise" else height - 9
    yield svg.text(at + (4 if left else -4), near, words, "best-name", "end" if left else None)
