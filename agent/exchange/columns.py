"""Which column of a file is what, and in which unit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.core.campaign import Campaign
from agent.core.parameters import CategoricalParameter
from agent.core.pools import PoolColumn
from agent.core.units import convert, known
from agent.errors import Fault, IngestError
from agent.exchange.cells import parted
from agent.exchange.export import own_name
from agent.exchange.values import Kind, Matched

_PLAIN = frozenset({"", "1", "dimensionless"})


@dataclass(frozen=True)
class Wanted:
    """What a column may be: of what kind, for which name, in which unit; texts have none."""

    kind: Kind
    name: str
    unit: str | None = None


@dataclass
class Columns:
    """The columns of a file that are used, by what they are: place and matched header."""

    found: dict[Wanted, tuple[int, Matched]] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def at(self, kind: Kind, name: str) -> tuple[int, Matched] | None:
        """Where that column is; None if the file has none."""
        for wanted, place in self.found.items():
            if (wanted.kind, wanted.name) == (kind, name):
                return place
        return None


def matched(headers: Sequence[str], campaign: Campaign) -> Columns:
    """The columns of a file of results for `campaign`, with everything that is wrong with them."""
    wanted = _wanted(campaign)
    columns = Columns()
    for at, text in enumerate(headers):
        name, unit = parted(text)
        one = wanted.get(name)
        if one is None:
            columns.unused.append(text)
        elif one in columns.found:
            fault = Fault(f"column {text!r}", f"{name} stands twice", "leave one of the two out")
            columns.faults.append(fault)
        elif wrong := _unit_fault(text, unit, one):
            columns.faults.append(wrong)
            columns.found[one] = (at, Matched(text, name, unit or "", one.unit or ""))
        else:
            source = (unit or "") if one.unit is not None else ""
            target = one.unit or ""
            alike = source in _PLAIN and target in _PLAIN
            columns.found[one] = (at, Matched(text, name, target if alike else source, target))
    columns.faults += _missing(columns, campaign)
    return columns


def _wanted(campaign: Campaign) -> dict[str, Wanted]:
    """Name in a header -> what it is; a parameter's name comes before every other meaning."""
    space = campaign.space
    wanted: dict[str, Wanted] = {}
    for kind in ("role", "fidelity"):
        wanted[own_name(kind, space)] = Wanted("role" if kind == "role" else "fidelity", kind)
    wanted[own_name("in question", space)] = Wanted("in question", "in question")
    for one in campaign.objectives:
        wanted[one.name] = Wanted("value", one.name, one.unit)
        if not one.classed:
            wanted[f"{one.name} sd"] = Wanted("sd", one.name, one.unit)
        wanted[f"{one.name} n"] = Wanted("n", one.name)
        wanted[f"{one.name} note"] = Wanted("note", one.name)
    for parameter in space.parameters:
        text = isinstance(parameter, CategoricalParameter | PoolColumn)
        for column in parameter.columns:
            unit = None if text else parameter.unit
            wanted[f"executed {column}"] = Wanted("executed", column, unit)
            wanted[column] = Wanted("setting", column, unit)
    return wanted


def _unit_fault(text: str, unit: str | None, one: Wanted) -> Fault | None:
    """What is wrong with the unit of a column: missing, not known, or of something else."""
    where = f"column {text!r}"
    if one.unit is None:
        if unit not in {None, *_PLAIN}:
            return Fault(where, f"{one.name} has no unit", f"call it {one.name}")
        return None
    if unit is None:
        if one.unit in _PLAIN:
            return None
        mend = f"write its unit into the header, as in `{one.name} [{one.unit}]`"
        return Fault(where, "it has no unit", mend)
    if not known(unit):
        return Fault(where, f"{unit!r} is not a unit", f"write it as pint reads it: [{one.unit}]")
    try:
        convert(1.0, unit, one.unit)
    except IngestError as error:
        return Fault(where, error.message, f"{one.name} is in {one.unit or 'no unit'}")
    return None


def _missing(columns: Columns, campaign: Campaign) -> list[Fault]:
    found = [
        Fault("columns", f"there is none for the parameter {name}", f"add a column called {name}")
        for name in campaign.space.columns
        if columns.at("setting", name) is None and columns.at("executed", name) is None
    ]
    names = [one.name for one in campaign.objectives]
    if not any(columns.at("value", name) or columns.at("note", name) for name in names):
        what = f"there is none for an objective ({', '.join(names)})"
        called = names[0] if campaign.objective.classed else f"{names[0]} [unit]"
        found.append(Fault("columns", what, f"add one called `{called}`"))
    return found
