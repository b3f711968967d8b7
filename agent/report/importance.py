"""Figure: how far what is measured depends on each parameter, and how sure that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.core.importance import Importance, Part
from agent.core.worded import percent
from agent.report import svg
from agent.report.svg import Drawn, Scale
from agent.report.view import View

_WIDTH, _LEFT, _RIGHT, _TOP, _LINE, _BELOW = 420.0, 130.0, 12.0, 8.0, 24.0, 40.0
_BAR, _END = 10.0, 3.0
_MOST, _LETTERS = 12, 18


@dataclass(frozen=True)
class Matter:
    """One objective's figure, with what is said beneath it."""

    what: str
    figure: Drawn
    together: tuple[str, ...]


@dataclass(frozen=True)
class Matters:
    """The figures of all objectives, and the decision whose model they are of."""

    decision: int
    parts: tuple[Matter, ...]
    more: int


def drawn(views: Sequence[View], decision: int, found: Sequence[Importance]) -> Matters:
    """A figure for each objective.

    Args:
        views: Of each objective.
        decision: Its number.
        found: What each objective depends on, by its model.
    """
    by = {view.objective.name: view for view in views}
    parts = tuple(_matter(by[one.objective], one) for one in found if one.objective in by)
    more = max((len(one.totals) - _MOST for one in found), default=0)
    return Matters(decision, parts, max(more, 0))


def _matter(view: View, one: Importance) -> Matter:
    shown = one.totals[:_MOST]
    bottom = _TOP + _LINE * len(shown)
    x = Scale(0.0, 1.0, _LEFT, _WIDTH - _RIGHT)
    alone = {part.parameters: part for part in one.alone}
    parts = [
        svg.bottom_axis(Scale(0.0, 100.0, x.start, x.end), bottom + 2, 4),
        svg.text(x.end, bottom + _BELOW - 4, "% of the variance", "name", "end"),
        *(
            drawn
            for at, part in enumerate(shown)
            for drawn in _line(part, alone.get(part.parameters), x, _TOP + _LINE * (at + 0.5))
        ),
    ]
    words = ", ".join(f"{_name(part)} {_told(part)}" for part in shown)
    figure = svg.figure(_WIDTH, bottom + _BELOW, parts, f"What {view.what} depends on: {words}")
    together = tuple(f"{_name(part)} {_told(part)}" for part in one.pairs)
    return Matter(view.what, figure, together)


def _line(part: Part, alone: Part | None, x: Scale, y: float) -> Iterator[Drawn]:
    """A bar of the whole share, within it that of the parameter by itself, and the range."""
    name = _name(part)
    short = name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
    yield svg.text(x.start - 8, y + 4, short, "level", "end")
    tip = f"{name}: {_told(part)}" + (f"; alone {_told(alone)}" if alone else "")
    yield _bar(x, part.share, y, "share", tip)
    if alone:
        yield _bar(x, min(alone.share, part.share), y, "share alone", tip)
    low, high = x(part.low), x(part.high)
    yield svg.line(low, y, high, y, "whisker")
    for end in (low, high):
        yield svg.line(end, y - _END, end, y + _END, "whisker")


def _bar(x: Scale, share: float, y: float, class_: str, tip: str) -> Drawn:
    return svg.tag(
        "rect", svg.tag("title", tip), x=x.start, y=y - _BAR / 2, width=x(share) - x.start,
        height=_BAR, class_=class_,
    )  # fmt: skip


def _name(part: Part) -> str:
    return " with ".join(part.parameters)


def _told(part: Part) -> str:
    return f"{percent(part.share)} ({percent(part.low)} to {percent(part.high)})".replace(
        " %", "\u00a0%"
    )
