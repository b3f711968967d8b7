"""What an experiment costs by its settings and by those before: do the formulas speak of what there is, and
are they prices?
"""

import ast
import itertools
import math

from agent.core import expressions
from agent.core.budget import BEFORE, Budget, Cost, earlier
from agent.core.policy import Policy
from agent.core.values import Point, Scalar
from agent.load import rules
from agent.load.faults import Findings, Loc
from agent.load.shape import Parts
from agent.load.space import Columns, Known

_MOST_SETTINGS, _MOST_POINTS = 50, 10_000
_AT: Loc = ("budget", "cost", "formula")
_STEPS: Loc = ("budget", "cost", "steps")
_CHANGE: Loc = ("budget", "cost", "changeover")
_SCORED = frozenset({"ucb", "thompson", "random"})
"""Policies whose wish is no gain that could be divided by a cost."""


def check(findings: Findings, parts: Parts, columns: Columns) -> None:
    """Faults of the cost's formulas, and of a policy that is to divide by it."""
    budget: Budget | None = parts.single.get("budget")
    cost = None if budget is None else budget.cost
    _check_policy(findings, parts.single.get("policy") or Policy(), cost)
    if cost is None:
        return
    if cost.formula is not None:
        rules.check_formula(findings, _AT, cost.tree, columns)
    for name, tree in cost.stepping.items():
        rules.check_formula(findings, (*_STEPS, name), tree, columns)
    if not cost.flat and findings.clean(_AT) and findings.clean(_STEPS):
        _check_prices(findings, cost, columns)
    if cost.changing is not None:
        _check_change(findings, cost, columns)


def _check_prices(findings: Findings, cost: Cost, columns: Columns) -> None:
    """Looked at where the settings are at their ends: prices rise or fall in most columns."""
    priced: list[tuple[Loc, ast.expr, float]] = [
        ((*_STEPS, name), tree, 0.0) for name, tree in cost.stepping.items()
    ]
    if cost.formula is not None:
        priced.insert(0, (_AT, cost.tree, math.ulp(0.0)))
    named = (expressions.names(tree) for _, tree, _ in priced)
    points, sound = _corners(columns, frozenset().union(*named)), True
    for at, tree, least in priced:
        odd = next((one for one in points if not _priced(tree, one, least)), None)
        if odd is not None:
            sound, above = False, "above 0" if least else "of at least 0"
            what = f"it gives no cost {above} at {_worded(odd)}: an experiment there counts as the whole limit"
            findings.warn(at, what, f"write max(..., {1 if least else 0}) around it")
    if sound and points and min(map(cost.of, points)) > cost.limit:
        what = f"every experiment costs more than the limit of {cost.limit:g}"
        findings.fault(_AT if cost.formula is not None else _STEPS, what, "raise the limit")


def _check_change(findings: Findings, cost: Cost, columns: Columns) -> None:
    """Looked at from each end to each other, and where nothing is changed."""
    named = expressions.names(cost.changing)
    clash = sorted(name for name in columns if name.endswith(BEFORE))
    if clash:
        what = f"the parameter {clash[0]!r} has a name that stands for the setting before"
        findings.fault(_CHANGE, what, f"give it a name that does not end in {BEFORE}")
        return
    before = {f"{name}{BEFORE}": known for name, known in columns.items()}
    rules.check_formula(findings, _CHANGE, cost.changing, {**columns, **before})
    if not findings.clean(_CHANGE):
        return
    if not any(name.endswith(BEFORE) for name in named):
        what = "it says nothing of the settings before"
        mend = f"write it like: 0.02 * abs(temperature - temperature{BEFORE})"
        findings.fault(_CHANGE, what, mend)
        return
    points = _corners(columns, frozenset(name.removesuffix(BEFORE) for name in named))
    _check_steps(findings, cost, points)


def _check_steps(findings: Findings, cost: Cost, points: list[Point]) -> None:
    for one in points:
        same = _computed(cost.changing, {**one, **earlier(one)})
        if same is not None and same > 0:
            what = f"it costs {same:g} to change nothing, at {_worded(one)}"
            findings.warn(
                _CHANGE, what, "what each experiment costs belongs into the other formula"
            )
            break
    if len(points) ** 2 > _MOST_POINTS:
        return
    for before, after in itertools.permutations(points, 2):
        told = _computed(cost.changing, {**after, **earlier(before)})
        if told is None or told < 0:
            what = f"it gives no cost of at least 0 from {_worded(before)} to {_worded(after)}"
            findings.warn(_CHANGE, f"{what}: it counts as the whole limit", "write max(..., 0)")
            break


def _corners(columns: Columns, names: frozenset[str]) -> list[Point]:
    """Every combination of the ends of some columns; none where those are too many."""
    named = {name: _ends(columns[name]) for name in sorted(names)}
    if math.prod(map(len, named.values())) > _MOST_POINTS:
        return []
    return [dict(zip(named, one, strict=True)) for one in itertools.product(*named.values())]


def _worded(point: Point) -> str:
    return ", ".join(f"{name} {value}" for name, value in point.items()) or "any point"


def _computed(tree: ast.expr, settings: Point) -> float | None:
    try:
        value = float(expressions.evaluate(tree, settings))
    except (ArithmeticError, TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _priced(tree: ast.expr, point: Point, least: float) -> bool:
    value = _computed(tree, point)
    return value is not None and value >= least


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
    if cost is None or cost.flat:
        mend = "say budget: cost: formula or changeover"
        findings.fault(at, "every experiment costs the same", mend)
    if policy.name in _SCORED:
        what = f"policy {policy.name} asks for no gain that could be divided by a cost"
        findings.fault(at, what, "take expected_improvement, uncertainty or committee")
