"""Standing approvals in the store: given and revoked by people, and counted by what they have let through."""

from sqlalchemy import and_, bindparam, func, select, update

from agent.core.standing_approval import Cover, Revocation, StandingApproval
from agent.core.trial import Approval, Trial
from agent.data.facts import sealed
from agent.data.reading import Reading
from agent.data.rows import TABLES
from agent.data.writer import Writer
from agent.errors import GateError, LifecycleError

_GIVEN, _REVOKED, _APPROVALS = TABLES[StandingApproval], TABLES[Revocation], TABLES[Approval]
_LET_THROUGH = (
    select(_APPROVALS.c.standing, func.count(_APPROVALS.c.trial.distinct()))
    .where(_APPROVALS.c.standing.in_(bindparam("ids", expanding=True)))
    .group_by(_APPROVALS.c.standing)
)
_OTHERS = select(func.count(_APPROVALS.c.trial.distinct())).where(
    _APPROVALS.c.standing == bindparam("wanted"), _APPROVALS.c.trial != bindparam("mine")
)
_TAKEN_BACK = select(_REVOKED.c.id).where(_REVOKED.c.standing == bindparam("wanted"))
_UNUSED = and_(
    _APPROVALS.c.standing == bindparam("wanted"),
    _APPROVALS.c.job.is_(None),
    _APPROVALS.c.revoked_at.is_(None),
)
_UNSENT = select(_APPROVALS.c.id).where(_UNUSED).order_by(_APPROVALS.c.seq)


class StandingReading(Reading):
    """The questions about standing approvals."""

    def standing_approvals(self, campaign: str) -> list[Cover]:
        """Those of a campaign, in order, each with how many trials it has let through and whether it was
        revoked.
        """
        given = self._of(StandingApproval, campaign, "number")
        if not given:
            return []
        revoked = {one.standing: one for one in self._of(Revocation, campaign, "id")}
        with self._database.reading() as connection:
            rows = connection.execute(_LET_THROUGH, {"ids": [one.id for one in given]}).all()
        used = {str(standing): int(count) for standing, count in rows}
        return [Cover(one, used.get(one.id, 0), revoked.get(one.id)) for one in given]


class StandingWriting(Writer):
    """The part of a transaction that is about standing approvals."""

    def give_standing(self, given: StandingApproval) -> None:
        """Write a standing approval.

        Raises:
            GateError: somebody else than a person gives it, or in another's name.
            LifecycleError: it is to end in the past, or no reason is given.
        """
        self._a_person("give", same=given.by == self.by)
        if given.until <= self.now:
            raise LifecycleError(f"{given.until:%Y-%m-%d %H:%M} is over", "give a time to come")
        if not any(one.strip() for one in given.reasons):
            raise LifecycleError("it is not said why", "give a reason: --reason 'it is as usual'")
        self._lock(given.campaign)
        self._insert(given)
        data = {"count": given.count, "until": given.until.isoformat(), **sealed(given)}
        self.record(given.campaign, "standing.given", given.id, data)

    def revoke_standing(self, revocation: Revocation) -> None:
        """Take a standing approval back, and with it every approval that was given for it and not used.

        Raises:
            GateError: somebody else than a person does it, or in another's name.
            LifecycleError: it was revoked before, or no reason is given.
            NotFound: there is none.
        """
        self._a_person("revoke", same=revocation.by == self.by)
        given = self._one(StandingApproval, revocation.standing)
        self._lock(given.campaign)
        if self._taken_back(given.id):
            raise LifecycleError(f"standing approval {given.number} was revoked before")
        if not revocation.reason.strip():
            raise LifecycleError(
                "it is not said why", "give a reason: --reason 'the lot is used up'"
            )
        self._insert(revocation)
        data = {"reason": revocation.reason, **sealed(revocation)}
        self.record(given.campaign, "standing.revoked", given.id, data)
        asked = {"wanted": given.id}
        unsent = self._connection.execute(_UNSENT, asked).scalars().all()
        self._connection.execute(
            update(_APPROVALS).where(_UNUSED).values(revoked_at=self.now), asked
        )
        for approval in unsent:
            told = {"reason": f"standing approval {given.number} was revoked"}
            self.record(given.campaign, "approval.revoked", approval, told)

    def _count_against(self, approval: Approval, trial: Trial) -> None:
        """See that a standing approval lets a trial through; the campaign is locked, so that it is counted once.

        Raises:
            GateError: it does not.
        """
        if approval.standing is None:
            return
        given = self._one(StandingApproval, approval.standing)
        about = f"standing approval {given.number}"
        mend = f"have trial {trial.number} reviewed"
        there = approval.instrument in given.instruments
        if given.campaign != trial.campaign or not there:
            raise GateError(f"{about} is for another campaign or instrument", mend)
        if self._taken_back(given.id):
            raise GateError(f"{about} was revoked", mend)
        if given.until <= self.now or approval.expires_at is None:
            raise GateError(f"{about} is over", mend)
        if approval.expires_at > given.until:
            raise GateError(f"{about} permits nothing beyond its end", mend)
        asked = {"wanted": given.id, "mine": trial.id}
        if int(self._connection.execute(_OTHERS, asked).scalar() or 0) >= given.count:
            raise GateError(f"{about} is used up", mend)

    def _taken_back(self, standing: str) -> bool:
        return self._connection.execute(_TAKEN_BACK, {"wanted": standing}).first() is not None

    def _a_person(self, verb: str, *, same: bool) -> None:
        if self.by.kind != "person":
            raise GateError(f"{self.by} cannot {verb} a standing approval", "a person does")
        if not same:
            raise GateError(f"{self.by} cannot {verb} it in another's name")
