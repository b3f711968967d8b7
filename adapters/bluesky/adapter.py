"""A Bluesky queue server over HTTP: plans in its queue, results from its runs.

The job's id travels in the item's `meta`, which the server keeps wherever the item goes, while its own
ids change. Sent is under the lock of the queue, after a look into queue and history. Whatever the server
puts back into its queue after an end is taken out before that end is reported.
"""

from contextlib import suppress
from typing import ClassVar, Literal

import httpx
from pydantic import SecretStr

from adapters.bluesky.claims import Claims
from adapters.bluesky.health import health, wanted
from adapters.bluesky.items import Places, Seen, look
from adapters.bluesky.results import outcome
from adapters.bluesky.sending import add, cleared, nothing_sent, start_stalled
from adapters.bluesky.server import LOCK, QueueServer
from adapters.bluesky.settings import BlueskySettings
from adapters.bluesky.stop import stop_everything, stop_running
from agent.core.adapter import Cancellation, Capabilities, Handle, Health, Note, Outcome, Sighting
from agent.core.job import Job
from agent.core.trial import Plan
from agent.errors import Refused, Unreachable

_RUNNING = "it is being executed"


class BlueskyAdapter:
    """Adds plans to a queue server's queue, and reads what became of them.

    Args:
        settings: Which server and plan.
        transport: Carries the HTTP requests.
    """

    Settings = BlueskySettings
    effect: ClassVar[Literal["physical"]] = "physical"

    def __init__(
        self, settings: BlueskySettings, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.settings = settings
        key = settings.api_key
        self._server = QueueServer(settings.url, _secret(key), settings.timeout_s, transport)
        self._claims = Claims(self._server, settings.claims, settings.function_s)

    def capabilities(self) -> Capabilities:
        """Physical. A look-up is sure where the lab's plan claims its job before it moves anything."""
        return Capabilities(
            effect=self.effect,
            lookup="sure" if self.settings.claims else "best_effort",
            parallel=self.settings.parallel,
            on_cancel=self.settings.on_cancel,
            on_lost_contact=self.settings.on_lost_contact,
            on_emergency_stop=self.settings.on_emergency_stop,
            version="bluesky queue server 1",
        )

    def health(self) -> Health:
        """Ready if a job can be added now, and would be executed."""
        return health(self._server, wanted(self.settings))

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against `plan`: what the signature does not have. The server is not asked."""
        return self.settings.reasons(plan)

    def prepare(self, job: Job) -> Handle:
        """The job's id, which is all that finds it again.

        Raises:
            Refused: `check` has reasons against it, or it has more than one trial.
        """
        reasons = [reason for plan in job.plans for reason in self.check(plan)]
        if len(job.plans) > 1:
            reasons.append("a plan is for one trial")
        if reasons:
            raise Refused("; ".join(dict.fromkeys(reasons)), "edit or reject the trial")
        return {"key": job.id}

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        """Under the lock of the queue: look for the job, add it, and start the queue if that is wanted.

        Raises:
            Refused: it is not in the queue: the server said so, is locked, or was not reached.
            Unreachable: the request to add it was not answered.
        """
        key = _lock_key(job)
        with self._server.locked(key, self.settings.lock_s):
            with nothing_sent():
                seen = look(self._server.places(), job.id)
            if seen.anywhere:
                note({**handle, "item_uid": _uid(seen)})
                return
            with nothing_sent():
                places = cleared(self._server, wanted(self.settings), key)
                word = self._claims.of(job.id, lock_key=key)
            if word == "begun":
                raise Unreachable(f"{job.id} was begun, but is neither queued nor in the history")
            if word == "withdrawn":
                raise Refused(f"{job.id} was withdrawn", "it is sent anew under another id")
            handle = {**handle, "last": places.last}
            # Committed here too, so that a sender whose lease is lost stops before it sends.
            note(handle)
            note({**handle, "item_uid": add(self._server, self.settings, job, key)})
            if self.settings.start_queue:
                # Refused: it runs already, or is locked; `collect` starts it if need be.
                with suppress(Refused):
                    self._server.say("/queue/start", lock_key=key)

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        """Look into queue and history, and free the lock if its sender has died with it.

        With `claims` a job that was not begun is ruled out here: its plan will not do anything, whoever
        still adds it. Without, what is nowhere is not surely undone.

        Raises:
            Unreachable: no answer, or the environment is closed, where claims are kept.
        """
        known = {"key": job.id, **(handle or {})}
        seen = look(self._server.places_of(job.id), job.id)
        self._server.unlock(_lock_key(job))
        if seen.anywhere:
            return _sighting(seen, known)
        nowhere = "it is neither in the queue nor in the history"
        word = self._claims.of(job.id, withdraw=True)
        if word is None:
            return Sighting(state="absent", sure=False, reason=nowhere)
        seen = look(self._server.places(), job.id)
        if word == "withdrawn":
            # What its sender has added meanwhile would do nothing; it need not wait there.
            for item in filter(None, (seen.waiting, *seen.again)):
                self._server.remove(item)
            return Sighting(state="absent", sure=True, reason=f"{nowhere}, and is ruled out now")
        if seen.anywhere:
            return _sighting(seen, known)
        return Sighting(state="ended", handle=known, reason=f"it was begun, but {nowhere}")

    def collect(self, job: Job, handle: Handle) -> Outcome:
        """What became of it. No end is reported while the queue still holds something to repeat it.

        Raises:
            Unreachable: no answer; what was put back cannot be taken out; results cannot be read now.
        """
        now = self._server.status()
        if now["lock"]["queue"]:
            # It may be its own, if the server died before it heard of the end of the sending.
            self._server.unlock(_lock_key(job))
        # What runs under the id that it was added with is all that most polls see: the history may be long.
        if now["running_item_uid"] == handle.get("item_uid", ""):
            return Outcome(state="running", message=_RUNNING)
        places = self._server.places_of(job.id)
        seen = look(places, job.id)
        if seen.again:
            for item in seen.again:
                self._server.remove(item)
            # Read again: what was put back may have been started before it was taken out.
            before, places = seen, self._server.places()
            seen = look(places, job.id)
            seen = seen._replace(ended=seen.ended or before.ended)
        if seen.running:
            again = " again: somebody has started what was put back" if seen.ended else ""
            return Outcome(state="running", message=f"{_RUNNING}{again}")
        if seen.ended:
            return outcome(self._server, self.settings, job, seen.ended)
        if seen.waiting:
            return Outcome(state="running", message=self._waiting(seen, places, handle))
        return self._gone(job, places, handle)

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        """Take it out of the queue, or pause and abort it, within `cancel_s`.

        `confirmed` only if that can be told afterwards too: by the history, or by its claim.

        Raises:
            Unreachable: no answer; nothing was asked for yet.
        """
        seen = look(self._server.places(), job.id)
        if seen.waiting and self._server.remove(seen.waiting):
            for item in seen.again:
                self._server.remove(item)
            never = self._never_executed(job, self._server.places(), handle)
            return "confirmed" if never else "requested"
        return stop_running(self._server, job.id, self.settings.cancel_s)

    def emergency_stop(self) -> None:
        """Abort whatever runs, whosever it is; destroy the environment if it does not obey in time.

        Raises:
            Refused: an operator's lock withstands it.
            Unreachable: no answer, or no end.
        """
        key = self.settings.emergency_lock_key
        stop_everything(self._server, self.settings.emergency_s, _secret(key))

    def _waiting(self, seen: Seen, places: Places, handle: Handle) -> str:
        where = f"it waits in the queue, place {seen.place} of {len(places.queue)}"
        if self._server.status()["manager_state"] != "idle":
            return where
        if self.settings.start_queue and start_stalled(self._server, places, handle):
            return where
        return f"{where}; the queue is not running"

    def _gone(self, job: Job, places: Places, handle: Handle) -> Outcome:
        if self._never_executed(job, places, handle):
            return Outcome(state="cancelled", message="it was taken out of the queue, not executed")
        return Outcome(
            state="lost",
            message="it is neither in the queue nor in the history, which somebody may have cleared",
        )

    def _never_executed(self, job: Job, places: Places, handle: Handle) -> bool:
        """Whether a job that was added, and is nowhere, was surely not executed.

        The history is only ever cleared from its oldest end: while it still has what was last when the
        job was added, it has everything that was executed since.
        """
        if any(item["item_uid"] == handle.get("last") for item in places.history):
            return True
        return self._claims.of(job.id, withdraw=True) == "withdrawn"


def _secret(told: SecretStr | None) -> str | None:
    return None if told is None else told.get_secret_value()


def _lock_key(job: Job) -> str:
    """Known to whoever looks the job up, so that a lock whose holder has died can be freed."""
    return f"{LOCK}{job.id}"


def _uid(seen: Seen) -> str:
    item = seen.ended or seen.running or seen.waiting
    return "" if item is None else str(item["item_uid"])


def _sighting(seen: Seen, known: Handle) -> Sighting:
    ended = seen.ended is not None and seen.running is None
    return Sighting(state="ended" if ended else "running", handle={**known, "item_uid": _uid(seen)})
