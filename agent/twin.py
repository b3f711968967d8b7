"""What the priors have saved so far: the campaign again, imagined, without them.

What is known by now of the response (the surrogate with priors and all results) is taken for the
truth, and campaigns without priors search it, each with an initial design of its own. That is no
proof: where nobody has measured, the truth is a guess. It is what can be known without paying for
the campaign twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from agent.core.decision import Decision
from agent.core.history import Row, best, key
from agent.core.saving import Saving
from agent.core.seeds import derived
from agent.core.stop import Stop
from agent.core.values import Point, digest
from agent.data.store import Store
from agent.decide.informed import restored
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.fitted import Fitted
from agent.replay import situation_of
from agent.savings import keep, remembered
from agent.standing import Standing, stand

IMAGINED = 4
"""Campaigns of each sort: more would tell the mean better, and take longer."""

_CLOSE = 0.02
"""As good as the best: within so much of the spread of what was measured."""

_MOST = 60

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Truth:
    """What is known of the response by now.

    Attributes:
        standing: The campaign.
        model: The surrogate of its last decision with priors.
    """

    standing: Standing
    model: Fitted

    def value(self, point: Point) -> float:
        """What was measured at a point, or else what is expected there."""
        known = self._measured.get(key(point))
        return self.model.predict([point])[0][0] if known is None else known

    @cached_property
    def _measured(self) -> dict[object, float]:
        rows: dict[object, list[float]] = {}
        for row in self.standing.own_rows:
            rows.setdefault(key(row.point), []).append(row.value)
        return {place: sum(values) / len(values) for place, values in rows.items()}

    @cached_property
    def goal(self) -> float:
        """The score that counts as being as good as the campaign is now."""
        objective = self.standing.campaign.objective
        scores = [objective.score(value) for value in self._measured.values()]
        found = best(self.standing.own_rows, objective)
        top = objective.score(found.value) if found else max(scores)
        # A mean of equal readings may be one bit above each of them.
        return top - max(_CLOSE * (max(scores) - min(scores)), 1e-9 * abs(top))

    @property
    def needed(self) -> int:
        """Experiments until the campaign was as good as it is now."""
        objective = self.standing.campaign.objective
        scores = [objective.score(row.value) for row in self.standing.own_rows]
        return next(
            (n for n, score in enumerate(scores, start=1) if score >= self.goal), len(scores)
        )


def reckoned(
    store: Store, name: str, now: datetime, *, each: bool = True, progress: Progress | None = None
) -> Saving | None:
    """What the priors of a campaign have saved so far; None before they had a say, and where there is no
    best to reach.

    It is remembered in the store until there are more results.

    Args:
        store: Where the campaign is.
        name: Its name or id.
        now: The time.
        each: Whether to reckon it for each of several sources, too.
        progress: Called with (campaigns imagined, of how many).
    """
    standing = stand(store, name, now)
    known, rows = remembered(store, standing), _hashed(standing)
    several = each and len(standing.campaign.sources) > 1
    if known is not None and known.rows == rows and bool(known.less) >= several:
        return known
    decision = _last(standing)
    if standing.campaign.aim.learning or decision is None or not standing.own_rows:
        return None
    made = _reckoned(store, standing, decision, each, progress or _silent)
    made = made.model_copy(update={"rows": rows})
    keep(store, standing, made, now)
    return made


def _hashed(standing: Standing) -> str:
    return digest([[row.id, row.value] for row in standing.own_rows])


def _silent(_done: int, _total: int) -> None:
    """Nobody is told."""


def _last(standing: Standing) -> Decision | None:
    """The last decision that asked the priors."""
    informed = (
        one for one in reversed(standing.decisions) if one.state and one.state["kind"] == "transfer"
    )
    return next(informed, None)


def _reckoned(
    store: Store, standing: Standing, decision: Decision, each: bool, progress: Progress
) -> Saving:
    situation = situation_of(store, decision)
    truth = _Truth(standing, _informed_model(situation, decision))
    count, before = len(standing.own_rows), _before(standing)
    most = min(max(2 * count, count + 10), _MOST)
    names = [source.name for source in situation.sources]
    left = {name: tuple(s for s in situation.sources if s.name != name) for name in names}
    sorts = [("", ())] + (list(left.items()) if each and len(names) > 1 else [])
    told: dict[str, tuple[int, ...]] = {}
    for number, (name, sources) in enumerate(sorts):
        # An imagined campaign goes on until it is as good: what ended this one does not end it.
        alone = replace(
            situation,
            sources=sources,
            silent=(),
            remembered={},
            stop=Stop(),
            outlooks=(),
            record=(),
        )
        found = []
        for seed in range(IMAGINED):
            found.append(
                _imagined(alone, truth, derived(decision.seed, "twin", seed), before, most)
            )
            progress(number * IMAGINED + seed + 1, len(sorts) * IMAGINED)
        told[name] = tuple(found)
    without = told.pop("")
    return Saving(needed=truth.needed, without=without, most=most, less=told, after=count)


def _informed_model(situation: Situation, decision: Decision) -> Fitted:
    """The surrogate with priors, also where the decision's turn was without."""
    state = dict(decision.state or {})
    return restored(situation, {**state, "turns": []})


def _before(standing: Standing) -> tuple[Row, ...]:
    """The results that there were when the priors were first asked: those nobody imagines anew."""
    informed = (one for one in standing.decisions if one.state and one.state["kind"] == "transfer")
    known = set(next(informed).rows)
    return tuple(row for row in standing.own_rows if row.id in known)


def _imagined(
    situation: Situation, truth: _Truth, seed: int, before: Sequence[Row], most: int
) -> int:
    """Experiments until an imagined campaign is as good; one more than `most` if it never is."""
    objective, measured = situation.objective, list(before)
    for number, row in enumerate(measured, start=1):
        if objective.score(row.value) >= truth.goal:
            return number
    while len(measured) < most:
        number = len(measured)
        chosen = _chosen(situation, measured, derived(seed, number))
        if chosen is None:
            break
        value = truth.value(chosen)
        measured.append(Row(id=str(number), trial=str(number), point=chosen, value=value))
        if objective.score(value) >= truth.goal:
            return len(measured)
    return most + 1


def _chosen(situation: Situation, measured: Sequence[Row], seed: int) -> Point | None:
    asked = replace(situation, rows=tuple(measured), pending=(), started=len(measured), seed=seed)
    choices = propose(asked, 1).choices
    return choices[0].point if choices else None
