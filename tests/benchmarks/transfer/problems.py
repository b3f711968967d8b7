"""Problems of transfer: a pool to search, and sources that are related to it, or not.

Recorded families come from `../shared/data` (or ATHANOR_DATA). Nothing of the method was chosen by
looking at them: it was chosen on the made-up landscapes of `development.py`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from botorch.test_functions import Branin, Hartmann
from numpy.typing import NDArray
from pymatgen.core import Composition, Element
from sklearn.ensemble import ExtraTreesRegressor
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

UP = Objective(name="y", unit="1", goal="maximise")

Form = Literal["as is", "negated", "shuffled"]
Family = Literal["real", "helpful", "adversarial"]
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
        values: What is measured there, `n`.
        sources: Points and values of each source, all of them.
        objective: What is wanted of it; higher is better.
    """

    name: str
    family: Family
    space: SearchSpace
    points: tuple[Point, ...]
    values: Floats
    sources: tuple[tuple[tuple[Point, ...], Floats], ...]
    objective: Objective = UP

    @property
    def base(self) -> str:
        """What a campaign without priors is about, whatever the sources say."""
        return self.name.split(",")[0]

    @cached_property
    def scores(self) -> Floats:
        """How good each point of the pool is, `n`."""
        return np.array([self.objective.score(float(value)) for value in self.values])

    def regret(self, scores: Floats) -> Floats:
        """Normalised regret of scores found: 0 at the best, 1 at the median or below."""
        best, median = self.scores.max(), float(np.median(self.scores))
        return np.clip((best - scores) / (best - median), 0.0, 1.0)

    def drawn(self, seed: int, most: int = ROWS) -> tuple[Source, ...]:
        """The sources of one seed: 40 rows of each, or as many as are said."""
        random = np.random.default_rng([seed, 17])
        found = []
        for number, (points, values) in enumerate(self.sources):
            some = random.choice(len(points), min(most, len(points)), replace=False)
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
        return replace(self, name=f"{self.name}, {form}", family="adversarial", sources=sources)


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
    yield from _graphene(pd.read_csv(folder / "laser_induced_graphene.csv"))
    yield _gaps(pd.read_csv(folder / "camd_bandgap_mf.csv"))


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
    space = SearchSpace(parameters=tuple(choices_of(table, name) for name in columns))
    by_task = {task: table[table["task"] == task] for task in tasks}
    for task in tasks:
        others = tuple(rows_of(by_task[one], columns, "yield") for one in tasks if one != task)
        yield _of(f"buchwald {task[0]}", space, *rows_of(by_task[task], columns, "yield"), others)


def _arylation(table: pd.DataFrame) -> Iterator[Problem]:
    columns = ["base_name", "ligand_name", "solvent_name", "concentration"]
    levels = tuple(sorted(float(one) for one in table["concentration"].unique()))
    parameters: list[Parameter] = [choices_of(table, name) for name in columns[:3]]
    parameters.append(DiscreteParameter(name="concentration", levels=levels))
    space = SearchSpace(parameters=tuple(parameters))
    warm = {t: rows_of(table[table["temperature"] == t], columns, "yield") for t in (90, 105, 120)}
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
    space = SearchSpace(parameters=tuple(choices_of(table, name) for name in columns))
    points, values = rows_of(table, columns, "gap_hse_min")
    _, cheap = rows_of(table, columns, "gap_gga_min")
    return _of("perovskites", space, points, -values, ((points, -cheap),))


def _graphene(table: pd.DataFrame) -> Iterator[Problem]:
    """One precursor of three, off its measured points by a random forest of its own 210 runs; the
    pool is where any precursor was tried. The others' runs are as they were recorded.
    """
    numbers = ["power_mw", "time_ms", "pressure_psi"]
    table = table.assign(gas=table["gas"].astype(str))
    where = table[[*numbers, "gas"]].drop_duplicates().reset_index(drop=True)
    described = pd.get_dummies(where, columns=["gas"], dtype=float)
    space, points = pool_of(described.to_numpy(dtype=float))
    place = {
        tuple(row): point for row, point in zip(where.itertuples(index=False), points, strict=True)
    }
    tasks = sorted(table["task"].unique())
    by_task = {task: table[table["task"] == task] for task in tasks}
    for task in tasks:
        own = by_task[task]
        known = described.loc[
            [_row_of(where, row) for row in own[[*numbers, "gas"]].itertuples(index=False)]
        ]
        forest = ExtraTreesRegressor(300, min_samples_leaf=3, random_state=0, n_jobs=1)
        emulated = forest.fit(known, own["gd_ratio"]).predict(described)
        sources = []
        for other in tasks:
            if other != task:
                rows = by_task[other]
                there = tuple(
                    place[tuple(row)] for row in rows[[*numbers, "gas"]].itertuples(index=False)
                )
                sources.append((there, rows["gd_ratio"].to_numpy(dtype=float)))
        yield _of(f"graphene {task}", space, points, emulated, tuple(sources))


def _row_of(where: pd.DataFrame, row: tuple[object, ...]) -> int:
    same = (where == list(row)).all(axis=1)
    return int(same.to_numpy().argmax())


def _gaps(table: pd.DataFrame) -> Problem:
    """Measured band gaps near 1.5 eV, from elements alone; the source is the gap by DFT."""
    wide = table.pivot_table(index="reduced_formula", columns="gap_source", values="bandgap")
    columns = [_composition(formula) for formula in wide.index]
    space, points = pool_of(np.array(columns))
    objective = Objective(name="y", unit="eV", goal="match", target=1.5)
    source = (points, wide["dft"].to_numpy(dtype=float))
    measured = wide["expt"].to_numpy(dtype=float)
    return replace(_of("gaps", space, points, measured, (source,)), objective=objective)


def _composition(formula: str) -> list[float]:
    """Means and spreads over a formula's atoms of what the periodic table says of them."""
    parts = Composition(formula).fractional_composition.get_el_amt_dict()
    share = np.array(list(parts.values()))
    told = np.array(
        [[Element(one).X or 0.0, Element(one).row, Element(one).group, Element(one).mendeleev_no]
         for one in parts]
    )  # fmt: skip
    mean = share @ told
    spread = np.sqrt(share @ (told - mean) ** 2)
    return [*mean.tolist(), *spread.tolist()]


def _of(
    name: str,
    space: SearchSpace,
    points: tuple[Point, ...],
    values: Floats,
    sources: tuple[tuple[tuple[Point, ...], Floats], ...],
) -> Problem:
    return Problem(name, "real", space, points, values, sources)


def choices_of(table: pd.DataFrame, name: str) -> CategoricalParameter:
    """A column of names as a parameter."""
    return CategoricalParameter(name=name, choices=tuple(sorted(map(str, table[name].unique()))))


def rows_of(
    table: pd.DataFrame, columns: list[str], value: str
) -> tuple[tuple[Point, ...], Floats]:
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
    """Candidates that are described by numbers, `n x d`: their space, and its points."""
    ids = tuple(f"c{k:04d}" for k in range(len(numbers)))
    columns = {f"d{k}": tuple(column.tolist()) for k, column in enumerate(numbers.T)}
    space = SearchSpace(
        parameters=(CandidatesParameter(name="candidate", file="pool.csv"),),
        pools={"candidate": Pool(ids=ids, descriptors=columns)},
    )
    return space, tuple({"candidate": identity} for identity in ids)
