"""Sources: what was known before the campaign began, as a file names it and as rows."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

from pydantic import Field, model_validator

from agent.core import expressions
from agent.core.execution import Execution
from agent.core.transfer import Trust
from agent.core.values import Point, Scalar, Value, digest
from agent.errors import SpaceError

KINDS = ("table", "campaign", "formula", "model", "oracle", "alike")
"""Where a prior may come from: one of these keys is given."""

LEFT_OUT = "left out: "
"""Before the reason, in a decision's note on a source that it could not use."""


class SourceRow(Value):
    """One result of a source: a point in the campaign's columns (those that the source knows), the
    value, and its standard uncertainty, if known.
    """

    point: Point
    value: float
    sd: float | None = None


class Source(Value):
    """The rows of an earlier campaign, a table, a simulation, a formula or a model.

    Attributes:
        name: What people call it.
        trust: How much it is believed before the campaign has results of its own.
        rows: Its results.
        comparable: Whether its values are in the objective's unit, so that the campaign's first
            values can be expected where the source's were.
        context: Columns of its rows that are no settings here but the campaign's circumstances, each
            with what it is in this campaign.
    """

    name: str
    trust: Trust
    rows: tuple[SourceRow, ...] = Field(min_length=1)
    comparable: bool = True
    context: Point = Field(default_factory=dict)

    @cached_property
    def sha256(self) -> str:
        """The hash that names it."""
        return digest(self)


class SourceRef(Value):
    """Where a resolved source is kept: the blob's sha256, and how many rows it has."""

    sha256: str
    rows: int


class Oracle(Execution):
    """A simulation that is run on a design first: a campaign of its own, which nobody reviews."""

    experiments: int = Field(default=20, ge=2, description="how many points it is asked first")
    in_flight: int = Field(default=1, ge=1, description="experiments at the same time")


class TransferPrior(Value):
    """What is known: a table of results, an earlier campaign of the store, those that look alike, a
    simulation that is run first, a pretrained model, or a formula of physics.

    Its columns are those of the same name, or those that `columns` names. What it does not know is
    left out: its own model does not depend on it.
    """

    name: str | None = Field(default=None, description="default: the table's or campaign's name")
    table: str | None = Field(default=None, description="CSV or Parquet of results, a row each")
    campaign: str | None = Field(default=None, description="name of a campaign in the store")
    formula: str | None = Field(
        default=None, description="what physics expects, in the objective's unit, of its columns"
    )
    model: str | None = Field(
        default=None, description="name of a pretrained model with a posterior (athanor.models)"
    )
    oracle: Oracle | None = Field(
        default=None, description="a simulation that is run on a design first"
    )
    alike: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="up to so many earlier campaigns of the store that look alike",
    )
    trust: Trust = Field(
        default="similar",
        description="same (laboratory and system), similar, simulation (of an oracle: the default), "
        "or maybe related",
    )
    where: dict[str, Scalar] = Field(
        default_factory=dict, description="of a table, only the rows with these values"
    )
    fidelity: str = Field(
        default="target", description="of a campaign, the results of this fidelity"
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="column of this campaign -> column of the source, with its unit: `T [K]`",
    )
    fixed: dict[str, Scalar] = Field(
        default_factory=dict,
        description="setting that all its rows have, and that it does not name",
    )
    inputs: tuple[str, ...] = Field(
        default=(), description="of a model, the columns that it takes, in order: `temperature [K]`"
    )
    value: str | None = Field(
        default=None, description="its column of results; default: the objective's name"
    )
    source: SourceRef | None = None
    found: bool = Field(default=False, description="made by the loader: `alike` has found it")

    @model_validator(mode="before")
    @classmethod
    def _simulated(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("oracle") is not None:
            return {"trust": "simulation", **given}
        return given

    @model_validator(mode="after")
    def _sane(self) -> "TransferPrior":
        if len([key for key in KINDS if getattr(self, key) is not None]) != 1:
            raise ValueError(f"give one of {', '.join(KINDS)}")
        for key, kind in (("where", "table"), ("inputs", "model")):
            if getattr(self, key) and getattr(self, kind) is None:
                raise ValueError(f"{key} belongs to a {kind}")
        if self.model is not None and not self.inputs:
            raise ValueError("a model needs its inputs, in their order")
        if self.fidelity != "target" and self.campaign is None:
            raise ValueError("fidelity belongs to a campaign")
        if self.formula is not None:
            try:
                expressions.formula(self.formula)
            except SpaceError as error:
                raise ValueError(str(error)) from error
        return self

    @property
    def called(self) -> str:
        """Its name, or what it is read from."""
        if self.name is not None:
            return self.name
        if self.oracle is not None:
            return self.oracle.adapter
        if self.table is not None:
            return self.table.rsplit("/", 1)[-1]
        return self.campaign or self.formula or self.model or "alike"


class Predict(Protocol):
    """A pretrained model: rows of numbers in, mean and standard deviation of each out."""

    def __call__(self, rows: Sequence[Sequence[float]]) -> Sequence[tuple[float, float]]:
        """What it expects.

        Raises:
            AthanorError: it cannot say.
        """
        ...
