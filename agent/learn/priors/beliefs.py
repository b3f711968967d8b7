"""What each expert believes before it has seen a row of the campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Literal

import numpy as np

from agent.core.source import Source
from agent.core.transfer import Experience
from agent.learn.evidence import Believed, LogNormal, dimension_scaled
from agent.learn.priors.source import SourceModel

Name = Literal["sources", "mirrored", "lengthscales", "plain"]

BELIEVING: frozenset[str] = frozenset({"sources", "mirrored"})
"""The experts that take the sources' values, as they are or upside down."""

SHORTEST_TAKEN, LONGEST_TAKEN = 0.03, 20.0
"""Lengthscales of sources beyond these say only that a column does much, or nothing."""


@dataclass(frozen=True)
class Coefficients:
    """The prior of the sources' coefficients: independent, each with its mean, one variance."""

    means: tuple[float, ...]
    variance: float

    @classmethod
    def among(
        cls, believed: Sequence[Source], experience: Experience, sign: float = 1.0
    ) -> "Coefficients":
        """The prior of some sources: together they explain about as much as one, shared by trust."""
        trust = [experience.believed[source.trust] for source in believed]
        means = tuple(sign * experience.coefficient * one / sum(trust) for one in trust)
        return cls(means, experience.spread / sqrt(len(believed)))


@dataclass(frozen=True)
class Belief:
    """What an expert starts from.

    Attributes:
        name: `sources` (their values), `mirrored` (the same upside down), `lengthscales` (only how
            smooth they are) or `plain` (nothing of them).
        weight: How far it is believed before there are rows; the weights sum to one.
        hyperparameters: Priors of what it learns.
        sources: The sources whose values it believes.
        coefficients: The prior of their coefficients; None if it believes no values.
    """

    name: Name
    weight: float
    hyperparameters: Believed
    sources: tuple[SourceModel, ...] = ()
    coefficients: Coefficients | None = None


def beliefs(
    scales: Sequence[int],
    sources: Sequence[SourceModel],
    believed: Sequence[Source],
    experience: Experience,
) -> tuple[Belief, ...]:
    """The experts, those that believe most first.

    A coefficient may turn out negative under the first, too; but it takes many rows to move it as
    far as a source that is mirrored asks for, and the second is there at once.

    Args:
        scales: The number of the lengthscale of each column.
        sources: The fitted sources.
        believed: The sources themselves: how far they are trusted.
        experience: What is expected of sources.
    """
    plain = dimension_scaled(scales)
    taken = LogNormal(_centres(scales, sources), 0.5)
    free = LogNormal(0.0, 0.5)
    leftover = Believed(taken, LogNormal(log(experience.leftover), 1.0))
    trust = max(experience.believed[source.trust] for source in believed)
    mirrored = experience.mirrored * trust
    known = tuple(sources)
    straight = Coefficients.among(believed, experience)
    turned = Coefficients.among(believed, experience, -1.0)
    return (
        Belief("sources", trust - mirrored, leftover, known, straight),
        Belief("mirrored", mirrored, leftover, known, turned),
        Belief("lengthscales", (1 - trust) / 2, Believed(taken, free)),
        Belief("plain", (1 - trust) / 2, Believed(plain, free)),
    )


def _centres(scales: Sequence[int], sources: Sequence[SourceModel]) -> tuple[float, ...]:
    """The mean logarithm of the sources' lengthscales, for each scale; the plain centre where no
    source knows it.
    """
    count = max(scales) + 1
    told: list[list[float]] = [[] for _ in range(count)]
    for source in sources:
        # Beyond its columns a source may have lengthscales of circumstances.
        for scale, own in {
            (scales[c], s) for c, s in zip(source.columns, source.scales, strict=False)
        }:
            length = min(max(source.lengthscales[own], SHORTEST_TAKEN), LONGEST_TAKEN)
            told[scale].append(log(length))
    plain = sqrt(2) + log(count) / 2 - 3.0 + 0.25
    return tuple(float(np.mean(some)) if some else plain for some in told)
