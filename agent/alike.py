"""Earlier campaigns that look alike: by what they varied and measured, and by what they found.

Names of parameters help where units and ranges leave it open; they never decide alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher

from agent.core.campaign import Campaign, Quantity
from agent.core.compositions import CompositionParameter
from agent.core.history import TARGET, Row, key
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, ContinuousParameter
from agent.core.pools import PoolColumn
from agent.core.source import Source, TransferPrior
from agent.core.space import Parameter, SearchSpace
from agent.core.units import convert
from agent.data.store import Store
from agent.errors import IngestError
from agent.load.faults import Document, Findings
from agent.load.priors import source
from agent.load.results import NO_UNIT
from agent.load.target import Target
from agent.resolved import space_of
from agent.results import results_of
from agent.standing import Standing, stand

LEAST = 0.3
"""Likeness by what was varied and measured, below which a campaign is not looked at."""

_LEAST_ROWS = 4
_LEAST_SHARED = 4
_LEAST_OWN = 3
_NAMED_ALIKE = 0.6


@dataclass(frozen=True)
class Likeness:
    """How much an earlier campaign looks like a new one.

    Attributes:
        campaign: Its name.
        columns: Column of the new one -> its own, with the unit.
        value: What it measured, with the unit.
        likeness: By what was varied, measured, and under which circumstances: 0 to 1.
        rows: How many results it has.
        shared: At how many points both have results.
        correlation: Rank correlation there (Spearman, 1904); None of fewer than four.
        evidence: By how much it makes the new one's results more likely, in logarithms (4.6 is a
            hundred times); None where the new one has fewer than three.
    """

    campaign: str
    columns: dict[str, str]
    value: str
    likeness: float
    rows: int
    shared: int = 0
    correlation: float | None = None
    evidence: float | None = None

    @property
    def good(self) -> bool:
        """Whether it may be a prior: what was found decides, where there is something."""
        if self.evidence is not None:
            return self.evidence > 0
        return self.likeness >= LEAST


def likenesses(store: Store, campaign: Campaign, target: Target, now: datetime) -> list[Likeness]:
    """The campaigns of the store that look like `campaign`, the most alike first.

    Args:
        store: Where they are.
        campaign: The new one; it may be in the store already, with results.
        target: The same as sources see it.
        now: The time.
    """
    rows = _own_rows(store, campaign, now)
    found = []
    for entry in store.entries():
        if entry.name == campaign.name:
            continue
        earlier = stand(store, entry.id, now)
        if earlier.campaign.asked_for == campaign.name:
            continue
        if len(earlier.rows_at(TARGET)) >= _LEAST_ROWS:
            one = _described(store, earlier, target)
            if one is not None and one.likeness >= LEAST:
                found.append(_by_results(store, earlier, one, target, rows))
    return sorted(found, key=_rank, reverse=True)


def _rank(one: Likeness) -> tuple[float, float]:
    return (one.evidence if one.evidence is not None else 0.0, one.likeness)


def _own_rows(store: Store, campaign: Campaign, now: datetime) -> tuple[Row, ...]:
    known = any(entry.name == campaign.name for entry in store.entries())
    return stand(store, campaign.name, now).rows if known else ()


def _described(store: Store, earlier: Standing, target: Target) -> Likeness | None:
    """By what was varied and measured; None if nothing can be compared."""
    theirs = earlier.campaign
    measured = _measured_alike(target.objective, theirs.objective)
    if measured == 0:
        return None
    columns, varied = _columns_alike(target.space, space_of(store, theirs))
    if not columns:
        return None
    likeness = measured * varied * _circumstances_alike(target.context, theirs.context)
    value = _labelled(theirs.objective.name, theirs.objective.unit)
    rows = len(earlier.rows_at(TARGET))
    return Likeness(earlier.entry.name, columns, value, likeness, rows)


def _measured_alike(ours: Objective, theirs: Objective) -> float:
    """0 to 1: the same thing, the same quantity, or at least the same sort of unit."""
    if not _converts(theirs.unit, ours.unit):
        return 0.0
    if ours.name == theirs.name:
        return 1.0
    if ours.quantity and ours.quantity.casefold() == theirs.quantity.casefold():
        return 1.0
    bare = ours.unit in NO_UNIT or ours.unit == "percent"
    return 0.3 if bare else 0.6


def _columns_alike(ours: SearchSpace, theirs: SearchSpace) -> tuple[dict[str, str], float]:
    """Column -> column, and how much of our space theirs covers: the mean over our parameters."""
    pairs = sorted(
        (
            (_parameters_alike(one, other, ours, theirs), one.name, other.name)
            for one in ours.parameters
            for other in theirs.parameters
        ),
        reverse=True,
    )
    columns: dict[str, str] = {}
    score: dict[str, float] = {}
    taken: set[str] = set()
    for likeness, one, other in pairs:
        if likeness > 0 and one not in score and other not in taken:
            score[one] = likeness
            taken.add(other)
            columns.update(_mapped(_named(ours, one), _named(theirs, other)))
    return columns, sum(score.values()) / len(ours.parameters)


def _named(space: SearchSpace, name: str) -> Parameter:
    return next(one for one in space.parameters if one.name == name)


def _mapped(ours: Parameter, theirs: Parameter) -> Iterator[tuple[str, str]]:
    if isinstance(ours, CompositionParameter):
        yield from ((name, name) for name in ours.columns if name in theirs.columns)
    else:
        unit = "" if isinstance(theirs, CategoricalParameter | PoolColumn) else theirs.unit
        yield ours.name, _labelled(theirs.name, unit)


def _labelled(name: str, unit: str) -> str:
    return name if unit in NO_UNIT else f"{name} [{unit}]"


def _parameters_alike(
    ours: Parameter, theirs: Parameter, here: SearchSpace, there: SearchSpace
) -> float:
    """0 to 1: how much of what is varied is the same."""
    named = _names_alike(ours.name, theirs.name)
    if isinstance(ours, CategoricalParameter) and isinstance(theirs, CategoricalParameter):
        return _common(ours.choices, theirs.choices)
    if isinstance(ours, PoolColumn) and isinstance(theirs, PoolColumn):
        one, other = here.pool(ours), there.pool(theirs)
        described = _common([*one.descriptors], [*other.descriptors])
        return max(_common(one.ids, other.ids), 0.8 * described)
    if isinstance(ours, CompositionParameter) and isinstance(theirs, CompositionParameter):
        return _common(ours.columns, theirs.columns)
    mine, its = _range(ours), _range(theirs)
    if mine is None or its is None or not _converts(theirs.unit, ours.unit):
        return 0.0
    if ours.unit in NO_UNIT and named < _NAMED_ALIKE:
        return 0.0  # two numbers without a unit may be anything
    ends = sorted(convert(end, theirs.unit or "1", ours.unit or "1") for end in its)
    return _overlap(mine, ends) * (0.7 + 0.3 * named)


def _range(parameter: Parameter) -> tuple[float, float] | None:
    if isinstance(parameter, ContinuousParameter):
        return parameter.low, parameter.high
    if isinstance(parameter, CategoricalParameter | PoolColumn | CompositionParameter):
        return None
    return float(min(parameter.values)), float(max(parameter.values))


def _overlap(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How much of our range theirs covers."""
    common = min(ours[1], theirs[1]) - max(ours[0], theirs[0])
    width = ours[1] - ours[0]
    if width <= 0:
        return float(common >= 0)
    return max(common, 0.0) / width


def _common(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """How many of ours are theirs, too."""
    return len({*ours} & {*theirs}) / len({*ours}) if ours else 0.0


def _names_alike(ours: str, theirs: str) -> float:
    return SequenceMatcher(None, ours.casefold(), theirs.casefold()).ratio()


def _circumstances_alike(ours: Mapping[str, Quantity], theirs: Mapping[str, Quantity]) -> float:
    """0.5 to 1: circumstances that both tell and that differ make them less alike."""
    both = ours.keys() & theirs.keys()
    if not both:
        return 1.0
    return 0.5 + 0.5 * sum(ours[name] == theirs[name] for name in both) / len(both)


def _converts(unit: str, wanted: str) -> bool:
    try:
        convert(1.0, unit or "1", wanted or "1")
    except IngestError:
        return False
    return True


def _by_results(
    store: Store, earlier: Standing, one: Likeness, target: Target, rows: tuple[Row, ...]
) -> Likeness:
    """The same with what its results say of ours, where there are any."""
    prior = TransferPrior(
        campaign=one.campaign, columns=one.columns, value=one.value, trust="similar"
    )
    silent = Findings(Document("", {}))
    made = source(silent, (), prior, results_of(store, earlier), target)
    if made is None or not rows:
        return one
    shared = _shared(made, rows, target)
    correlation = _correlated(shared) if len(shared) >= _LEAST_SHARED else None
    evidence = _evidence(made, rows, target) if len(rows) >= _LEAST_OWN else None
    return replace(one, shared=len(shared), correlation=correlation, evidence=evidence)


def _shared(made: Source, rows: tuple[Row, ...], target: Target) -> list[tuple[float, float]]:
    """Ours and theirs at points where both have results."""
    names = target.space.columns
    theirs: dict[object, list[float]] = {}
    for row in made.rows:
        if all(name in row.point for name in names):
            place = key({name: row.point[name] for name in names})
            theirs.setdefault(place, []).append(row.value)
    return [
        (row.value, sum(theirs[key(row.point)]) / len(theirs[key(row.point)]))
        for row in rows
        if key(row.point) in theirs
    ]


def _correlated(pairs: list[tuple[float, float]]) -> float | None:
    # Imported here: scipy's statistics are slow to load.
    from scipy.stats import spearmanr  # noqa: PLC0415

    ours, theirs = zip(*pairs, strict=True)
    if len(set(ours)) < 2 or len(set(theirs)) < 2:
        return None
    return float(spearmanr(ours, theirs).statistic)


def _evidence(made: Source, rows: tuple[Row, ...], target: Target) -> float | None:
    """Log Bayes factor of believing the source against not: of our rows, by the experts."""
    # Imported here: torch is slow to load, and a list of likenesses may need no model.
    from agent.learn.encoding import Encoding  # noqa: PLC0415
    from agent.learn.priors.experts import weighed  # noqa: PLC0415

    return weighed(Encoding.of(target.space), rows, target.objective, made)
