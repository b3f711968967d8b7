"""Replicates: what reading one sample again scatters by, and what making a sample anew adds."""

from collections.abc import Iterable, Mapping
from math import sqrt
from statistics import fmean

from agent.core.history import COUNTED_ROLES, OWN, Effective, Row, key
from agent.core.space import SearchSpace
from agent.core.trial import Trial
from agent.core.values import Point, Value


class Scatter(Value):
    """A standard deviation, in the objective's unit, and the degrees of freedom that it rests on."""

    sd: float
    freedom: int


class Scatters(Value):
    """Both variances of an objective, apart; None of what was never repeated.

    `reread` is of readings of one sample: several values of one trial. `remade` is of samples made
    anew at the same point, beyond what their readings scatter by; with nothing reread that part is
    not known, and `remade` holds it too (`together`).
    """

    reread: Scatter | None = None
    remade: Scatter | None = None

    @property
    def together(self) -> bool:
        """Whether `remade` holds the scatter of readings, too."""
        return self.remade is not None and self.reread is None


def places_of(
    trials: Iterable[Trial], plans: Mapping[str, Effective], space: SearchSpace
) -> dict[str, Point]:
    """Trial id -> where it is a sample of, for the campaign's own trials that count: its point as it is
    really to be done, in the present space.

    Two trials at one point are two samples of it, whatever settings were executed; one that a
    review edited is a sample of where it was sent to.
    """
    own = (one for one in trials if one.origin == OWN and one.role in COUNTED_ROLES)
    points = ((one.id, plans[one.id].point) for one in own)
    return {name: space.completed(point) or point for name, point in points}


def scatters(rows: Iterable[Row], places: Mapping[str, Point]) -> Scatters:
    """The nested components of variance of one objective, pooled over all points.

    With readings y of sample t (n_t of them) at point p (N_p readings of T_p samples):

        s_read^2 = sum (y - mean_t)^2 / sum (n_t - 1)
        M        = sum n_t (mean_t - mean_p)^2 / sum (T_p - 1)
        s_made^2 = max(0, (M - s_read^2) / n),   n = sum (N_p - sum n_t^2 / N_p) / sum (T_p - 1)

    the method of moments of the unbalanced nested design (Searle, Casella & McCulloch, 1992).

    Args:
        rows: Values of one objective.
        places: Trial id -> its point, from `places_of`.
    """
    points: dict[object, dict[str, list[float]]] = {}
    for row in rows:
        points.setdefault(key(places[row.trial]), {}).setdefault(row.trial, []).append(row.value)
    samples = [values for of in points.values() for values in of.values()]
    within = sum(len(values) - 1 for values in samples)
    between = sum(len(of) - 1 for of in points.values())
    reread = remade = None
    if within:
        off = sum((value - fmean(values)) ** 2 for values in samples for value in values)
        reread = Scatter(sd=sqrt(off / within), freedom=within)
    if between:
        squares = sum(_among(list(of.values())) for of in points.values()) / between
        size = sum(_effective(list(of.values())) for of in points.values()) / between
        own = 0.0 if reread is None else reread.sd**2
        remade = Scatter(sd=sqrt(max(0.0, (squares - own) / size)), freedom=between)
    return Scatters(reread=reread, remade=remade)


def _among(samples: list[list[float]]) -> float:
    """Sum of squares among the samples of a point."""
    middle = fmean(value for values in samples for value in values)
    return sum(len(values) * (fmean(values) - middle) ** 2 for values in samples)


def _effective(samples: list[list[float]]) -> float:
    """Of a point `N - sum n^2 / N`."""
    sizes = [len(values) for values in samples]
    return sum(sizes) - sum(size**2 for size in sizes) / sum(sizes)
