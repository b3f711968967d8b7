"""Records made with as little said as possible."""

from datetime import UTC, datetime
from typing import Any

from agent.core.actor import AGENT, Process
from agent.core.job import Job, Observation
from agent.core.trial import Plan, Review, Trial

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ME = Process(host="here", boot="b", pid=1, started="1")


def trial(number: int = 1, **said: Any) -> Trial:
    point = said.pop("point", {"x": float(number)})
    return Trial(
        **{
            "id": f"c-T{number:04d}",
            "campaign": "c",
            "number": number,
            "revision": 1,
            "batch": 1,
            "point": point,
            "settings": point,
            "at": NOW,
            **said,
        }
    )


def plan(trial_id: str = "c-T0001", **said: Any) -> Plan:
    return Plan(
        **{
            "trial": trial_id,
            "revision": 1,
            "step": "run",
            "fidelity": "target",
            "instrument": "lab",
            "parameters": {},
            "objectives": {"y": "1"},
            **said,
        }
    )


def job(trial_id: str = "c-T0001", attempt: int = 1, **said: Any) -> Job:
    return Job(
        **{
            "id": f"{trial_id}.1.{attempt}",
            "campaign": "c",
            "trials": (trial_id,),
            "plans": (plan(trial_id),),
            "approvals": (),
            "step": "run",
            "instrument": "lab",
            "attempt": attempt,
            "sender": ME,
            "fence": 1,
            "intended_at": NOW,
            **said,
        }
    )


def observation(number: int = 1, trial_id: str = "c-T0001", **said: Any) -> Observation:
    if not {"value", "low", "high", "void"} & said.keys():
        said["value"] = float(number)
    return Observation(
        **{
            "id": f"c-O{number:04d}",
            "campaign": "c",
            "trial": trial_id,
            "objective": "y",
            "unit": "1",
            "by": AGENT,
            "at": NOW,
            **said,
        }
    )


def review(trial_id: str = "c-T0001", number: int = 1, **said: Any) -> Review:
    point = said.pop("point", {"x": 0.0})
    return Review(
        **{
            "id": f"c-R{number:04d}",
            "trial": trial_id,
            "number": number,
            "verdict": "approve",
            "by": AGENT,
            "point": point,
            "settings": point,
            "at": NOW,
            **said,
        }
    )
