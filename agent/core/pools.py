"""Pools: parameters whose settings are rows of a table, or elements on the sites of a prototype."""

from typing import Literal

from pydantic import Field, model_validator

from agent.core.parameters import Column, brief
from agent.core.values import Point, Scalar, Value

Pools = dict[str, "Pool"]
"""Parameter name -> its pool."""


class Pool(Value):
    """The resolved rows of a pool: `ids`, text columns (`labels`) and numbers (`descriptors`), by column."""

    ids: tuple[str, ...] = Field(min_length=1)
    labels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    descriptors: dict[str, tuple[float, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sane(self) -> "Pool":
        if len(set(self.ids)) < len(self.ids):
            raise ValueError("an id stands twice in the pool")
        if any(
            len(column) != len(self.ids)
            for column in (*self.labels.values(), *self.descriptors.values())
        ):
            raise ValueError("the columns of the pool are not equally long")
        return self

    def index(self) -> dict[str, int]:
        """Row of each id."""
        return {identity: row for row, identity in enumerate(self.ids)}

    def texts(self, identity: str) -> Point:
        """The labels of one candidate."""
        at = self.ids.index(identity)
        return {name: column[at] for name, column in self.labels.items()}

    def row(self, identity: str) -> Point:
        """The labels and descriptors of one candidate."""
        at = self.ids.index(identity)
        numbers: Point = {name: column[at] for name, column in self.descriptors.items()}
        return {**self.texts(identity), **numbers}


class PoolRef(Value):
    """Where a resolved pool is kept: the blob's sha256, and what its columns are."""

    sha256: str
    rows: int
    labels: tuple[str, ...]
    descriptors: tuple[str, ...]


class PoolColumn(Column):
    """What candidates and materials share: one column, whose settings are ids of a pool."""

    units: dict[str, str] = Field(
        default_factory=dict, description="units of the pool's columns, where they have one"
    )
    pool: PoolRef | None = Field(
        default=None, description="made by the loader; not written by hand"
    )

    def reason(self, value: Scalar, pool: Pool) -> str | None:
        """Why `value` cannot be chosen; None if it can."""
        if value in pool.ids:
            return None
        return f"{value!r} is not one of the {len(pool.ids)} candidates ({brief(pool.ids, 3)})"


class CandidatesParameter(PoolColumn):
    """One row of a table: a CSV or Parquet file with a row a candidate.

    `id_column` names the candidates; without it a candidate is called by its descriptors. Rows that
    are equal in id are one candidate.
    """

    type: Literal["candidates"] = "candidates"
    file: str = Field(description="CSV or Parquet, relative to the campaign file")
    id_column: str | None = None
    descriptors: tuple[str, ...] | None = Field(
        default=None, description="columns of numbers; default: every one"
    )
    labels: tuple[str, ...] = Field(default=(), description="columns of text that are sent along")


class Prototype(Value):
    """A crystal structure with the elements that may take each of its sites."""

    name: str = Field(description="B2, B1, L1_0, L1_2 …: what the adapter can build")
    sites: dict[str, tuple[str, ...]] = Field(
        min_length=1, description="site -> elements that may take it"
    )


class MaterialParameter(PoolColumn):
    """A crystal: elements on the sites of prototypes. Every combination is a candidate.

    Sent along: `prototype` and the element on each site. Descriptors are elemental properties of
    each site, from pymatgen.
    """

    type: Literal["material"] = "material"
    prototypes: tuple[Prototype, ...] = Field(min_length=1)
    properties: tuple[str, ...] = Field(
        default=("X", "row", "group", "atomic_radius", "mendeleev_no"),
        description="elemental properties (names of pymatgen's Element) that describe a site",
    )
