"""Test functions from the literature, in their native units, to be minimised, with known optima.

Parameters are taken by name (`x1`, `x2`, …). Where a function has any number of dimensions, its
bounds are the same in each.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from agent.core.values import Point, Scalar

Bounds = tuple[float, float]
Domain = Bounds | tuple[str, ...]
"""What a parameter may be: an interval, or the names of choices."""


@dataclass(frozen=True)
class TestFunction:
    """A function with its box, its optimum and its source.

    `parameters` maps each parameter to its interval or choices; if it is empty, the function takes
    x1 … xd for any d, each within `every`. `integers` are the whole-numbered ones. `broken` gives
    the reason why a point is infeasible, or nothing. `at` is one of the minimisers (for any d: the
    value of each coordinate is `everywhere`).
    """

    __test__ = False

    formula: Callable[[Mapping[str, Scalar]], float]
    source: str
    optimum: float
    parameters: dict[str, Domain] = field(default_factory=dict)
    integers: frozenset[str] = frozenset()
    every: Bounds = (0.0, 1.0)
    at: Point = field(default_factory=dict)
    everywhere: float = 0.0
    broken: Callable[[Mapping[str, Scalar]], str | None] = lambda _: None

    def domains(self, names: tuple[str, ...]) -> dict[str, Domain]:
        """The parameters and their domains, where the caller has these `names`."""
        if self.parameters:
            return self.parameters
        count = max(len(names), 2)
        return {f"x{i}": self.every for i in range(1, count + 1)}


def branin(point: Mapping[str, Scalar]) -> float:
    """Branin: (x2 − b x1² + c x1 − r)² + s (1 − t) cos x1 + s.

    With b = 5.1/(4π²), c = 5/π, r = 6, s = 10, t = 1/(8π). Source: Branin (1972); box and form
    as in Dixon & Szegö (1978). Minimum 0.397887 at (−π, 12.275), (π, 2.275), (9.42478, 2.475).
    """
    x1, x2 = _floats(point, 2)
    valley = x2 - 5.1 / (4 * math.pi**2) * x1**2 + 5 / math.pi * x1 - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x1) + 10


_WEIGHTS = (1.0, 1.2, 3.0, 3.2)
_H3_A = ((3.0, 10.0, 30.0), (0.1, 10.0, 35.0), (3.0, 10.0, 30.0), (0.1, 10.0, 35.0))
_H3_P = ((3689, 1170, 2673), (4699, 4387, 7470), (1091, 8732, 5547), (381, 5743, 8828))
_H6_A = (
    (10.0, 3.0, 17.0, 3.5, 1.7, 8.0),
    (0.05, 10.0, 17.0, 0.1, 8.0, 14.0),
    (3.0, 3.5, 1.7, 10.0, 17.0, 8.0),
    (17.0, 8.0, 0.05, 10.0, 0.1, 14.0),
)
_H6_P = (
    (1312, 1696, 5569, 124, 8283, 5886),
    (2329, 4135, 8307, 3736, 1004, 9991),
    (2348, 1451, 3522, 2883, 3047, 6650),
    (4047, 8828, 8732, 5743, 1091, 381),
)


def hartmann3(point: Mapping[str, Scalar]) -> float:
    """Hartmann in 3 dimensions: −Σᵢ αᵢ exp(−Σⱼ Aᵢⱼ (xⱼ − Pᵢⱼ)²).

    Source: Hartman (1973); constants as in Dixon & Szegö (1978). Minimum −3.86278.
    """
    return _hartmann(_floats(point, 3), _H3_A, _H3_P)


def hartmann6(point: Mapping[str, Scalar]) -> float:
    """Hartmann in 6 dimensions: −Σᵢ αᵢ exp(−Σⱼ Aᵢⱼ (xⱼ − Pᵢⱼ)²).

    Source: Hartman (1973); constants as in Dixon & Szegö (1978). Minimum −3.32237.
    """
    return _hartmann(_floats(point, 6), _H6_A, _H6_P)


def ackley(point: Mapping[str, Scalar]) -> float:
    """Ackley: −20 exp(−0.2 √(Σx²/d)) − exp(Σcos(2πx)/d) + 20 + e.

    Source: Ackley (1987), for any d as in Bäck (1996). Minimum 0 at the origin.
    """
    x = _floats(point, len(point))
    root = math.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(math.cos(2 * math.pi * v) for v in x) / len(x)
    return -20 * math.exp(-0.2 * root) - math.exp(waves) + 20 + math.e


def rosenbrock(point: Mapping[str, Scalar]) -> float:
    """Rosenbrock: Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)².

    Source: Rosenbrock (1960), for any d as in De Jong (1975). Minimum 0 at (1, …, 1).
    """
    x = _floats(point, len(point))
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def levy(point: Mapping[str, Scalar]) -> float:
    """Levy: sin²(πw₁) + Σ (wᵢ − 1)² (1 + 10 sin²(πwᵢ + 1)) + (w_d − 1)² (1 + sin²(2πw_d)).

    With w = 1 + (x − 1)/4; the sum leaves out w_d. Source: Levy & Montalvo (1985), in the form of
    Laguna & Martí (2005). Minimum 0 at (1, …, 1).
    """
    w = [1 + (v - 1) / 4 for v in _floats(point, len(point))]
    body = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    tail = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return math.sin(math.pi * w[0]) ** 2 + body + tail


_CATALYSTS = {"copper": (0.0, 3), "silver": (2.0, 1), "gold": (5.0, 4)}


def mixed_branin(point: Mapping[str, Scalar]) -> float:
    """A Branin for each catalyst: branin(x1, x2) + offset(catalyst) + 2 (passes − best(catalyst))².

    Offset and best number of passes are (0, 3) for copper, (2, 1) for silver, (5, 4) for gold.
    Source: this house, on Branin (1972). Minimum 0.397887 for copper with 3 passes.
    """
    offset, best = _CATALYSTS[str(point["catalyst"])]
    return branin(point) + offset + 2 * (float(point["passes"]) - best) ** 2


def gardner(point: Mapping[str, Scalar]) -> float:
    """Gardner: cos(2 x1) cos(x2) + sin(x1), feasible where cos(x1 + x2) ≤ 0.5.

    Source: Gardner et al. (2014), simulation 1, whose constraint is written out there as
    cos x1 cos x2 − sin x1 sin x2 ≤ 0.5. Minimum of the feasible part −2 at (3π/2, 0).
    """
    x1, x2 = _floats(point, 2)
    return math.cos(2 * x1) * math.cos(x2) + math.sin(x1)


def townsend(point: Mapping[str, Scalar]) -> float:
    """Townsend: −cos²((x1 − 0.1) x2) − x1 sin(3 x1 + x2), feasible within a heart-shaped curve.

    Feasible where x1² + x2² < (2 cos t − ½ cos 2t − ¼ cos 3t − ⅛ cos 4t)² + (2 sin t)² with
    t = atan2(x1, x2). Source: Townsend (2014). Minimum −2.0239884 at (2.0052938, 1.1944509).
    """
    x1, x2 = _floats(point, 2)
    return -(math.cos((x1 - 0.1) * x2) ** 2) - x1 * math.sin(3 * x1 + x2)


def _outside_gardner(point: Mapping[str, Scalar]) -> str | None:
    x1, x2 = _floats(point, 2)
    bound = math.cos(x1 + x2)
    return None if bound <= 0.5 else f"cos(x1 + x2) = {bound:.3g} is above 0.5"


def _outside_townsend(point: Mapping[str, Scalar]) -> str | None:
    x1, x2 = _floats(point, 2)
    t = math.atan2(x1, x2)
    curve = 2 * math.cos(t) - math.cos(2 * t) / 2 - math.cos(3 * t) / 4 - math.cos(4 * t) / 8
    inside = x1**2 + x2**2 < curve**2 + (2 * math.sin(t)) ** 2
    return None if inside else "the point is outside of the feasible curve"


def _floats(point: Mapping[str, Scalar], count: int) -> list[float]:
    return [float(point[f"x{i}"]) for i in range(1, count + 1)]


def _hartmann(
    x: list[float], a: tuple[tuple[float, ...], ...], p: tuple[tuple[int, ...], ...]
) -> float:
    total = 0.0
    for weight, widths, centres in zip(_WEIGHTS, a, p, strict=True):
        offsets = (v - c * 1e-4 for v, c in zip(x, centres, strict=True))
        total -= weight * math.exp(-sum(w * o * o for w, o in zip(widths, offsets, strict=True)))
    return total


_BRANIN: dict[str, Domain] = {"x1": (-5.0, 10.0), "x2": (0.0, 15.0)}
_AT_6 = (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573)

FUNCTIONS: dict[str, TestFunction] = {
    "branin": TestFunction(
        branin,
        "Branin (1972); Dixon & Szegö (1978)",
        0.39788735772973816,
        _BRANIN,
        at={"x1": math.pi, "x2": 2.275},
    ),
    "hartmann3": TestFunction(
        hartmann3,
        "Hartman (1973); Dixon & Szegö (1978)",
        -3.86278,
        {f"x{i}": (0.0, 1.0) for i in range(1, 4)},
        at={"x1": 0.114614, "x2": 0.555649, "x3": 0.852547},
    ),
    "hartmann6": TestFunction(
        hartmann6,
        "Hartman (1973); Dixon & Szegö (1978)",
        -3.32237,
        {f"x{i}": (0.0, 1.0) for i in range(1, 7)},
        at={f"x{i}": value for i, value in enumerate(_AT_6, start=1)},
    ),
    "ackley": TestFunction(ackley, "Ackley (1987); Bäck (1996)", 0.0, every=(-32.768, 32.768)),
    "rosenbrock": TestFunction(
        rosenbrock,
        "Rosenbrock (1960); De Jong (1975)",
        0.0,
        every=(-5.0, 10.0),
        everywhere=1.0,
    ),
    "levy": TestFunction(
        levy,
        "Levy & Montalvo (1985); Laguna & Martí (2005)",
        0.0,
        every=(-10.0, 10.0),
        everywhere=1.0,
    ),
    "mixed_branin": TestFunction(
        mixed_branin,
        "this house, on Branin (1972)",
        0.39788735772973816,
        {**_BRANIN, "catalyst": tuple(_CATALYSTS), "passes": (1.0, 5.0)},
        integers=frozenset({"passes"}),
        at={"x1": math.pi, "x2": 2.275, "catalyst": "copper", "passes": 3},
    ),
    "gardner": TestFunction(
        gardner,
        "Gardner et al. (2014), simulation 1",
        -2.0,
        {"x1": (0.0, 6.0), "x2": (0.0, 6.0)},
        at={"x1": 1.5 * math.pi, "x2": 0.0},
        broken=_outside_gardner,
    ),
    "townsend": TestFunction(
        townsend,
        "Townsend (2014)",
        -2.0239884,
        {"x1": (-2.25, 2.25), "x2": (-2.5, 1.75)},
        at={"x1": 2.0052938, "x2": 1.1944509},
        broken=_outside_townsend,
    ),
}
"""Name -> test function."""
