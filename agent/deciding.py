"""Deciding: what a decision starts from, read from a standing, and how what was chosen is written."""

from agent.core import ids
from agent.core.actor import AGENT
from agent.core.confirming import Confirming
from agent.core.decision import Choice, Decision
from agent.core.guard import changes, silent
from agent.core.leeway import leeway
from agent.core.register import Lease
from agent.core.seeds import derived
from agent.core.trial import Prediction, Proposal, Trial
from agent.core.worded import doubted
from agent.decide.selection import Selection
from agent.decide.situation import Situation
from agent.fingerprint import fingerprint
from agent.lab import Lab
from agent.recall import recalled
from agent.resolved import sources_of, space_of
from agent.standing import Standing


def situation_now(lab: Lab, standing: Standing, told: Confirming | None) -> Situation:
    """What the next decision starts from.

    Args:
        lab: Its store has sources and what is remembered of them; what its operators leave of the space is
            where is looked.
        standing: The campaign.
        told: What the decision is told of confirming the winner.
    """
    campaign, number, store = standing.campaign, len(standing.decisions) + 1, lab.store
    space = space_of(store, campaign)
    left = leeway(space, campaign.execution, lambda name: lab.limits_of(name).rules)
    return Situation(
        space.within(left),
        campaign.objective,
        campaign.policy,
        standing.rows,
        standing.pending,
        standing.barred,
        sources_of(store, campaign),
        silent(standing.watches),
        recalled(store, campaign),
        bounds=standing.bounds,
        infeasible=standing.infeasible,
        remakes=standing.remakes,
        confirming=told,
        places=standing.places,
        stop=campaign.stop,
        outlooks=standing.outlooks,
        record=standing.record,
        also=campaign.objectives[1:],
        trade_off=campaign.trade_off,
        spending=standing.spending(space),
        leeway=left,
        seed=derived(campaign.seed, "decision", number),
        started=standing.started,
    )


def decide(
    lab: Lab,
    lease: Lease,
    standing: Standing,
    situation: Situation,
    selection: Selection,
    batch: int,
) -> None:
    """Write a decision with everything that went in, and its trials.

    Args:
        lab: The store and the clock.
        lease: Of the campaign.
        standing: The campaign as it was.
        situation: What the decision started from.
        selection: What was chosen.
        batch: How many points were asked for.
    """
    number, spending = len(standing.decisions) + 1, situation.spending
    decision = Decision(
        id=ids.record(lease.name, "D", number),
        campaign=lease.name,
        number=number,
        revision=standing.revision,
        kind=selection.kind,
        rows=standing.learnt,
        pending=standing.pending,
        barred=standing.barred,
        infeasible=standing.infeasible,
        remakes=standing.remakes,
        confirming=situation.confirming,
        started=standing.started,
        batch=batch,
        seed=situation.seed,
        clock=standing.now,
        budget=standing.use.model_dump() | ({"left": spending.left} if spending else {}),
        present=spending.present if spending else {},
        leeway=situation.leeway,
        policy=standing.campaign.policy.model_dump(mode="json"),
        choices=selection.choices,
        state=selection.state,
        notes=(*(_news(standing, situation) if selection.choices else ()), *selection.notes),
        outlook=selection.outlook,
        ranking=selection.ranking,
        fingerprint=fingerprint(),
        at=lab.clock.now(),
    )
    _write(lab, lease, standing, decision)


def _news(standing: Standing, situation: Situation) -> tuple[str, ...]:
    """What no decision has noted yet: what results have shown of predictions, and what the operators leave of
    the space.
    """
    noted = {note for one in standing.decisions for note in one.notes}
    told = [*doubted(standing.calibrations)]
    if situation.leeway:
        left = "; ".join(str(one) for one in situation.leeway)
        told.append(f"what is proposed keeps the operators' limits: {left}")
    return tuple(note for note in told if note not in noted)


def _write(lab: Lab, lease: Lease, standing: Standing, decision: Decision) -> None:
    space = space_of(lab.store, standing.campaign)
    trials, proposals = [], []
    with lab.store.write(AGENT, decision.at, lease) as tx:
        for choice in decision.choices:
            number = tx.number(lease.name, "trial")
            trial = Trial(
                id=ids.record(lease.name, "T", number),
                campaign=lease.name,
                number=number,
                revision=decision.revision,
                batch=decision.number,
                decision=decision.id,
                role="replicate" if choice.replicate_of else "candidate",
                steps=standing.campaign.execution.names,
                point=choice.point,
                settings=space.settings(choice.point),
                replicate_of=choice.replicate_of,
                at=decision.at,
            )
            trials.append(trial)
            proposals.append(_proposal(trial, decision, choice))
        tx.decide(decision, trials, proposals)
        trusted = decision.state.get("trusted", {}) if decision.state else {}
        bound = standing.campaign.policy.transfer.off_below
        for prior, on in changes(standing.watches, trusted, bound).items():
            data = {"decision": decision.id, "trusted": trusted[prior], "below": bound}
            tx.record(lease.name, "prior.on" if on else "prior.off", prior, data)


def _proposal(trial: Trial, decision: Decision, choice: Choice) -> Proposal:
    return Proposal(
        id=ids.record(trial.campaign, "P", trial.number),
        trial=trial.id,
        decision=decision.id,
        prediction={
            name: Prediction(mean=mean, sd=sd) for name, (mean, sd) in choice.prediction.items()
        },
        acquisition=choice.acquisition,
        score=choice.score,
        feasible=choice.feasible,
        shares=choice.shares,
        why=choice.why,
        grounds=choice.grounds,
        at=decision.at,
    )
