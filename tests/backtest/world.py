"""Small campaigns to back-test: a recorded table of a grid, and a test function."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.assemble import adapter_of
from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.pools import Pool


@dataclass(frozen=True)
class Given:
    """A resolved campaign, as the loader would make it."""

    campaign: Campaign
    blobs: dict[str, bytes] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)


def grid(folder: Path, budget: int = 8, name: str = "grid", **more: Any) -> Given:
    """A 5 x 5 grid, each point measured twice, 1 apart: the mean at (a, b) is 10 a + b, at most 44."""
    file = folder / "grid.csv"
    lines = ["a,b,y", *(f"{a},{b},{10 * a + b + d}" for a in range(5) for b in range(5) for d in (-0.5, 0.5))]  # fmt: skip  # noqa: E501
    file.write_text("\n".join(lines) + "\n")
    document: dict[str, Any] = {
        "name": name,
        "parameters": [
            {"type": "discrete", "name": column, "levels": [0, 1, 2, 3, 4]} for column in "ab"
        ],
        "objectives": [{"name": "y", "unit": "1", "goal": "maximise"}],
        "budget": {"experiments": budget},
        "policy": {"initial": {"size": 3}},
        "execution": {
            "adapter": "table",
            "settings": {"file": str(file), "objectives": {"y": {"unit": "1"}}},
        },
    }
    return Given(Campaign.model_validate({**document, **more}))


def gardner(budget: int = 14) -> Given:
    """A function that works where cos(x1 + x2) <= 0.5 only, to be minimised."""
    document = {
        "name": "gardner",
        "parameters": [
            {"type": "continuous", "name": name, "low": 0, "high": 6} for name in ("x1", "x2")
        ],
        "objectives": [{"name": "value", "unit": "1", "goal": "minimise"}],
        "budget": {"experiments": budget},
        "execution": {"adapter": "function", "settings": {"function": "gardner", "unit": "1"}},
    }
    return Given(Campaign.model_validate(document))


def branin(budget: int = 6, **settings: Any) -> Given:
    """Branin on its box, to be minimised."""
    document = {
        "name": "branin",
        "parameters": [
            {"type": "continuous", "name": "x1", "low": -5, "high": 10},
            {"type": "continuous", "name": "x2", "low": 0, "high": 15},
        ],
        "objectives": [{"name": "value", "unit": "1", "goal": "minimise"}],
        "budget": {"experiments": budget},
        "execution": {
            "adapter": "function",
            "settings": {"function": "branin", "unit": "1", **settings},
        },
    }
    return Given(Campaign.model_validate(document))


def make(campaign: Campaign) -> Adapter:
    """The adapter that the campaign names."""
    return adapter_of(campaign)


class Broken(RuntimeError):
    """A fault of an adapter's own code."""


UNLUCKY = "unlucky"


def make_unless_unlucky(campaign: Campaign) -> Adapter:
    """An adapter that cannot be made for a run of the random policy of the campaign `unlucky`."""
    if campaign.name == UNLUCKY and campaign.policy.name == "random":
        raise Broken("the cable is out")
    return adapter_of(campaign)


def make_or_die(campaign: Campaign) -> Adapter:
    """The same, and its process dies."""
    if campaign.name == UNLUCKY and campaign.policy.name == "random":
        os._exit(3)
    return adapter_of(campaign)
