"""Problems of transfer: a pool to search, and sources that are related to it, or not.

Recorded families come from `../shared/data` (or ATHANOR_DATA). Nothing of the method was chosen by
looking at them: the development problems are made-up landscapes of other kinds (random Gaussian
fields in 2, 4 and 6 dimensions and hidden-descriptor tables, with sources of known correlation).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from botorch.test_functions import Branin, Hartmann
from numpy.typing import NDArray
from torch.quasirandom import SobolEngine

from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, DiscreteParameter
from agent.core.pools import CandidatesParameter, Pool
from agent.core.source import Source, SourceRow
from agent.core.space import Parameter, SearchSpace
from agent.core.values import Point

ROOT = Path(__file__).resolve().parents[3]
ROWS = 40
"""Rows of each source, drawn anew for each seed."""

Form = Literal["as is", "negated", "shuffled"]
Floats = NDArray[np.float64]
FORMS: tuple[Form, ...] = ("as is", "negated", "shuffled")


@dataclass(frozen=True)
class Problem:
    """A pool with its values, and tables of others over the same columns.

    Attributes:
        name: Of the problem.
        family: `real`, `helpful` or `adversarial`.
        space: What may be chosen.
        points: The pool.
        values: What is measured there, `n`; higher is better.
        sources: Points and values of each source, all of them.
    """

    name: str
    family: Literal["real", "helpful", "adversarial"]
    space: SearchSpace
    points: tuple[Point, ...]
    values: Floats
    sources: tuple[tuple[tuple[Point, ...], Floats], ...]

    @property
    def objective(self) -> Objective:
        """Higher is better."""
        return Objective(name="y", unit="1", goal="maximise")

    def regret(self, found: Floats) -> Floats:
        """Normalised regret of values found: 0 at the best, 1 at the median or below."""
        best, median = self.values.max(), float(np.median(self.values))
        return np.clip((best - found) / (best - median), 0.0, 1.0)

    def drawn(self, seed: int) -> tuple[Source, ...]:
        """The sources of one seed: 40 rows of each."""
        random = np.random.default_rng([seed, 17])
        found = []
        for number, (points, values) in enumerate(self.sources):
            some = random.choice(len(points), min(ROWS, len(points)), replace=False)
            rows = tuple(SourceRow(point=points[k], value=float(values[k])) for k in some)
            found.append(Source(name=f"source {number}", trust="same", rows=rows))
        return tuple(found)

    def turned(self, form: Form) -> "Problem":
        """The same with sources that mislead."""
        if form == "as is":
            return self
        random = np.random.default_rng(29)
        sources = tuple(
            (
                points,
                values.max() + values.min() - values
                if form == "negated"
                else random.permutation(values),
            )
            for points, values in self.sources
        )
        name = f"{self.name}, {form}"
        return Problem(name, "adversarial", self.space, self.points, self.values, sources)


def data() -> Path | None:
    """The folder of recorded experiments; None where it is not to be had."""
    folder = Path(os.environ.get("ATHANOR_DATA", ROOT.parent / "shared" / "data"))
    return folder if (folder / "photo_wf3.csv").is_file() else None


def recorded(folder: Path) -> Iterator[Problem]:
    """The families of recorded experiments, sources as they are."""
    yield from _buchwald(pd.read_csv(folder / "buchwald_hartwig.csv"))
    yield from _arylation(pd.read_csv(folder / "direct_arylation.csv"))
    yield _photo(pd.read_csv(folder / "photo_wf3.csv"), pd.read_csv(folder / "photo_pce10.csv"))
    yield _perovskites(pd.read_csv(folder / "hoip_multifidelity.csv"))


def synthetic() -> Iterator[Problem]:
    """Test functions with sources of controlled relation, over pools of 1,000 points."""
    for name, function, width in (
        ("branin", Branin(negate=True), 2),
        ("hartmann6", Hartmann(dim=6, negate=True), 6),
    ):
        cube = SobolEngine(width, True, 1).draw(1000, dtype=torch.float64)  # type: ignore[no-untyped-call]
        low, high = function.bounds.double()

        def at(X: torch.Tensor, function: object = function, low: torch.Tensor = low,
               high: torch.Tensor = high) -> Floats:  # fmt: skip
            values: Floats = function(low + X * (high - low)).numpy()  # type: ignore[operator]
            return values

        values = at(cube)
        yield from _related(name, cube.numpy(), values, at((cube + 0.06).clamp(0, 1)))


def _related(name: str, cube: Floats, values: Floats, shifted: Floats) -> Iterator[Problem]:
    space, points = pool_of(cube)
    random = np.random.default_rng(5)
    other = _field(cube, random)
    spread = values.std()
    far = ((cube - cube[values.argmax()]) ** 2).sum(1) / cube.shape[1]
    pit = values - 4 * spread * np.exp(-far / 0.02)
    helpful, unrelated = 3 * shifted + 2 * spread, spread * other
    tables: dict[str, tuple[Literal["helpful", "adversarial"], list[Floats]]] = {
        "helpful": ("helpful", [helpful]),
        "mixed": (
            "helpful",
            [helpful, unrelated, spread * _field(cube, random), -values, -shifted],
        ),
        "unrelated": ("adversarial", [unrelated, spread * _field(cube, random)]),
        "negated": ("adversarial", [-values, -shifted]),
        "deceptive": ("adversarial", [pit]),
    }
    for kind, (family, sources) in tables.items():
        pairs = tuple((points, one) for one in sources)
        yield Problem(f"{name}, {kind}", family, space, points, values, pairs)


def _field(cube: Floats, random: np.random.Generator) -> Floats:
    """A smooth function that has nothing to do with anything."""
    waves = random.normal(0, 6.0, (60, cube.shape[1]))
    drawn: Floats = np.cos(cube @ waves.T + random.uniform(0, 6.3, 60)) @ random.normal(size=60)
    return drawn / drawn.std()


def _buchwald(table: pd.DataFrame) -> Iterator[Problem]:
    columns = ["halogen", "additive", "base", "ligand"]
    tasks = sorted(table["task"].unique())
    space = SearchSpace(parameters=tuple(_choices(table, name) for name in columns))
    by_task = {task: table[table["task"] == task] for task in tasks}
    for task in tasks:
        others = tuple(_rows(by_task[one], columns, "yield") for one in tasks if one != task)
        yield _of(f"buchwald {task[0]}", space, *_rows(by_task[task], columns, "yield"), others)


def _arylation(table: pd.DataFrame) -> Iterator[Problem]:
    columns = ["base_name", "ligand_name", "solvent_name", "concentration"]
    levels = tuple(sorted(float(one) for one in table["concentration"].unique()))
    parameters: list[Parameter] = [_choices(table, name) for name in columns[:3]]
    parameters.append(DiscreteParameter(name="concentration", levels=levels))
    space = SearchSpace(parameters=tuple(parameters))
    warm = {t: _rows(table[table["temperature"] == t], columns, "yield") for t in (90, 105, 120)}
    yield _of("arylation 105", space, *warm[105], (warm[90], warm[120]))


def _photo(target: pd.DataFrame, earlier: pd.DataFrame) -> Problem:
    columns = [f"mat_{k}" for k in (1, 2, 3, 4)]
    means = [one.groupby(columns)["degradation"].mean().reset_index() for one in (target, earlier)]
    space, points = pool_of(means[0][columns].to_numpy())
    place = {
        tuple(row): point
        for row, point in zip(means[0][columns].to_numpy().round(6).tolist(), points, strict=True)
    }
    shared = [
        k
        for k, row in enumerate(means[1][columns].to_numpy().round(6).tolist())
        if tuple(row) in place
    ]
    rows = means[1].iloc[shared]
    known = tuple(place[tuple(row)] for row in rows[columns].to_numpy().round(6).tolist())
    source = (known, -rows["degradation"].to_numpy())
    return Problem(
        "photo wf3", "real", space, points, -means[0]["degradation"].to_numpy(), (source,)
    )


def _perovskites(table: pd.DataFrame) -> Problem:
    columns = ["organic", "cation", "anion"]
    space = SearchSpace(parameters=tuple(_choices(table, name) for name in columns))
    points, values = _rows(table, columns, "gap_hse_min")
    _, cheap = _rows(table, columns, "gap_gga_min")
    return _of("perovskites", space, points, -values, ((points, -cheap),))


def _of(
    name: str,
    space: SearchSpace,
    points: tuple[Point, ...],
    values: Floats,
    sources: tuple[tuple[tuple[Point, ...], Floats], ...],
) -> Problem:
    return Problem(name, "real", space, points, values, sources)


def _choices(table: pd.DataFrame, name: str) -> CategoricalParameter:
    return CategoricalParameter(name=name, choices=tuple(sorted(map(str, table[name].unique()))))


def _rows(table: pd.DataFrame, columns: list[str], value: str) -> tuple[tuple[Point, ...], Floats]:
    """The distinct points of a table, with the mean of their values."""
    means = table.groupby(columns)[value].mean().reset_index()
    points = tuple(
        {
            name: float(row[name]) if isinstance(row[name], float) else str(row[name])
            for name in columns
        }
        for row in means[columns].to_dict("records")
    )
    return points, means[value].to_numpy(dtype=float)


def pool_of(numbers: Floats) -> tuple[SearchSpace, tuple[Point, ...]]:
    ids = tuple(f"c{k:04d}" for k in range(len(numbers)))
    columns = {f"d{k}": tuple(column.tolist()) for k, column in enumerate(numbers.T)}
    space = SearchSpace(
        parameters=(CandidatesParameter(name="candidate", file="pool.csv"),),
        pools={"candidate": Pool(ids=ids, descriptors=columns)},
    )
    return space, tuple({"candidate": identity} for identity in ids)
