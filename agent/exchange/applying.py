"""Applying a planned import: trials that are done, with their observations, in one transaction."""

from datetime import datetime

from agent.core import ids
from agent.core.actor import Actor
from agent.core.campaign import Campaign
from agent.core.job import Observation
from agent.core.space import SearchSpace
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.data.writing import Transaction
from agent.errors import IngestError
from agent.exchange.planning import signs, split
from agent.exchange.values import ImportPlan, ImportRow, Reading
from agent.resolved import campaign_of, space_of


def apply_import(plan: ImportPlan, store: Store, by: Actor, now: datetime) -> tuple[str, ...]:
    """Write the plan's rows as history, by the person; the ids of the trials.

    Each row is a trial of origin `imported:FILE#HASH` that is done (partial, where an objective was
    not observed): it teaches, and counts neither for the best nor against the budget. The file
    itself is kept. Rows that have come in since the plan was made are left out, so applying a plan
    twice adds nothing.

    Raises:
        IngestError: the campaign has another revision since, or a column of the file is faulty.
        LeaseLost, StoreError: see `Store.write`.
    """
    if store.revision(plan.campaign).number != plan.revision:
        raise IngestError("the campaign was revised since the import was planned", "plan it again")
    campaign = campaign_of(store, plan.campaign)
    space = space_of(store, campaign)
    with store.write(by, now) as tx:
        rows, _ = split(plan.rows, signs(store, plan.campaign))
        if not rows:
            return ()
        tx.put_blob(plan.content, plan.media)
        return tuple(_write(tx, plan, row, campaign, space, by, now) for row in rows)


def _write(
    tx: Transaction,
    plan: ImportPlan,
    row: ImportRow,
    campaign: Campaign,
    space: SearchSpace,
    by: Actor,
    now: datetime,
) -> str:
    number = tx.number(plan.campaign, "trial")
    complete = {one.name for one in campaign.objectives} <= {one.objective for one in row.readings}
    trial = Trial(
        id=ids.record(plan.campaign, "T", number),
        campaign=plan.campaign,
        number=number,
        revision=plan.revision,
        batch=0,
        role=row.role,
        fidelity=row.fidelity,
        steps=campaign.execution.names,
        point=row.point,
        settings=space.settings(row.point),
        origin=plan.origin,
        status=TrialStatus.DONE if complete else TrialStatus.PARTIAL,
        at=now,
    )
    tx.add_trial(trial)
    units = {one.name: one.unit for one in campaign.objectives}
    for reading in row.readings:
        number = tx.number(plan.campaign, "observation")
        tx.observe(_observation(plan, row, trial, reading, number, units[reading.objective], by))
    return trial.id


def _observation(
    plan: ImportPlan,
    row: ImportRow,
    trial: Trial,
    reading: Reading,
    number: int,
    unit: str,
    by: Actor,
) -> Observation:
    return Observation(
        id=ids.record(plan.campaign, "O", number),
        campaign=plan.campaign,
        trial=trial.id,
        fidelity=row.fidelity,
        unit=unit,
        executed=row.executed,
        raw=plan.sha256,
        analysis=f"row {row.number} of {plan.file}",
        origin=plan.origin,
        by=by,
        at=trial.at,
        **reading._asdict(),
    )
