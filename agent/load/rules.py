"""Constraints: do they speak of what there is, in a way that can be computed?"""

import ast
from collections.abc import Iterator, Mapping

from agent.core import expressions
from agent.core.constraints import (
    Constraint,
    ExcludedCombination,
    ExpressionConstraint,
    LinearConstraint,
)
from agent.core.parameters import same
from agent.core.values import Scalar
from agent.load.faults import Findings, Loc, did_you_mean, listed
from agent.load.space import Columns, Known
from agent.load.words import shown

_ONE_ARGUMENT = frozenset({"abs", "sqrt", "exp", "log", "log10", "sin", "cos", "tanh"})
_NUMBER, _TEXT, _TRUTH = "a number", "a text", "a comparison"


def check(findings: Findings, constraints: Mapping[int, Constraint], columns: Columns) -> None:
    """Unknown names, texts where numbers are wanted, settings that cannot occur: all are faults."""
    for n, constraint in constraints.items():
        loc: Loc = ("constraints", n)
        match constraint:
            case LinearConstraint():
                _linear(findings, (*loc, "coefficients"), constraint, columns)
            case ExcludedCombination():
                _excluded(findings, (*loc, "combination"), constraint, columns)
            case ExpressionConstraint():
                _expression(findings, (*loc, "expression"), constraint, columns)


def check_formula(findings: Findings, loc: Loc, tree: ast.expr, columns: Columns) -> None:
    """The same of a formula in which comparisons count as 1 or 0."""
    if _unknown(findings, loc, sorted(expressions.names(tree)), columns):
        return
    for reason, mend in _senseless(tree, columns, (_NUMBER, _TRUTH)):
        findings.fault(loc, reason, mend)


def _unknown(findings: Findings, loc: Loc, names: list[str], columns: Columns) -> bool:
    missing = [name for name in names if name not in columns]
    if missing:
        what = f"there is no parameter {listed(map(repr, missing))}"
        near = [did_you_mean(name, columns, "the parameters are") for name in missing]
        findings.fault(loc, what, "; ".join(dict.fromkeys(near)))
    return bool(missing)


def _linear(findings: Findings, loc: Loc, constraint: LinearConstraint, columns: Columns) -> None:
    for name, weight in constraint.coefficients.items():
        if _unknown(findings, (*loc, name), [name], columns):
            continue
        if columns[name].is_text:
            what = f"{name} has names as settings, and a sum needs numbers"
            findings.fault((*loc, name), what, "use a constraint of type exclude or expression")
        elif weight == 0:
            findings.warn((*loc, name), "a weight of 0 has no effect")


def _excluded(
    findings: Findings, loc: Loc, constraint: ExcludedCombination, columns: Columns
) -> None:
    for name, excluded in constraint.combination.items():
        at = (*loc, name)
        if _unknown(findings, at, [name], columns):
            continue
        several = isinstance(excluded, tuple)
        for n, setting in enumerate(excluded if isinstance(excluded, tuple) else (excluded,)):
            reason = _impossible(columns[name], setting)
            if reason is not None:
                place = (*at, n) if several else at
                given = shown(setting, findings.document.written.get(place))
                findings.fault(place, f"{given} is no setting of {name}", reason)


def _impossible(known: Known, setting: Scalar) -> str | None:
    """The mend, if a column can never be at `setting`."""
    if known.values is not None:
        hit = any(
            value == setting
            if isinstance(value, str) or isinstance(setting, str)
            else same(value, setting)
            for value in known.values
        )
        return None if hit else did_you_mean(setting, known.values, "the settings are")
    if known.low is None or known.high is None:
        return None
    if not isinstance(setting, str) and known.low <= setting <= known.high:
        return None
    return f"its settings are {known.low:g} to {known.high:g}"


def _expression(
    findings: Findings, loc: Loc, constraint: ExpressionConstraint, columns: Columns
) -> None:
    check_comparison(findings, loc, expressions.parse(constraint.expression), columns)


def check_comparison(findings: Findings, loc: Loc, tree: ast.expr, columns: Columns) -> None:
    """The same of a comparison that stands by itself."""
    if _unknown(findings, loc, sorted(expressions.names(tree)), columns):
        return
    for reason, mend in _senseless(tree, columns):
        findings.fault(loc, reason, mend)


def _senseless(
    tree: ast.expr, columns: Columns, summed: tuple[str, ...] = (_NUMBER,)
) -> Iterator[tuple[str, str]]:
    """Where texts are computed with, numbers compared with texts, or settings that never occur.

    Args:
        tree: The expression.
        columns: What there is.
        summed: What may stand in a sum or a product.
    """
    for node in ast.walk(tree):
        match node:
            case ast.BoolOp(values=parts):
                yield from _wanted(parts, (_TRUTH,), columns)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield from _wanted([operand], (_TRUTH,), columns)
            case ast.UnaryOp(operand=operand):
                yield from _wanted([operand], (_NUMBER,), columns)
            case ast.BinOp(left=left, right=right):
                yield from _wanted([left, right], summed, columns)
            case ast.Call(func=ast.Name(id=name), args=args):
                yield from _wanted(args, (_NUMBER,), columns)
                if (len(args) != 1) if name in _ONE_ARGUMENT else (len(args) < 2):
                    count = "one number" if name in _ONE_ARGUMENT else "two numbers or more"
                    yield f"{name} takes {count}", f"mend {ast.unparse(node)}"
            case ast.Compare():
                yield from _comparison(node, columns)


def _comparison(node: ast.Compare, columns: Columns) -> Iterator[tuple[str, str]]:
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        among = right.elts if isinstance(right, (ast.List, ast.Tuple)) else [right]
        for other in among:
            kinds = (_kind(left, columns), _kind(other, columns))
            shown_pair = f"{ast.unparse(left)} and {ast.unparse(other)}"
            if None in kinds:
                continue
            if _TRUTH in kinds:
                yield f"{shown_pair}: a comparison is compared", "join comparisons with and, or"
            elif kinds[0] != kinds[1]:
                yield (
                    f"{shown_pair}: {kinds[0]} is compared with {kinds[1]}",
                    "compare like with like",
                )
            elif kinds[0] == _TEXT and not isinstance(op, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
                yield f"{shown_pair}: texts have no order", "use == or != or in [..]"
            elif reason := _never(left, other, columns) or _never(other, left, columns):
                yield reason
        left = right


def _never(name: ast.expr, text: ast.expr, columns: Columns) -> tuple[str, str] | None:
    match name, text:
        case ast.Name(id=column), ast.Constant(value=str(setting)):
            mend = _impossible(columns[column], setting)
            return None if mend is None else (f"{setting!r} is no setting of {column}", mend)
    return None


def _wanted(
    nodes: list[ast.expr], wanted: tuple[str, ...], columns: Columns
) -> Iterator[tuple[str, str]]:
    for node in nodes:
        kind = _kind(node, columns)
        if kind not in (None, *wanted):
            yield f"{ast.unparse(node)} is {kind}, where {wanted[0]} is wanted", ""


def _kind(node: ast.expr, columns: Columns) -> str | None:
    match node:
        case ast.Constant(value=value):
            return _TEXT if isinstance(value, str) else _NUMBER
        case ast.Name(id=name):
            known = columns[name]
            return _TEXT if known.is_text else _NUMBER if known.is_number else None
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return _TRUTH
    return _NUMBER
