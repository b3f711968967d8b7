"""What can be asked of a store. Each answer is made of frozen records."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Select, select

from agent.core.decision import Decision
from agent.core.job import IN_FLIGHT, UNENDED, Job, JobStatus, Observation, Sample
from agent.core.judgement import Judgement
from agent.core.register import Entry, JournalEntry, Revision
from agent.core.trial import Approval, Proposal, Review, Trial, TrialStatus
from agent.core.values import Value
from agent.data import statements
from agent.data.engine import Database
from agent.data.ready import Ready
from agent.data.rows import TABLES, Record, from_row, query, query_one
from agent.data.tables import table
from agent.errors import NotFound


class Sketch(Value):
    """A campaign in a few numbers; states that nothing is in are left out."""

    trials: dict[TrialStatus, int]
    jobs: dict[JobStatus, int]
    decision: int


class Reading:
    """The questions. While its thread has a transaction open, they are answered from inside that."""

    _database: Database

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread asks inside is answered from one transaction: sooner, and on SQLite as of one
        moment. Nothing is written inside; nobody is to be waited for there.
        """
        with self._database.reading():
            yield

    def entries(self) -> list[Entry]:
        """The register of campaigns, oldest first."""
        return self._all(Entry, statements.ENTRIES)

    def entry(self, name: str) -> Entry:
        """The campaign of that name, or of that id.

        Raises:
            NotFound: there is none; the hint lists near names.
        """
        found = self._all(Entry, statements.ENTRY, wanted=name)
        if found:
            return found[0]
        names = [entry.name for entry in self.entries()]
        near = get_close_matches(name, names) or names[:5]
        raise NotFound(
            f"no campaign is named {name!r}",
            f"there is: {', '.join(near)}" if near else "the store holds no campaign yet",
        )

    def revision(self, campaign: str, number: int | None = None) -> Revision:
        """A revision of a campaign; the latest if no number is given.

        Raises:
            NotFound: there is none.
        """
        if number is None:
            found = self._all(Revision, statements.LAST_REVISION, wanted=campaign)
        else:
            found = self._all(Revision, statements.REVISION, wanted=campaign, number=number)
        if not found:
            raise NotFound(f"campaign {campaign} has no revision {number or ''}".rstrip())
        return found[0]

    def latest(self, campaign: str) -> int:
        """The number of the latest revision of a campaign.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as connection:
            found = statements.LATEST.scalar(connection, {"wanted": campaign})
        if found is None:
            raise NotFound(f"campaign {campaign} has no revision")
        return int(found)

    def revisions(self, campaign: str) -> list[Revision]:
        """Every revision of a campaign, in order."""
        return self._of(Revision, campaign, "number")

    def trials(self, campaign: str, *statuses: TrialStatus) -> list[Trial]:
        """The trials of a campaign in these states (in any, if none is given), in order."""
        return self._of(Trial, campaign, "number", statuses)

    def trial(self, id: str) -> Trial:
        """One trial.

        Raises:
            NotFound: there is none.
        """
        return self._one(Trial, id)

    def proposals(self, campaign: str) -> list[Proposal]:
        """The proposals of a campaign, in the order of their trials."""
        return self._beside_trials(Proposal, campaign, "id")

    def proposal(self, trial: str) -> Proposal | None:
        """Why the trial was proposed; None if it was given or imported."""
        return next(iter(self._about(Proposal, trial, "id")), None)

    def reviews(self, campaign: str) -> list[Review]:
        """The reviews of a campaign, in the order of their trials."""
        return self._beside_trials(Review, campaign, "number")

    def reviews_of(self, trial: str) -> list[Review]:
        """The reviews of one trial, in order."""
        return self._about(Review, trial, "number")

    def approvals(self, campaign: str) -> list[Approval]:
        """The approvals of a campaign, in the order of their trials."""
        return self._beside_trials(Approval, campaign, "seq")

    def approvals_of(self, trial: str) -> list[Approval]:
        """The approvals of one trial, oldest first."""
        return self._about(Approval, trial, "seq")

    def approval(self, id: str) -> Approval:
        """One approval.

        Raises:
            NotFound: there is none.
        """
        return self._one(Approval, id)

    def jobs(self, campaign: str, *statuses: JobStatus) -> list[Job]:
        """The jobs of a campaign in these states (in any, if none is given), as intended."""
        return self._of(Job, campaign, "seq", statuses)

    def job(self, id: str) -> Job:
        """One job.

        Raises:
            NotFound: there is none.
        """
        return self._one(Job, id)

    def jobs_of(self, trial: str) -> list[Job]:
        """The jobs of one trial, in the order of intention."""
        return self._all(Job, statements.JOBS_OF, wanted=trial)

    def in_doubt(self, instrument: str) -> list[Job]:
        """The jobs of any campaign of which only a person can say what that instrument did."""
        doubted = statements.jobs_on(frozenset({JobStatus.UNKNOWN}))
        return self._all(Job, doubted, wanted=instrument)

    def busy(self, instrument: str) -> list[Job]:
        """The jobs of any campaign that may be going on at that instrument."""
        return self._all(Job, statements.jobs_on(IN_FLIGHT), wanted=instrument)

    def unended(self, instrument: str) -> list[Job]:
        """Both: those in doubt, and those that may be going on."""
        return self._all(Job, statements.jobs_on(UNENDED), wanted=instrument)

    def observations(self, campaign: str) -> list[Observation]:
        """The observations of a campaign, superseded ones too, in the order of their ids."""
        return self._of(Observation, campaign, "id")

    def observations_of(self, trial: str) -> list[Observation]:
        """The observations of one trial, superseded ones too, in the order of their ids."""
        return self._about(Observation, trial, "id")

    def judgements(self, campaign: str) -> list[Judgement]:
        """What people said of the trials of a campaign that have ended, oldest first."""
        return self._of(Judgement, campaign, "id")

    def judgements_of(self, trial: str) -> list[Judgement]:
        """What people said of one trial, oldest first."""
        return self._about(Judgement, trial, "id")

    def decisions(self, campaign: str) -> list[Decision]:
        """The decisions of a campaign, in order."""
        return self._of(Decision, campaign, "number")

    def decision(self, id: str) -> Decision:
        """One decision.

        Raises:
            NotFound: there is none.
        """
        return self._one(Decision, id)

    def samples(self, campaign: str) -> list[Sample]:
        """The samples of a campaign, in the order in which they were made."""
        return self._of(Sample, campaign, "seq")

    def samples_of(self, trial: str) -> list[Sample]:
        """The samples of one trial, in the order in which they were made."""
        return self._about(Sample, trial, "seq")

    def journal(
        self, campaign: str, after: int = 0, limit: int | None = None
    ) -> list[JournalEntry]:
        """The lines of a campaign's account with `seq > after`, at most `limit` of them."""
        kept = TABLES[JournalEntry]
        asked = query(JournalEntry).where(kept.c.campaign == campaign, kept.c.seq > after)
        return self._all(JournalEntry, asked.order_by(kept.c.seq).limit(limit))

    def last_line(self, campaign: str, event: str, subject: str) -> JournalEntry | None:
        """The newest line of a campaign's account that says this of that; None without one."""
        asked = {"wanted": campaign, "event": event, "subject": subject}
        found = self._all(JournalEntry, statements.LAST_LINE, **asked)
        return found[0] if found else None

    def blob(self, sha: str) -> bytes:
        """The document of that hash.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as connection:
            found = statements.BLOB.scalar(connection, {"wanted": sha})
        if found is None:
            raise NotFound(f"no document has the hash {sha}")
        return bytes(found)

    def has_blob(self, sha: str) -> bool:
        """Whether there is a document of that hash."""
        kept = table("blobs")
        with self._database.reading() as connection:
            return (
                connection.execute(select(kept.c.size).where(kept.c.sha256 == sha)).first()
                is not None
            )

    def sketch(self, campaign: str) -> Sketch:
        """A campaign in a few numbers, counted by the database."""
        wanted = {"wanted": campaign}
        with self._database.reading() as connection:
            trials, jobs = (
                statements.counted(cls).rows(connection, wanted) for cls in (Trial, Job)
            )
            decision = statements.highest(Decision).scalar(connection, wanted)
        return Sketch(
            trials={TrialStatus(status): count for status, count in trials},
            jobs={JobStatus(status): count for status, count in jobs},
            decision=decision or 0,
        )

    def _all(self, cls: type[Record], asked: Ready | Select[Any], **given: Any) -> list[Record]:
        with self._database.reading() as connection:
            if isinstance(asked, Ready):
                return [from_row(cls, row) for row in asked.rows(connection, given)]
            return [from_row(cls, row) for row in connection.execute(asked)]

    def _one(self, cls: type[Record], id: str) -> Record:
        found = self._all(cls, query_one(cls), wanted=id)
        if not found:
            raise NotFound(f"there is no {cls.__name__.lower()} {id}")
        return found[0]

    def _of(
        self, cls: type[Record], campaign: str, order: str, statuses: Iterable[str] = ()
    ) -> list[Record]:
        if wanted := frozenset(str(status) for status in statuses):
            return self._all(cls, statements.in_states(cls, order, wanted), wanted=campaign)
        return self._all(cls, statements.of_campaign(cls, order), wanted=campaign)

    def _about(self, cls: type[Record], trial: str, order: str) -> list[Record]:
        return self._all(cls, statements.about_trial(cls, order), wanted=trial)

    def _beside_trials(self, cls: type[Record], campaign: str, order: str) -> list[Record]:
        return self._all(cls, statements.beside_trials(cls, order), wanted=campaign)
