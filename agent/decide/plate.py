"""What a batch shares: the settings of a plate, chosen by what the whole plate is worth."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from agent.core.decision import Choice
from agent.core.history import key
from agent.core.seeds import derived
from agent.core.space import describe
from agent.core.values import Point
from agent.decide.acquisition import Scorer
from agent.decide.candidates import Candidates, listed, sampled, with_held
from agent.decide.choose import Chooser, Scoring
from agent.decide.costs import Prices
from agent.decide.filled import Filled
from agent.decide.situation import Situation

_PLATES, _WELLS, _FEW, _SAMPLE = 8, 24, 300, 2048
_APART = 0.05
"""From which distance on two settings are different plates, in the unit cube."""


def shares(situation: Situation, count: int) -> bool:
    """Whether the settings of a batch of so many points are still to be chosen."""
    return bool(situation.policy.shared) and count > 1 and not situation.held


def held_by(situation: Situation, chosen: Sequence[Choice]) -> Situation:
    """The situation with what the batch shares, once a point of it is chosen."""
    if not situation.policy.shared or not chosen:
        return situation
    return replace(situation, held=situation.shared_of(chosen[0].point))


def alike(situation: Situation, choices: list[Choice]) -> list[Choice]:
    """Those choices that share what a batch does with the first, or with what is held."""
    if not situation.policy.shared or not choices:
        return choices
    wanted = key(situation.held or situation.shared_of(choices[0].point))
    return [one for one in choices if key(situation.shared_of(one.point)) == wanted]


def plated(
    situation: Situation, scoring: Scoring, before: Sequence[Point], count: int
) -> tuple[Situation, tuple[str, ...]]:
    """The situation with the settings that the batch shares, and a note of them.

    Up to eight plates are compared, each with the settings of a good candidate. Of each plate up to 24
    wells are filled (`agent/decide/fill.py`), and the one whose wells are worth most together is taken: with
    expected improvement, the one with the most improvement expected of its best well. The best single
    point need not lie on it. A policy that has no cheap way to fill takes the best point's settings.

    Args:
        situation: What the decision starts from.
        scoring: How much each point is wanted.
        before: Points chosen before in this decision; those are of no plate yet.
        count: How many points are wanted.
    """
    if not shares(situation, count):
        return situation, ()
    chooser = Chooser(situation, scoring, list(before))
    one = scoring(situation.in_flight(list(before)), chooser.design)
    if one.filling is None:
        best = chooser.choose()
        tried = [(0.0, situation.shared_of(best.point))] if best else []
    else:
        wells = min(count, _WELLS)
        pool = _pool(situation)
        tried = [
            (_worth(replace(situation, held=held), one, wells), held)
            for held in _settings(situation, one, pool)
        ]
    if not tried:
        return situation, ()
    _, held = max(tried, key=lambda plate: plate[0])
    told = describe(held, situation.space.units)
    why = f", the best of {len(tried)} compared" if len(tried) > 1 else ""
    return replace(situation, held=held), (f"the batch shares {told}{why}",)


def _pool(situation: Situation) -> Candidates:
    whole = listed(situation.encoding)
    if whole is None:
        seed = derived(situation.seed, "plates")
        whole = sampled(situation.encoding, _SAMPLE, seed, situation.leading)
    free = whole.without(situation.taken.points)
    return free.take(Prices.of(situation).payable(free))


def _settings(situation: Situation, one: Scorer, pool: Candidates) -> list[Point]:
    """The settings of the best candidates that differ in them."""
    encoding, scores = situation.encoding, _roughly(situation, one, pool)
    names = situation.shared_of(pool.point(0)).keys() if len(pool) else set()
    columns = [
        column
        for block, start in zip(encoding.blocks, encoding.starts, strict=True)
        if set(block.columns) <= names
        for column in range(start, start + block.width)
    ]
    chosen: list[int] = []
    for at in torch.argsort(scores, descending=True, stable=True).tolist():
        near = pool.X[at, columns] - pool.X[chosen][:, columns]
        if not chosen or float(near.square().sum(dim=1).min()) > _APART**2:
            chosen.append(at)
        if len(chosen) == _PLATES:
            break
    return [situation.shared_of(pool.point(at)) for at in chosen]


def _worth(situation: Situation, one: Scorer, wells: int) -> float:
    """What the wells of a plate are worth together, for what they cost together."""
    exact = listed(situation.encoding) is not None
    pool = with_held(_pool(situation), situation.held, exact=exact)
    pool = pool.without(situation.taken.points)
    if not len(pool) or one.filling is None:
        return -np.inf
    scores = _roughly(situation, one, pool)
    few = pool.take(torch.argsort(scores, descending=True, stable=True)[:_FEW].numpy())
    prices = Prices.of(situation)
    filled = Filled(few, one.filling(few.X))
    paid = 0.0
    for _ in range(wells):
        well = next((point for point, _ in filled.best(prices) if prices.affords(point)), None)
        if well is None:
            break
        filled.take(well)
        paid += prices.price(well)
        prices = prices.after(well)
    worth = filled.worth()
    return worth / paid**prices.power if prices.weighing and paid > 0 else worth


def _roughly(situation: Situation, one: Scorer, pool: Candidates) -> torch.Tensor:
    score = one.score if one.rough is None else one.rough
    return Prices.of(situation).weighed(score(pool.X), pool)
