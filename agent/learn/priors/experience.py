"""What past campaigns teach of priors: how far to believe them before there are results.

Each campaign's rows are predicted from what the others knew (leave one campaign out); what is learnt
is what makes those predictions likeliest, held to the defaults by a prior of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, log

from scipy.special import logsumexp

from agent.core.transfer import Experience, Trust
from agent.learn.priors.experts import fit
from agent.learn.priors.given import Given

_STEPS = (-1.0, -0.5, 0.5, 1.0)
_SWEEPS = 3
_HELD: dict[str, float] = {
    "trust": 1.0, "mirrored": 0.7, "coefficient": 0.35, "spread": 0.7, "leftover": 0.7,
}  # fmt: skip
"""Deviation of each from its default, in logarithms (of odds for the first two)."""


def likeliest(past: Sequence[Given], start: Experience) -> Experience:
    """The experience under which past campaigns' rows are likeliest, from `start`.

    Coordinate by coordinate over steps of half a deviation; what is not told by the rows stays.

    Args:
        past: Each campaign's rows, with what the others knew as its sources.
        start: What is held to.

    Raises:
        ModelError: an expert could not be fitted.
    """
    moved = dict.fromkeys(_HELD, 0.0)
    best = _density(past, start, moved)
    for _ in range(_SWEEPS):
        before = best
        for name in _HELD:
            for step in _STEPS:
                tried = {**moved, name: moved[name] + step}
                density = _density(past, start, tried)
                if density > best + 1e-9:
                    best, moved = density, tried
        if best == before:
            break
    return _moved(start, moved)


def evidence(past: Sequence[Given], experience: Experience) -> float:
    """Log evidence of the rows of past campaigns under an experience, summed over campaigns."""
    return sum(_evidence(replace(one, experience=experience)) for one in past)


def _evidence(given: Given) -> float:
    made = fit(given)
    told = [log(one.belief.weight) + one.found.evidence for one in made.experts]
    return float(logsumexp(told))


def _density(past: Sequence[Given], start: Experience, moved: dict[str, float]) -> float:
    return evidence(past, _moved(start, moved)) - sum(apart**2 for apart in moved.values()) / 2


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
