"""Earlier campaigns of the store as sources of a new one."""

from dataclasses import replace
from datetime import datetime

from agent.core.source import Source, TransferPrior
from agent.core.space import SearchSpace
from agent.core.values import canonical, digest
from agent.data.store import Store
from agent.errors import CampaignError, NotFound
from agent.load.campaign import Resolved, with_source
from agent.load.faults import Document, Findings, Loc
from agent.load.priors import Results, source
from agent.standing import stand


def gathered(store: Store, resolved: Resolved, now: datetime) -> Resolved:
    """The campaign with the rows that the earlier campaigns, which its priors name, have by now.

    Raises:
        CampaignError: there is no such campaign, or its rows do not fit; every fault is listed.
    """
    campaign = resolved.campaign
    if not any(prior.campaign for prior in campaign.priors):
        return resolved
    written = [prior.model_dump(exclude_defaults=True) for prior in campaign.priors]
    findings = Findings(Document(resolved.source, {"priors": written}))
    priors, blobs = [], dict(resolved.blobs)
    for number, prior in enumerate(campaign.priors):
        made = _source(store, findings, ("priors", number), prior, resolved, now)
        priors.append(prior if made is None else with_source(prior, made))
        if made is not None:
            blobs[digest(made)] = canonical(made).encode()
    if findings.faults:
        raise CampaignError(f"{campaign.name} cannot be used", faults=findings.faults)
    informed = campaign.model_copy(update={"priors": tuple(priors)})
    warnings = (*resolved.warnings, *findings.warnings)
    return replace(resolved, campaign=informed, blobs=blobs, warnings=warnings)


def _source(
    store: Store,
    findings: Findings,
    loc: Loc,
    prior: TransferPrior,
    resolved: Resolved,
    now: datetime,
) -> Source | None:
    if prior.campaign is None:
        return None
    at = (*loc, "campaign")
    if prior.campaign == resolved.campaign.name:
        findings.fault(at, "a campaign is no prior of its own", "its rows teach it anyway")
        return None
    try:
        earlier = stand(store, prior.campaign, now)
    except NotFound as error:
        findings.fault(at, error.message, error.hint)
        return None
    rows, objective = earlier.own_rows, earlier.campaign.objective
    if not rows:
        findings.fault(at, f"{prior.campaign} has no results yet", "leave it out until it has")
        return None
    space: SearchSpace = earlier.campaign.space
    columns = {name: [row.point[name] for row in rows] for name in space.columns}
    results = Results(
        {**columns, objective.name: [row.value for row in rows]},
        {**space.units, objective.name: objective.unit},
    )
    return source(findings, loc, prior, results, resolved.space, resolved.campaign.objective)
