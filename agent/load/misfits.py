"""What a person should know of a prior's rows: what they leave open, what means nothing here, leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.pools import PoolColumn
from agent.core.source import SourceRow, TransferPrior
from agent.core.space import Parameter
from agent.core.values import Scalar
from agent.load.faults import Findings, Loc, listed
from agent.load.results import Results
from agent.load.target import Target

_MOST_GROUPS = 12


@dataclass(frozen=True)
class Offered:
    """A prior's rows, in the campaign's columns and units.

    Attributes:
        findings: Takes faults and warnings.
        loc: The prior's place.
        prior: What the file says of it.
        results: What it has.
        target: The campaign that it is a prior of.
        settings: Those columns of the campaign that it knows, each as long as the results.
        rows: Its results that are numbers.
    """

    findings: Findings
    loc: Loc
    prior: TransferPrior
    results: Results
    target: Target
    settings: Mapping[str, Sequence[Scalar]]
    rows: Sequence[SourceRow]

    def warn(self, what: str, mend: str = "") -> None:
        """Tell something of the prior as a whole."""
        self.findings.warn(self.loc, what, mend)

    def column(self, name: str) -> list[float]:
        """A numeric column of the rows."""
        return [float(row.point[name]) for row in self.rows]


def tell(offered: Offered) -> None:
    """Say all of it; a column that has none of the choices is a fault."""
    _missing(offered)
    _without_result(offered)
    _strange_choices(offered)
    _out_of_bounds(offered)
    _without_place(offered)
    _leaks(offered)
    _thrown_together(offered)


def _missing(offered: Offered) -> None:
    missing = [
        name
        for one in offered.target.space.parameters
        for name in one.columns
        if name not in offered.settings
        and not (isinstance(one, PoolColumn) and _described(one, offered.settings))
    ]
    if missing:
        what = f"{offered.prior.called} does not know {listed(missing)}"
        offered.warn(what, "if all its rows have one setting, say so under `fixed`")


def _described(parameter: PoolColumn, settings: Mapping[str, Sequence[Scalar]]) -> bool:
    """Whether the source knows every descriptor of the candidates."""
    return parameter.pool is not None and all(
        name in settings for name in parameter.pool.descriptors
    )


def _without_result(offered: Offered) -> None:
    count = offered.results.rows
    if len(offered.rows) < count:
        empty = count - len(offered.rows)
        offered.warn(f"{empty} of {count} rows of {offered.prior.called} have no result")


def _strange_choices(offered: Offered) -> None:
    choices = {
        one.name: one.choices
        for one in offered.target.space.parameters
        if isinstance(one, CategoricalParameter)
    }
    called = offered.prior.called
    strange: set[str] = set()
    for name in choices.keys() & offered.settings.keys():
        cells = {str(cell) for cell in offered.settings[name]}
        if cells.isdisjoint(choices[name]):
            what = f"{called} has none of the choices of {name}: {listed(choices[name], 4)}"
            mend = f"take the column out of it, and its rows speak of every {name}"
            offered.findings.fault((*offered.loc, "columns"), what, mend)
        strange |= cells - set(choices[name])
    if strange:
        told = listed(sorted(strange), 4)
        offered.warn(f"{called} has {told}, no choice here: rows left out")


def _out_of_bounds(offered: Offered) -> None:
    """Rows that all lie beside the bounds teach by extrapolation alone: most often a wrong unit."""
    for one in offered.target.space.parameters:
        bounds = _bounds(one)
        if bounds is None or one.name not in offered.settings:
            continue
        low, high = bounds
        told = offered.column(one.name)
        if max(told) < low or min(told) > high:
            what = f"every row of {offered.prior.called} lies outside the bounds of {one.name}"
            theirs = f"{min(told):g} to {max(told):g}, here {low:g} to {high:g} {one.unit}".strip()
            offered.warn(f"{what}: {theirs}", "is it in the unit that its header says?")


def _bounds(parameter: Parameter) -> tuple[float, float] | None:
    """The least and the largest setting; None where settings are no numbers on a line."""
    if isinstance(parameter, DiscreteParameter):
        return parameter.values[0], parameter.values[-1]
    if isinstance(parameter, ContinuousParameter | IntegerParameter):
        return parameter.low, parameter.high
    return None


def _without_place(offered: Offered) -> None:
    """A logarithmic scale has no place for zero and below."""
    for one in offered.target.space.parameters:
        logarithmic = isinstance(one, ContinuousParameter) and one.scale == "log"
        if not logarithmic or one.name not in offered.settings:
            continue
        told = offered.column(one.name)
        lost = sum(value <= 0 for value in told)
        if lost:
            what = f"{lost} of {len(told)} rows of {offered.prior.called} have {one.name} at or below 0"
            offered.warn(f"{what}, on a logarithmic scale: left out")


def _leaks(offered: Offered) -> None:
    space, rows = offered.target.space, offered.rows
    if space.size() is None or not all(name in offered.settings for name in space.columns):
        return
    points = [{name: row.point[name] for name in space.columns} for row in rows]
    leaks = sum(point in space for point in points)
    if leaks:
        called = offered.prior.called
        what = f"{leaks} of {len(rows)} rows of {called} are settings that may be chosen here"
        mend = "were they measured in this very campaign, they would be known twice: leave them out"
        offered.warn(what, mend if offered.prior.trust == "same" else "")


def _thrown_together(offered: Offered) -> None:
    """Groups of a table's rows: a column of few values that nobody asks for."""
    prior, results = offered.prior, offered.results
    if prior.table is None:
        return
    asked = {results.asked(prior.columns.get(name, name))[0] for name in offered.settings}
    asked |= {results.asked(prior.value or offered.target.objective.name)[0], *prior.where}
    groups = {
        name: len({str(cell) for cell in cells})
        for name, cells in results.columns.items()
        if name not in asked
    }
    few = {name: count for name, count in groups.items() if 1 < count <= _MOST_GROUPS}
    if few:
        told = listed([f"{name} ({count} values)" for name, count in few.items()], 4)
        what = f"{prior.called} has rows of different {told}, taken together"
        offered.warn(what, "where: {COLUMN: VALUE} keeps one; context makes it an input")
