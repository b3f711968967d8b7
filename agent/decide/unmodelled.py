"""Points without a model: given in the campaign, of the initial design, or drawn at random."""

from dataclasses import replace

import numpy as np

from agent.core.decision import Choice
from agent.core.seeds import derived
from agent.decide import designs, explain
from agent.decide.candidates import listed, sampled, with_held
from agent.decide.costs import Prices
from agent.decide.plate import shares
from agent.decide.situation import Situation

_SAMPLE = 1024


def given(situation: Situation, count: int) -> tuple[list[Choice], tuple[str, ...]]:
    """Points given in the campaign that were not tried yet, and notes on those that cannot be."""
    points = situation.policy.initial.points
    if situation.started >= 2 * situation.size:
        return [], ()
    possible = [point for point in points if point in situation.space]
    wrong = len(points) - len(possible)
    where = "what the operators' limits leave of the space" if situation.leeway else "the space"
    notes = (f"{wrong} given points are not in {where}",) if wrong else ()
    new = [point for point in possible if point not in situation.taken]
    why = "given in the campaign, before there is a model"
    chosen = [Choice(point=point, acquisition="given", why=why) for point in new[:count]]
    return chosen, notes


def designed(situation: Situation, count: int) -> tuple[Choice, ...]:
    """Up to `count` new points of the initial design."""
    design, encoding = situation.policy.initial, situation.encoding
    name = designs.named(encoding, design)
    before = situation.measured + len(situation.pending)
    if shares(situation, count):
        first = designs.drawn(encoding, design, situation.taken.copy(), 1, situation.seed)
        situation = replace(situation, held=situation.shared_of(first[0]) if first else {})
    drawn = (encoding, design, situation.taken, count, situation.seed, situation.held)
    points = designs.drawn(*drawn)
    return tuple(
        Choice(
            point=point,
            acquisition=name,
            why=explain.of_design(name, before + number, situation.size),
        )
        for number, point in enumerate(points, start=1)
    )


def at_random(situation: Situation, count: int) -> tuple[Choice, ...]:
    """Up to `count` new points, each as likely as any other."""
    whole = listed(situation.encoding)
    seed = derived(situation.seed, "random")
    pool = sampled(situation.encoding, _SAMPLE, seed) if whole is None else whole
    pool = with_held(pool, situation.held, exact=whole is not None)
    pool = pool.without(situation.taken.points)
    if shares(situation, count) and len(pool):
        at = int(np.random.default_rng(seed).integers(len(pool)))
        held = situation.shared_of(pool.point(at))
        pool = with_held(pool, held, exact=whole is not None).without(situation.taken.points)
    pool = pool.take(Prices.of(situation).payable(pool))
    rows = np.random.default_rng(seed).permutation(len(pool))[:count]
    return tuple(
        Choice(point=pool.point(int(row)), acquisition="random", why="drawn at random")
        for row in rows
    )
