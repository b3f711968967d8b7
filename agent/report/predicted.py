"""Figure: what was predicted before measuring, against what was measured."""

from collections.abc import Iterator, Sequence

from agent.report import svg
from agent.report.digits import brief, count, with_unit
from agent.report.results import Z95, Check
from agent.report.svg import Drawn, Scale
from agent.report.view import View

_SIZE, _LEFT, _TOP, _BELOW, _RIGHT = 320.0, 50.0, 26.0, 40.0, 10.0
_ENOUGH = 10
"""With fewer predictions the fraction says little."""


def draw(view: View, checks: Sequence[Check]) -> Drawn | None:
    """The figure; None if no prediction was put to the test yet."""
    if not checks:
        return None
    ends = [view.scaled(c.mean + sign * Z95 * c.sd) for c in checks for sign in (-1, 1)]
    both = [*ends, *(view.scaled(check.measured) for check in checks)]
    x = svg.around(both, _LEFT, _SIZE - _RIGHT, 0.03)
    y = Scale(x.low, x.high, _SIZE - _BELOW, _TOP)
    parts = [
        svg.line(x.start, y.start, x.end, y.end, "one-to-one"),
        svg.left_axis(y, _LEFT - 4),
        svg.bottom_axis(x, _SIZE - _BELOW + 4),
        svg.text(_LEFT - 4, 12, f"predicted {view.axis}", "name"),
        svg.text(_SIZE - _RIGHT, _SIZE - 2, "measured", "name", "end"),
        *(part for check in checks for part in _check(view, check, x, y)),
    ]
    return svg.figure(_SIZE, _SIZE, parts, f"Predicted against measured: {share(checks)}")


def _check(view: View, check: Check, x: Scale, y: Scale) -> Iterator[Drawn]:
    at, missed = x(view.scaled(check.measured)), "" if check.inside else " missed"
    low, high = (y(view.scaled(check.mean + sign * Z95 * check.sd)) for sign in (-1, 1))
    yield svg.line(at, low, at, high, "interval" + missed)
    tip = (
        f"{view.name(check.trial)}: predicted {view.plain(check.mean)} ± "
        f"{view.plain(Z95 * check.sd)}, measured {view.value(check.measured)}"
    )
    yield svg.dot(at, y(view.scaled(check.mean)), "dot model" + missed, tip, 2.8)


def share(checks: Sequence[Check]) -> str:
    """How many were right, in words."""
    inside = sum(check.inside for check in checks)
    return f"{inside} of {len(checks)} inside their 95\u00a0% interval"


def verdict(view: View, checks: Sequence[Check]) -> str:
    """How far that can be trusted, in words."""
    if len(checks) < _ENOUGH:
        return f"{count(len(checks), 'prediction')} {'is' if len(checks) == 1 else 'are'} too few to judge by."
    error = sum(abs(check.measured - check.mean) for check in checks) / len(checks)
    off = with_unit(brief(error, 2), view.objective.unit)
    scatter = (
        ""
        if any(check.stated for check in checks)
        else " Scatter between readings is not included."
    )
    return f"{0.95 * len(checks):.0f} would be expected; mean absolute error {off}.{scatter}"
