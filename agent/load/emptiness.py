"""Is anything left of the space? Said only where it can be proven that nothing is."""

import itertools
import math
from collections.abc import Iterable, Mapping

import numpy as np
from scipy.optimize import linprog

from agent.core.compositions import CompositionParameter
from agent.core.constraints import Constraint, LinearConstraint
from agent.core.pools import Pool, PoolColumn
from agent.core.space import Parameter
from agent.core.values import Point
from agent.load.space import Columns

_MOST_POINTS = 200_000
_INFEASIBLE = 2


def nothing_left(
    parameters: Iterable[Parameter],
    constraints: Iterable[Constraint],
    pools: Mapping[str, Pool],
    columns: Columns,
) -> bool:
    """Whether no point can meet the constraints; False also where that cannot be told.

    The columns that constraints speak of are enumerated, if they are finite and few. Otherwise the
    linear constraints alone are looked at, with every column relaxed to an interval.
    """
    rules = tuple(constraints)
    spoken = frozenset[str]().union(*(rule.names for rule in rules))
    concerned = [p for p in parameters if spoken & _all_columns(p, pools)]
    choices = [_settings(parameter, pools, columns) for parameter in concerned]
    finite = [options for options in choices if options is not None]
    if len(finite) == len(choices) and math.prod(map(len, finite)) <= _MOST_POINTS:
        return not any(
            all(rule.holds(_merged(parts)) for rule in rules)
            for parts in itertools.product(*finite)
        )
    linear = [rule for rule in rules if isinstance(rule, LinearConstraint)]
    return bool(linear) and _infeasible(linear, concerned, columns)


def _all_columns(parameter: Parameter, pools: Mapping[str, Pool]) -> frozenset[str]:
    names = frozenset(parameter.columns)
    if isinstance(parameter, PoolColumn) and parameter.name in pools:
        pool = pools[parameter.name]
        return names | pool.labels.keys() | pool.descriptors.keys()
    return names


def _settings(
    parameter: Parameter, pools: Mapping[str, Pool], columns: Columns
) -> list[Point] | None:
    """Every setting of a parameter, with its pool's columns; None if there is no end of them."""
    if isinstance(parameter, PoolColumn):
        pool = pools[parameter.name]
        names = (parameter.name, *pool.labels, *pool.descriptors)
        rows = zip(pool.ids, *pool.labels.values(), *pool.descriptors.values(), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]
    values = None
    if not isinstance(parameter, CompositionParameter):
        values = columns[parameter.name].values
    return None if values is None else [{parameter.name: value} for value in values]


def _merged(parts: Iterable[Point]) -> Point:
    whole: Point = {}
    for part in parts:
        whole.update(part)
    return whole


def _infeasible(
    rules: list[LinearConstraint], parameters: list[Parameter], columns: Columns
) -> bool:
    """Whether the linear programme of the relaxed space has no solution."""
    spoken = {name for rule in rules for name in rule.coefficients}
    compositions = [p for p in parameters if isinstance(p, CompositionParameter)]
    names = sorted(spoken.union(*(composition.columns for composition in compositions)))
    at = {name: n for n, name in enumerate(names)}
    upper, limits = [], []
    for rule in rules:
        row = np.zeros(len(names))
        for name, weight in rule.coefficients.items():
            row[at[name]] = weight
        for sign, bound in ((1.0, rule.high), (-1.0, rule.low)):
            if bound is not None:
                upper.append(sign * row)
                limits.append(sign * bound + 1e-9 * max(1.0, abs(bound)))
    sums = [[float(name in composition.columns) for name in names] for composition in compositions]
    solved = linprog(
        np.zeros(len(names)),
        A_ub=np.array(upper),
        b_ub=np.array(limits),
        A_eq=np.array(sums) if sums else None,
        b_eq=np.array([composition.total for composition in compositions]) if sums else None,
        bounds=[(columns[name].low, columns[name].high) for name in names],
    )
    return bool(solved.status == _INFEASIBLE)
