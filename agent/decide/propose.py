"""The decision: what is known goes in, the next points with their reasons come out."""

from dataclasses import replace
from typing import Any

from torch import Tensor

from agent.core.decision import Choice
from agent.core.outlook import Outlook, latest
from agent.core.values import Point
from agent.decide import designs, explain, winner
from agent.decide.choose import Chooser, Chosen, anew, scoring
from agent.decide.classified import class_scores, classified, is_classified
from agent.decide.confirm import confirm, ended, free, paying
from agent.decide.costs import Prices
from agent.decide.grounds import grounds
from agent.decide.informed import Informed, Turn, restored
from agent.decide.outlook import outlook
from agent.decide.plate import alike, held_by, plated
from agent.decide.route import order
from agent.decide.screening import Look, looked_at
from agent.decide.selection import Kind, Selection, surrogate_of, with_feasibility
from agent.decide.situation import Situation
from agent.decide.strategies import by_ax, is_by_ax, scores_by_ax
from agent.decide.traded import is_traded, scores_of, traded
from agent.decide.unknown import deviation
from agent.decide.unmodelled import at_random, designed, given
from agent.errors import ModelError
from agent.learn.fitted import Fitted
from agent.learn.scope import seeded
from agent.learn.surrogate import restore


def propose(situation: Situation, q: int) -> Selection:
    """The next `q` points: a pure function of its arguments.

    Results in question and declared replicates come first, then points given in the campaign, then
    the initial design; from then on a surrogate of the rows and the policy's acquisition choose, one
    point after the other.
    Where too little is left to gain, by the campaign's stop rule, only results in question are made
    again. Where the winner is to be confirmed, the budget keeps what that takes: samples of it are made
    anew before the campaign ends.
    """
    if situation.sample is not None:
        return screened(situation)[0]
    with seeded(situation.seed):
        confirmation = confirm(situation, q)
        if confirmation is not None:
            return confirmation
        q, whole = free(situation, q), situation
        situation = paying(situation)
        selection = _selected(situation, q)
        outlooks = latest([*situation.outlooks, selection.outlook])
        enough = situation.stop.enough(outlooks, situation.aim.unknown_unit)
        if enough:
            return ended(whole, selection, q, enough)
    missing = q - len(selection.choices)
    if not missing:
        return selection
    note = f"{len(selection.choices)} of {q} points: no other is feasible and new"
    if situation.leeway:
        note = f"{note} within the operators' limits"
    if situation.spending is not None:
        left, unit = situation.spending.left, situation.spending.cost.unit
        note = f"{note}, and costs no more than the {left:.4g} {unit} left"
    return replace(selection, notes=(*selection.notes, note))


def screened(situation: Situation) -> tuple[Selection, Look]:
    """Of a sample that comes by: itself if it is to be asked for, otherwise no choice; and why."""
    with seeded(situation.seed):
        look = looked_at(situation, situation.sample or {})
    choices = () if look.choice is None else (look.choice,)
    notes = () if choices else (look.why,)
    return Selection("screened", choices, look.state, notes, look.outlook), look


def acquisition_of(situation: Situation, state: dict[str, Any], points: list[Point]) -> list[float]:
    """The acquisition of a decision's first greedy step at `points`, from its stored state.

    Raises:
        ReplayError: the rows are not those that the surrogate learnt from.
    """
    situation = replace(paying(situation), classifier=state.get("feasibility"))
    with seeded(situation.seed):
        if state["kind"] == "transfer":
            surrogate: Fitted = restored(situation, state)
        elif is_classified(state):
            return class_scores(situation, state, points)
        elif is_traded(state):
            return scores_of(situation, state, points)
        elif is_by_ax(state):
            return scores_by_ax(situation, state, points)
        else:
            told = (situation.encoding, situation.rows, situation.objective, situation.bounds)
            surrogate = restore(state, *told)
        return Chooser(situation, scoring(situation, surrogate), []).acquisition(points)


def _selected(situation: Situation, q: int) -> Selection:
    prices = Prices.of(situation)
    repeated = prices.payable_of(alike(situation, situation.replicates(q)))
    situation = held_by(situation, repeated)
    left = q - len(repeated)
    told, notes = given(situation, left)
    told = alike(situation, told)
    if told or not left:
        kind: Kind = "given" if told else "initial" if situation.initial else "model"
        selection = Selection(kind, tuple(told), None, notes)
    else:
        fresh = _fresh(situation, [one.point for one in repeated], left)
        selection = replace(fresh, notes=(*notes, *fresh.notes))
    return replace(selection, choices=_in_order(prices, [*repeated, *selection.choices]))


def _in_order(prices: Prices, choices: list[Choice]) -> tuple[Choice, ...]:
    """The choices in the order in which they are to be executed, as far as they can be paid for."""
    if prices.route is not None and prices.spending is not None:
        settings = [prices.space.spelled(one.point) for one in choices]
        choices = [choices[at] for at in order(prices.spending, settings)]
    return prices.afforded(choices)


def _fresh(situation: Situation, before: list[Point], count: int) -> Selection:
    """New points: chosen with a model, or of the initial design where there is none yet."""
    if situation.initial:
        return Selection("initial", designed(situation, count), None, ())
    try:
        return _chosen(situation, before, count)
    except ModelError as error:
        return Selection("initial", designed(situation, count), None, (str(error),))


def _chosen(situation: Situation, before: list[Point], count: int) -> Selection:
    """By Ax, at random, by classes, for several objectives, with the sources, or by the model alone.

    Raises:
        ModelError: no model can be fitted yet.
    """
    if situation.policy.strategy == "ax":
        return Selection("model", *by_ax(situation, before, count))
    if situation.policy.name == "random":
        return Selection("model", at_random(situation, count), None, ())
    if situation.objective.classed:
        found = classified(situation, before, count)
        state = with_feasibility(situation, found.state)
        return Selection("model", found.choices, state, (), found.outlook)
    if not situation.aim.single:
        choices, learnt, notes = traded(situation, before, count)
        return Selection("model", choices, with_feasibility(situation, learnt), notes)
    if situation.informed and situation.asked:
        return _informed(situation, before, count)
    selection = _modelled(situation, before, count)
    if not situation.informed:
        return selection
    return replace(selection, notes=(*selection.notes, "every prior is switched off"))


def _modelled(situation: Situation, before: list[Point], count: int) -> Selection:
    """Points by the policy's acquisition."""
    surrogate = surrogate_of(situation)
    choosing = scoring(situation, surrogate)
    situation, plate = plated(situation, choosing, before, count)
    chooser = Chooser(situation, choosing, before, anew(count))
    chosen = [
        _explained(situation, surrogate, chooser.design, choice)
        for choice in chooser.choices(count)
    ]
    state = with_feasibility(situation, surrogate.state())
    left = _left(situation, surrogate, chooser)
    ranking = winner.ranked(situation, surrogate)
    notes = (*surrogate.notes, *plate)
    return Selection("model", tuple(chosen), state, notes, left, ranking=ranking)


def _left(situation: Situation, surrogate: Fitted, chooser: Chooser) -> Outlook | None:
    """What is left to gain, or to learn where that is what is wanted."""
    if situation.aim.learning:
        return deviation(situation, surrogate, chooser.space)
    return outlook(situation, surrogate, chooser.candidates)


def _informed(situation: Situation, before: list[Point], count: int) -> Selection:
    """Points by turns: by the mixture with the sources, and as it would be without them.

    Where no source can be used it is decided as if there were none.
    """
    try:
        decision = Informed(situation, before, count)
    except ModelError as error:
        alone = _fresh(replace(situation, sources=()), before, count)
        return replace(alone, notes=(*alone.notes, str(error)))
    turns = list(decision.turns(count))
    chosen = tuple(_reasoned(situation, decision, turn) for turn in turns)
    state = with_feasibility(situation, decision.state(turns))
    fitted = decision.sources.states
    left = _left(situation, decision.transfer, decision.chooser)
    ranking = winner.ranked(situation, decision.transfer)
    return Selection("model", chosen, state, decision.notes, left, fitted, ranking)


def _reasoned(situation: Situation, decision: Informed, turn: Turn) -> Choice:
    if turn.score is None:
        name = designs.named(situation.encoding, situation.policy.initial)
        why = explain.of_doubt(name, decision.transfer.contradicted)
        return Choice(point=turn.point, acquisition=name, why=why)
    chosen = Chosen(turn.point, turn.score, turn.in_flight, turn.others, turn.prices)
    one = _explained(situation, turn.model, decision.design, chosen)
    by = explain.by_sources(decision.transfer.believed, turn.by == "sources")
    return one.model_copy(update={"why": f"{one.why}; {by}"})


def _explained(situation: Situation, surrogate: Fitted, design: Tensor, chosen: Chosen) -> Choice:
    policy, objective = situation.policy, situation.objective
    prediction = surrogate.predict([chosen.point])[0]
    X = situation.encoding.encode([chosen.point])
    works = situation.feasibility
    cheap = (chosen.prices or Prices.of(situation)).ahead(chosen.point, design)
    parts = explain.shares(surrogate, X, chosen.in_flight, design, policy, works, cheap)
    feasible = None if works is None else float(works.log_probability(X).exp())
    if objective.learning:
        why = explain.sentence_of_learning(policy, objective, prediction, parts)
    else:
        why = explain.sentence(policy, objective, prediction, surrogate, parts)
    return Choice(
        point=chosen.point,
        prediction={objective.name: prediction},
        acquisition=policy.name,
        score=chosen.score,
        feasible=feasible,
        shares=parts,
        why=why if feasible is None else f"{why}; works with {feasible:.0%}",
        grounds=grounds(situation, surrogate, chosen),
    )
