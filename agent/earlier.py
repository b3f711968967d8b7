"""What the store knows already, as priors of a new campaign: earlier campaigns, those that look alike,
oracles that were asked first, and what the laboratory has learnt of priors.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from agent.alike import likenesses
from agent.core.campaign import Campaign
from agent.core.register import CampaignStatus
from agent.core.source import Source, TransferPrior
from agent.core.transfer import TransferRule
from agent.core.values import canonical
from agent.data.store import Store
from agent.errors import CampaignError, NotFound
from agent.experience import learnt
from agent.load.campaign import Resolved, with_source
from agent.load.faults import Document, Findings, Loc
from agent.load.priors import source
from agent.load.target import Target
from agent.oracles import asked_first
from agent.resolved import campaign_of
from agent.results import results_of
from agent.standing import stand


def gathered(store: Store, resolved: Resolved, now: datetime) -> Resolved:
    """The campaign with the rows that the store has by now of what its priors name.

    What a running campaign has found once (campaigns that look alike, the laboratory's experience)
    it keeps until its file is changed; of campaigns that a file names it takes the newest rows.

    Raises:
        CampaignError: there is no such campaign, or its rows do not fit; every fault is listed.
    """
    campaign = resolved.campaign
    rule = campaign.policy.transfer
    if not campaign.priors or not (rule.learnt or any(_of_store(one) for one in campaign.priors)):
        return resolved
    written = [prior.model_dump(exclude_defaults=True) for prior in campaign.priors]
    findings = Findings(Document(resolved.source, {"priors": written}))
    gatherer = _Gatherer(store, resolved, _known_before(store, resolved), findings, now)
    found = list(gatherer.all())
    if findings.faults:
        raise CampaignError(f"{campaign.name} cannot be used", faults=findings.faults)
    made = {one.sha256: canonical(one).encode() for _, one in found if one is not None}
    update = {
        "priors": tuple(prior for prior, _ in found),
        "policy": campaign.policy.model_copy(update={"transfer": gatherer.rule()}),
    }
    warnings = (*resolved.warnings, *findings.warnings)
    informed = campaign.model_copy(update=update)
    return replace(resolved, campaign=informed, blobs={**resolved.blobs, **made}, warnings=warnings)


def _of_store(prior: TransferPrior) -> bool:
    return prior.table is None and prior.formula is None and prior.model is None


def _known_before(store: Store, resolved: Resolved) -> Campaign | None:
    """The campaign as it stands in the store, if its file has not changed since."""
    try:
        entry = store.entry(resolved.campaign.name)
    except NotFound:
        return None
    unchanged = store.revision(entry.id).source == resolved.source != ""
    return campaign_of(store, entry.id) if unchanged else None


@dataclass(frozen=True)
class _Gatherer:
    """Gathers the sources of one campaign's priors.

    Attributes:
        store: Where the earlier campaigns are.
        resolved: The campaign.
        before: The same as it stands in the store, if its file has not changed.
        findings: Takes faults and warnings.
        now: The time.
    """

    store: Store
    resolved: Resolved
    before: Campaign | None
    findings: Findings
    now: datetime

    @property
    def target(self) -> Target:
        campaign = self.resolved.campaign
        return Target(self.resolved.space, campaign.objective, campaign.context)

    def all(self) -> Iterator[tuple[TransferPrior, Source | None]]:
        """Each prior with its rows, those that were read from files as they are."""
        for number, prior in enumerate(self.resolved.campaign.priors):
            loc: Loc = ("priors", number)
            if prior.campaign is not None:
                yield self._of(prior, (*loc, "campaign"), prior.campaign, self.findings)
            elif prior.oracle is not None:
                yield self._asked(prior, (*loc, "oracle"))
            elif prior.alike is not None:
                yield from self._alike(prior, (*loc, "alike"))
            else:
                yield prior, None

    @property
    def _own(self) -> set[str]:
        """The campaign's name, and its id if it is in the store."""
        own = self.resolved.campaign.name
        return {own, *(entry.id for entry in self.store.entries() if entry.name == own)}

    def rule(self) -> TransferRule:
        """What is expected of priors, learnt where the file asks for it."""
        rule = self.resolved.campaign.policy.transfer
        if not rule.learnt:
            return rule
        if self.before is not None:
            return self.before.policy.transfer
        told = learnt(self.store, self.now, leave_out=self.resolved.campaign.name)
        if told.campaigns:
            return rule.model_copy(update={"experience": told.experience})
        self.findings.warn(
            ("policy", "transfer", "learnt"),
            "the laboratory has no past campaigns with priors to learn from",
            "the defaults are taken",
        )
        return rule

    def _of(
        self, prior: TransferPrior, at: Loc, name: str, findings: Findings
    ) -> tuple[TransferPrior, Source | None]:
        if name in self._own:
            what = "a campaign is no prior of its own"
            findings.fault(at, what, "its rows teach it anyway")
            return prior, None
        try:
            earlier = stand(self.store, name, self.now)
        except NotFound as error:
            findings.fault(at, error.message, error.hint)
            return prior, None
        results = results_of(self.store, earlier, prior.fidelity)
        if not results.rows:
            which = "" if prior.fidelity == "target" else f" of fidelity {prior.fidelity}"
            what = f"{name} has no results{which} yet"
            findings.fault(at, what, "leave it out until it has")
            return prior, None
        made = source(findings, at[:2], prior, results, self.target)
        return (prior if made is None else with_source(prior, made)), made

    def _asked(self, prior: TransferPrior, at: Loc) -> tuple[TransferPrior, Source | None]:
        first = asked_first(self.resolved.campaign)[prior.called]
        try:
            entry = self.store.entry(first.name)
        except NotFound:
            entry = None
        if entry is None or entry.status is not CampaignStatus.FINISHED:
            what = f"{prior.called} has not been asked yet"
            self.findings.fault(at, what, "athanor run FILE asks it first")
            return prior, None
        return self._of(prior, at, first.name, self.findings)

    def _alike(
        self, prior: TransferPrior, at: Loc
    ) -> Iterator[tuple[TransferPrior, Source | None]]:
        if self.before is not None:
            yield from ((one, None) for one in self.before.priors if one.found)
            return
        likely = likenesses(self.store, self.resolved.campaign, self.target, self.now)
        already = {one.campaign for one in self.resolved.campaign.priors}
        found = 0
        for one in likely:
            if found == prior.alike or not one.good or one.campaign in already:
                continue
            named = TransferPrior(
                campaign=one.campaign,
                trust=prior.trust,
                columns=one.columns,
                value=one.value,
                found=True,
            )
            # Nobody has named it: one that cannot be used is no fault of the file.
            tried = Findings(self.findings.document)
            made = self._of(named, at, one.campaign, tried)
            if made[1] is None:
                why = next((fault.what for fault in tried.faults), "")
                self.findings.warn(at, f"{one.campaign} looks alike and cannot be used: {why}")
                continue
            self.findings.warn_as(tried)
            found += 1
            yield made
        if not found:
            self.findings.warn(at, "no campaign of the store looks alike", "athanor priors alike")
