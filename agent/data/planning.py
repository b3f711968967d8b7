"""Writing what is planned: campaigns, their revisions, decisions, trials and their proposals."""

from collections.abc import Sequence

from sqlalchemy import text, update

from agent.core.decision import Decision
from agent.core.register import CampaignStatus, Entry, Revision
from agent.core.trial import Proposal, Trial, TrialStatus
from agent.data.facts import sealed
from agent.data.ready import Ready
from agent.data.rows import TABLES
from agent.data.writer import Writer
from agent.errors import StoreError

# The same words in both dialects.
_COUNT = Ready(
    text(
        "INSERT INTO counters (campaign, kind, value) VALUES (:campaign, :kind, 1) "
        "ON CONFLICT (campaign, kind) DO UPDATE SET value = counters.value + 1 RETURNING value"
    )
)


class Planning(Writer):
    """The part of a transaction that plans."""

    def number(self, campaign: str, kind: str) -> int:
        """The next number of that kind, from 1; no other transaction gets the same.

        Raises:
            NotFound: there is no such campaign.
        """
        self._lock(campaign)
        row = {"campaign": campaign, "kind": kind}
        return int(_COUNT.scalar(self._connection, row))

    def register(self, entry: Entry, revision: Revision) -> None:
        """Enter a campaign with its first revision.

        Raises:
            StoreError: the name is taken, or the revision is another campaign's.
        """
        if revision.campaign != entry.id:
            raise StoreError(f"revision {revision.number} is not of campaign {entry.id}")
        self._insert(entry)
        self._insert(revision)
        data = {"name": entry.name, **sealed(revision)}
        self.record(entry.id, "campaign.registered", entry.id, data)

    def revise(self, revision: Revision) -> None:
        """Add a revision.

        Raises:
            StoreError: there is one of that number.
        """
        self._lock(revision.campaign)
        self._insert(revision)
        data = {"number": revision.number, "diff": list(revision.diff), **sealed(revision)}
        self.record(revision.campaign, "campaign.revised", str(revision.number), data)

    def set_status(self, campaign: str, status: CampaignStatus, reason: str) -> None:
        """Say of a campaign that it is active, paused, stopped or finished, and why.

        Raises:
            NotFound: there is no such campaign.
        """
        before = self._status(campaign)
        kept = TABLES[Entry]
        change = update(kept).where(kept.c.id == campaign)
        self._connection.execute(change.values(status=status, reason=reason))
        data = {"from": before, "to": status, "reason": reason}
        self.record(campaign, "campaign.moved", campaign, data)

    def decide(
        self, decision: Decision, trials: Sequence[Trial], proposals: Sequence[Proposal]
    ) -> None:
        """Write a decision with the trials that it makes and why each is proposed.

        Raises:
            StoreError: they do not belong together.
        """
        self._lock(decision.campaign)
        made = {trial.id for trial in trials}
        for trial in trials:
            if (trial.campaign, trial.decision) != (decision.campaign, decision.id):
                raise StoreError(f"trial {trial.id} is not of decision {decision.id}")
        for proposal in proposals:
            if proposal.decision != decision.id or proposal.trial not in made:
                raise StoreError(f"proposal {proposal.id} is not of decision {decision.id}")
        self._insert(decision)
        self._insert_all(trials)
        self._insert_all(proposals)
        data = {
            "number": decision.number,
            "trials": [trial.number for trial in trials],
            **sealed(decision, *proposals),
        }
        self.record(decision.campaign, "decision.made", decision.id, data)

    def add_trial(self, trial: Trial) -> None:
        """Add a trial that no decision made: given by a person, or imported.

        Raises:
            StoreError: its number is taken.
        """
        self._lock(trial.campaign)
        self._insert(trial)
        data = {"number": trial.number, "origin": trial.origin, "status": trial.status}
        self.record(trial.campaign, "trial.added", trial.id, data)

    def move_trial(self, trial_id: str, target: TrialStatus, reason: str) -> None:
        """Take one step of a trial's life.

        Raises:
            NotFound: there is no such trial.
            LifecycleError: there is no such step, it is another's, or another was faster.
        """
        trial = self._locked_trial(trial_id)
        self._take(trial, target)
        data = {"from": trial.status, "to": target, "reason": reason}
        self.record(trial.campaign, "trial.moved", trial.id, data)
