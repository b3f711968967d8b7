"""Figures: what was predicted before measuring, against what was measured, and how far off it was."""

from collections.abc import Iterator, Sequence

from agent.core.calibration import WINDOW, Calibration, far
from agent.core.record import Tested
from agent.core.worded import REMEDIES, judged
from agent.report import svg
from agent.report.digits import brief, count, with_unit
from agent.report.svg import Drawn, Scale
from agent.report.view import View

_SIZE, _LEFT, _TOP, _BELOW, _RIGHT = 320.0, 50.0, 26.0, 40.0, 10.0
_LOW = 170.0
_Z95 = far(95)


def draw(view: View, tested: Sequence[Tested]) -> Drawn | None:
    """Predictions with their intervals against values; None if none was put to the test yet."""
    if not tested:
        return None
    ends = [
        view.scaled(one.mean + sign * _Z95 * one.deviation) for one in tested for sign in (-1, 1)
    ]
    both = [*ends, *(view.scaled(one.value) for one in tested)]
    x = svg.around(both, _LEFT, _SIZE - _RIGHT, 0.03)
    y = Scale(x.low, x.high, _SIZE - _BELOW, _TOP)
    inside = sum(map(held, tested))
    parts = [
        svg.line(x.start, y.start, x.end, y.end, "one-to-one"),
        svg.left_axis(y, _LEFT - 4),
        svg.bottom_axis(x, _SIZE - _BELOW + 4),
        svg.text(_LEFT - 4, 12, f"predicted {view.axis}", "name"),
        svg.text(_SIZE - _RIGHT, _SIZE - 2, "measured", "name", "end"),
        *(part for one in tested for part in _one(view, one, x, y)),
    ]
    label = f"Predicted against measured: {inside} of {len(tested)} inside their 95\u00a0% interval"
    return svg.figure(_SIZE, _SIZE, parts, label)


def _one(view: View, one: Tested, x: Scale, y: Scale) -> Iterator[Drawn]:
    at, missed = x(view.scaled(one.value)), "" if held(one) else " missed"
    reach = _Z95 * one.deviation
    low, high = (y(view.scaled(one.mean + sign * reach)) for sign in (-1, 1))
    yield svg.line(at, low, at, high, "interval" + missed)
    tip = (
        f"{view.name(view.trials[one.trial])}: predicted {view.plain(one.mean)} ± "
        f"{view.plain(reach)}, measured {view.value(one.value)}"
    )
    yield svg.dot(at, y(view.scaled(one.mean)), "dot model" + missed, tip, 2.8)


def held(one: Tested) -> bool:
    """Whether the value is within the 95 % interval for a reading."""
    return abs(one.off) <= _Z95


def learning(view: View, found: Calibration | None) -> Drawn | None:
    """The error of the last few predictions after each result, beside what a constant would be off by;
    None while there are no more than those few.
    """
    if found is None or found.tested <= WINDOW:
        return None
    curve = [view.scaled(one) for one in found.curve[WINDOW - 1 :]]
    constant = view.scaled(found.varied)
    x = Scale(float(WINDOW), float(found.tested), _LEFT, _SIZE - _RIGHT)
    y = Scale(0.0, max(*curve, constant) * 1.08 or 1.0, _LOW - _BELOW, _TOP)
    path = "M" + "L".join(
        f"{x(float(n)):.1f} {y(one):.1f}" for n, one in enumerate(curve, start=WINDOW)
    )
    parts = [
        svg.left_axis(y, _LEFT - 4, 3),
        svg.bottom_axis(x, _LOW - _BELOW + 4),
        svg.text(_LEFT - 4, 12, f"error of the last {WINDOW}", "name"),
        svg.text(_SIZE - _RIGHT, _LOW - 2, "predictions, in order", "name", "end"),
        svg.line(x.start, y(constant), x.end, y(constant), "constant"),
        svg.text(x.end, y(constant) - 4, "a constant", "aside", "end"),
        svg.tag("path", d=path, class_="best-line"),
    ]
    last = with_unit(brief(found.curve[-1], 2), view.objective.unit)
    return svg.figure(_SIZE, _LOW, parts, f"Root mean square error of the last {WINDOW}: {last}")


def share(found: Calibration) -> str:
    """How many were right, in words."""
    widest = found.coverage[-1]
    return f"{widest.inside} of {widest.of} inside their {widest.level}\u00a0% interval"


def verdict(view: View, found: Calibration) -> str:
    """How far that can be trusted, in words."""
    if found.verdict == "too few":
        return f"{count(found.tested, 'prediction')} {'is' if found.tested == 1 else 'are'} too few to judge by."
    off = with_unit(brief(found.mae, 2), view.objective.unit)
    widest, others = found.coverage[-1], found.coverage[-2::-1]
    also = ", ".join(f"{one.inside} inside {one.level}\u00a0%" for one in others)
    rank = "" if found.rank is None else f"; rank correlation {brief(found.rank, 2)}"
    low, high = (f"{100 * one:.0f}" for one in (widest.low, widest.high))
    return (
        f"{0.95 * found.tested:.0f} would be expected; in the long run {low} to {high}\u00a0% may be "
        f"inside. {also}. Mean absolute error {off}{rank}."
    )


def faults(view: View, found: Calibration) -> tuple[str, ...]:
    """What is wrong with them beyond chance, and what to do about it."""
    if not found.faults:
        return ()
    words = judged(found, view.unit or "1")
    return (
        f"{words[0].upper()}{words[1:]}.",
        *(f"{one.capitalize()}: {REMEDIES[one]}." for one in found.faults),
    )
