"""Sources: what was known before the campaign began, as a file names it and as rows."""

from functools import cached_property

from pydantic import Field, model_validator

from agent.core import expressions
from agent.core.transfer import Trust
from agent.core.values import Point, Scalar, Value, digest
from agent.errors import SpaceError


class SourceRow(Value):
    """One result of a source: a point in the campaign's columns (those that the source knows), the
    value, and its standard uncertainty, if known.
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
        comparable: Whether its values are in the objective's unit, so that the campaign's first
            values can be expected where the source's were.
    """

    name: str
    trust: Trust
    rows: tuple[SourceRow, ...] = Field(min_length=1)
    comparable: bool = True

    @cached_property
    def sha256(self) -> str:
        """The hash that names it."""
        return digest(self)


class SourceRef(Value):
    """Where a resolved source is kept: the blob's sha256, and how many rows it has."""

    sha256: str
    rows: int


class TransferPrior(Value):
    """What is known: a table of results, an earlier campaign of the store, or a formula of physics.

    Its columns are those of the same name, or those that `columns` names. What it does not know is
    left out: its own model does not depend on it.
    """

    name: str | None = Field(default=None, description="default: the table's or campaign's name")
    table: str | None = Field(default=None, description="CSV or Parquet of results, a row each")
    campaign: str | None = Field(default=None, description="name of a campaign in the store")
    formula: str | None = Field(
        default=None, description="what physics expects, in the objective's unit, of its columns"
    )
    trust: Trust = Field(
        default="similar",
        description="same (laboratory and system), similar, simulation, or maybe related",
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="column of this campaign -> column of the source, with its unit: `T [K]`",
    )
    fixed: dict[str, Scalar] = Field(
        default_factory=dict,
        description="setting that all its rows have, and that it does not name",
    )
    value: str | None = Field(
        default=None, description="its column of results; default: the objective's name"
    )
    source: SourceRef | None = None

    @model_validator(mode="after")
    def _sane(self) -> "TransferPrior":
        if sum(one is not None for one in (self.table, self.campaign, self.formula)) != 1:
            raise ValueError("give either a table, a campaign or a formula")
        if self.formula is not None:
            try:
                expressions.formula(self.formula)
            except SpaceError as error:
                raise ValueError(str(error)) from error
        return self

    @property
    def called(self) -> str:
        """Its name, or what it is read from."""
        return self.name or self.campaign or self.formula or str(self.table).rsplit("/", 1)[-1]
