"""Front: of several objectives, the points that no other one beats; and what they are worth together."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from agent.core.aim import Aim
from agent.core.history import Bound, Row, key
from agent.core.objective import Objective
from agent.core.values import Point, Value, later

Worth = tuple[float, ...]
"""How good a point is in each coordinate of the front; higher is better."""

Side = Literal["<", ">"]

_BELOW = 0.1
"""How far below the worst of a front its reference point is, in parts of the front's range."""


class Known(Value):
    """A point and the means of what was measured there, by objective. `trial` is its first; `rows` are
    the readings of the objective that has most. Of an objective in `limits` the value is a limit, and
    what was read is below or above it.
    """

    trial: str
    point: Point
    values: dict[str, float]
    rows: int
    limits: dict[str, Side] = later({})


def known(
    rows: Iterable[Row], bounds: Iterable[Bound] = (), required: Sequence[Objective] = ()
) -> tuple[Known, ...]:
    """Each measured point with the means of its values, in the order of their first rows.

    Args:
        rows: What was measured.
        bounds: Of what was measured there only as a bound.
        required: The objectives that only have to be within their range: whether they are, a bound
            can tell as well as a value.
    """
    limited: dict[object, list[Bound]] = {}
    for bound in bounds:
        limited.setdefault(key(bound.point), []).append(bound)
    groups: dict[object, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row.point), []).append(row)
    found = []
    for at, group in groups.items():
        by_name: dict[str, list[float]] = {}
        for row in group:
            by_name.setdefault(row.objective, []).append(row.value)
        values = {name: sum(told) / len(told) for name, told in by_name.items()}
        first, most = group[0], max(map(len, by_name.values()))
        limits = _decided(limited.get(at, []), [one for one in required if one.name not in values])
        found.append(
            Known(
                trial=first.trial,
                point=first.point,
                values={**values, **{name: value for name, (_, value) in limits.items()}},
                rows=most,
                limits={name: side for name, (side, _) in limits.items()},
            )
        )
    return tuple(found)


def limit(low: float | None, high: float | None) -> tuple[Side, float]:
    """The limit of a bound that is shown, and on which side of it the reading is; one of them is
    there.
    """
    return ("<", high) if high is not None else (">", low or 0.0)


def _decided(
    bounds: Sequence[Bound], required: Sequence[Objective]
) -> Mapping[str, tuple[Side, float]]:
    """Of each required objective whose bounds at a point leave no doubt: the limit that tells."""
    found = {}
    for objective in required:
        here = [one for one in bounds if one.objective == objective.name]
        within = [objective.holds(one.low, one.high) for one in here]
        if here and (all(within) or False in within):
            told = here[0] if all(within) else here[within.index(False)]
            above = (
                told.low is not None and objective.high is not None and told.low > objective.high
            )
            found[objective.name] = limit(told.low, None if above else told.high)
    return found


def front(points: Iterable[Known], aim: Aim) -> tuple[Known, ...]:
    """The points that none is better than, the first of equals: those complete and permitted.

    Where the aim comes to one number for a point, that is the best one.
    """
    found: list[tuple[Known, Worth]] = []
    for one in points:
        if not aim.complete(one.values) or not aim.permits(one.values):
            continue
        worth = aim.worth(one.values)
        if any(_covers(other, worth) for _, other in found):
            continue
        found = [(kept, other) for kept, other in found if not _covers(worth, other)]
        found.append((one, worth))
    return tuple(one for one, _ in found)


def since_progress(points: Sequence[Known], aim: Aim) -> int:
    """How many of the last complete points in a row did not come onto the front of those before."""
    complete = [one for one in points if aim.complete(one.values)]
    held: tuple[Known, ...] = ()
    count = 0
    for one in complete:
        held = front((*held, one), aim)
        count = 0 if one in held else count + 1
    return count


def reference(worths: Sequence[Worth], given: Sequence[float | None]) -> Worth:
    """From which point on the front counts: where none is given, a tenth of the front's range below
    its worst in each coordinate (Ishibuchi, Imada, Setoguchi & Nojima, 2018); of a front of one
    point, a tenth of the range of all.

    Args:
        worths: Of every point, at least one.
        given: The score of each objective's `worst`, or None.
    """
    best = nondominated(worths)
    found = []
    for column, told in enumerate(given):
        if told is not None:
            found.append(told)
            continue
        here, every = [one[column] for one in best], [one[column] for one in worths]
        span = (max(here) - min(here)) or (max(every) - min(every)) or abs(here[0]) or 1.0
        found.append(min(here) - _BELOW * span)
    return tuple(found)


def nondominated(worths: Sequence[Worth]) -> list[Worth]:
    """Those that none is better than, each once."""
    found: list[Worth] = []
    for one in worths:
        if not any(_covers(other, one) for other in found):
            found = [other for other in found if not _covers(one, other)] + [one]
    return found


def hypervolume(worths: Sequence[Worth], reference: Worth) -> float:
    """The volume that points dominate beyond a reference, exactly: by slices along the last
    coordinate, each the hypervolume of one coordinate less (While, Hingston, Barone & Huband, 2006).
    """
    ahead = [one for one in worths if all(a > b for a, b in zip(one, reference, strict=True))]
    if not ahead:
        return 0.0
    if len(reference) == 1:
        return max(one[0] for one in ahead) - reference[0]
    best = sorted(nondominated(ahead), key=lambda one: one[-1], reverse=True)
    steps = [one[-1] for one in best] + [reference[-1]]
    return sum(
        (high - low) * hypervolume([one[:-1] for one in best[:count]], reference[:-1])
        for count, (high, low) in enumerate(pairwise(steps), start=1)
        if high > low
    )


def _covers(one: Worth, other: Worth) -> bool:
    """Whether `one` is nowhere worse."""
    return all(a >= b for a, b in zip(one, other, strict=True))
