"""Importance: how far what is measured depends on each parameter, as a model sees it."""

from pydantic import Field

from agent.core.values import Value


class Part(Value):
    """The share of an objective's variance over the space that one parameter has a part in, or two
    have together. `low` and `high` hold 90 % of the posterior.
    """

    parameters: tuple[str, ...]
    share: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class Importance(Value):
    """What an objective depends on, the most important first.

    `totals` are of single parameters, alone and with others, so that they may sum to more than one;
    `alone` what the foremost of them do by themselves; `pairs` the strongest of what two do only together.
    """

    objective: str
    totals: tuple[Part, ...]
    alone: tuple[Part, ...]
    pairs: tuple[Part, ...]
