"""What past campaigns teach of priors: how far to believe them before there are results.

Each campaign's rows are predicted from what the others knew (leave one campaign out); what is learnt
is what makes those predictions likeliest, held to the defaults by a prior of its own.
"""

from collections.abc import Callable, Sequence
from itertools import product
from math import exp, log

from scipy.special import logsumexp

from agent.core.transfer import Experience, Trust
from agent.learn.priors.beliefs import Name, beliefs
from agent.learn.priors.expert import fit_expert
from agent.learn.priors.given import Given

Progress = Callable[[int, int], None]
"""Called with (experiences tried, at the most)."""

_STEPS = (-1.0, -0.5, 0.5, 1.0)
_SWEEPS = 3
_HELD: dict[str, float] = {
    "trust": 1.0, "mirrored": 0.7, "coefficient": 0.35, "spread": 0.7, "leftover": 0.7,
}  # fmt: skip
"""Deviation of each from its default, in logarithms (of odds for the first two)."""


class Record:
    """How well the experts have predicted past campaigns; each is fitted once for what it depends on.

    Args:
        past: Each campaign's rows, with what the others knew as its sources.
    """

    def __init__(self, past: Sequence[Given]) -> None:
        self.past = tuple(past)
        self._known: dict[tuple[int, Name, tuple[float, ...]], float] = {}

    def evidence(self, experience: Experience) -> float:
        """Log evidence of the rows under an experience, summed over campaigns.

        Raises:
            ModelError: an expert could not be fitted.
        """
        return sum(self._of(number, experience) for number in range(len(self.past)))

    def _of(self, number: int, experience: Experience) -> float:
        given = self.past[number]
        told = []
        for one in beliefs(given.encoding.scales, given.sources, given.believed, experience):
            values = (experience.coefficient, experience.spread, experience.leftover)
            mark = (number, one.name, values if one.sources else ())
            if mark not in self._known:
                found = fit_expert(one, given.training(given.scaling)).found
                self._known[mark] = found.evidence
            told.append(log(one.weight) + self._known[mark])
        return float(logsumexp(told))


def likeliest(record: Record, start: Experience, progress: Progress | None = None) -> Experience:
    """The experience under which past campaigns' rows are likeliest, from `start`.

    Coordinate by coordinate over steps of half a deviation; what is not told by the rows stays.

    Args:
        record: How well past campaigns were predicted.
        start: What is held to.
        progress: Told after each experience that was tried (how many, how many at the most).

    Raises:
        ModelError: an expert could not be fitted.
    """
    moved, tried, most = dict.fromkeys(_HELD, 0.0), 0, _SWEEPS * len(_HELD) * len(_STEPS)
    best = record.evidence(start)
    for _ in range(_SWEEPS):
        before = best
        for name, step in product(_HELD, _STEPS):
            further = {**moved, name: moved[name] + step}
            held = sum(apart**2 for apart in further.values()) / 2
            density = record.evidence(_moved(start, further)) - held
            if density > best + 1e-9:
                best, moved = density, further
            tried += 1
            if progress is not None:
                progress(tried, most)
        if best == before:
            break
    return _moved(start, moved)


def _moved(start: Experience, moved: dict[str, float]) -> Experience:
    """`start`, moved by so many deviations along each."""
    shift = {name: _HELD[name] * apart for name, apart in moved.items()}
    believed: dict[Trust, float] = {
        word: _odds(weight, shift["trust"]) for word, weight in start.believed.items()
    }
    return Experience(
        believed=believed,
        mirrored=min(_odds(start.mirrored, shift["mirrored"]), 0.49),
        **{
            name: getattr(start, name) * exp(shift[name])
            for name in ("coefficient", "spread", "leftover")
        },
    )


def _odds(share: float, by: float) -> float:
    """A share whose odds are multiplied by e to the `by`."""
    return 1 / (1 + (1 - share) / share * exp(-by))
