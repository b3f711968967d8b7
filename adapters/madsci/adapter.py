"""A MADSci node: an instrument behind the REST protocol of a MADSci workcell.

An action is created, which has no effect; its id is committed; then it is started, once. A node starts an
action id at most once, so a job is executed at most once while the node lives. After silence the node is
asked what it remembers, and nothing is sent again. Its memory dies with it: what it does not know any
more, a person is asked about.
"""

# ruff: noqa: ARG002 - the contract names the arguments, whether or not an adapter needs them

import json
import time
from typing import Any, ClassVar, Literal

import httpx

from adapters.madsci.node import History
from adapters.madsci.rest import Node
from adapters.madsci.settings import MadsciSettings
from adapters.madsci.words import argument_reasons, health_of, outcome_of
from agent.core.adapter import Cancellation, Capabilities, Handle, Health, Note, Outcome, Sighting
from agent.core.job import Job, SampleRef
from agent.core.trial import Plan
from agent.errors import Refused, Unreachable

_PAUSE_S = 0.1


class MadsciAdapter:
    """Sends each job as one action of one node.

    Args:
        settings: Which node and action.
        transport: What carries the requests; by default the network.
    """

    Settings = MadsciSettings
    effect: ClassVar[Literal["physical"]] = "physical"

    def __init__(
        self, settings: MadsciSettings, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.settings = settings
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        self._node = Node(settings.url, headers, settings.timeout_s, transport)

    def capabilities(self) -> Capabilities:
        """Physical. A look-up needs the noted action id, and a node forgets when it restarts."""
        return Capabilities(
            effect=self.effect,
            lookup="best_effort",
            parallel=self.settings.parallel,
            on_cancel=self.settings.on_cancel,
            on_lost_contact=self.settings.on_lost_contact,
            on_emergency_stop=self.settings.on_emergency_stop,
            version="madsci rest 1",
        )

    def health(self) -> Health:
        """As the node says; after a fault it stays `faulted` until a person resets it."""
        try:
            return health_of(self._node.status(), self.settings.url)
        except Unreachable as silence:
            return Health(state="unreachable", reason=str(silence))

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against `plan`: by the settings, and by what the node says of its action."""
        reasons = self._own_reasons(plan)
        try:
            info = self._node.info()
        except Unreachable:
            return tuple(reasons)
        reasons += argument_reasons(
            info,
            self.settings.action,
            self._arguments(plan, "job", self.settings.sample.example(plan.trial)),
        )
        return tuple(dict.fromkeys(reasons))

    def prepare(self, job: Job) -> Handle:
        """The job's id and its action's name; nothing is created yet.

        Raises:
            Refused: `check` has reasons against its plan, or there are several.
        """
        reasons = [reason for plan in job.plans for reason in self.check(plan)]
        if len(job.plans) > 1:
            reasons.append("an action is sent for one trial")
        if reasons:
            raise Refused("; ".join(dict.fromkeys(reasons)), "edit or reject the trial")
        return {"job": job.id, "name": self.settings.action}

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        """Create the action, note its id, start it.

        Raises:
            Refused: nothing was executed: it was not created, the request never left, or the node took
                the action up and did not run it, since it was not ready.
            Unreachable: whether it was started is not known.
        """
        if "action" in handle:
            raise Unreachable(f"{job.id} was created before as {handle['action']}", "look it up")
        (plan,) = job.plans
        try:
            info = self._node.info()
        except Unreachable as silence:
            raise Refused(f"nothing was sent: {silence.message}", silence.hint) from silence
        name, arguments = (
            self.settings.action,
            self._arguments(plan, job.id, job.sample_of(plan.trial)),
        )
        if reasons := argument_reasons(info, name, arguments):
            raise Refused("; ".join(reasons), "edit or reject the trial")
        action = self._node.create(name, arguments)
        node = info.model_dump(include={"node_name", "node_id", "module_name", "module_version"})
        note({**handle, "action": action, "arguments": arguments, "node": node})
        # Whoever was overtaken meanwhile does not come to here: the note was not taken.
        if self._node.start(name, action) not in {"running", "paused", "succeeded"}:
            self._settle_doubt(action)

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        """What the node remembers of the noted action.

        Where none was noted, none was started: `start` notes before it sends. An action that the node
        took up without running it is used up. One that the node does not know may have been forgotten.

        Raises:
            Unreachable: the node does not say.
        """
        if handle is None:
            return Sighting(state="absent", reason="a node does not know the ids of jobs")
        if "action" not in handle:
            return Sighting(
                state="absent", sure=True, reason="no action was noted, so none was started"
            )
        history = self._remembered(handle["action"])
        if history.never_ran:
            reason = f"the node did not run it: {history.fault.message or history.status}"
            return Sighting(state="absent", sure=True, handle=handle, reason=reason)
        if history.lines:
            state = "ended" if history.ended else "running"
            return Sighting(state=state, handle=handle, reason=f"the node says '{history.status}'")
        return Sighting(state="absent", reason=self._forgotten(handle))

    def collect(self, job: Job, handle: Handle) -> Outcome:
        """What became of the action, with its history and the node's version as the raw document.

        Raises:
            Unreachable: the node does not say.
        """
        if "action" not in handle:
            return Outcome(state="lost", message="no action was noted for it: was it ever started?")
        history = self._node.history(handle["action"])
        if not history.ended:
            if not history.lines:
                return Outcome(state="lost", message=self._forgotten(handle))
            told = "" if history.status == "running" else f"the node says '{history.status}'"
            return Outcome(state="running", message=told)
        outcome = outcome_of(job.plans[0], history, self.settings)
        raw = json.dumps({**handle, "history": history.document}, sort_keys=True)
        return outcome.model_copy(update={"raw": raw})

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        """Tell the node to cancel, and wait for the action to end; confirmed once it reads `cancelled`.

        The command is for the whole node: it is not sent while others' actions run there too.
        """
        if "action" not in handle:
            return "unconfirmed"
        try:
            history = self._node.history(handle["action"])
            if history.ended or not history.lines:
                return "confirmed" if history.status == "cancelled" else "unconfirmed"
            others = self._node.status().running_actions - {handle["action"]}
            if others or not self._node.command("cancel").done:
                return "unconfirmed"
            return self._awaited(handle["action"])
        except Unreachable:
            return "unconfirmed"

    def emergency_stop(self) -> None:
        """`safety_stop`, or `cancel` where the node has none; then lock it, so that nothing more starts.

        Tried again after silence, until the deadline: a node's rate limiter turns this away too.

        Raises:
            AdapterError: the node took neither, or its own stop failed.
            Unreachable: it does not answer.
        """
        deadline = time.monotonic() + self.settings.stop_deadline_s
        while True:
            try:
                self._node.stop()
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return

    def _own_reasons(self, plan: Plan) -> list[str]:
        reasons = list(self.settings.reasons(plan))
        if plan.fidelity != "target":
            reasons.append(f"fidelity '{plan.fidelity}' is not offered (known: target)")
        job_argument = self.settings.job_argument
        if job_argument is not None and job_argument in self.settings.arguments(plan):
            reasons.append(f"the argument '{job_argument}' is the job's id, and a parameter too")
        return reasons

    def _arguments(self, plan: Plan, job: str, sample: SampleRef | None) -> dict[str, Any]:
        key = self.settings.job_argument
        return self.settings.arguments(plan, sample) | ({} if key is None else {key: job})

    def _settle_doubt(self, action: str) -> None:
        history = self._remembered(action)
        if history.never_ran:
            reason = history.fault.message or history.status
            raise Refused(f"the node did not run it: {reason}", "it is sent again when it is ready")
        if not history.lines:
            raise Unreachable(
                f"the node does not know of {action}; its start may still be on its way"
            )

    def _remembered(self, action: str) -> History:
        """The history, asked for again while the node knows nothing, or has not decided yet."""
        deadline = time.monotonic() + self.settings.patience_s
        while True:
            history = self._node.history(action)
            decided = history.lines and history.status != "not_started"
            if decided or time.monotonic() > deadline:
                return history
            time.sleep(_PAUSE_S)

    def _awaited(self, action: str) -> Cancellation:
        """How an action ends that was told to stop."""
        deadline = time.monotonic() + self.settings.cancel_deadline_s
        while time.monotonic() < deadline:
            history = self._node.history(action)
            if history.ended:
                return "confirmed" if history.status == "cancelled" else "unconfirmed"
            time.sleep(_PAUSE_S)
        return "requested"

    def _forgotten(self, handle: Handle) -> str:
        told = f"the node does not know action {handle['action']}"
        try:
            now = self._node.info().node_id
        except Unreachable:
            now = ""
        if now and now != handle.get("node", {}).get("node_id"):
            return f"{told}: it has restarted since, or is another one; was the sample made?"
        return f"{told}: it was never started, or the node has forgotten; was the sample made?"
