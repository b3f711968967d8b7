"""Decisions that confirm the winner: when it is time, and what is chosen then."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.decide import winner
from agent.decide.informed import Informed
from agent.decide.selection import Selection, surrogate_of, with_feasibility
from agent.decide.situation import Situation
from agent.errors import ModelError
from agent.learn.fitted import Fitted


def free(situation: Situation, q: int) -> int:
    """Of `q` experiments those that may look for better points. Nothing is kept for a winner that is
    confirmed, or that cannot be.
    """
    told = situation.confirming
    return q if told is None or not told.samples or told.last else told.free(q)


def paying(situation: Situation) -> Situation:
    """The situation without the money that is kept for the winner, where there is some."""
    told, spending = situation.confirming, situation.spending
    if told is None or spending is None or not told.kept or told.last:
        return situation
    less = {"left": spending.left - told.kept, "home": told.home}
    return replace(situation, spending=spending.model_copy(update=less))


def ended(situation: Situation, selection: Selection, q: int, enough: str) -> Selection:
    """The same, where too little is left to gain to choose any new point."""
    remade = selection.choices[: len(situation.remakes)]
    told = situation.confirming
    if told is None or not told.samples or remade:
        return replace(selection, choices=remade, notes=(*selection.notes, enough))
    ranks = selection.ranking or winner.ranked_by_mean(situation)
    return _with(selection, winner.step(situation, told, ranks, q, enough), enough)


def confirm(situation: Situation, q: int) -> Selection | None:
    """Samples of the winner, where it is time for them; None where better points are to be looked for."""
    told = situation.confirming
    if told is None or not told.samples or not winner.due(situation, told):
        return None
    remade = situation.replicates(q)[: len(situation.remakes)]
    if remade:
        return Selection("model", tuple(remade), None, ())
    known = _known(situation)
    ranks = known.ranking or winner.ranked_by_mean(situation)
    step = winner.step(situation, told, ranks, q, told.why)
    return None if step is None else _with(known, step)


def _with(selection: Selection, step: winner.Step | None, note: str = "") -> Selection:
    step = step or winner.Step()
    notes = tuple(one for one in (note, step.note) if one and one not in selection.notes)
    return replace(selection, choices=step.choices, notes=(*selection.notes, *notes))


def _known(situation: Situation) -> Selection:
    """The model of the results with the ranks of the measured points, and nothing chosen."""
    if situation.initial or situation.policy.name == "random":
        return Selection("initial" if situation.initial else "model", (), None, ())
    try:
        if situation.informed and situation.asked:
            decision = Informed(situation, [])
            state, fitted = decision.state(()), decision.sources.states
            return _ranked(situation, decision.transfer, state, decision.notes, fitted)
        surrogate = surrogate_of(situation)
    except ModelError as error:
        return Selection("initial", (), None, (str(error),))
    return _ranked(situation, surrogate, surrogate.state(), surrogate.notes, {})


def _ranked(
    situation: Situation,
    model: Fitted,
    state: dict[str, Any],
    notes: tuple[str, ...],
    fitted: Mapping[str, dict[str, Any]],
) -> Selection:
    kept = with_feasibility(situation, state)
    ranking = winner.ranked(situation, model)
    return Selection("model", (), kept, notes, fitted=fitted, ranking=ranking)
