"""Phase map: the likeliest class over two parameters, as a model sees it."""

from agent.core.values import Point, Value


class PhaseMap(Value):
    """The likeliest class, and its probability, at every crossing of two columns' settings.

    `likeliest` and `probability` have a row for each setting of `down`, rising, and in it a cell for each
    of `across`, rising; a class is its number, and None stands where nothing can be measured. `at` are the
    settings of what else there is. `measured` is how many readings it rests on.
    """

    across: str
    down: str
    columns: tuple[float, ...]
    rows: tuple[float, ...]
    likeliest: tuple[tuple[int | None, ...], ...]
    probability: tuple[tuple[float, ...], ...]
    at: Point
    measured: int
