"""What a campaign knows so far: trials and observations as rows for learning, best, and curve."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from agent.core.job import Observation
from agent.core.objective import Objective
from agent.core.trial import Review, Trial, TrialStatus
from agent.core.values import Point, Scalar, Value

COUNTED_ROLES = frozenset({"candidate", "replicate"})
"""Only trials of these roles count for best, stop and report, at fidelity `target`."""

TARGET = "target"

OWN = "campaign"
"""The origin of what the campaign did itself; anything else was imported."""


class Effective(Value):
    """What is really to be done for a trial: the latest review's point, or else the proposed one."""

    point: Point
    settings: Point


def effective(trials: Iterable[Trial], reviews: Iterable[Review]) -> dict[str, Effective]:
    """Trial id -> what is really to be done, after edits."""
    found = {trial.id: Effective(point=trial.point, settings=trial.settings) for trial in trials}
    for review in sorted(reviews, key=lambda review: review.number):
        if review.trial in found and review.verdict != "reject":
            found[review.trial] = Effective(point=review.point, settings=review.settings)
    return found


class Reading(Value):
    """What was read at one point: a Row or a Bound. `id` is the observation's; `sd` its standard
    uncertainty; `objective` says what was measured, and may be left out where there is only one.
    """

    id: str
    trial: str
    point: Point
    sd: float | None = None
    objective: str = ""


class Row(Reading):
    """One measured value at one point."""

    value: float


class Bound(Reading):
    """A reading of which only limits are known: above `low`, below `high`, or both. It teaches, and counts
    for nothing else.
    """

    low: float | None = None
    high: float | None = None


class Pending(Value):
    """A trial that may still bring a result, and the point that will be measured."""

    trial: str
    point: Point


def key(point: Mapping[str, Scalar]) -> tuple[tuple[str, str], ...]:
    """A hashable name of a point: equal for settings that are equal as sent."""
    return tuple((name, _key(point[name])) for name in sorted(point))


def differing(there: Point, here: Point) -> Point:
    """Those settings of a point that are other than in `here`."""
    return {
        name: value
        for name, value in there.items()
        if name not in here or key({name: value}) != key({name: here[name]})
    }


def _key(value: Scalar) -> str:
    return value if isinstance(value, str) else f"{float(value):.10g}"


def current(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """The observations that no newer one corrects, in their order."""
    observations = tuple(observations)
    replaced = {one.supersedes for one in observations if one.supersedes}
    return tuple(one for one in observations if one.id not in replaced)


def telling(observations: Sequence[Observation]) -> Observation:
    """Of the current observations of an objective the one that says most where there is no value: the
    last bound, or else the last that is void for a reason of its own.

    Args:
        observations: At least one.
    """
    return max(
        enumerate(observations),
        key=lambda numbered: (numbered[1].kind == "bound", not numbered[1].left_over, numbered[0]),
    )[1]


def rows_of(
    trials: Iterable[Trial],
    observations: Iterable[Observation],
    objectives: Sequence[Objective],
    plans: Mapping[str, Effective],
    *,
    own: bool = False,
    fidelity: str = TARGET,
) -> tuple[Row, ...]:
    """The rows that count, in the order in which they were observed.

    A row is a current value (not a bound, not void) of one of the objectives, at one fidelity, of a
    trial whose role counts and that is not voided. Its point is the settings as executed where the
    instrument told them, otherwise the effective point.

    Args:
        trials: The campaign's trials.
        observations: Its observations, in order.
        objectives: What is wanted known.
        plans: Trial id -> what was really to be done, from `effective`.
        own: Leave out imported rows: they teach, and do not count for best, stop and report.
        fidelity: Of the values; only those of `target` count for anything here.
    """
    counted = {t.id for t in trials if _counts(t) and (t.origin == OWN or not own)}
    found = (
        row_of(one, plans[one.trial].point)
        for one in _told(observations, objectives, counted, fidelity)
    )
    return tuple(row for row in found if row is not None)


def bounds_of(
    trials: Iterable[Trial],
    observations: Iterable[Observation],
    objectives: Sequence[Objective],
    plans: Mapping[str, Effective],
) -> tuple[Bound, ...]:
    """The bounds that teach, imported ones too, in the order in which they were observed: what `rows_of`
    leaves out of the same trials, since there is only a limit.
    """
    counted = {trial.id for trial in trials if _counts(trial)}
    return tuple(
        bound_of(one, plans[one.trial].point)
        for one in _told(observations, objectives, counted, TARGET)
        if one.kind == "bound"
    )


def row_of(observation: Observation, point: Point) -> Row | None:
    """A value as a row, at its point as executed; None of a bound or a void reading."""
    if observation.value is None:
        return None
    return Row(
        id=observation.id,
        trial=observation.trial,
        point=executed(observation, point),
        value=observation.value,
        sd=observation.sd,
        objective=observation.objective,
    )


def bound_of(observation: Observation, point: Point) -> Bound:
    """An observed bound, at the point that was wanted, or as executed."""
    return Bound(
        id=observation.id,
        trial=observation.trial,
        point=executed(observation, point),
        low=observation.low,
        high=observation.high,
        sd=observation.sd,
        objective=observation.objective,
    )


def _counts(trial: Trial) -> bool:
    return trial.role in COUNTED_ROLES and trial.status is not TrialStatus.VOIDED


def _told(
    observations: Iterable[Observation],
    objectives: Sequence[Objective],
    trials: Collection[str],
    fidelity: str,
) -> Iterator[Observation]:
    names = {one.name for one in objectives}
    return (
        one
        for one in current(observations)
        if one.objective in names and one.fidelity == fidelity and one.trial in trials
    )


Near = Callable[[Point, Point], bool]
"""Whether a point was executed where it was wanted."""


def same(one: Point, other: Point) -> bool:
    """Whether two points are one."""
    return key(one) == key(other)


def executed(observation: Observation, point: Point) -> Point:
    """The point as it was really executed: `point`, but for what the instrument told.

    A text that was told of a number, or of what is not a parameter, is no setting.
    """
    told = {
        name: value
        for name, value in (observation.executed or {}).items()
        if name in point and isinstance(value, str) is isinstance(point[name], str)
    }
    return {**point, **told}


class Best(Value):
    """The best value so far: of the mean over each point's rows."""

    trial: str
    point: Point
    value: float
    rows: int


def best(rows: Iterable[Row], objective: Objective) -> Best | None:
    """The point whose mean of measured values scores best; the first of equals; None without rows."""
    by_point: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row in rows:
        by_point.setdefault(key(row.point), []).append(row)
    found: Best | None = None
    for group in by_point.values():
        mean = sum(row.value for row in group) / len(group)
        if found is None or objective.score(mean) > objective.score(found.value):
            found = Best(trial=group[0].trial, point=group[0].point, value=mean, rows=len(group))
    return found


def curve(rows: Iterable[Row], objective: Objective) -> tuple[float, ...]:
    """The best single value after each row."""
    values: list[float] = []
    for row in rows:
        better = not values or objective.score(row.value) > objective.score(values[-1])
        values.append(row.value if better else values[-1])
    return tuple(values)


def since_improvement(rows: Iterable[Row], objective: Objective) -> int:
    """How many of the last rows in a row were not better than the best before them."""
    values = curve(rows, objective)
    return next(
        (n for n in range(len(values)) if n + 1 == len(values) or values[-1 - n] != values[-2 - n]),
        0,
    )
