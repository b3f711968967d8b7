"""The order in which points are executed, where a change of settings costs something.

To go from settings a to settings b costs c(a, b), by the campaign's formula. A point that is put between a and
b costs c(a, x) + c(x, b) - c(a, b) more: the cheapest place counts (cheapest insertion; Rosenkrantz, Stearns &
Lewis, 1977). The order of a whole batch is the shortest path from where the instrument stands: exactly, of up
to nine points (Held & Karp, 1962); of more what insertion gives, with points moved while that is shorter (Or, 1976).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.core import expressions
from agent.core.budget import Cost, Spending, earlier
from agent.core.values import Point

_EXACT = 9
_LESS = 1e-9
"""In limits of the cost: by less than this one path is not shorter than another."""


@dataclass(frozen=True)
class Route:
    """Settings in the order in which they are to be executed, as they are spelled out.

    Attributes:
        cost: With the formula of a change.
        stops: The settings.
        begun: Whether the first stop is where the instrument stands, and nothing comes before it.
        ends: Whether the last stop is where it has to come to, and nothing comes after it.
    """

    cost: Cost
    stops: tuple[Point, ...] = ()
    begun: bool = False
    ends: bool = False

    @classmethod
    def of(cls, spending: Spending) -> "Route | None":
        """From where the instrument stands; None where a change costs nothing."""
        if spending.cost.changing is None:
            return None
        known = _knows(spending.cost, spending.present)
        ends = bool(spending.home)
        stops = (*([spending.present] if known else []), *([spending.home] if ends else []))
        return cls(spending.cost, stops, known, ends)

    def detour(self, settings: Point) -> float:
        """What it costs more to pass by `settings`, where that is cheapest."""
        return float(max(_least(self._detours(settings, self.cost.change), min), 0.0))

    def detours(self, columns: Mapping[str, Any], functions: expressions.Functions) -> Any:
        """The same of whole columns of settings; what is no number is left to the caller."""
        tree = self.cost.changing

        def change(before: Any, settings: Any) -> Any:
            return expressions.evaluate(tree, {**settings, **earlier(before)}, functions)

        return _least(self._detours(columns, change), functions["min"])

    def through(self, settings: Point) -> "Route":
        """With `settings` in their cheapest place; the last one of equals."""
        at = int(self.begun) + self.place(settings)
        return replace(self, stops=(*self.stops[:at], settings, *self.stops[at:]))

    def place(self, settings: Point) -> int:
        """Before how many of the stops that may move their cheapest place is; the last one of equals."""
        found = self._detours(settings, self.cost.change)
        return _last_least(found) if found else 0

    def at(self, settings: Point) -> "Route":
        """From `settings`, where the instrument stands then."""
        home = self.stops[-1:] if self.ends else ()
        return replace(self, stops=(settings, *home), begun=True)

    def step(self, settings: Point) -> float:
        """What it costs to go to `settings` next."""
        return self.cost.change(self.stops[0], settings) if self.begun else 0.0

    def _detours(self, settings: Any, change: Callable[[Any, Any], Any]) -> list[Any]:
        """What it costs more to pass by `settings`, for each place that they can have."""
        if not self.stops:
            return []
        found = []
        for at in range(int(self.begun), len(self.stops) + (not self.ends)):
            before, after = self.stops[:at][-1:], self.stops[at : at + 1]
            more: Any = sum(change(stop, settings) for stop in before)
            more = more + sum(change(settings, stop) for stop in after)
            less = sum(self.cost.change(*pair) for pair in zip(before, after, strict=False))
            found.append(more - less)
        return found


def order(spending: Spending, settings: Sequence[Point]) -> list[int]:
    """The order in which `settings` cost the least in changes; as they are where nothing is cheaper.

    Args:
        spending: With the formula, and where the instrument stands.
        settings: As they are spelled out.
    """
    route = Route.of(spending)
    given = list(range(len(settings)))
    if route is None or len(settings) < 2:
        return given
    changes = np.array([[route.cost.change(a, b) for b in settings] for a in settings])
    start = np.array([route.step(one) for one in settings])
    home = [route.cost.change(one, route.stops[-1]) if route.ends else 0.0 for one in settings]
    ways = Ways(changes, start, np.array(home))
    found = _shortest(ways) if len(settings) <= _EXACT else _moved(_inserted(route, settings), ways)
    shorter = ways.length(found) < ways.length(given) - _LESS * spending.cost.limit
    return found if shorter else given


class Ways(NamedTuple):
    """What it costs to go from each of n points to each (`n x n`), to each as the first, and home."""

    changes: NDArray[np.float64]
    start: NDArray[np.float64]
    home: NDArray[np.float64]

    def length(self, path: Sequence[int]) -> float:
        """What a whole path costs."""
        steps = self.changes[path[:-1], path[1:]].sum() if len(path) > 1 else 0.0
        return float(self.start[path[0]] + steps + self.home[path[-1]])


def _knows(cost: Cost, present: Point) -> bool:
    """Whether a change from there can be computed: settings of an older revision may lack a column."""
    try:
        expressions.evaluate(cost.changing, {**present, **earlier(present)})
    except ArithmeticError:
        return True
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _least(found: Sequence[Any], least: Callable[..., Any]) -> Any:
    if not found:
        return 0.0
    return found[0] if len(found) == 1 else least(*found)


def _last_least(found: Sequence[float]) -> int:
    least = min(found)
    return max(at for at, one in enumerate(found) if one == least)


def _shortest(ways: Ways) -> list[int]:
    """The shortest path through n points (Held & Karp, 1962)."""
    changes, start, home = ways
    n = len(start)
    best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {
        (1 << one, one): (float(start[one]), (one,)) for one in range(n)
    }
    for size in range(2, n + 1):
        for some in combinations(range(n), size):
            seen = sum(1 << one for one in some)
            for last in some:
                rest = seen & ~(1 << last)
                steps = (
                    (best[rest, one][0] + float(changes[one, last]), (*best[rest, one][1], last))
                    for one in some
                    if one != last
                )
                best[seen, last] = min(steps)
    whole = (1 << n) - 1
    last = min(range(n), key=lambda one: best[whole, one][0] + float(home[one]))
    return list(best[whole, last][1])


def _inserted(route: Route, settings: Sequence[Point]) -> list[int]:
    """The points one after the other, each where it costs the least: as they were paid for when they were chosen."""
    path: list[int] = []
    for number, one in enumerate(settings):
        path.insert(route.place(one), number)
        route = route.through(one)
    return path


def _moved(path: list[int], ways: Ways) -> list[int]:
    """A path with one point after the other moved to where that is shorter, until none is."""
    least, better = ways.length(path), True
    while better:
        better = False
        for one in range(len(path)):
            rest = [other for other in path if other != one]
            for at in range(len(path)):
                way = [*rest[:at], one, *rest[at:]]
                length = ways.length(way)
                if length < least - _LESS * max(abs(least), 1.0):
                    path, least, better = way, length, True
    return path
