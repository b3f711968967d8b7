"""Choosing for several objectives: points, each with its predictions and its reasons."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from agent.core.decision import Choice
from agent.core.seeds import derived
from agent.core.values import Point
from agent.decide import explain
from agent.decide.choose import Chooser, Chosen, anew
from agent.decide.costs import Prices
from agent.decide.grounds import grounds_of_several
from agent.decide.plate import plated
from agent.decide.several import ExpectedGain, scoring_of
from agent.decide.situation import Situation
from agent.learn.several import KIND, Several, fit_several, restore_several


class Traded(NamedTuple):
    """What was chosen, the fitted surrogates as JSON, and notes in words."""

    choices: tuple[Choice, ...]
    state: dict[str, Any]
    notes: tuple[str, ...]


def traded(situation: Situation, before: list[Point], count: int) -> Traded:
    """Up to `count` points for all objectives together.

    Args:
        situation: What the decision starts from.
        before: Points chosen before in this decision (replicates).
        count: How many.

    Raises:
        ModelError: an objective cannot be modelled yet.
    """
    aim, encoding = situation.aim, situation.encoding
    given = [(one, situation.told_of(one)) for one in aim.objectives]
    seed = derived(situation.seed, "fit")
    surrogates = fit_several(encoding, aim, given, seed, situation.usable_bounds)
    choosing = scoring_of(situation, surrogates)
    situation, plate = plated(situation, choosing, before, count)
    chooser = Chooser(situation, choosing, before, anew(count))
    choices = tuple(
        _explained(situation, surrogates, chooser.design, choice)
        for choice in chooser.choices(count)
    )
    return Traded(choices, surrogates.state(), (*surrogates.notes, *plate))


def scores_of(situation: Situation, state: dict[str, Any], points: list[Point]) -> list[float]:
    """The acquisition of the first greedy step at `points`, from a decision's stored state.

    Raises:
        ReplayError: the rows are not those that the surrogates learnt from.
    """
    aim = situation.aim
    given = [(one, situation.told_of(one)) for one in aim.objectives]
    surrogates = restore_several(state, situation.encoding, aim, given, situation.usable_bounds)
    return Chooser(situation, scoring_of(situation, surrogates), []).acquisition(points)


def is_traded(state: dict[str, Any]) -> bool:
    """Whether a decision's state is of several objectives."""
    return bool(state["kind"] == KIND)


def _explained(situation: Situation, surrogates: Several, design: Tensor, chosen: Chosen) -> Choice:
    policy, aim, works = situation.policy, situation.aim, situation.feasibility
    point = chosen.point
    X = situation.encoding.encode([point])
    (prediction,) = surrogates.predict([point])
    cheap = (chosen.prices or Prices.of(situation)).ahead(point, design)
    with torch.no_grad():
        mean, sd = surrogates.marginals(torch.cat([X, design]))
        if policy.name == "uncertainty":
            parts = explain.unknown_share(sd.square().mean(dim=-1).sqrt(), X, design, works, cheap)
        else:
            gain = ExpectedGain(surrogates, chosen.in_flight, situation.seed, draws=0)
            parts = explain.shares_of(
                lambda means, deviations: gain.gain(means.unsqueeze(1), deviations),
                mean,
                sd,
                X,
                design,
                works,
                cheap,
            )
    feasible = None if works is None else float(works.log_probability(X).exp())
    why = explain.sentence_of_several(policy.name, aim, prediction, parts)
    return Choice(
        point=point,
        prediction=prediction,
        acquisition=policy.name,
        score=chosen.score,
        feasible=feasible,
        shares=parts,
        why=why if feasible is None else f"{why}; works with {feasible:.0%}",
        grounds=grounds_of_several(situation, surrogates, chosen),
    )
