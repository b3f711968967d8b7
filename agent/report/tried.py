"""Figures: what was tried where. A panel a parameter: value against setting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.core.compositions import CompositionParameter
from agent.core.parameters import ContinuousParameter
from agent.core.pools import PoolColumn
from agent.core.space import Parameter
from agent.core.values import Point, Scalar
from agent.report import grid, svg
from agent.report.digits import unit
from agent.report.svg import Drawn, Scale
from agent.report.view import Mark, View

MOST_PANELS = 12
_MOST_ROWS = 12
_MOST_LETTERS = 14
_MANY = 150
"""Marks from which on they are drawn smaller."""
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BELOW = 250.0, 180.0, 42.0, 10.0, 12.0, 22.0


@dataclass(frozen=True)
class Panel:
    """One small figure, with its title; a `wide` one stands alone in its row."""

    title: str
    drawn: Drawn
    wide: bool = False


def panels(view: View) -> list[Panel]:
    """A panel for each parameter, label and component, at most `MOST_PANELS`."""
    marks = [*view.imported, *view.marks.values()]
    if not marks:
        return []
    found: list[Panel] = []
    for parameter in view.space.parameters:
        found += _of(view, parameter, marks)
    return found[:MOST_PANELS]


def _of(view: View, parameter: Parameter, marks: Sequence[Mark]) -> Iterator[Panel]:
    if isinstance(parameter, PoolColumn):
        yield from _pool(view, parameter, marks)
    elif isinstance(parameter, CompositionParameter):
        if len(parameter.components) == 3:
            yield Panel(parameter.name, grid.triangle(view, parameter))
        for component in parameter.components:
            least = 0.0 if parameter.may_be_absent() else component.low
            ends = (least, parameter.high(component))
            yield _scatter(view, component.name, parameter.unit, marks, ends)
    elif isinstance(parameter, ContinuousParameter):
        ends = (parameter.low, parameter.high)
        log = parameter.scale == "log"
        yield _scatter(view, parameter.name, parameter.unit, marks, ends, log=log)
    elif parameter.type == "categorical":
        yield _strips(view, parameter.name, parameter.choices, marks)
    else:
        ends = (float(parameter.values[0]), float(parameter.values[-1]))
        yield _scatter(view, parameter.name, parameter.unit, marks, ends)


def _pool(view: View, parameter: PoolColumn, marks: Sequence[Mark]) -> Iterator[Panel]:
    """Two varied labels as a grid, other labels as strips; without labels, the descriptors."""
    points = _candidates(view, parameter)
    labels = {
        name: levels
        for name in points[0]
        if isinstance(points[0][name], str) and name not in view.space.columns
        and len(levels := list(dict.fromkeys(str(point.get(name)) for point in points))) > 1
    }  # fmt: skip
    short = [name for name, levels in labels.items() if len(levels) <= grid.MOST_LEVELS]
    if len(labels) == 2 and len(short) == 2:
        down, across = sorted(short, key=lambda name: len(labels[name]))
        title = f"{parameter.name}: {down} and {across}"
        yield Panel(title, grid.grid(view, across, down, points), wide=True)
        return
    for name in short:
        yield _strips(view, name, labels[name], marks)
    if short:
        return
    for name in points[0]:
        numbers = [float(point[name]) for point in points if not isinstance(point[name], str)]
        if numbers and name not in view.space.columns and min(numbers) < max(numbers):
            ends = (min(numbers), max(numbers))
            yield _scatter(view, name, view.space.units.get(name, ""), marks, ends)


def _candidates(view: View, parameter: PoolColumn) -> list[Point]:
    """The settings of every candidate; without the pool, of those that were tried."""
    tried = [view.whole(trial) for trial in view.standing.trials]
    pool = view.space.pools.get(parameter.name)
    if pool is None:
        return tried
    columns: dict[str, Sequence[Scalar]] = {parameter.name: pool.ids}
    columns |= {**pool.labels, **pool.descriptors}
    known = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    own = [{name: point[name] for name in columns} for point in tried if set(columns) <= set(point)]
    return known + own


def _scatter(
    view: View, name: str, in_unit: str, marks: Sequence[Mark], ends: tuple[float, float],
    *, log: bool = False,
) -> Panel:  # fmt: skip
    """Value against a setting that is a number."""
    placed = [(float(mark.point[name]), mark) for mark in marks if _number(mark.point.get(name))]
    y = _levels(view, marks, _HEIGHT - _BELOW - 6, _TOP)
    low = min(ends[0], *(at for at, _ in placed)) if placed else ends[0]
    high = max(ends[1], *(at for at, _ in placed)) if placed else ends[1]
    letters = _letters(view)
    left = max(_LEFT, 6.2 * letters + 14)
    x = Scale(low, high, left + 6, _WIDTH - _RIGHT - 4, log=log and low > 0)
    values = _names(view, y, left, letters) if letters else svg.left_axis(y, left, 4)
    parts = [values, svg.bottom_axis(x, _HEIGHT - _BELOW, 4)]
    parts += (_dot(view, mark, x(at), y(view.scaled(mark.value))) for at, mark in _order(placed))
    shown = unit(in_unit)
    words = f"{view.axis} against {name}"
    title = f"{name} ({shown})" if shown else name
    return Panel(title, svg.figure(_WIDTH, _HEIGHT, parts, words))


def _levels(view: View, marks: Sequence[Mark], start: float, end: float) -> Scale:
    """Where values stand: classes at equal distances, all of them."""
    if view.objective.classed:
        return Scale(-0.5, len(view.objective.classes) - 0.5, start, end)
    return svg.around([view.scaled(mark.value) for mark in marks], start, end)


def _letters(view: View) -> int:
    """How much room the names of the classes take; none of numbers."""
    return min(max((len(one) for one in view.objective.classes), default=0), _MOST_LETTERS)


def _names(view: View, y: Scale, x: float, letters: int) -> Drawn:
    """The names of the classes to the left of `x`."""
    return svg.joined(
        svg.text(x - 7, y(float(at)) + 3.5, _short(name, letters), anchor="end")
        for at, name in enumerate(view.objective.classes)
    )


def _short(name: str, letters: int) -> str:
    return name if len(name) <= letters else name[: letters - 1] + "…"


def _number(value: object) -> bool:
    return isinstance(value, (int, float))


def _strips(view: View, name: str, levels: Sequence[str], marks: Sequence[Mark]) -> Panel:
    """A strip of values for each level, with how often it was tried."""
    by_level: dict[str, list[Mark]] = {level: [] for level in levels}
    for mark in marks:
        by_level.setdefault(str(mark.point.get(name, "")), []).append(mark)
    most = sorted(by_level, key=lambda level: -len(by_level[level]))[:_MOST_ROWS]
    shown = [level for level in by_level if level in most]
    left = min(34 + 6.2 * max(len(level) for level in shown), 130.0)
    height = max(_TOP + 17.0 * len(shown) + _BELOW + 4, _HEIGHT / 2)
    x = _levels(view, marks, left + 6, _WIDTH - _RIGHT)
    parts = [
        _along(view, x, height - _BELOW)
        if view.objective.classed
        else svg.bottom_axis(x, height - _BELOW, 3)
    ]
    for n, level in enumerate(shown):
        y = _TOP + 17.0 * n + 6
        parts.append(svg.line(x.start, y, x.end, y, "strip"))
        parts.append(svg.text(left - 26, y + 4, _short(level, 15), "level", "end"))
        parts.append(svg.text(left - 4, y + 4, f"{len(by_level[level])}", "aside", "end"))
        placed = ((0.0, mark) for mark in by_level[level])
        parts += (_dot(view, mark, x(view.scaled(mark.value)), y) for _, mark in _order(placed))
    hidden = len(by_level) - len(shown)
    title = name + (f" (and {hidden} more levels)" if hidden else "")
    return Panel(title, svg.figure(_WIDTH, height, parts, f"{view.axis} for each {name}"))


def _along(view: View, x: Scale, y: float) -> Drawn:
    """The names of the classes below `y`, as long as there is room."""
    names = view.objective.classes
    letters = max(int((x.end - x.start) / len(names) / 6.2), 2)
    return svg.joined(
        svg.text(x(float(at)), y + 16, _short(name, letters), None, "middle")
        for at, name in enumerate(names)
    )


def _order(placed: object) -> list[tuple[float, Mark]]:
    """The best on top."""
    return sorted(placed, key=lambda one: one[1].best)  # type: ignore[call-overload, no-any-return]


def _dot(view: View, mark: Mark, x: float, y: float) -> Drawn:
    if mark.kind == "imported":
        return svg.cross(x, y, "imported", view.tip(mark), 2.4)
    kind = f"dot {mark.kind}" + (" best" if mark.best else "")
    if view.objective.classed:
        kind = f"label {view.coloured(mark.value)}"
    small = 1.7 if len(view.marks) > _MANY else 2.8
    return svg.dot(x, y, kind, view.tip(mark), 4.0 if mark.best else small)
