"""The adapter of the small laboratory in `tests.lab.server`.

Imported inside `athanor run` through the operators' file. Tests end that process at a seam by an
environment variable; see `tests.lab.seams`.
"""

import os
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from agent.core.adapter import (
    Cancellation,
    Capabilities,
    Handle,
    Health,
    Measurement,
    Note,
    Outcome,
    Sighting,
)
from agent.core.job import Job
from agent.core.trial import Plan
from agent.errors import Refused, Unreachable
from tests.lab.seams import Seams, watch_commits
from tests.lab.wire import Piecewise

SEAMS = Seams(dict(os.environ))
if SEAMS:
    watch_commits(SEAMS)


class LabSettings(BaseModel):
    """Where the laboratory is, and how a job in doubt is looked up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="Address of the laboratory.")
    lookup: Literal["sure", "best_effort"] = Field(
        default="sure", description="sure: by voiding the key; best_effort: by looking only."
    )
    parallel: int = Field(default=2, ge=1, description="Jobs that it takes at the same time.")


class LabAdapter:
    """Physical: every POST that arrives is executed."""

    Settings = LabSettings

    def __init__(
        self,
        settings: LabSettings,
        transport: httpx.BaseTransport | None = None,
        seams: Seams = SEAMS,
    ) -> None:
        self.settings = settings
        self._seams = seams
        self._transport = transport or (Piecewise(seams) if seams else httpx.HTTPTransport())
        # Only the sending passes the seams of the wire.
        self._plain = transport or httpx.HTTPTransport()

    def capabilities(self) -> Capabilities:
        return Capabilities(
            effect="physical",
            lookup=self.settings.lookup,
            parallel=self.settings.parallel,
            on_cancel="nothing: what was begun goes on",
            on_lost_contact="it goes on",
            on_emergency_stop="it begins nothing more",
            version="lab 1",
        )

    def health(self) -> Health:
        try:
            self._asked("GET", "/")
        except Unreachable as silence:
            return Health(state="unreachable", reason=str(silence))
        return Health(state="ready")

    def check(self, plan: Plan) -> tuple[str, ...]:
        texts = [name for name, value in plan.settings().items() if isinstance(value, str)]
        reasons = [f"'{name}' is not a number" for name in texts]
        reasons += [
            f"'{name}' is not measured in '{u}'" for name, u in plan.objectives.items() if u != "mg"
        ]
        return tuple(reasons)

    def prepare(self, job: Job) -> Handle:
        if reasons := self.check(job.plans[0]):
            raise Refused("; ".join(reasons))
        return {"key": job.id}

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        self._seams.reach("before send")
        content = {"key": handle["key"], "parameters": job.plans[0].settings()}
        with self._client(self._transport) as client:
            try:
                answer = client.post("/jobs", json=content)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise Refused(f"no connection: {error}") from error
            except httpx.TransportError as error:
                raise Unreachable(str(error)) from error
        if answer.status_code == 409:
            raise Refused("the laboratory has voided it")
        if not answer.is_success:
            raise Unreachable(f"the laboratory says {answer.status_code}")

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        self._seams.reach("before the look-up")
        known = handle or {"key": job.id}
        if self.settings.lookup == "sure":
            voided = self._asked("POST", f"/jobs/{job.id}/void")["voided"]
            self._seams.reach("after the look-up")
            if voided:
                return Sighting(
                    state="absent", sure=True, reason="voided: it can never be executed"
                )
            return Sighting(state="running", handle=known)
        seen = self._asked("GET", f"/jobs/{job.id}")["state"]
        self._seams.reach("after the look-up")
        if seen == "absent":
            return Sighting(state="absent", sure=False, reason="the laboratory does not know it")
        return Sighting(state="running", handle=known)

    def collect(self, job: Job, handle: Handle) -> Outcome:
        seen = self._asked("GET", f"/jobs/{handle['key']}")
        if seen["state"] == "absent":
            return Outcome(state="lost", message="the laboratory does not know it")
        if seen["state"] == "running":
            return Outcome(state="running")
        if seen["state"] == "failed":
            return Outcome(state="failed", code=seen["code"], message=seen["message"])
        (plan,) = job.plans
        return Outcome(
            state="done",
            measurements=tuple(
                Measurement(trial=plan.trial, objective=name, unit=unit, value=seen["result"])
                for name, unit in plan.objectives.items()
            ),
        )

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        return "unconfirmed"

    def emergency_stop(self) -> None:
        """There is nothing to bring to a stop."""

    def _client(self, transport: httpx.BaseTransport) -> httpx.Client:
        return httpx.Client(base_url=self.settings.url, transport=_Lent(transport), timeout=30.0)

    def _asked(self, method: str, path: str) -> dict[str, str]:
        with self._client(self._plain) as client:
            try:
                answer = client.request(method, path)
                answer.raise_for_status()
            except httpx.HTTPError as error:
                raise Unreachable(f"the laboratory does not answer: {error}") from error
            found: dict[str, str] = answer.json()
            return found


class _Lent(httpx.BaseTransport):
    """A transport that outlives the client that uses it."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)
