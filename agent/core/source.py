"""Sources: what was known before the campaign began, as rows in its own columns."""

from typing import Literal

from pydantic import Field

from agent.core.values import Point, Value

Trust = Literal["same", "similar", "simulation", "maybe"]
"""How much a person believes that a source speaks of the same thing."""


class SourceRow(Value):
    """One result of a source: a point in the campaign's columns (those that the source knows), the
    value in the source's unit, and its standard uncertainty, if known.
    """

    point: Point
    value: float
    sd: float | None = None


class Source(Value):
    """The rows of an earlier campaign, a table or a simulation.

    Attributes:
        name: What people call it.
        trust: How much it is believed before the campaign has results of its own.
        rows: Its results.
        comparable: Whether its values are in the objective's unit and mean the same quantity, so
            that the campaign's first values can be expected where the source's were.
    """

    name: str
    trust: Trust
    rows: tuple[SourceRow, ...] = Field(min_length=1)
    comparable: bool = True
