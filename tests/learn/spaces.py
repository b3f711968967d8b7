"""Spaces of every kind, strategies for parameters and points, and rows with known values."""

import math

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.core.compositions import Component, CompositionParameter
from agent.core.constraints import ExpressionConstraint, LinearConstraint
from agent.core.history import Row
from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.pools import CandidatesParameter, MaterialParameter, Pool, Prototype
from agent.core.space import Parameter, SearchSpace
from agent.core.values import Point
from agent.learn.encoding import Encoding

POOL_ROWS = 120


def pool(rows: int = POOL_ROWS, columns: int = 3, seed: int = 0) -> Pool:
    """Uniform descriptors."""
    numbers = np.random.default_rng(seed).random((columns, rows)).round(4)
    return Pool(
        ids=tuple(f"c{row:04d}" for row in range(rows)),
        labels={"family": tuple("even" if row % 2 == 0 else "odd" for row in range(rows))},
        descriptors={f"d{k}": tuple(column.tolist()) for k, column in enumerate(numbers)},
    )


def _continuous(*names: str) -> tuple[ContinuousParameter, ...]:
    return tuple(ContinuousParameter(name=name, low=0, high=10) for name in names)


_CANDIDATES = CandidatesParameter(name="candidate", file="pool.csv")
_MATERIAL = MaterialParameter(
    name="alloy", prototypes=(Prototype(name="B2", sites={"A": ("Fe",), "B": ("Al",)}),)
)
_COMPOSITION = CompositionParameter(
    name="mix",
    components=tuple(Component(name=name) for name in ("Fe", "Ni", "Co", "Cr")),
    step=0.05,
    max_present=3,
)
_SOLVENT = CategoricalParameter(
    name="solvent",
    choices=("water", "DMF", "toluene"),
    descriptors={
        "water": {"polarity": 1.0, "boiling": 100.0},
        "DMF": {"polarity": 0.39, "boiling": 153.0},
        "toluene": {"polarity": 0.1, "boiling": 111.0},
    },
)

SPACES: dict[str, SearchSpace] = {
    "continuous": SearchSpace(
        parameters=(
            ContinuousParameter(name="temperature", low=20, high=150, unit="degC", resolution=0.5),
            ContinuousParameter(name="loading", low=0.001, high=10, scale="log", digits=2),
        )
    ),
    "discrete": SearchSpace(
        parameters=(
            DiscreteParameter(name="level", levels=(1, 2, 5, 7.5)),
            IntegerParameter(name="count", low=-3, high=20),
            CategoricalParameter(name="base", choices=("K", "Na", "Cs")),
        )
    ),
    "mixed": SearchSpace(
        parameters=(*_continuous("time"), _SOLVENT, IntegerParameter(name="n", low=1, high=4))
    ),
    "composition": SearchSpace(parameters=(_COMPOSITION,)),
    "fine composition": SearchSpace(
        parameters=(
            CompositionParameter(
                name="mix",
                components=(
                    Component(name="Fe", low=0.1, high=0.7),
                    Component(name="Ni"),
                    Component(name="Co", high=0.25),
                    Component(name="Cr"),
                    Component(name="Mn", low=0.05),
                ),
                step=0.005,
                max_present=4,
            ),
            *_continuous("time"),
        )
    ),
    "pool": SearchSpace(parameters=(_CANDIDATES,), pools={"candidate": pool()}),
    "material": SearchSpace(parameters=(_MATERIAL,), pools={"alloy": pool(seed=1)}),
    "pool and number": SearchSpace(
        parameters=(_CANDIDATES, *_continuous("time")), pools={"candidate": pool()}
    ),
    "constrained": SearchSpace(
        parameters=_continuous("a", "b", "c"),
        constraints=(
            LinearConstraint(coefficients={"a": 1, "b": 2}, low=2, high=12),
            ExpressionConstraint(expression="a * c <= 20 or sqrt(b) < 1"),
        ),
    ),
    "constrained pool": SearchSpace(
        parameters=(_CANDIDATES, IntegerParameter(name="n", low=1, high=5)),
        constraints=(ExpressionConstraint(expression="family == 'odd' and d0 * n <= 2"),),
        pools={"candidate": pool()},
    ),
}


def points_of(space: SearchSpace, count: int, seed: int = 0) -> list[Point]:
    """Random feasible points, all different."""
    encoding, random = Encoding.of(space), np.random.default_rng(seed)
    found: list[Point] = []
    while len(found) < count:
        for point in encoding.points(encoding.spread(random.random((64, encoding.cube)))):
            if point in space and point not in found and len(found) < count:
                found.append(point)
    return found


def value(space: SearchSpace, point: Point) -> float:
    """A smooth number of a point."""
    encoded = Encoding.of(space).encode([point])[0].numpy()
    return float(sum(math.sin(3 * x + k) for k, x in enumerate(encoded)))


def rows_of(space: SearchSpace, count: int, seed: int = 0) -> tuple[Row, ...]:
    """Random points with their values."""
    return measured(space, points_of(space, count, seed))


def measured(space: SearchSpace, points: list[Point]) -> tuple[Row, ...]:
    """Points with their values."""
    return tuple(
        Row(id=f"o{k}", trial=f"t{k}", point=point, value=value(space, point))
        for k, point in enumerate(points)
    )


_ends = st.integers(-(10**8), 10**8).map(lambda number: number / 1000)
_names = st.sampled_from(["alpha", "beta", "gamma"])


@st.composite
def continuous(draw: st.DrawFn, name: str) -> ContinuousParameter:
    """A continuous parameter of any range, scale and resolution."""
    if draw(st.booleans()):
        low = float(f"{10.0 ** draw(st.integers(-8, 6)):.3g}")
        high = float(f"{low * draw(st.floats(2, 1e6)):.4g}")
        digits = draw(st.none() | st.integers(1, 6))
        return ContinuousParameter(name=name, low=low, high=high, scale="log", digits=digits)
    low, width = draw(_ends), draw(st.floats(1e-2, 1e6))
    high = float(f"{low + width:.9g}")
    assume(high > low)
    part = draw(st.none() | st.integers(1, 1000))
    resolution = None if part is None else float(f"{(high - low) / part:.3g}")
    assume(resolution is None or 0 < resolution <= high - low)
    return ContinuousParameter(name=name, low=low, high=high, resolution=resolution)


@st.composite
def discrete(draw: st.DrawFn, name: str) -> DiscreteParameter:
    """Levels, or a range with a step."""
    if draw(st.booleans()):
        levels = draw(st.lists(_ends, min_size=2, max_size=12, unique=True))
        return DiscreteParameter(name=name, levels=tuple(levels))
    low = float(draw(st.integers(-100, 100)))
    step = draw(st.sampled_from([0.1, 0.25, 1.0, 3.0]))
    return DiscreteParameter(
        name=name, low=low, high=low + step * draw(st.integers(1, 40)), step=step
    )


@st.composite
def composition(draw: st.DrawFn, name: str) -> CompositionParameter:
    """Components with bounds, and perhaps a limit of how many."""
    count = draw(st.integers(2, 5))
    ticks = draw(st.sampled_from([10, 20, 100]))
    components = []
    for at in range(count):
        low = draw(st.integers(0, ticks // 5)) / ticks
        high = draw(st.none() | st.integers(ticks // 3, ticks).map(lambda t: t / ticks))
        components.append(Component(name=f"{name}_{at}", low=low, high=high))
    most = draw(st.none() | st.integers(1, count))
    try:
        return CompositionParameter(
            name=name, components=tuple(components), step=1 / ticks, max_present=most
        )
    except ValidationError:
        assume(False)
        raise


@st.composite
def spaces(draw: st.DrawFn) -> SearchSpace:
    """Up to three parameters of any kind."""
    kinds = st.sampled_from(
        ["continuous", "discrete", "integer", "choice", "described", "mix", "pool"]
    )
    parameters: list[Parameter] = []
    pools: dict[str, Pool] = {}
    for name in draw(st.lists(_names, min_size=1, max_size=3, unique=True)):
        match draw(kinds):
            case "continuous":
                parameters.append(draw(continuous(name)))
            case "discrete":
                parameters.append(draw(discrete(name)))
            case "integer":
                low = draw(st.integers(-1000, 1000))
                width = draw(st.integers(1, 300))
                parameters.append(IntegerParameter(name=name, low=low, high=low + width))
            case "choice":
                choices = tuple("abcdefgh"[: draw(st.integers(2, 8))])
                parameters.append(CategoricalParameter(name=name, choices=choices))
            case "described":
                parameters.append(_SOLVENT.model_copy(update={"name": name}))
            case "mix":
                parameters.append(draw(composition(name)))
            case _:
                parameters.append(_CANDIDATES.model_copy(update={"name": name}))
                pools[name] = pool(rows=draw(st.integers(2, 40)), columns=draw(st.integers(0, 4)))
    return SearchSpace(parameters=tuple(parameters), pools=pools)


@st.composite
def placed(draw: st.DrawFn) -> tuple[SearchSpace, list[Point]]:
    """A space with a few of its points."""
    space = draw(spaces())
    encoding = Encoding(space)
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    cube = random.random((5, encoding.cube))
    cube[0] = 0.0
    cube[1] = 1.0 - 1e-12
    return space, encoding.points(encoding.spread(cube))
