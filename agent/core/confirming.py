"""Confirming the winner: samples made anew of the point that would be recommended."""

from collections.abc import Callable
from math import hypot

from pydantic import Field

from agent.core.history import key
from agent.core.values import Point, Value, later

CONFIRMATION = "confirmation"
"""What a choice is called that makes the winner anew."""

_TRIES = 2
"""How often each sample is tried: what fails again and again is not made for ever."""


class Ranked(Value):
    """A measured point by what a decision's model expected there: `mean` and `sd` of the underlying
    value, in the objective's unit. `trial` is the first one that was measured there.
    """

    trial: str
    point: Point
    mean: float
    sd: float = Field(ge=0)


class Anew(Value):
    """The samples that were made anew to confirm a point.

    `values` has the mean reading of each sample that brought one; `open` counts those that may still,
    and `tries` all that were not turned down.
    """

    point: Point
    values: tuple[float, ...] = ()
    open: int = 0
    tries: int = 0


class Confirming(Value):
    """What a decision is told of confirming the winner.

    Attributes:
        samples: Of the winner, made anew, that are wanted.
        usual: The same by the effect of the instrument; None where it was not asked.
        left: Experiments that may still be started, where they differ in price those at the winner's;
            None where the budget does not count them.
        why: Why it is enough, if a rule of the campaign says so.
        anew: What was made anew so far.
        kept: What is kept for it, where experiments differ in what they cost, with the way to `home`.
        home: The settings of the point that it is kept for.
    """

    samples: int = Field(ge=0)
    usual: int | None = None
    left: int | None = None
    why: str = ""
    anew: tuple[Anew, ...] = ()
    kept: float = later(0.0, ge=0)
    home: Point = later({})

    @property
    def last(self) -> bool:
        """Whether no more experiments are left than are kept for the winner."""
        return self.left is not None and self.left <= self.samples

    def of(self, point: Point) -> Anew:
        """What was made anew of a point."""
        here = (one for one in self.anew if key(one.point) == key(point))
        return next(here, Anew(point=point))

    def confirmed(self, point: Point) -> bool:
        """Whether the point has as many samples made anew as are wanted."""
        return len(self.of(point).values) >= self.samples

    def missing(self, point: Point) -> int:
        """How many samples of the point are to be made now: what is open may bring one."""
        one = self.of(point)
        wanted = self.samples - len(one.values) - one.open
        return max(0, min(wanted, _TRIES * self.samples - one.tries))

    def free(self, count: int) -> int:
        """Of `count` experiments so many as leave what is kept for the winner."""
        return count if self.left is None else max(0, min(count, self.left - self.samples))


Belief = tuple[float, float]
"""What is expected of a point: mean and standard deviation of its underlying value."""


def outdone(held: Belief, other: Belief, score: Callable[[float], float]) -> bool:
    """Whether a winner that was made anew gives way to another point: where that is expected to be better
    by more than the standard deviation of the difference, `sqrt(sd^2 + sd'^2)`. Among points as good as
    each other the lead changes with every reading, and no one of them would ever be confirmed.
    """
    return score(other[0]) - score(held[0]) > hypot(held[1], other[1])
