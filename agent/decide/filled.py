"""The candidates that a batch is filled from, while it is."""

from collections.abc import Iterator

import torch

from agent.core.values import Point
from agent.decide.candidates import Candidates
from agent.decide.costs import Prices
from agent.decide.fill import Filling


class Filled:
    """Candidates with what each is wanted, for what it costs.

    Args:
        few: The candidates.
        filling: How much each is wanted.
    """

    def __init__(self, few: Candidates, filling: Filling) -> None:
        self._few, self._filling = few, filling
        self._left = torch.ones(len(few), dtype=torch.bool)

    def best(self, prices: Prices) -> Iterator[tuple[Point, float]]:
        """The candidates with their scores for what they cost now, best first; those that cannot be
        chosen never come again.
        """
        scores = prices.weighed(self._filling.score(), self._few)
        while bool(self._left.any()):
            at = int(torch.where(self._left, scores, -torch.inf).argmax())
            if not self._left[at]:
                return
            self._left[at] = False
            yield self._few.point(at), float(scores[at])

    def take(self, point: Point) -> None:
        """From now on a point is in flight."""
        self._filling.take(self._few.encoding.encode([point]))

    def worth(self) -> float:
        """What all that was taken is worth together."""
        return self._filling.worth()
