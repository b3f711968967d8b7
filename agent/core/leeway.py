"""Leeway: what the operators' limits leave of a search space, as constraints of it.

With them nothing is proposed that would not be sent. The gate does not rest on that: what cannot be said as a
constraint here is refused there.
"""

import ast
import keyword
import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from pydantic import ValidationError

from agent.core import expressions
from agent.core.constraints import (
    Constraint,
    ExcludedCombination,
    ExpressionConstraint,
    LinearConstraint,
)
from agent.core.execution import Execution, Step
from agent.core.hazards import Rule
from agent.core.limits import Limit
from agent.core.operators import InstrumentRules
from agent.core.parameters import CategoricalParameter
from agent.core.pools import CandidatesParameter, MaterialParameter
from agent.core.space import SearchSpace
from agent.core.trial import Setting
from agent.core.values import Scalar

_DUST = 4e-9
"""Relative: a little more than a linear constraint lets pass."""

_MANY = 100
"""Of more names those that are allowed are said, if that is shorter."""

_FAR = 128.0
"""Numbers so far apart tell the slope between two units; of decibels and nepers twice that is still a float."""


class _Sent(NamedTuple):
    """A setting as an instrument gets it: its unit, and the texts that it may be; of numbers none."""

    unit: str
    texts: tuple[str, ...] = ()


def leeway(
    space: SearchSpace, execution: Execution, rules_of: Callable[[str], InstrumentRules]
) -> tuple[Constraint, ...]:
    """What the operators of the instruments leave of a space.

    Of several instruments that are alike what at least one of them takes, as far as each setting is concerned; of
    rules only those that all of them have.

    Args:
        space: With its pools bound.
        execution: The steps, and the instruments of each.
        rules_of: What the operators say of an instrument.
    """
    found: list[Constraint] = []
    for step in execution.order:
        sent = dict(_sent(space, step))
        first, *others = (
            list(_left(space, sent, rules_of(station.instrument))) for station in step.stations
        )
        for one in first:
            shared: Constraint | None = one
            for other in others:
                shared = shared and _common(shared, other)
            if shared is not None and shared not in found:
                found.append(shared)
    return tuple(found)


def _common(one: Constraint, others: Sequence[Constraint]) -> Constraint | None:
    """What a constraint leaves out, and another instrument by its own ones, too."""
    if one in others:
        return one
    for other in others:
        if isinstance(one, LinearConstraint) and isinstance(other, LinearConstraint):
            if one.names == other.names:
                low, high = _widest(min, one.low, other.low), _widest(max, one.high, other.high)
                bounds = {"low": low, "high": high}
                return one.model_copy(update=bounds) if {low, high} != {None} else None
        elif isinstance(one, ExcludedCombination) and isinstance(other, ExcludedCombination):
            ((name, refused),) = one.combination.items()
            among = other.combination.get(name, ())
            both = tuple(text for text in _texts(refused) if text in _texts(among))
            if both:
                return ExcludedCombination(combination={name: both})
    return None


def _widest(outer: Callable[..., float], *bounds: float | None) -> float | None:
    return None if None in bounds else outer(*bounds)


def _texts(refused: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return refused if isinstance(refused, tuple) else (refused,)


def _sent(space: SearchSpace, step: Step) -> Iterator[tuple[str, _Sent]]:
    """Setting -> what a step is sent as that."""
    units = space.units
    for parameter in space.parameters:
        if step.parameters is not None and parameter.name not in step.parameters:
            continue
        match parameter:
            case CategoricalParameter():
                yield parameter.name, _Sent(parameter.unit, parameter.choices)
            case CandidatesParameter() | MaterialParameter():
                pool = space.pool(parameter)
                if isinstance(parameter, CandidatesParameter):
                    if parameter.id_column is not None:
                        yield parameter.name, _Sent("", pool.ids)
                    for name in pool.descriptors:
                        yield name, _Sent(units.get(name, ""))
                for name, texts in pool.labels.items():
                    yield name, _Sent(units.get(name, ""), tuple(dict.fromkeys(texts)))
            case _:
                yield from ((column, _Sent(parameter.unit)) for column in parameter.columns)


def _left(
    space: SearchSpace, sent: Mapping[str, _Sent], rules: InstrumentRules
) -> Iterator[Constraint]:
    """What one instrument leaves."""
    limits, extent = rules.limits or {}, space.extent
    for name, limit in limits.items():
        if name in sent:
            yield from _limited(name, sent[name], limit, extent.get(name, ()))
    said = {
        name: term
        for name, limit in limits.items()
        if _spoken(name) and (term := _term(name, sent, limit))
    }
    for rule in rules.rules:
        if rule.apart is not None:
            yield from _apart(rule.apart, said, sent)
        else:
            yield from _compared(rule, said)


def _limited(name: str, one: _Sent, limit: Limit, asked: Sequence[Scalar]) -> Iterator[Constraint]:
    """What a limit leaves of a setting; nothing where it leaves all that is asked for."""
    if asked and all(limit.against(Setting(value=end, unit=one.unit)) is None for end in asked):
        return
    if limit.names is not None and one.texts:
        refused = tuple(text for text in one.texts if text not in limit.names)
        allowed = [text for text in one.texts if text in limit.names]
        # Of a pool few may be left of thousands: each decision keeps what is said here.
        few = allowed and len(refused) > max(_MANY, len(allowed)) and _spoken(name)
        told = list(_constraint(f"{name} in {allowed!r}")) if few else []
        if refused:
            yield from told or [ExcludedCombination(combination={name: refused})]
    elif not one.texts and not limit.unlimited and limit.names is None:
        low, high = (_bound(limit, one.unit, end) for end in (limit.low, limit.high))
        if low is not None or high is not None:
            yield LinearConstraint(coefficients={name: 1.0}, low=low, high=high)


def _bound(limit: Limit, unit: str, bound: float | None) -> float | None:
    """A bound of a limit in a setting's unit, such that the limit lets it pass; None without one."""
    line = _line(limit, unit)
    if bound is None or line is None:
        return None
    slope, start = line
    found = _clean((bound - start) / slope)
    inwards = 1.0 if bound == limit.low else -1.0
    refused = limit.against(Setting(value=found, unit=unit)) is not None
    return found + refused * inwards * _DUST * max(abs(found), abs(start / slope))


def _line(limit: Limit, unit: str) -> tuple[float, float] | None:
    """By what a number in `unit` is multiplied, and what is added, for the unit of a limit; None if it cannot be
    read in that, or not so.
    """
    read = [limit.reads(Setting(value=value, unit=unit)) for value in (0.0, _FAR, 2 * _FAR)]
    start, far, further = (value if isinstance(value, float) else math.nan for value in read)
    slope = _clean((far - start) / _FAR)
    straight = abs(further - 2 * far + start) <= 1e-9 * abs(further - start)
    return (slope, _clean(start)) if straight and slope else None


def _clean(value: float) -> float:
    """Without what a float loses on the way from one unit to another."""
    return float(f"{value:.12g}")


def _spoken(name: str) -> bool:
    """Whether an expression can speak of a setting: a column of a pool may be called `mass (g/mol)`, too."""
    plain = unicodedata.normalize("NFKC", name) == name
    return plain and name.isidentifier() and not keyword.iskeyword(name)


def _term(name: str, sent: Mapping[str, _Sent], limit: Limit) -> ast.expr | None:
    """A setting in the unit of its limit; what is not sent as `unset` says; None where neither can be told."""
    if name not in sent:
        return None if limit.unset is None else ast.Constant(limit.unset)
    if sent[name].texts or limit.unlimited or limit.names is not None:
        return ast.Name(name)
    line = _line(limit, sent[name].unit)
    if line is None:
        return None
    slope, start = line
    scaled = name if slope == 1 else f"{slope!r} * {name}"
    return expressions.formula(f"{scaled} + {start!r}" if start else scaled)


def _compared(rule: Rule, said: Mapping[str, ast.expr]) -> Iterator[Constraint]:
    """A rule of one comparison, if it can be told whether it is kept, and something of it is varied."""
    if rule.expression is None or not rule.speaks_of <= said.keys():
        return
    put = _Put(said).visit(expressions.parse(rule.expression))
    if expressions.names(put):
        text = ast.unparse(put)
        yield from _constraint(text if rule.holds is not None else f"not ({text})")


class _Put(ast.NodeTransformer):
    """Puts a term in the place of each name."""

    def __init__(self, terms: Mapping[str, ast.expr]) -> None:
        self._terms = terms

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """In what a function is given; a parameter may have the function's name."""
        return ast.Call(node.func, [self.visit(one) for one in node.args], [])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The term."""
        term = self._terms.get(node.id, node)
        value = term.value if isinstance(term, ast.Constant) else None
        if isinstance(value, (int, float)) and value < 0:
            # As a constant it would be written without brackets: -5 ** 2.
            return ast.UnaryOp(ast.USub(), ast.Constant(-value))
        return term


def _apart(
    groups: Sequence[Sequence[str]], said: Mapping[str, ast.expr], sent: Mapping[str, _Sent]
) -> Iterator[Constraint]:
    """Groups of names, of which no two may have something there."""
    there = [_there(group, said, sent) for group in groups]
    for one, other in combinations(there, 2):
        varied = [f"({' or '.join(terms)})" for terms in (one, other) if terms is not True]
        if one and other and varied:
            yield from _constraint(f"not ({' and '.join(varied)})")


def _there(
    group: Sequence[str], said: Mapping[str, ast.expr], sent: Mapping[str, _Sent]
) -> list[str] | Literal[True]:
    """When something of a group is there: the comparisons of which one must be true; True if it always is."""
    found: list[str] = []
    for name, term in said.items():
        if isinstance(term, ast.Constant):
            value = term.value
            more = isinstance(value, (int, float)) and value > 0
            if value in group or (name in group and more):
                return True
        elif sent[name].texts:
            met = [text for text in group if text in sent[name].texts]
            found += [f"{name} in {met!r}"] if met else []
        elif name in group:
            found.append(f"{ast.unparse(term)} > 0")
    return found


def _constraint(text: str) -> Iterator[Constraint]:
    """The constraint, unless it is too long or too deep for one."""
    try:
        yield ExpressionConstraint(expression=text)
    except ValidationError:
        return
