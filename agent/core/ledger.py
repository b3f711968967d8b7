"""What priors have saved so far, or cost, in experiments: reckoned from each decision's shadow."""

from collections.abc import Sequence

from pydantic import Field

from agent.core.objective import Objective
from agent.core.values import Point, Value


class Shadow(Value):
    """One experiment beside what would have been done instead without priors.

    Attributes:
        value: What it measured; None if nothing.
        instead: The point that the same decision would have chosen without priors; None if it is
            the same one.
        expected: What is expected there, or was measured since.
        trusted: How far each source was believed, by its name; empty where the choice was made
            without them.
    """

    value: float | None
    instead: Point | None = None
    expected: float | None = None
    trusted: dict[str, float] = Field(default_factory=dict)


class Saving(Value):
    """How many experiments the priors have saved; negative: cost.

    Attributes:
        experiments: All together.
        by_source: The same, shared out by how far each source was believed.
        of: Experiments that it was reckoned from.
    """

    experiments: int
    by_source: dict[str, float]
    of: int


def saving(shadows: Sequence[Shadow], objective: Objective) -> Saving | None:
    """What the priors have saved by now; None before they had a say.

    Two curves of the best so far stand beside each other: that of what was measured, and that of
    the shadow, in which each experiment that the priors chose is what would have been done instead.
    If the real one is ahead, it has saved the experiments since it passed the shadow's last best; if
    it is behind, it has cost those since the shadow passed the real one's last best. The shadow
    knows what the priors' experiments have taught, so it is ahead of a campaign without priors.
    """
    if not any(one.trusted for one in shadows):
        return None
    real: list[float] = []
    shadow: list[float] = []
    for one in shadows:
        score = float("-inf") if one.value is None else objective.score(one.value)
        beside = score
        if one.instead is not None and one.expected is not None:
            beside = objective.score(one.expected)
        real.append(max(score, real[-1]) if real else score)
        shadow.append(max(beside, shadow[-1]) if shadow else beside)
    ahead = real[-1] >= shadow[-1]
    leader, other = (real, shadow[-1]) if ahead else (shadow, real[-1])
    passed = next(number for number, score in enumerate(leader, start=1) if score >= other)
    count = len(shadows) - passed
    saved = count if ahead else -count
    return Saving(experiments=saved, by_source=_shared_out(saved, shadows), of=len(shadows))


def _shared_out(saved: int, shadows: Sequence[Shadow]) -> dict[str, float]:
    total: dict[str, float] = {}
    for one in shadows:
        for name, trusted in one.trusted.items():
            total[name] = total.get(name, 0.0) + trusted
    whole = sum(total.values())
    return {name: round(saved * part / whole, 2) if whole else 0.0 for name, part in total.items()}
