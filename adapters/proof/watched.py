"""An adapter under watch: no more is sent through it than was declared, and what was sent is kept in mind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from agent.core.adapter import (
    Adapter,
    Cancellation,
    Capabilities,
    Handle,
    Health,
    Note,
    Outcome,
    Sighting,
)
from agent.core.job import Job
from agent.core.trial import Plan
from agent.errors import BudgetSpent, LeaseLost, Refused

How = Literal["sent", "refused", "overtaken", "in doubt", "ended"]


@dataclass
class Sending:
    """A job that was given to `start`: its newest handle, and how that ended."""

    job: Job
    handle: Handle
    how: How = "in doubt"


@dataclass
class Account:
    """What was sent in a session, through however many instances; `most` is how often that may be."""

    most: int
    sendings: list[Sending] = field(default_factory=list)

    def begin(self, job: Job, handle: Handle) -> Sending:
        """Enter a sending before it happens.

        Raises:
            BudgetSpent: it would be one more than was declared.
        """
        # What was surely not executed does not count.
        if sum(one.how != "refused" for one in self.sendings) >= self.most:
            raise BudgetSpent(
                f"{self.most} executions were declared, and it would send one more",
                "say more under executions",
            )
        sending = Sending(job, handle)
        self.sendings.append(sending)
        return sending

    def of(self, job: Job) -> list[Sending]:
        """The sendings of one job."""
        return [one for one in self.sendings if one.job.id == job.id]


class Watched:
    """An adapter whose sendings are entered in an account, and which is otherwise as it was.

    Args:
        make: Makes the adapter that is watched.
        account: Where its sendings are entered.
    """

    def __init__(self, make: Callable[[], Adapter], account: Account) -> None:
        self._make, self._account = make, account
        self._adapter = make()

    def again(self) -> "Watched":
        """Another instance with the same settings and the same account."""
        return Watched(self._make, self._account)

    @property
    def Settings(self) -> type[BaseModel]:  # noqa: N802 - the contract's name
        """The model of the adapter's settings."""
        return self._adapter.Settings

    def capabilities(self) -> Capabilities:
        """As the adapter says."""
        return self._adapter.capabilities()

    def health(self) -> Health:
        """As the adapter says."""
        return self._adapter.health()

    def check(self, plan: Plan) -> tuple[str, ...]:
        """As the adapter says."""
        return self._adapter.check(plan)

    def prepare(self, job: Job) -> Handle:
        """As the adapter does."""
        return self._adapter.prepare(job)

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        """As the adapter does, if the account allows it.

        Raises:
            BudgetSpent: it would be one more than was declared.
        """
        sending = self._account.begin(job, handle)

        def noted(told: Handle) -> None:
            note(told)
            sending.handle = told

        try:
            self._adapter.start(job, handle, noted)
        except Refused:
            sending.how = "refused"
            raise
        except LeaseLost:
            sending.how = "overtaken"
            raise
        sending.how = "sent"

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        """As the adapter does."""
        return self._adapter.find(job, handle)

    def collect(self, job: Job, handle: Handle) -> Outcome:
        """As the adapter does."""
        return self._adapter.collect(job, handle)

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        """As the adapter does."""
        return self._adapter.cancel(job, handle)

    def emergency_stop(self) -> None:
        """As the adapter does."""
        self._adapter.emergency_stop()
