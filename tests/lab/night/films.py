"""What the simulated night is about: films that are annealed, and how much light they absorb."""

from math import exp

EMPTY = 0.041
"""What the reader reads where nothing is in the well: finite, plausible, wrong."""

_BEST = {"perovskite": (132.0, 18.0, 1.35), "oxide": (168.0, 27.0, 1.10)}
_LEAST = 0.30


def absorbance(material: str, temperature: float, minutes: float) -> float:
    """Absorbance of a film of `material` that was annealed at `temperature` (degC) for so many `minutes`."""
    hot, long, most = _BEST[material]
    off = ((temperature - hot) / 28.0) ** 2 + ((minutes - long) / 11.0) ** 2
    return _LEAST + (most - _LEAST) * exp(-off)
