"""Execution: who carries an experiment out, and with which settings."""

from typing import Any

from pydantic import Field

from agent.core.budget import Duration
from agent.core.values import Value


class Execution(Value):
    """Who executes: an adapter by name, and its settings."""

    adapter: str = Field(
        description="name of an adapter: one that comes with it (docs/adapters.md), or an installed one"
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="what this adapter takes")
    instrument: str | None = Field(
        default=None, description="name of the instrument; default: the adapter's name"
    )
    attempts: int = Field(
        default=3, ge=1, description="sendings of a trial that the adapter refuses"
    )
    deadline: Duration | None = Field(
        default=None, description="a job that takes longer is looked into by a person"
    )
    poll: Duration = Field(
        default=Duration(limit=1, unit="s"), description="pause between two looks at running jobs"
    )

    @property
    def target(self) -> str:
        """The instrument's name."""
        return self.instrument or self.adapter
