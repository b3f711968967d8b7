"""Grounds: what of a choice can be checked: the data behind it, and what else there was."""

from collections.abc import Mapping

from pydantic import Field

from agent.core.values import Point, Value

MOST = 3
"""How many of each kind are told: what is read in ten seconds."""

_LOST = {
    "exploit": "worse prediction",
    "explore": "less unknown there",
    "feasible": "less likely to work",
    "in_flight": "near one in flight",
    "cost": "costs more",
}
_OTHERWISE = {
    "thompson": "lower in this draw",
    "committee": "the committee disagrees less",
    "uncertainty": "tells less of the rest of the space",
}
_COUNTS = 0.25


class Neighbour(Value):
    """A measured point that is near. `trial` is its first; `values` are the means of its readings, by
    objective; `differs` are those of its settings that are other ones; `distance` is that of the two
    in the unit cube of the space.
    """

    trial: str
    values: dict[str, float]
    differs: Point
    distance: float = Field(ge=0)


class Influence(Value):
    """A reading (`row` is its observation) and by how much it moved the prediction: the mean with it
    less the mean without it, all else that the model has learnt held, in the unit of `objective`.
    """

    row: str
    trial: str
    objective: str
    value: float
    moved: float


class RunnerUp(Value):
    """A candidate that was nearly chosen, apart from the chosen point and from the other ones.

    `prediction` maps objective -> (mean, sd), in its unit; `lost` splits by how much its acquisition
    (`score`) is lower, into `exploit`, `explore`, `feasible`, `in_flight` and `cost`. It is empty where the
    policy has no such parts, and where the candidate is as good in all of them.
    """

    point: Point
    prediction: dict[str, tuple[float, float]]
    score: float
    feasible: float | None = Field(default=None, ge=0, le=1)
    lost: dict[str, float] = Field(default_factory=dict)


class Grounds(Value):
    """What speaks for a chosen point, at most `MOST` of each kind, the foremost first.

    `probability_of_improvement` is that of its underlying value being better than the best expected one
    of a measured point (Kushner, 1964); None of several objectives, and before there is a measured point.
    """

    probability_of_improvement: float | None = Field(default=None, ge=0, le=1)
    neighbours: tuple[Neighbour, ...] = ()
    influences: tuple[Influence, ...] = ()
    runners_up: tuple[RunnerUp, ...] = ()


def why_it_lost(lost: Mapping[str, float], acquisition: str) -> str:
    """Why a runner-up was not chosen, in words.

    Args:
        lost: Its parts.
        acquisition: The policy's name.
    """
    if not lost:
        return _OTHERWISE.get(acquisition, "about as good")
    leading = sorted((name for name in lost if lost[name] >= _COUNTS), key=lambda name: -lost[name])
    return " and ".join(_LOST[name] for name in leading)
