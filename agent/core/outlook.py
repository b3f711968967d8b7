"""Outlook: what is left to gain, or to learn, and when that is too little to go on for."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from agent.core.values import Value, later

Confidence = Literal[80, 90, 95, 99]

CONFIDENCES = (50, 80, 90, 95, 99)
"""In per cent: with which what is left to gain is told."""

CALM = 8
"""Outlooks in a row, each with more results than the one before, that must say that it is enough. One
is not: of bounds that are looked at until one is low enough, the one that is found is too low too
often (`docs/decisions/0012-what-is-left-to-gain.md`).
"""


CALM_KNOWN = 2
"""The same, where the response is to be known everywhere: a mean over the space is steadier than its
best point (`docs/decisions/0019-to-know-everywhere.md`).
"""


class Outlook(Value):
    """What a model expected to be left, before its decision, in the objective's unit.

    `gain` is the expected improvement by the next experiment where it is largest. `left` maps a
    confidence in per cent to how much at most any point is better than the best one known. `rows` is
    how many results it knew; `widened` by how much its deviations were multiplied, since earlier
    predictions were further off than they said.

    Where the response is to be known everywhere nothing is to be gained, and `unknown` says how much of
    it is not known: the mean over the space of the posterior deviation, widened; of classes the expected
    share of wrong labels.
    """

    gain: float = Field(default=0.0, ge=0)
    left: dict[str, float] = Field(default_factory=dict)
    rows: int = Field(ge=1)
    widened: float = Field(default=1.0, ge=1)
    unknown: float | None = later(None, ge=0)


def latest(outlooks: Sequence[Outlook | None]) -> tuple[Outlook, ...]:
    """The last outlooks, each with more results than the one before; at most `CALM`.

    Args:
        outlooks: Of decisions in their order; None of one that had none, of replicates only, say.
    """
    found: list[Outlook] = []
    for one in reversed(outlooks):
        if one is not None and (not found or one.rows < found[-1].rows):
            found.append(one)
    return tuple(reversed(found[:CALM]))
