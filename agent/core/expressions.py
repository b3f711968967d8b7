"""Comparison expressions over parameters, parsed and never evaluated as code.

A small language: numbers, texts, names; + - * / **; abs min max sqrt exp log log10 sin cos tanh; comparisons,
`in [..]`; and or not. The same tree is evaluated on single settings or on whole columns.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from agent.errors import SpaceError

Functions = Mapping[str, Callable[..., Any]]

SCALAR: Functions = {
    "abs": abs, "min": min, "max": max,
    "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log10": math.log10,
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh,
}  # fmt: skip

_LONGEST, _DEEPEST = 500, 100
_HIGHEST_POWER = 10
_LARGEST = 1e300
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.Pow: operator.pow,
}  # fmt: skip
_COMPARISON: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def parse(text: str) -> ast.expr:
    """The tree of a comparison expression.

    Raises:
        SpaceError: it is not one, or uses what the language does not have.
    """
    tree = _tree(text, "a + 2 * b <= 10")
    if not _is_truth(tree):
        raise SpaceError(f"{text!r} does not compare anything", "write it like: a + 2 * b <= 10")
    return tree


def formula(text: str) -> ast.expr:
    """The tree of an expression that computes a number.

    Raises:
        SpaceError: it is not one, or uses what the language does not have.
    """
    tree = _tree(text, "2 * a + sqrt(b)")
    if any(isinstance(node, (ast.Compare, ast.BoolOp, ast.Not)) for node in ast.walk(tree)):
        raise SpaceError(f"{text!r} compares, and does not compute", "write it like: 2 * a + b")
    return tree


def priced(text: str) -> ast.expr:
    """The tree of a formula in which comparisons count as 1 or 0: `2 * a + 10 * (solvent == 'DMSO')`.

    Raises:
        SpaceError: it is not one, or uses what the language does not have.
    """
    tree = _tree(text, "5 + 0.2 * a + 10 * (b == 'c')")
    if _is_truth(tree):
        raise SpaceError(f"{text!r} compares, and does not compute", "write it like: 2 * a + b")
    return tree


def _tree(text: str, example: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise SpaceError(f"the expression is longer than {_LONGEST} characters", "split it in two")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpaceError(f"cannot read {text!r}", f"write it like: {example}") from error
    if _depth(tree) > _DEEPEST:
        raise SpaceError(f"the expression is nested more than {_DEEPEST} deep", "split it in two")
    _check(tree)
    return tree


def names(tree: ast.expr) -> frozenset[str]:
    """The parameters that the expression speaks of."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = (
        node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called
    )
    return frozenset(node.id for node in found)


def defined(tree: ast.expr, settings: Mapping[str, Any], functions: Functions = SCALAR) -> Any:
    """Whether all that is computed in the expression is a number: a bool, or an array of them.

    On single settings a root of -1 is an error, in a column it is NaN: `not sqrt(a) > 1` must say
    the same of both.
    """
    computed = (node for node in ast.walk(tree) if isinstance(node, (ast.BinOp, ast.Call)))
    # Finite, without a function of either kind: of infinity and NaN the difference is NaN.
    values = (evaluate(node, settings, functions) for node in computed)
    return reduce(operator.and_, (value - value == 0 for value in values), True)


def evaluate(tree: ast.expr, settings: Mapping[str, Any], functions: Functions = SCALAR) -> Any:
    """The truth of the expression at `settings`: a bool, or an array of them for columns."""
    match tree:
        case ast.Constant(value=value):
            # Whole numbers would be computed exactly: powers of powers of them never end.
            return float(value) if isinstance(value, (int, float)) else value
        case ast.Name(id=name):
            return settings[name]
        case ast.BoolOp(op=op, values=values):
            join = operator.and_ if isinstance(op, ast.And) else operator.or_
            return reduce(join, (evaluate(side, settings, functions) for side in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operator.xor(evaluate(operand, settings, functions), True)
        case ast.UnaryOp(op=op, operand=operand):
            inner = evaluate(operand, settings, functions)
            return -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            sides = (_counted(side, settings, functions) for side in (left, right))
            value = _ARITHMETIC[type(op)](*sides)
            if isinstance(value, complex):
                # In a column the root of a negative number is NaN.
                raise TypeError("a root of a negative number")
            return value
        case ast.Call(func=ast.Name(id=name), args=args):
            return functions[name](*(evaluate(arg, settings, functions) for arg in args))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return _compare(left, ops, comparators, settings, functions)
    raise SpaceError(f"cannot evaluate {ast.unparse(tree)!r}")


def _compare(
    left: ast.expr,
    ops: list[ast.cmpop],
    comparators: list[ast.expr],
    settings: Mapping[str, Any],
    functions: Functions,
) -> Any:
    result: Any = None
    value = evaluate(left, settings, functions)
    for op, comparator in zip(ops, comparators, strict=True):
        if isinstance(comparator, (ast.List, ast.Tuple)):
            one = _member(value, comparator, isinstance(op, ast.NotIn), settings, functions)
        else:
            other = evaluate(comparator, settings, functions)
            one, value = _COMPARISON[type(op)](value, other), other
        result = one if result is None else operator.and_(result, one)
    return result


def _member(
    value: Any,
    among: ast.List | ast.Tuple,
    negate: bool,
    settings: Mapping[str, Any],
    functions: Functions,
) -> Any:
    result: Any = None
    for element in among.elts:
        one = operator.eq(value, evaluate(element, settings, functions))
        result = one if result is None else operator.or_(result, one)
    return operator.xor(result, True) if negate else result


def _counted(tree: ast.expr, settings: Mapping[str, Any], functions: Functions) -> Any:
    """The value of a side of a sum or a product: a comparison is 1 or 0, in columns too."""
    value = evaluate(tree, settings, functions)
    return 1.0 * value if _is_truth(tree) else value


def _is_truth(tree: ast.expr) -> bool:
    negated = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
    return negated or isinstance(tree, (ast.Compare, ast.BoolOp))


def _depth(tree: ast.AST) -> int:
    depth, level = 0, [tree]
    while level:
        depth, level = depth + 1, [inner for node in level for inner in ast.iter_child_nodes(node)]
    return depth


def _check(tree: ast.expr) -> None:
    for node in ast.walk(tree):
        reason = _against(node)
        if reason:
            raise SpaceError(
                reason,
                "allowed: numbers, texts, parameters, + - * / **, comparisons, in [..], and or not",
            )


def _against(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=value):
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                return f"{value!r} is neither a number nor a text"
            too_large = not isinstance(value, str) and abs(value) > _LARGEST
            return "a number is too large" if too_large else None
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in SCALAR:
            return None
        case ast.Call(func=func):
            return f"no function {ast.unparse(func)!r}; there are {', '.join(SCALAR)}"
        case ast.BinOp(op=ast.Pow(), right=right):
            power = right.operand if isinstance(right, ast.UnaryOp) else right
            small = isinstance(power, ast.Constant) and isinstance(power.value, (int, float))
            if not small or abs(power.value) > _HIGHEST_POWER:  # type: ignore[attr-defined]
                return f"a power must be a number of at most {_HIGHEST_POWER}"
            return None
        case ast.BinOp(op=op):
            return None if type(op) in _ARITHMETIC else f"no operator {type(op).__name__}"
        case ast.Compare(ops=ops, comparators=comparators):
            for comparison, comparator in zip(ops, comparators, strict=True):
                listed = isinstance(comparator, (ast.List, ast.Tuple)) and bool(comparator.elts)
                if listed != isinstance(comparison, (ast.In, ast.NotIn)):
                    return "'in' wants a list like ['DMF', 'DMSO']; nothing else does"
                if not listed and type(comparison) not in _COMPARISON:
                    return f"no comparison {type(comparison).__name__}"
            return None
        case (
            ast.Name() | ast.BoolOp() | ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd()) | ast.List() | ast.Tuple()
            | ast.operator() | ast.cmpop() | ast.boolop() | ast.unaryop() | ast.expr_context()
        ):  # fmt: skip
            return None
    return f"{ast.unparse(node)!r} is not part of the language"
