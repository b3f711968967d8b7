"""The winner of a campaign: how many samples confirm it, and which points lead by what is expected."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

from agent.core.budget import room
from agent.core.confirming import CONFIRMATION, Anew, Confirming, outdone
from agent.core.decision import Decision
from agent.core.history import Best, Row, key
from agent.core.record import noise_of
from agent.core.space import SearchSpace
from agent.core.trial import TrialStatus
from agent.core.values import Point, Value
from agent.core.winner import Estimate, estimate, made_anew, samples_wanted
from agent.core.worded import figures
from agent.standing import Standing

_MOST = 10

Place = tuple[tuple[str, str], ...]
"""What names a point: see `agent.core.history.key`."""


class Leader(Value):
    """A measured point of one objective, as one of those that might be recommended.

    Attributes:
        trial: The first one that was measured there.
        point: Where.
        measured: Mean of its own values.
        rows: How many these are.
        expected: Posterior mean and standard deviation of the underlying value; None before there is a
            model.
        anew: Samples made anew to confirm it that brought a value.
        wanted: How many are.
        confirmed: By these samples alone, once there are enough of them.
    """

    trial: str
    point: Point
    measured: float
    rows: int
    expected: tuple[float, float] | None = None
    anew: int = 0
    wanted: int = 0
    confirmed: Estimate | None = None

    @property
    def best(self) -> Best:
        """The point with the mean of its values."""
        return Best(trial=self.trial, point=self.point, value=self.measured, rows=self.rows)


def usual(now: Standing) -> int | None:
    """How many samples the instrument's effect asks for, as a decision was told; None where it is to be
    asked. Campaigns that began when nothing was confirmed go on so.
    """
    if not now.decisions:
        return None
    if now.decisions[0].confirming is None:
        return 0
    told = (one.confirming.usual for one in now.decisions if one.confirming)
    return next((one for one in told if one is not None), None)


def wanted(now: Standing, asks: int | None) -> int:
    """How many samples of the winner are made anew, by what the instrument's effect `asks` for."""
    return samples_wanted(now.campaign, asks or 0)


def anew(now: Standing) -> tuple[Anew, ...]:
    """The samples that were made anew to confirm a point."""
    return made_anew(now.trials, now.decisions, now.own_rows, now.places)


def confirming(now: Standing, space: SearchSpace, asks: int | None, why: str) -> Confirming | None:
    """What a decision is told; None where nothing is to be confirmed, now or after a revision.

    Args:
        now: The campaign.
        space: Its own, with its pools.
        asks: What the instrument's effect asks for.
        why: Why it is enough, if it is.
    """
    samples = wanted(now, asks)
    if not samples and not asks:
        return None
    left = room(now.campaign.budget, now.use)
    unsent = len(now.of(TrialStatus.PROPOSED, TrialStatus.APPROVED))
    told = Confirming(
        samples=samples,
        usual=asks,
        left=None if left is None else left - unsent,
        why=why if samples else "",
        anew=anew(now),
    )
    return _with_price(now, space, told)


def _with_price(now: Standing, space: SearchSpace, told: Confirming) -> Confirming:
    """The same where experiments differ in what they cost: kept is what the best point so far costs, to
    get there once and to make it so many times.
    """
    spending = now.spending(space)
    if spending is None or now.best is None or not told.samples:
        return told
    point = now.best.point
    price = now.campaign.price(space, point)
    way = now.campaign.price(space, point, spending.present) - price
    payable = int(max(spending.left - way, 0.0) / price * (1 + 1e-9))
    left = payable if told.left is None else min(payable, told.left)
    missing, completed = told.missing(point), space.completed(point)
    if not missing or completed is None:
        return told.model_copy(update={"left": left})
    kept = {"kept": missing * price + way, "home": space.spelled(completed)}
    return told.model_copy(update={"left": left, **kept})


def confirmations(now: Standing) -> frozenset[str]:
    """The trials that make a winner anew."""
    asked = {
        (decision.id, choice.replicate_of)
        for decision in now.decisions
        for choice in decision.choices
        if choice.acquisition == CONFIRMATION
    }
    return frozenset(
        one.id
        for one in now.trials
        if one.replicate_of and (one.decision, one.replicate_of) in asked
    )


def leaders(now: Standing) -> tuple[Leader, ...]:
    """The measured points of one objective, those that are expected to be the best first: ten of them,
    and all that were made anew.

    What is expected is the posterior mean by the last decision with a model, and what was read since:
    a normal belief m, s^2 of the value and n readings of mean y with noise v give

        m' = (m / s^2 + n y / v) / (1 / s^2 + n / v)

    (what new readings tell of other points is left to the next decision). A point that no model has
    seen stands by the mean of its values, or of those of samples made anew.
    """
    if not now.campaign.aim.confirmable:
        return ()
    groups: dict[Place, list[Row]] = {}
    for row in now.own_rows:
        groups.setdefault(key(now.places[row.trial]), []).append(row)
    expecting = _Expecting(now)
    samples = wanted(now, usual(now))
    told = {key(one.point): one for one in anew(now)}
    score = now.campaign.objective.score
    found = []
    for place, rows in groups.items():
        expected = expecting.of(rows)
        again = told.get(place)
        values = again.values if again else ()
        leader = Leader(
            trial=rows[0].trial,
            point=rows[0].point,
            measured=fmean(row.value for row in rows),
            rows=len(rows),
            expected=expected,
            anew=len(values),
            wanted=samples,
            confirmed=estimate(values) if samples and len(values) >= samples else None,
        )
        behind = expected is None and expecting.knew(rows)
        value = expected[0] if expected else fmean(values or [leader.measured])
        found.append((behind, -score(value), leader))
    ordered = sorted(found, key=lambda one: one[:2])
    return tuple(
        leader for place, (*_, leader) in enumerate(ordered) if place < _MOST or leader.anew
    )


class _Expecting:
    """What is expected of each point by the last decision that ranked them, and by what came since."""

    def __init__(self, now: Standing) -> None:
        self._name = now.campaign.objective.name
        self._decisions = {one.id: one for one in now.decisions}
        self._trials = {one.id: one for one in now.trials}
        ranked = (one for one in reversed(now.decisions) if one.ranking)
        self._last = next(ranked, None)
        self._known = frozenset(self._last.rows if self._last else ())
        ranks = self._last.ranking if self._last else ()
        self._ranks = {one.trial: (one.mean, one.sd) for one in ranks}

    def knew(self, rows: Sequence[Row]) -> bool:
        """Whether the decision had all of the rows: without a rank they are not among the best."""
        return self._last is not None and all(row.id in self._known for row in rows)

    def of(self, rows: Sequence[Row]) -> tuple[float, float] | None:
        """Mean and standard deviation of the value at the point of these rows."""
        if self._last is None:
            return None
        new = [row.value for row in rows if row.id not in self._known]
        ranked = self._ranks.get(rows[0].trial)
        if ranked is not None:
            return _updated(ranked, new, _noise(self._last, self._name))
        decision = self._decisions.get(self._trials[rows[0].trial].decision or "")
        if decision is None or len(new) < len(rows):
            return None
        here = (one for one in decision.choices if key(one.point) == key(rows[0].point))
        told = next((one.prediction.get(self._name) for one in here), None)
        return None if told is None else _updated(told, new, _noise(decision, self._name))


def _noise(decision: Decision, objective: str) -> float:
    return noise_of(decision.state, objective) if decision.state else 0.0


def _updated(
    belief: tuple[float, float], values: Sequence[float], noise: float
) -> tuple[float, float]:
    mean, sd = belief
    if not values or not sd:
        return belief
    if not noise:
        return fmean(values), 0.0
    known, told = 1 / sd**2, len(values) / noise**2
    return (known * mean + told * fmean(values)) / (known + told), sqrt(1 / (known + told))


def winner(now: Standing, found: Sequence[Leader]) -> Leader | None:
    """The one that would be recommended: the first, or one that was made anew and is not outdone by it."""
    if not found:
        return None
    best = found[0]
    held = next((one for one in found if one.anew), None)
    if held is None or held.expected is None or best.expected is None:
        return best
    score = now.campaign.objective.score
    return best if outdone(held.expected, best.expected, score) else held


def unconfirmed(now: Standing) -> str:
    """What is to be said where the winner is not confirmed; empty where it is, or need not be."""
    best = winner(now, leaders(now))
    if best is None or not best.wanted or best.confirmed:
        return ""
    return f"the best point is unconfirmed: {best.anew} of {best.wanted} samples made anew"


def reached(now: Standing) -> Estimate | None:
    """The best of the confirmed points whose samples made anew are in the mean as good as the target."""
    samples, target = wanted(now, usual(now)), now.campaign.stop.target
    if not samples or target is None:
        return None
    score = now.campaign.objective.score
    told = (estimate(one.values) for one in anew(now) if len(one.values) >= samples)
    good = [one for one in told if one is not None and score(one.mean) >= score(target)]
    return max(good, key=lambda one: score(one.mean), default=None)


def by_samples(one: Estimate, unit: str) -> str:
    """`82.4 ± 0.6 percent by 3 samples made anew`; ± is the standard error."""
    value = f"{one.mean:.5g}" if one.error is None else figures(one.mean, one.error)
    count = "1 sample" if one.samples == 1 else f"{one.samples} samples"
    return f"{value}" + ("" if unit == "1" else f" {unit}") + f" by {count} made anew"
