"""Phase maps: the likeliest class over two parameters, by all that was measured."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

import numpy as np

from agent.core.compositions import CompositionParameter
from agent.core.history import Row
from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.phases import PhaseMap
from agent.core.space import Parameter, SearchSpace
from agent.core.values import Point
from agent.learn.classes import fit_classes
from agent.learn.encoding import Encoding
from agent.learn.training import usable

FINENESS = 48
"""Settings of a parameter that are looked at, at most."""

MOST = 6
"""Maps, at most: one for each setting of what else there is."""


def phase_maps(space: SearchSpace, rows: Sequence[Row], count: int) -> tuple[PhaseMap, ...]:
    """Maps of the classes over the two parameters that are numbers, one for each setting of the others,
    which are choices; none where there are more, or fewer, or no two classes were measured.

    Args:
        space: Where the class is to be known.
        rows: What was measured; a value is the number of a class.
        count: How many classes there are.
    """
    axes = [one for one in space.parameters if _is_axis(one)]
    others = [one for one in space.parameters if isinstance(one, CategoricalParameter)]
    few = prod(len(one.choices) for one in others) <= MOST
    if len(axes) != 2 or len(axes) + len(others) < len(space.parameters) or not few:
        return ()
    encoding = Encoding.of(space)
    if len({row.value for row in usable(encoding, rows)[1]}) < 2:
        return ()
    classifier = fit_classes(encoding, rows, count)
    found = []
    for choices in product(*(one.choices for one in others)):
        at: Point = dict(zip((one.name for one in others), choices, strict=True))
        across, down = (tuple(_settings(one)) for one in axes)
        points = [{**one, **two, **at} for two in down for one in across]
        told = classifier.probabilities(encoding.encode(points)).max(dim=1)
        shape = (len(down), len(across))
        likeliest, sure = told.indices.reshape(shape), told.values.reshape(shape)
        there = np.array([not space.reasons(point) for point in points]).reshape(shape)
        names = [_name(one) for one in axes]
        found.append(
            PhaseMap(
                across=names[0],
                down=names[1],
                columns=tuple(float(one[names[0]]) for one in across),
                rows=tuple(float(one[names[1]]) for one in down),
                likeliest=tuple(
                    tuple(int(c) if ok else None for c, ok in zip(*line, strict=True))
                    for line in zip(likeliest.tolist(), there.tolist(), strict=True)
                ),
                probability=tuple(tuple(line) for line in sure.tolist()),
                at=at,
                measured=len(classifier.y),
            )
        )
    return tuple(found)


def _is_axis(parameter: Parameter) -> bool:
    """Whether its settings are one number; of a mixture of two the second follows from the first."""
    if isinstance(parameter, CompositionParameter):
        return len(parameter.components) == 2
    return isinstance(parameter, ContinuousParameter | DiscreteParameter | IntegerParameter)


def _name(parameter: Parameter) -> str:
    return parameter.columns[0]


def _settings(parameter: Parameter) -> Iterator[Point]:
    """Settings that can be sent, rising, from one end to the other."""
    if isinstance(parameter, CompositionParameter):
        first, second = parameter.columns
        low, high = parameter.bounds(parameter.components[0])
        for ticks in _spread(range(0 if parameter.may_be_absent() else low, high + 1)):
            yield {
                first: parameter.amount(ticks),
                second: parameter.amount(parameter.ticks - ticks),
            }
    elif isinstance(parameter, ContinuousParameter):
        space = np.geomspace if parameter.scale == "log" else np.linspace
        ideal = space(parameter.low, parameter.high, FINENESS).tolist()
        for value in dict.fromkeys(parameter.round(one) for one in ideal):
            yield {parameter.name: value}
    elif isinstance(parameter, DiscreteParameter | IntegerParameter):
        for number in _spread(range(len(parameter.values))):
            yield {parameter.name: parameter.values[number]}


def _spread(numbers: Sequence[int]) -> list[int]:
    """At most `FINENESS` of the numbers, both ends included."""
    if len(numbers) <= FINENESS:
        return list(numbers)
    return [numbers[round(at)] for at in np.linspace(0, len(numbers) - 1, FINENESS).tolist()]
