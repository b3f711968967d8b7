"""Figure: which class is where. The likeliest one as a ground, and what was measured upon it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from agent.core.parameters import ContinuousParameter
from agent.core.phases import PhaseMap
from agent.report import svg
from agent.report.digits import unit
from agent.report.svg import Drawn, Scale
from agent.report.view import Mark, View

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BELOW = 480.0, 360.0, 56.0, 10.0, 26.0, 44.0
_SHADES = 5


@dataclass(frozen=True)
class Map:
    """One figure, with the settings that it holds for, and how many readings it rests on."""

    title: str
    drawn: Drawn
    measured: int


def drawn(view: View, maps: Sequence[PhaseMap]) -> list[Map]:
    """A figure for each map."""
    return [
        Map(", ".join(f"{n} {v}" for n, v in one.at.items()), _drawn(view, one), one.measured)
        for one in maps
    ]


def _drawn(view: View, told: PhaseMap) -> Drawn:
    x = _scale(view, told.across, told.columns, _LEFT, _WIDTH - _RIGHT)
    y = _scale(view, told.down, told.rows, _HEIGHT - _BELOW, _TOP)
    parts = [
        *_ground(view, told, _edges(told.columns, x), _edges(told.rows, y)),
        *_names(view, told, x, y),
        svg.left_axis(y, _LEFT),
        svg.bottom_axis(x, _HEIGHT - _BELOW),
        svg.text(_LEFT, 14, _axis(view, told.down), "name"),
        svg.text(_WIDTH - _RIGHT, _HEIGHT - 6, _axis(view, told.across), "name", "end"),
        *_measured(view, told, x, y),
    ]
    words = f"{view.what} by {told.across} and {told.down}"
    return svg.figure(_WIDTH, _HEIGHT, parts, words, "map")


def _axis(view: View, column: str) -> str:
    shown = unit(view.parameters[column].unit)
    return f"{column} ({shown})" if shown else column


def _scale(view: View, column: str, settings: Sequence[float], start: float, end: float) -> Scale:
    """From half a cell before the first setting to half a cell behind the last one."""
    parameter = view.parameters[column]
    if isinstance(parameter, ContinuousParameter):
        log = parameter.scale == "log"
        return Scale(parameter.low, parameter.high, start, end, log=log)
    before, after = settings[1] - settings[0], settings[-1] - settings[-2]
    return Scale(settings[0] - before / 2, settings[-1] + after / 2, start, end)


def _edges(settings: Sequence[float], scale: Scale) -> list[float]:
    """Where cells begin and end on the page: half-way between their settings, at whole pixels, so that no
    gap is seen between them.
    """
    places = [scale(one) for one in settings]
    inner = (float(round((one + two) / 2)) for one, two in pairwise(places))
    return [scale.start, *inner, scale.end]


def _ground(
    view: View, told: PhaseMap, across: Sequence[float], down: Sequence[float]
) -> Iterator[Drawn]:
    """The likeliest class of each cell, as sure as it is; cells that look alike are one."""
    for row, (classes, sure) in enumerate(zip(told.likeliest, told.probability, strict=True)):
        looks = [_look(view, *cell) for cell in zip(classes, sure, strict=True)]
        at = 0
        for look, cells in groupby(looks):
            end = at + len(list(cells))
            if look is not None:
                kind, shade = look
                yield svg.tag(
                    "rect", x=across[at], y=down[row + 1], width=across[end] - across[at],
                    height=down[row] - down[row + 1], class_=f"ground {kind}", style=f"--p:{shade}",
                )  # fmt: skip
            at = end


def _look(view: View, number: int | None, probability: float) -> tuple[str, str] | None:
    """The colour of a class and a step of its probability, from that of a mere guess up to one."""
    if number is None:
        return None
    guess = 1 / len(view.objective.classes)
    share = max(probability - guess, 0.0) / (1 - guess)
    return view.coloured(number), f"{max(round(share * _SHADES), 1) / _SHADES:g}"


def _names(view: View, told: PhaseMap, x: Scale, y: Scale) -> Iterator[Drawn]:
    """The name of each class in its region, at the cell of it that is nearest to the middle."""
    places: dict[int, list[tuple[float, float]]] = {}
    for classes, row in zip(told.likeliest, told.rows, strict=True):
        for number, column in zip(classes, told.columns, strict=True):
            if number is not None:
                places.setdefault(number, []).append((x(column), y(row)))
    for number, cells in places.items():
        mean = [sum(one) / len(cells) for one in zip(*cells, strict=True)]
        at = min(cells, key=lambda one: (one[0] - mean[0]) ** 2 + (one[1] - mean[1]) ** 2)
        yield svg.text(at[0], at[1], view.objective.classes[number], "region", "middle")


def _measured(view: View, told: PhaseMap, x: Scale, y: Scale) -> Iterator[Drawn]:
    """A dot for each reading; imported ones are smaller."""
    for mark in (*view.imported, *view.marks.values()):
        column, row = mark.point.get(told.across), mark.point.get(told.down)
        if _elsewhere(mark, told) or isinstance(column, str) or isinstance(row, str):
            continue
        if column is not None and row is not None:
            radius = 3.0 if mark.kind == "imported" else 4.4
            kind = f"label {view.coloured(mark.value)}"
            yield svg.dot(x(column), y(row), kind, view.tip(mark), radius)


def _elsewhere(mark: Mark, told: PhaseMap) -> bool:
    return any(mark.point.get(name) != value for name, value in told.at.items())
