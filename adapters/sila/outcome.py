"""What a SiLA 2 server's words come to: the outcome of a job, or why nothing is known of it."""

import json
from datetime import datetime, timedelta

from adapters.sila.seen import Seen
from adapters.sila.settings import SilaSettings
from agent.core.adapter import Handle, Outcome
from agent.core.trial import Plan


def outcome_of(plan: Plan, seen: Seen, settings: SilaSettings) -> Outcome:
    """The outcome of a job that was sent, by how its sample stands."""
    raw = json.dumps(seen.document, ensure_ascii=False, sort_keys=True) if seen.document else None
    if seen.meaning == "done":
        return settings.outcome(plan, seen.answer, raw)
    if seen.meaning == "failed":
        return Outcome(
            state="failed",
            failure="unclassified",
            code=seen.code,
            message=seen.message or "it failed",
            raw=raw,
        )
    if seen.meaning == "refused":
        nothing = f"nothing was executed: {seen.message}"
        return Outcome(
            state="failed", failure="unclassified", code=seen.code, message=nothing, raw=raw
        )
    if seen.meaning == "absent":
        return Outcome(state="lost", message=seen.message or "the server does not know it", raw=raw)
    return Outcome(state=seen.meaning, message=seen.message, raw=raw)


def forgotten(settings: SilaSettings, handle: Handle, now: datetime) -> str:
    """Why a server tells nothing of a job; goes on from "the server"."""
    execution, lifetime = handle.get("execution"), handle.get("lifetime_s")
    if execution is None:
        return "knows nothing of it" if settings.lookup else "cannot be asked by the job's id"
    lost = f"does not know the execution {execution} any more"
    if lifetime is None:
        return f"{lost}: it was started again, or has forgotten it"
    if lifetime_over(handle, now):
        return f"{lost}: it keeps one for {lifetime:g} s from its start, and those are over"
    return f"{lost}, though its {lifetime:g} s are not over: it was started again"


def lifetime_over(handle: Handle, now: datetime) -> bool:
    """Whether the server may forget the execution: the lifetime that it told counts from its start."""
    lifetime, sent = handle.get("lifetime_s"), handle.get("sent")
    if lifetime is None or sent is None:
        return False
    return datetime.fromisoformat(sent) + timedelta(seconds=lifetime) < now
