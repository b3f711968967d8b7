"""The contests: recorded experiments, and test functions of the literature on pools of points."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from botorch.test_functions import Michalewicz, StyblinskiTang
from torch.quasirandom import SobolEngine

from adapters.benchmarks import FUNCTIONS
from agent.core.objective import Goal, Objective
from agent.core.parameters import CategoricalParameter, DiscreteParameter
from agent.core.space import Parameter, SearchSpace
from agent.core.values import Point
from tests.benchmarks.peers.contests import Contest
from tests.benchmarks.transfer.development import KINDS, made
from tests.benchmarks.transfer.problems import (
    Floats,
    Problem,
    choices_of,
    data,
    pool_of,
    recorded,
    rows_of,
)

POOL = 1000
_LEVELS = 10


@lru_cache
def contests() -> dict[str, Contest]:
    """Every contest by its name; recorded ones where they are to be had."""
    folder = data()
    found = [*functions(), *([] if folder is None else tables(folder))]
    return {one.name: one for one in found}


def made_up(count: int) -> dict[str, Contest]:
    """Contests that choices may be made on: so many landscapes of each kind."""
    return {
        f"{kind} #{number}": contest_of(f"{kind} #{number}")
        for kind in KINDS
        for number in range(count)
    }


@cache
def contest_of(name: str) -> Contest:
    """A contest by its name, a made-up one too: `blend #3`."""
    kind, _, number = name.partition(" #")
    if not number:
        return contests()[name]
    problem = made(KINDS[KINDS.index(kind)], "close", int(number))
    return Contest(replace(problem, name=name, sources=()))


def tables(folder: Path) -> Iterator[Contest]:
    """Recorded experiments."""
    barrels = pd.read_csv(folder / "crossed_barrel.csv")
    yield _replicated("crossed barrel", barrels, ["n", "theta", "r", "t"], "maximise")
    drops = pd.read_csv(folder / "agnp.csv")
    yield _replicated("agnp", drops, [c for c in drops if c.startswith("q_")], "minimise")
    yield Contest(_arylation(pd.read_csv(folder / "direct_arylation.csv")))
    taken = ("buchwald c", "buchwald d", "buchwald e", "perovskites", "graphene GOPI")
    for one in recorded(folder):
        if one.name in taken:
            yield Contest(replace(one, sources=()))
    yield Contest(_suzuki(pd.read_csv(folder / "suzuki_b1_multiobj.csv")))
    for name in ("photo_pce10", "photo_wf3"):
        yield _blends(name.replace("_", " "), pd.read_csv(folder / f"{name}.csv"))
    yield _robert(pd.read_csv(folder / "robert_example.csv"))


def _problem(
    name: str, space: SearchSpace, points: tuple[Point, ...], values: Floats, goal: Goal
) -> Problem:
    wanted = Objective(name="y", unit="1", goal=goal)
    return Problem(name, "real", space, points, np.asarray(values, dtype=float), (), wanted)


def _replicated(name: str, table: pd.DataFrame, columns: list[str], goal: Goal) -> Contest:
    """A table whose last column was measured several times at each point."""
    of = table.groupby(columns)[table.columns[-1]]
    means = of.mean()
    space, points = pool_of(np.array(means.index.tolist(), dtype=float))
    replicates = tuple(of.get_group(at).to_numpy(dtype=float) for at in means.index)
    return Contest(_problem(name, space, points, means.to_numpy(), goal), replicates)


def _arylation(table: pd.DataFrame) -> Problem:
    names, numbers = ["base_name", "ligand_name", "solvent_name"], ["concentration", "temperature"]
    table = table.astype(dict.fromkeys(numbers, float))
    parameters: list[Parameter] = [choices_of(table, name) for name in names]
    for name in numbers:
        levels = tuple(sorted(table[name].unique().tolist()))
        parameters.append(DiscreteParameter(name=name, levels=levels))
    points, values = rows_of(table, [*names, *numbers], "yield")
    return _problem(
        "arylation", SearchSpace(parameters=tuple(parameters)), points, values, "maximise"
    )


def _suzuki(table: pd.DataFrame) -> Problem:
    """Conversion alone. The equivalents of ligand follow from the ligand."""
    columns = ["ligand", "base", "solvent"]
    space = SearchSpace(parameters=tuple(choices_of(table, name) for name in columns))
    return _problem("suzuki", space, *rows_of(table, columns, "conversion"), "maximise")


def _blends(name: str, table: pd.DataFrame) -> Contest:
    """Blends of four; the few that were measured twice have their mean."""
    columns = [f"mat_{k}" for k in (1, 2, 3, 4)]
    means = table.groupby(columns)["degradation"].mean().reset_index()
    space, points = pool_of(means[columns].to_numpy())
    return Contest(_problem(name, space, points, means["degradation"].to_numpy(), "minimise"))


def _robert(table: pd.DataFrame) -> Contest:
    described = pd.get_dummies(table[[f"x{k}" for k in range(1, 12)]], columns=["x4"], dtype=float)
    space, points = pool_of(described.to_numpy(dtype=float))
    values = table["Target_values"].to_numpy(dtype=float)
    return Contest(_problem("robert", space, points, values, "maximise"))


def functions() -> Iterator[Contest]:
    """Test functions on a thousand scrambled Sobol points of their boxes, but for the mixed one; all
    are to be minimised.
    """
    for name, width in (("branin", 2), ("hartmann3", 3), ("levy", 4), ("rosenbrock", 4),
                        ("ackley", 5), ("hartmann6", 6), ("ackley", 10)):  # fmt: skip
        yield _function(name, width)
    yield replace(_named(_function("hartmann6", 6), "hartmann6 noisy"), noise=0.1)
    yield _named(_function("hartmann6", 20), "hartmann6 in 20d")
    for function in (Michalewicz(5), StyblinskiTang(10)):
        yield _of_botorch(function)
    yield _mixed()
    for name in ("gardner", "townsend"):
        yield _named(_function(name, 2), name)


def _function(name: str, width: int) -> Contest:
    """A test function; coordinates beyond its own mean nothing."""
    function = FUNCTIONS[name]
    names = [f"x{k}" for k in range(1, width + 1)]
    bounds: list[Any] = list(function.domains(tuple(names)).values())
    bounds += [(0.0, 1.0)] * (width - len(bounds))
    cube = _cube(bounds)
    rows = [dict(zip(names, row, strict=True)) for row in cube.tolist()]
    values = np.array([function.formula(row) for row in rows])
    broken = frozenset(at for at, row in enumerate(rows) if function.broken(row))
    title = name if name[-1].isdigit() else f"{name} {width}d"
    return Contest(_problem(title, *pool_of(cube), values, "minimise"), broken=broken)


def _of_botorch(function: Any) -> Contest:
    cube = _cube(function.bounds.T.tolist())
    values = function(torch.from_numpy(cube)).numpy()
    name = {"Michalewicz": "michalewicz 5d", "StyblinskiTang": "styblinski-tang 10d"}
    return Contest(_problem(name[type(function).__name__], *pool_of(cube), values, "minimise"))


def _cube(bounds: list[tuple[float, float]]) -> Floats:
    engine = SobolEngine(len(bounds), True, 1)  # type: ignore[no-untyped-call]
    low, high = np.array(bounds, dtype=float).T
    drawn: Floats = low + engine.draw(POOL, dtype=torch.float64).numpy() * (high - low)
    return drawn


def _mixed() -> Contest:
    """A Branin for each of three catalysts and five numbers of passes, on ten levels each of x1, x2."""
    function = FUNCTIONS["mixed_branin"]
    parameters: list[CategoricalParameter | DiscreteParameter] = []
    for name, domain in function.parameters.items():
        if isinstance(domain[0], str):
            parameters.append(CategoricalParameter(name=name, choices=tuple(map(str, domain))))
            continue
        count = 5 if name in function.integers else _LEVELS
        low, high = (float(end) for end in domain)
        levels = tuple(np.linspace(low, high, count).round(6).tolist())
        parameters.append(DiscreteParameter(name=name, levels=levels))
    space = SearchSpace(parameters=tuple(parameters))
    combined = itertools.product(*(one.values for one in parameters))
    points = tuple(dict(zip(space.columns, values, strict=True)) for values in combined)
    values = np.array([function.formula(point) for point in points])
    return Contest(_problem("mixed branin", space, points, values, "minimise"))


def _named(contest: Contest, name: str) -> Contest:
    return replace(contest, problem=replace(contest.problem, name=name))
