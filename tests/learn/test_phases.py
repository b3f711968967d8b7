"""Phase maps: which class is likeliest over two parameters."""

from typing import Any

import pytest

from agent.core.history import Row
from agent.core.phases import PhaseMap
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.learn.phases import FINENESS, phase_maps

X = {"type": "continuous", "name": "x", "low": 0, "high": 1, "resolution": 0.001}
T = {"type": "discrete", "name": "T", "unit": "K", "levels": [300, 500, 900]}
ATMOSPHERE = {"type": "categorical", "name": "atmosphere", "choices": ["air", "argon"]}
MIXTURE = {
    "type": "composition",
    "name": "mixture",
    "step": 0.25,
    "components": [{"name": "A", "low": 0.25}, {"name": "B"}],
}


def space(*parameters: dict[str, Any], **more: Any) -> SearchSpace:
    return SearchSpace.model_validate({"parameters": parameters, **more})


def row(number: int, point: Point, value: float) -> Row:
    return Row(id=f"r{number}", trial=f"t{number}", point=point, value=value)


def melting(*others: Point) -> list[Row]:
    """Solid below 700 K, and liquid above."""
    points = [
        {"x": x, "T": T, **more}
        for x in (0.1, 0.5, 0.9)
        for T in (300.0, 500.0, 900.0)
        for more in others or ({},)
    ]
    return [row(n, point, float(point["T"] > 700)) for n, point in enumerate(points)]


def test_the_likeliest_class_at_every_crossing() -> None:
    (found,) = phase_maps(space(X, T), melting(), 2)
    assert (found.across, found.down, found.measured) == ("x", "T", 9)
    assert (len(found.columns), found.rows) == (FINENESS, (300.0, 500.0, 900.0))
    assert (found.columns[0], found.columns[-1]) == (0.0, 1.0)
    assert [set(line) for line in found.likeliest] == [{0}, {0}, {1}]
    assert all(0.5 <= one <= 1 for line in found.probability for one in line)


def test_a_map_for_each_of_the_other_choices() -> None:
    rows = melting({"atmosphere": "air"}, {"atmosphere": "argon"})
    found = phase_maps(space(X, T, ATMOSPHERE), rows, 2)
    assert [one.at for one in found] == [{"atmosphere": "air"}, {"atmosphere": "argon"}]


def test_of_a_mixture_of_two_the_second_follows_from_the_first() -> None:
    rows = [
        row(n, {"A": a, "B": 1 - a, "T": T}, float(a > 0.5))
        for n, (a, T) in enumerate([(0.25, 300.0), (0.5, 900.0), (0.75, 300.0), (1.0, 900.0)])
    ]
    (found,) = phase_maps(space(MIXTURE, T), rows, 2)
    assert (found.across, found.columns) == ("A", (0.25, 0.5, 0.75, 1.0))


def test_what_cannot_be_measured_stays_open() -> None:
    barred = [{"type": "linear", "coefficients": {"x": 1000, "T": 1}, "high": 1000}]
    (found,) = phase_maps(space(X, T, constraints=barred), melting(), 2)
    assert found.likeliest[0][-1] is None
    assert found.likeliest[0][0] == 0


@pytest.mark.parametrize(
    ("parameters", "rows"),
    [
        ((X,), [row(1, {"x": 0.1}, 0.0), row(2, {"x": 0.9}, 1.0)]),
        ((X, T), []),
        ((X, T), melting()[:1]),
        ((X, T, {**X, "name": "z"}), [row(n, {**one.point, "z": 0.5}, one.value) for n, one in enumerate(melting())]),
        ((X, T, {**ATMOSPHERE, "choices": list("abcdefg")}), []),
    ],
    ids=["one parameter", "no readings", "one class", "three numbers", "many choices"],
)  # fmt: skip
def test_no_map_where_there_is_none(
    parameters: tuple[dict[str, Any], ...], rows: list[Row]
) -> None:
    found: tuple[PhaseMap, ...] = phase_maps(space(*parameters), rows, 2)
    assert found == ()
