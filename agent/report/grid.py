"""Figures of two labels as a grid, and of three components as a triangle, coloured by value."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.core.compositions import CompositionParameter
from agent.core.trial import OPEN, TrialStatus
from agent.core.values import Point
from agent.report import svg
from agent.report.digits import brief
from agent.report.svg import Drawn
from agent.report.view import Mark, View

MOST_LEVELS = 30
_WIDE, _TALL, _LEFT, _TOP = 58.0, 38.0, 44.0, 44.0
_NARROW = 18.0
_LETTERS = 7


@dataclass(frozen=True)
class Shades:
    """From a value to a share of the colour ramp: 1 is the best that was measured."""

    view: View
    low: float
    high: float

    @classmethod
    def of(cls, view: View, marks: Sequence[Mark]) -> "Shades":
        """The shades that suit these values."""
        scores = [_score(view, mark.value) for mark in marks] or [0.0]
        return cls(view, min(scores), max(scores))

    def __call__(self, value: float) -> float:
        """The share of `value`, in percent."""
        score = _score(self.view, value)
        return 100 * (score - self.low) / (self.high - self.low) if self.high > self.low else 100.0


def _score(view: View, value: float) -> float:
    """What is ranked: how good a value is, or itself where none is better than another."""
    scaled = view.scaled(value)
    return scaled if view.objective.learning else view.objective.score(scaled)


def shade(share: float) -> dict[str, str]:
    """The attributes that colour an element by its share of the ramp."""
    return {"style": f"--t:{share:.0f}%"}


def side(share: float) -> str:
    """Which half of the ramp: `cool` or `hot`."""
    return "hot" if share >= 50 else "cool"


def grid(view: View, across: str, down: str, points: Sequence[Point]) -> Drawn:
    """A grid of two labels: every candidate a cell, every measured one with its value.

    Args:
        view: The standing.
        across: The label whose levels are the columns.
        down: The label whose levels are the rows.
        points: The settings of every candidate that is known of.
    """
    columns, rows = _levels(points, across), _levels(points, down)
    wide = _WIDE if len(columns) <= 12 else _NARROW
    tall = _TALL if len(columns) <= 12 else _NARROW
    left = max(_LEFT, 12 + 7.5 * max(len(level) for level in rows))
    places = {
        (column, row): (left + i * wide, _TOP + j * tall)
        for i, column in enumerate(columns)
        for j, row in enumerate(rows)
    }
    cells = [*_candidates(points, across, down, places, wide, tall)]
    cells += _tried(view, across, down, places, (wide, tall))
    names = [
        svg.text(left + (i + 0.5) * wide, _TOP - 8, level, "level", "middle")
        for i, level in enumerate(columns)
    ]
    names += [
        svg.text(left - 8, _TOP + (j + 0.5) * tall + 4, level, "level", "end")
        for j, level in enumerate(rows)
    ]
    titles = (
        svg.text(left + len(columns) * wide / 2, 13, across, "name", "middle"),
        svg.text(left - 8, _TOP - 8, down, "name", "end"),
    )
    width, height = left + len(columns) * wide + 4, _TOP + len(rows) * tall + 4
    words = f"{view.axis} by {down} and {across}"
    return svg.figure(width, height, (*titles, *names, *cells), words, "grid")


def _levels(points: Sequence[Point], label: str) -> list[str]:
    return list(dict.fromkeys(str(point[label]) for point in points))


Places = dict[tuple[str, str], tuple[float, float]]


def _candidates(
    points: Sequence[Point], across: str, down: str, places: Places, wide: float, tall: float
) -> Iterator[Drawn]:
    for cell in dict.fromkeys((str(point[across]), str(point[down])) for point in points):
        x, y = places[cell]
        yield svg.tag("rect", x=x + 1, y=y + 1, width=wide - 2, height=tall - 2, class_="untried")


def _tried(
    view: View, across: str, down: str, places: Places, size: tuple[float, float]
) -> Iterator[Drawn]:
    marks = [*view.imported, *view.marks.values()]
    shades, (wide, tall) = Shades.of(view, marks), size
    at = {
        _cell(mark.point, across, down): mark
        for mark in sorted(marks, key=lambda m: shades(m.value))
    }
    for cell, mark in at.items():
        if cell not in places:
            continue
        (x, y), share = places[cell], shades(mark.value)
        yield svg.tag(
            "rect", svg.tag("title", view.tip(mark)), x=x + 1, y=y + 1, width=wide - 2,
            height=tall - 2, **_fill(view, mark, share),
        )  # fmt: skip
        if wide == _WIDE:
            class_ = "inside deep" if view.objective.classed else f"inside {_depth(share)}".rstrip()
            words = _short(view, mark)
            yield svg.text(x + wide / 2, y + tall / 2 + 4, words, class_, "middle")
        if mark.best:
            yield svg.tag("rect", x=x, y=y, width=wide, height=tall, class_="best-cell")
    for trial in view.standing.trials:
        cell = _cell(view.whole(trial), across, down)
        if cell not in places or cell in at:
            continue
        name, middle = view.name(trial), (places[cell][0] + wide / 2, places[cell][1] + tall / 2)
        if trial.status is TrialStatus.FAILED:
            yield svg.cross(*middle, "failed", f"{name}: failed", 4)
        elif trial.status in OPEN:
            yield svg.dot(*middle, "pending", f"{name}: {trial.status}", 4)


def _fill(view: View, mark: Mark, share: float) -> dict[str, str]:
    """The attributes that colour a measured value: its class, or its share of the ramp."""
    if view.objective.classed:
        return {"class_": f"cell {view.coloured(mark.value)}"}
    return {"class_": f"cell {side(share)}", **shade(share)}


def _short(view: View, mark: Mark) -> str:
    """A value as it fits into a cell."""
    if not view.objective.classed:
        return view.digits.bare(view.scaled(mark.value))
    name = view.plain(mark.value)
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"


def _depth(share: float) -> str:
    """Where on the ramp words change colour: `mid` in the dark theme, `deep` in both (measured)."""
    return "deep" if share >= 76 else "mid" if share >= 58 else ""


def _cell(point: Point, across: str, down: str) -> tuple[str, str]:
    return str(point.get(across)), str(point.get(down))


def ramp(view: View) -> Drawn | None:
    """What the colours mean; None without values."""
    marks = [*view.imported, *view.marks.values()]
    if not marks:
        return None
    shades, values = Shades.of(view, marks), [mark.value for mark in marks]
    worst, best = min(values, key=shades), max(values, key=shades)
    steps = (
        svg.tag("rect", x=70.0 + 3 * n, y=3, width=3.5, height=9, class_=f"cell {side(2.5 * n)}", **shade(2.5 * n))
        for n in range(41)
    )  # fmt: skip
    ends = (svg.text(64, 12, view.plain(worst), None, "end"), svg.text(200, 12, view.plain(best)))
    words = f"Colours from {view.plain(worst)} to {view.plain(best)}"
    return svg.figure(270, 16, (*steps, *ends), words, "ramp")


def triangle(view: View, mixture: CompositionParameter) -> Drawn:
    """Three components as a triangle: at each corner, as much of one as the others' bounds allow."""
    marks = [*view.imported, *view.marks.values()]
    shades, side_, left, top = Shades.of(view, marks), 190.0, 26.0, 26.0
    height = side_ * math.sqrt(3) / 2
    corners = ((left + side_ / 2, top), (left, top + height), (left + side_, top + height))

    always = mixture.may_be_absent()
    lows = [0.0 if always else component.low for component in mixture.components]
    free = (mixture.total - sum(lows)) or 1.0

    def place(point: Point) -> tuple[float, float]:
        parts = [
            (float(point[name]) - low) / free
            for name, low in zip(mixture.columns, lows, strict=True)
        ]
        x, y = (sum(p * c[n] for p, c in zip(parts, corners, strict=True)) for n in (0, 1))
        return x, y

    outline = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "Z"
    parts = [svg.tag("path", d=outline, class_="axis")]
    for at, ((x, y), name) in enumerate(zip(corners, mixture.columns, strict=True)):
        words = f"{name} {brief(lows[at] + free)}" if any(lows) else name
        parts.append(svg.text(x, y + (16 if at else -8), words, "level", "middle"))
    for mark in sorted(marks, key=lambda mark: mark.best):
        filled = _fill(view, mark, shades(mark.value))
        filled["class_"] += " best-cell" if mark.best else ""
        x, y = place(mark.point)
        tip = svg.tag("title", view.tip(mark))
        parts.append(svg.tag("circle", tip, cx=x, cy=y, r=4.5, **filled))
    words = f"{view.axis} by the shares of {', '.join(mixture.columns)}"
    return svg.figure(side_ + 2 * left, height + top + 24, parts, words, "triangle")
