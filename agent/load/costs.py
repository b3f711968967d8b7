"""What an experiment costs by its settings: does the formula speak of what there is, and is it a price?"""

import itertools
import math

from agent.core import expressions
from agent.core.budget import Budget, Cost
from agent.core.policy import Policy
from agent.core.values import Point, Scalar
from agent.load import rules
from agent.load.faults import Findings, Loc
from agent.load.shape import Parts
from agent.load.space import Columns, Known

_MOST_SETTINGS, _MOST_POINTS = 50, 10_000
_AT: Loc = ("budget", "cost", "formula")
_SCORED = frozenset({"ucb", "thompson", "random"})
"""Policies whose wish is no gain that could be divided by a cost."""


def check(findings: Findings, parts: Parts, columns: Columns) -> None:
    """Faults of the cost's formula, and of a policy that is to divide by it."""
    budget: Budget | None = parts.single.get("budget")
    cost = None if budget is None else budget.cost
    _check_policy(findings, parts.single.get("policy") or Policy(), cost)
    if cost is None or cost.formula is None:
        return
    rules.check_formula(findings, _AT, cost.tree, columns)
    if findings.clean(_AT):
        _check_prices(findings, cost, columns)


def _check_prices(findings: Findings, cost: Cost, columns: Columns) -> None:
    """Looked at where the settings are at their ends: prices rise or fall in most columns."""
    named = {name: _ends(columns[name]) for name in sorted(cost.names)}
    if math.prod(map(len, named.values())) > _MOST_POINTS:
        return
    points = [dict(zip(named, one, strict=True)) for one in itertools.product(*named.values())]
    odd = [point for point in points if not _priced(cost, point)]
    if odd:
        at = ", ".join(f"{name} {value}" for name, value in odd[0].items()) or "any point"
        what = f"it gives no cost above 0 at {at}: an experiment there counts as the whole limit"
        findings.warn(_AT, what, "write max(..., 1) around it")
    elif points and min(map(cost.of, points)) > cost.limit:
        what = f"every experiment costs more than the limit of {cost.limit:g}"
        findings.fault(_AT, what, "raise the limit")


def _priced(cost: Cost, point: Point) -> bool:
    try:
        value = float(expressions.evaluate(cost.tree, point))
    except (ArithmeticError, TypeError, ValueError):
        return False
    return math.isfinite(value) and value > 0


def _ends(known: Known) -> tuple[Scalar, ...]:
    if known.values is not None and len(known.values) <= _MOST_SETTINGS:
        return known.values
    if known.low is not None and known.high is not None:
        return (known.low, known.high)
    return (known.values or ())[:_MOST_SETTINGS]


def _check_policy(findings: Findings, policy: Policy, cost: Cost | None) -> None:
    if policy.per_cost not in {"always", "cooled"}:
        return
    at: Loc = ("policy", "per_cost")
    if cost is None or cost.formula is None:
        findings.fault(at, "every experiment costs the same", "say budget: cost: formula")
    if policy.name in _SCORED:
        what = f"policy {policy.name} asks for no gain that could be divided by a cost"
        findings.fault(at, what, "take expected_improvement, uncertainty or committee")
