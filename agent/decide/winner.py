"""The winner: which measured point a model thinks best, and what is made anew to confirm it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from agent.core.confirming import CONFIRMATION, Confirming, Ranked, outdone
from agent.core.decision import Choice
from agent.core.history import Row, key
from agent.decide import explain
from agent.decide.costs import Prices
from agent.decide.situation import Situation
from agent.learn.fitted import Fitted

MOST = 10
"""Measured points that a decision keeps the ranks of."""


@dataclass(frozen=True)
class Step:
    """What confirming the winner comes to now: samples to make, or none, with the reason."""

    choices: tuple[Choice, ...] = ()
    note: str = ""


def ranked(situation: Situation, surrogate: Fitted) -> tuple[Ranked, ...]:
    """The best of the campaign's own measured points by the posterior mean of their underlying value,
    the best first.

    A point of a lucky reading is not the best by this where its neighbours or other readings of it
    speak against it.
    """
    if situation.aim.learning:
        return ()
    groups = _groups(situation)
    told = surrogate.predict([rows[0].point for rows in groups]) if groups else []
    pairs = zip(groups, told, strict=True)
    return _sorted(situation, [_of(situation, rows, mean, sd) for rows, (mean, sd) in pairs])[:MOST]


def ranked_by_mean(situation: Situation) -> tuple[Ranked, ...]:
    """The same by the means of what was measured, where there is no model; of a point that was made anew
    by these samples alone, since a point leads by its first reading where that was lucky.
    """
    found = []
    for rows in _groups(situation):
        point, told = situation.places[rows[0].trial], situation.confirming
        anew = told.of(point).values if told else ()
        found.append(_of(situation, rows, fmean(anew or [one.value for one in rows]), 0.0))
    return _sorted(situation, found)


def _groups(situation: Situation) -> list[list[Row]]:
    """The rows of each point that the campaign has measured itself."""
    found: dict[object, list[Row]] = {}
    for row in situation.usable:
        if row.trial in situation.places:
            found.setdefault(key(situation.places[row.trial]), []).append(row)
    return list(found.values())


def _of(situation: Situation, rows: Sequence[Row], mean: float, sd: float) -> Ranked:
    first = rows[0].trial
    return Ranked(trial=first, point=situation.places[first], mean=mean, sd=sd)


def _sorted(situation: Situation, found: Sequence[Ranked]) -> tuple[Ranked, ...]:
    return tuple(sorted(found, key=lambda one: -situation.objective.score(one.mean)))


def due(situation: Situation, told: Confirming) -> bool:
    """Whether it may be time to confirm the winner: by a rule, by the budget, or since a point that is
    not confirmed is as good as the target by what was measured.
    """
    if told.why or told.last:
        return True
    means = ranked_by_mean(situation) if situation.stop.target is not None else ()
    return any(_aimed(situation, one.mean) and not told.confirmed(one.point) for one in means)


def step(
    situation: Situation, told: Confirming, ranks: Sequence[Ranked], count: int, why: str
) -> Step | None:
    """What is to be made anew now; None where the campaign is to look for better points.

    Args:
        situation: What the decision starts from.
        told: What it was told of confirming.
        ranks: The measured points, the best first.
        count: How many trials may be opened.
        why: Why it is enough, if it is: then nothing else is chosen.
    """
    if not ranks:
        return Step(note=why) if why else None
    best = _winner(situation, told, ranks, final=bool(why) or told.last)
    if told.confirmed(best.point):
        return Step(note=f"the point of {best.trial} is confirmed: {why}") if why else None
    missing, opened = told.missing(best.point), told.of(best.point).open
    barred = {key(point) for point in situation.barred}
    if best.point not in situation.space or key(best.point) in barred or not missing + opened:
        return Step(note=f"the point of {best.trial} cannot be made anew: {why}") if why else None
    if not (why or told.last or _promising(situation, best)):
        return None
    others = [one for one in situation.pending if key(one.point) != key(best.point)]
    if others and (why or told.last):
        return Step(note="what is under way is waited for before the winner is made anew")
    most = min(missing, count) if told.left is None else min(missing, count, told.left)
    if not most:
        return Step(note=f"samples of the point of {best.trial} are under way")
    made = len(told.of(best.point).values) + opened
    anew = [_anew(best, made + nth, told.samples) for nth in range(1, most + 1)]
    paid = Prices.of(situation).afforded(anew)
    if not paid:
        return Step(note=f"the point of {best.trial} cannot be paid for: {why}") if why else None
    return Step(paid)


def _winner(
    situation: Situation, told: Confirming, ranks: Sequence[Ranked], *, final: bool
) -> Ranked:
    """The best point, or one that was made anew and that it does not outdo. Where a target is missed by a
    confirmed point, and there is more to spend (not `final`), that one gives way at once.
    """
    begun = (one for one in ranks if told.of(one.point).values or told.of(one.point).open)
    held = next((one for one in begun if final or not told.confirmed(one.point)), None)
    best, score = ranks[0], situation.objective.score
    if held is None or outdone((held.mean, held.sd), (best.mean, best.sd), score):
        return best
    return held


def _promising(situation: Situation, best: Ranked) -> bool:
    """Whether the target may be reached there: as far as the model expects, or by what was measured."""
    means = {key(one.point): one.mean for one in ranked_by_mean(situation)}
    return any(_aimed(situation, value) for value in (best.mean, means[key(best.point)]))


def _aimed(situation: Situation, value: float) -> bool:
    target, score = situation.stop.target, situation.objective.score
    return target is not None and score(value) >= score(target)


def _anew(best: Ranked, nth: int, wanted: int) -> Choice:
    return Choice(
        point=best.point,
        acquisition=CONFIRMATION,
        why=explain.of_confirmation(best.trial, nth, wanted),
        replicate_of=best.trial,
    )
