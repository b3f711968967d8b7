"""What a campaign says about its priors: how far they may take part in the choice."""

from typing import Literal

from pydantic import Field, model_validator

from agent.core.values import Value

Trust = Literal["same", "similar", "simulation", "maybe"]
"""How much a person believes that a source speaks of the same thing."""

TRUSTS: tuple[Trust, ...] = ("same", "similar", "simulation", "maybe")

Method = Literal[
    "experts", "multi_task", "multi_task_free", "stacked", "rgpe", "pooled", "none"
]  # fmt: skip


class Experience(Value):
    """What is expected of sources before a campaign has a result of its own.

    The defaults were chosen on made-up problems; a laboratory can learn its own from its past
    campaigns (`athanor priors learn`).
    """

    believed: dict[Trust, float] = Field(
        default={"same": 0.8, "similar": 0.65, "simulation": 0.5, "maybe": 0.3},
        description="weight of the experts that believe the sources, for each word of trust",
    )
    mirrored: float = Field(
        default=0.125, gt=0, lt=0.5, description="of that, the part that believes them upside down"
    )
    coefficient: float = Field(
        default=0.8, gt=0, le=100, description="mean of a source's coefficient; 1 is at face value"
    )
    spread: float = Field(default=0.36, gt=0, le=100, description="variance of that coefficient")
    leftover: float = Field(
        default=0.35,
        gt=0,
        le=100,
        description="variance of what sources leave over, their own being 1",
    )

    @model_validator(mode="after")
    def _sane(self) -> "Experience":
        if set(self.believed) != set(TRUSTS):
            raise ValueError(f"believed needs a weight for each of {', '.join(TRUSTS)}")
        if not all(0 < weight < 1 for weight in self.believed.values()):
            raise ValueError("a weight lies between 0 and 1")
        return self


class TransferRule(Value):
    """How priors take part in the choice, and the guard against those that mislead."""

    method: Method = Field(
        default="experts",
        description="experts (weighed by their record here), or to compare with: multi_task, "
        "multi_task_free (correlations of either sign), stacked, rgpe, pooled; none leaves them out",
    )
    plain_every: int = Field(
        default=2,
        ge=0,
        description="every so many-th experiment is what it would be without priors; 0: none",
    )
    off_below: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="a prior whose weight stays below is switched off; 0: never",
    )
    learnt: bool = Field(
        default=False,
        description="learn the experience from the laboratory's past campaigns, when the file enters",
    )
    experience: Experience = Field(
        default=Experience(), description="what is expected of priors before the first result"
    )
