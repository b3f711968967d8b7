"""Replay: each decision is computed again from its stored inputs, one at a time, never free-running."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

from agent.core.budget import Spending
from agent.core.campaign import Campaign
from agent.core.confirming import Ranked
from agent.core.decision import Choice, Decision
from agent.core.guard import silent, watches_of
from agent.core.history import Bound, Reading, Row, bound_of, effective, key, row_of
from agent.core.outlook import Outlook, latest
from agent.core.policy import Policy
from agent.core.record import record_of
from agent.core.register import Entry
from agent.core.replicates import places_of
from agent.core.values import Point, Value, canonical
from agent.data.store import Store
from agent.decide.propose import acquisition_of, propose
from agent.decide.selection import Selection
from agent.decide.situation import Situation
from agent.errors import ReplayError
from agent.fingerprint import fingerprint
from agent.resolved import campaign_of, sources_of, space_of
from agent.variant import variant

Read = TypeVar("Read", bound=Reading)

TOLERANCE = 1e-6
"""How far below the best the stored point's recomputed acquisition may be, to count as equivalent."""


class Verdict(Value):
    """What came of one decision: `identical` (bit-equal), `equivalent`, or `different`.

    `stored` and `again` are the points; `why` says what differs.
    """

    decision: str
    number: int
    kind: str
    verdict: Literal["identical", "equivalent", "different"]
    stored: tuple[Point, ...]
    again: tuple[Point, ...]
    why: str = ""


class Counterfactual(Value):
    """What another policy would have asked for, from the same inputs."""

    decision: str
    number: int
    policy: str
    stored: tuple[Point, ...]
    instead: tuple[Choice, ...]
    same: bool


def replay(store: Store, name: str, present: dict[str, str] | None = None) -> Iterator[Verdict]:
    """Compute every decision of a campaign again, and say how the outcome compares.

    Args:
        store: Where the campaign is.
        name: Its name or id.
        present: The fingerprint of what computes now; default: this process's.

    Raises:
        ReplayError: what went into a decision is not in the store any more.
    """
    entry = store.entry(name)
    decisions = store.decisions(entry.id)
    for number, decision in enumerate(decisions):
        situation = situation_of(store, decision, before=decisions[:number])
        again = propose(situation, decision.batch)
        yield _compare(situation, decision, again, present or fingerprint())


def counterfactual(store: Store, name: str, policy: str) -> Iterator[Counterfactual]:
    """What another policy, by its words, would have asked for at each decision that a model made.

    Raises:
        CampaignError: there is no such policy, or it knows one objective only and there are several.
    """
    entry = store.entry(name)
    decisions = store.decisions(entry.id)
    variant(
        Policy(), policy, campaign_of(store, entry.id).aim
    )  # to be told of it whatever was decided so far
    for number, decision in enumerate(decisions):
        if decision.kind != "model":
            continue
        aim = campaign_at(store, decision).aim
        changed = variant(Policy.model_validate(decision.policy), policy, aim)
        again = propose(situation_of(store, decision, changed, decisions[:number]), decision.batch)
        stored = tuple(choice.point for choice in decision.choices)
        instead = tuple(choice.point for choice in again.choices)
        yield Counterfactual(
            decision=decision.id,
            number=decision.number,
            policy=policy,
            stored=stored,
            instead=again.choices,
            same=[key(point) for point in stored] == [key(point) for point in instead],
        )


def learnt_at(
    store: Store, entry: Entry, decision: Decision
) -> tuple[tuple[Row, ...], tuple[Bound, ...]]:
    """The rows and the bounds that went into a decision, in its order, read from the store as they are
    now.

    Raises:
        ReplayError: one of them is gone.
    """
    campaign = campaign_at(store, decision)
    observed = {one.id: one for one in store.observations(entry.id)}
    missing = [row for row in decision.rows if row not in observed]
    if missing:
        raise ReplayError(
            f"{decision.id}: the observation {missing[0]} is not in the store", "restore the store"
        )
    plans = effective(store.trials(entry.id), store.reviews(entry.id))
    told = [observed[row] for row in decision.rows]
    if any(one.kind == "void" for one in told):
        raise _altered(decision, next(one.id for one in told if one.kind == "void"))
    points = {one.id: plans[one.trial].point for one in told}
    rows = [row for one in told if (row := row_of(one, points[one.id]))]
    bounds = [bound_of(one, points[one.id]) for one in told if one.kind == "bound"]
    return (
        tuple(_completed(one, campaign, decision) for one in rows),
        tuple(_completed(one, campaign, decision) for one in bounds),
    )


def campaign_at(store: Store, decision: Decision) -> Campaign:
    """The campaign as it was when the decision was made."""
    return Campaign.model_validate(store.revision(decision.campaign, decision.revision).document)


def _completed(one: Read, campaign: Campaign, decision: Decision) -> Read:
    point = campaign.space.completed(one.point)
    if point is None:
        raise _altered(decision, one.id)
    return one.model_copy(update={"point": point})


def _altered(decision: Decision, observation: str) -> ReplayError:
    return ReplayError(
        f"{decision.id}: {observation} cannot be a row of it", "the store was altered"
    )


def situation_of(
    store: Store,
    decision: Decision,
    policy: Policy | None = None,
    before: Sequence[Decision] | None = None,
) -> Situation:
    """What a decision started from, read from the store; with another policy, if one is given.

    Args:
        store: Where the campaign is.
        decision: Which one.
        policy: Another policy than its own.
        before: The decisions before it, where they were read already.

    Raises:
        ReplayError: a row of it is gone.
    """
    campaign, entry = campaign_at(store, decision), store.entry(decision.campaign)
    if before is None:
        before = [one for one in store.decisions(entry.id) if one.number < decision.number]
    rows, bounds = learnt_at(store, entry, decision)
    trials = store.trials(entry.id)
    return Situation(
        space_of(store, campaign).within(decision.leeway),
        campaign.objective,
        policy or Policy.model_validate(decision.policy),
        rows,
        decision.pending,
        decision.barred,
        sources_of(store, campaign),
        silent(watches_of(campaign, before)),
        bounds=bounds,
        infeasible=decision.infeasible,
        remakes=decision.remakes,
        confirming=decision.confirming,
        places=places_of(trials, effective(trials, store.reviews(entry.id)), campaign.space),
        stop=campaign.stop,
        outlooks=latest([one.outlook for one in before if one.revision == decision.revision]),
        record=record_of(before, trials, rows, campaign.objective.name, campaign.space.near),
        also=campaign.objectives[1:],
        trade_off=campaign.trade_off,
        spending=_spending(campaign, decision),
        leeway=decision.leeway,
        sample=decision.choices[0].point if decision.kind == "screened" else None,
        seed=decision.seed,
        started=decision.started,
    )


def _spending(campaign: Campaign, decision: Decision) -> Spending | None:
    """What the decision could spend; None where every experiment cost the same."""
    cost = campaign.budget.cost
    if cost is None or "left" not in decision.budget:
        return None
    return Spending(cost=cost, left=decision.budget["left"], present=decision.present)


def _compare(
    situation: Situation, decision: Decision, again: Selection, present: dict[str, str]
) -> Verdict:
    stored = tuple(choice.point for choice in decision.choices)
    points = tuple(choice.point for choice in again.choices)
    same_points = [key(point) for point in stored] == [key(point) for point in points]
    # Before version 0003 of the store decisions told no outlook, before 0004 no grounds, before 0007 no
    # ranking: where there are none, there are none to compare with.
    told = any(choice.grounds for choice in decision.choices)
    stored_bits = _bits(decision.choices, decision.state, decision.outlook, decision.ranking)
    same_bits = stored_bits == _bits(
        again.choices if told else _without_grounds(again.choices),
        again.state,
        again.outlook if decision.outlook else None,
        again.ranking if decision.ranking else (),
    )
    changed = [name for name, value in present.items() if decision.fingerprint.get(name) != value]
    verdict: Literal["identical", "equivalent", "different"] = "different"
    why = ""
    if same_bits:
        verdict = "identical"
    elif not changed:
        why = "the same fingerprint, and not the same bits: what is stored was altered"
    elif same_points:
        verdict, why = "equivalent", f"same points; other {', '.join(changed)}"
    else:
        gap = _gap(situation, decision, points)
        verdict = "equivalent" if gap is not None and gap <= TOLERANCE else "different"
        why = f"acquisition {gap:.1e} below the best" if gap is not None else "other points"
    return Verdict(
        decision=decision.id,
        number=decision.number,
        kind=decision.kind,
        verdict=verdict,
        stored=stored,
        again=points,
        why=why,
    )


def _bits(
    choices: tuple[Choice, ...], state: object, outlook: Outlook | None, ranking: tuple[Ranked, ...]
) -> str:
    told = [choice.model_dump(mode="json") for choice in choices]
    return canonical([told, state, outlook, list(ranking)])


def _without_grounds(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    return tuple(choice.model_copy(update={"grounds": None}) for choice in choices)


def _gap(situation: Situation, decision: Decision, points: tuple[Point, ...]) -> float | None:
    """How far the acquisition of the best stored point is below that of the best recomputed one: by where
    the instrument stands, a batch need not begin with its best.
    """
    if decision.kind != "model" or decision.state is None or not points or not decision.choices:
        return None
    compared = [*(choice.point for choice in decision.choices), *points]
    told, count = acquisition_of(situation, decision.state, compared), len(decision.choices)
    return max(told[count:]) - max(told[:count])
