"""Values of objectives in words: for terminals, artifacts and reports."""

from collections.abc import Mapping

from agent.core.aim import Aim


def told(values: Mapping[str, float], aim: Aim) -> str:
    """Each value with its objective and unit: `yield 83 percent, cost 1.2 EUR`."""
    return ", ".join(
        f"{one.name} {values[one.name]:.5g}" + ("" if one.unit == "1" else f" {one.unit}")
        for one in aim.objectives
        if one.name in values
    )
