"""A SiLA 2 server: one observable command makes a sample; its execution is found again by its UUID.

SiLA 2 has no key of the client's: the job's id goes into an argument that the settings name, and only a look-up by
that argument finds a job again whose first answer was lost. See `docs/sila.md` for what a feature should offer.
"""

import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import ClassVar, Literal, TypeVar

from adapters.pure import utc_now
from adapters.sila.begin import arguments_of, begin, ended_early
from adapters.sila.fit import wrongs
from adapters.sila.link import Link, locked
from adapters.sila.outcome import forgotten, lifetime_over, outcome_of
from adapters.sila.seen import bar_and_look, by_execution, call, look
from adapters.sila.settings import Call, SilaSettings
from agent.core.adapter import (
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
from agent.errors import AdapterError, MissingExtra, Refused, Unreachable

try:
    from sila2.client import SilaClient
    from sila2.framework import SilaError
except ImportError as error:
    raise MissingExtra("sila2 is not installed", 'pip install "athanor[sila]"') from error

T = TypeVar("T")
_POLL_S = 0.02


class SilaAdapter:
    """Physical: what the server was once given may have been executed.

    Args:
        settings: The server, its command, and what else it can be asked.
        now: Tells the time, to say when an execution was forgotten.
    """

    Settings = SilaSettings
    effect: ClassVar[Literal["physical"]] = "physical"

    def __init__(self, settings: SilaSettings, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self._link = Link(settings)
        self._now = now

    def capabilities(self) -> Capabilities:
        """Sure look-up only where ids can be withdrawn; best effort where they can be looked up."""
        settings = self.settings
        cancelled, stopped = _said(settings.cancel), _said(settings.emergency_stop)
        return Capabilities(
            effect=self.effect,
            lookup="sure" if settings.withdraw else "best_effort" if settings.lookup else "none",
            parallel=settings.parallel,
            on_cancel=settings.on_cancel or cancelled,
            on_lost_contact=settings.on_lost_contact
            or "SiLA 2 says nothing of it: a command that was taken goes on",
            on_emergency_stop=settings.on_emergency_stop or stopped,
            version=f"sila2 {version('sila2')}, {settings.feature}.{settings.command}",
        )

    def health(self) -> Health:
        """Ready if it answers and has all that the settings name; locked by LockController."""
        try:
            wrong, shut = self._ask(lambda c: (wrongs(c, self.settings), locked(c)))
        except Unreachable as silence:
            return Health(state="unreachable", reason=str(silence))
        except SilaError as error:
            return Health(state="faulted", reason=str(error))
        if wrong:
            return Health(state="faulted", reason="; ".join(wrong))
        if shut:
            return Health(state="locked", reason=f"somebody has locked the server at {self._link}")
        return Health(state="ready")

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against `plan`, by the settings and, where the server answers, by its definitions."""
        reasons, key = self.settings.reasons(plan), self.settings.key
        if key is not None and key in self.settings.arguments(plan):
            reasons += (f"the argument '{key}' takes the job's id, and nothing else",)
        if reasons:
            return reasons
        try:
            sample = self.settings.sample.example(plan.trial)
            return self._ask(lambda c: arguments_of(c, self.settings, plan, plan.trial, sample)[1])
        except (AdapterError, SilaError):
            # The server checks them again, before it executes anything.
            return ()

    def prepare(self, job: Job) -> Handle:
        """The job's id, which is the key.

        Raises:
            Refused: `check` has reasons against it, or it has more than one trial.
        """
        reasons = [reason for plan in job.plans for reason in self.check(plan)]
        if len(job.plans) > 1:
            reasons.append("the command makes one sample")
        if reasons:
            raise Refused("; ".join(reasons), "edit or reject the trial")
        return {"key": job.id}

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        """Call the command, and note its execution's UUID before anything else.

        Raises:
            Refused: nothing was sent, or the server did not accept it.
            Unreachable: it was sent, and not answered.
        """
        settings, plan = self.settings, job.plans[0]
        try:
            sample = job.sample_of(plan.trial)
            arguments, reasons = self._ask(
                lambda c: arguments_of(c, settings, plan, job.id, sample)
            )
        except (AdapterError, SilaError) as wrong:
            raise Refused(f"nothing was sent: {wrong}", "see `athanor check`") from wrong
        if reasons:
            raise Refused("; ".join(reasons), "edit or reject the trial")
        sent = self._now().isoformat()
        begun = self._link.ask(lambda c: begin(c, settings, arguments), settings.start_deadline_s)
        try:
            execution, lifetime = str(begun.execution_uuid), begun.lifetime_of_execution
            seconds = None if lifetime is None else lifetime.total_seconds()
            note({**handle, "execution": execution, "sent": sent, "lifetime_s": seconds})
            if ended_early(begun, settings.acceptance_s):
                self._raise_if_refused(execution)
        finally:
            begun.cancel_execution_info_subscription()

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        """By the execution's UUID; else by the look-up, after the id was withdrawn.

        Surely absent is only what was withdrawn before the look-up did not know it, and what the server itself
        has refused.

        Raises:
            Unreachable: no answer.
        """
        known, settings = handle or {"key": job.id}, self.settings
        seen, barred = self._ask(lambda client: bar_and_look(client, settings, job.id, known))
        if seen is None:
            return Sighting(state="absent", sure=False, reason=self._unknown(known))
        if seen.meaning in {"absent", "refused"}:
            sure = barred or seen.meaning == "refused"
            return Sighting(state="absent", sure=sure, reason=seen.message or self._unknown(known))
        found = known if seen.execution is None else {**known, "execution": seen.execution}
        return Sighting(
            state="running" if seen.meaning == "running" else "ended",
            handle=found,
            reason=seen.message,
        )

    def collect(self, job: Job, handle: Handle) -> Outcome:
        """What the execution has brought, or what the look-up tells.

        Raises:
            Unreachable: no answer; the server may have died, and what it knew with it.
        """
        seen = self._ask(lambda client: look(client, self.settings, job.id, handle))
        if seen is None:
            return Outcome(state="lost", message=self._unknown(handle))
        if seen.meaning == "running" and lifetime_over(handle, self._now()):
            late = "its lifetime at the server is over: the server may forget it when it ends"
            return Outcome(state="running", message=late)
        return outcome_of(job.plans[0], seen, self.settings)

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        """Call the lab's command, and wait until the execution has ended because of it."""
        command, execution = self.settings.cancel, handle.get("execution")
        if command is None:
            return "unconfirmed"
        deadline = time.monotonic() + self.settings.cancel_deadline_s
        answer: Cancellation = "unconfirmed"
        try:
            self._link.ask(
                lambda client: call(client, self.settings, command, job.id, execution),
                self.settings.cancel_deadline_s,
            )
            answer = "requested"
            while (left := deadline - time.monotonic()) > 0:
                seen = self._link.ask(
                    lambda client: look(client, self.settings, job.id, handle), left
                )
                if seen is None or seen.meaning != "running":
                    cancelled = seen is not None and seen.meaning == "cancelled"
                    return "confirmed" if cancelled else "unconfirmed"
                time.sleep(_POLL_S)
        except (AdapterError, SilaError):
            return answer
        return answer

    def emergency_stop(self) -> None:
        """Call the lab's command for it.

        Raises:
            AdapterError: there is none, or it did not take it: a person has to stop the instrument.
        """
        command = self.settings.emergency_stop
        hint = "press the emergency stop at the instrument"
        if command is None:
            raise AdapterError(
                f"no command is known that stops what is behind {self._link}",
                f"{hint}; name one under `emergency_stop` of the settings",
            )
        try:
            self._link.ask(
                lambda client: call(client, self.settings, command, "", None),
                self.settings.cancel_deadline_s,
            )
        except (AdapterError, SilaError) as wrong:
            raise AdapterError(f"it is not known to have stopped: {wrong}", hint) from wrong

    def _ask(self, work: Callable[[SilaClient], T]) -> T:
        return self._link.ask(work, self.settings.deadline_s)

    def _raise_if_refused(self, execution: str) -> None:
        try:
            seen = self._ask(lambda client: by_execution(client, self.settings, execution))
        except Unreachable:
            return
        if seen is not None and seen.meaning == "refused":
            raise Refused(f"the server did not accept it: {seen.message}")

    def _unknown(self, handle: Handle) -> str:
        return f"the server at {self._link} {forgotten(self.settings, handle, self._now())}"


def _said(call: Call | None) -> str:
    """What is known of a safe state that nobody has put into words."""
    if call is None:
        return "nothing: the server has no command for it"
    return f"{call.command} is called; nobody has said what it does"
