"""A small world to write into a store: one campaign, and records with as few words as can be."""

from datetime import UTC, datetime, timedelta
from typing import Any

from agent.core.actor import AGENT, Actor, Process
from agent.core.decision import Choice, Decision
from agent.core.job import Job, JobStatus, Observation, Sample
from agent.core.judgement import Judgement
from agent.core.lifecycle import Settling
from agent.core.register import Entry, Revision
from agent.core.trial import (
    Approval,
    Plan,
    Prediction,
    Proposal,
    Review,
    Setting,
    Trial,
    TrialStatus,
)
from agent.data.store import Store

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
RULE = Actor(kind="rule", name="within limits")
ANNA = Actor(kind="person", name="anna")
BERT = Actor(kind="person", name="bert")
ME = Process(host="bench", boot="b1", pid=10, started="s1")
OTHER = Process(host="bench", boot="b1", pid=11, started="s2")
POINT = {"temperature": 80.0, "base": "K2CO3"}


def entry(id: str = "c1", name: str = "suzuki") -> Entry:
    return Entry(id=id, name=name, at=NOW)


def revision(campaign: str = "c1", number: int = 1) -> Revision:
    return Revision(
        campaign=campaign,
        number=number,
        document={"budget": 3},
        source="budget: 3",
        by=ANNA,
        at=NOW,
    )


def trial(number: int = 1, **more: Any) -> Trial:
    given = {"campaign": "c1", "revision": 1, "batch": 1, "point": POINT, "settings": POINT}
    return Trial(**{"id": f"t{number}", "number": number, "at": NOW, **given, **more})


def decision(number: int = 1, **more: Any) -> Decision:
    given: dict[str, Any] = {
        "id": f"d{number}",
        "campaign": "c1",
        "number": number,
        "revision": 1,
        "kind": "model",
        "rows": ("o1", "o2"),
        "pending": (),
        "batch": 1,
        "seed": 2**62,
        "clock": NOW,
        "budget": {"experiments": 3.0},
        "policy": {"strategy": "botorch"},
        "choices": (Choice(point=POINT, acquisition="logei", why="promising"),),
        "fingerprint": {"torch": "2.13"},
        "at": NOW,
    }
    return Decision(**{**given, **more})


def proposal(number: int = 1, of: int = 1, **more: Any) -> Proposal:
    given: dict[str, Any] = {
        "id": f"p{number}",
        "trial": f"t{number}",
        "decision": f"d{of}",
        "prediction": {"yield": Prediction(mean=50.0, sd=5.0)},
        "acquisition": "logei",
        "score": 0.5,
        "shares": {"exploit": 1.0},
        "why": "promising",
        "at": NOW,
    }
    return Proposal(**{**given, **more})


def review(of: int = 1, by: Actor = ANNA, **more: Any) -> Review:
    given: dict[str, Any] = {"trial": f"t{of}", "number": 1, "verdict": "approve", "at": NOW}
    return Review(**{"id": f"r{of}", "by": by, "point": POINT, "settings": POINT, **given, **more})


def plan(number: int = 1, **more: Any) -> Plan:
    given: dict[str, Any] = {
        "trial": f"t{number}",
        "revision": 1,
        "step": "run",
        "fidelity": "target",
        "instrument": "robot",
        "parameters": {"temperature": Setting(value=80.0, unit="degC")},
        "objectives": {"yield": "%"},
    }
    return Plan(**{**given, **more})


def approval(number: int = 1, by: Actor = ANNA, **more: Any) -> Approval:
    given: dict[str, Any] = {
        "id": f"a{number}",
        "trial": f"t{number}",
        "review": f"r{number}",
        "step": "run",
        "instrument": "robot",
        "digest": plan(number).digest,
        "at": NOW,
    }
    return Approval(**{"by": by, **given, **more})


def job(number: int = 1, **more: Any) -> Job:
    given: dict[str, Any] = {
        "id": f"j{number}",
        "campaign": "c1",
        "trials": (f"t{number}",),
        "plans": (plan(number),),
        "approvals": (f"a{number}",),
        "step": "run",
        "instrument": "robot",
        "attempt": 1,
        "sender": ME,
        "fence": 1,
        "cost": 1.0,
        "intended_at": NOW,
    }
    return Job(**{**given, **more})


def observation(number: int = 1, **more: Any) -> Observation:
    given: dict[str, Any] = {
        "id": f"o{number}",
        "campaign": "c1",
        "trial": "t1",
        "objective": "yield",
        "unit": "%",
        "by": AGENT,
        "at": NOW,
    }
    if not {"low", "high", "void"} & set(more):
        given["value"] = 61.5
    return Observation(**{**given, **more})


def judgement(number: int = 1, by: Actor = ANNA, **more: Any) -> Judgement:
    given: dict[str, Any] = {"campaign": "c1", "trial": "t1", "word": "fault", "reason": "the lamp"}
    return Judgement(**{"id": f"v{number}", "by": by, "at": NOW, **given, **more})


def sample(number: int = 1, **more: Any) -> Sample:
    given: dict[str, Any] = {"campaign": "c1", "code": f"S{number}", "job": None, "trial": "t1"}
    return Sample(**{"id": f"s{number}", "at": NOW, **given, **more})


def registered(store: Store, id: str = "c1", name: str = "suzuki") -> Store:
    """The store, with one campaign in it."""
    with store.write(ANNA, NOW) as tx:
        tx.register(entry(id, name), revision(id))
    return store


def proposed(store: Store, *numbers: int) -> Store:
    """The store, with these trials proposed by the first decision."""
    with store.write(AGENT, NOW) as tx:
        tx.decide(
            decision(1),
            [trial(number, decision="d1") for number in numbers],
            [proposal(number) for number in numbers],
        )
    return store


def approved(store: Store, *numbers: int) -> Store:
    """The store, with these trials reviewed and approved by Anna."""
    proposed(registered(store), *numbers)
    with store.write(ANNA, NOW) as tx:
        for number in numbers:
            tx.review(review(number))
            tx.approve(approval(number))
    return store


def intended(store: Store, *numbers: int) -> Store:
    """The store, with a job intended for each of these trials."""
    approved(store, *numbers)
    with store.write(AGENT, NOW) as tx:
        for number in numbers:
            tx.intend(job(number), None, None)
    return store


def moved(store: Store, *targets: JobStatus, by: Actor = AGENT, **more: Any) -> Store:
    """The store, with the first job taken through these states."""
    for target in targets:
        with store.write(by, LATER) as tx:
            tx.move_job("j1", target, **(more if target is targets[-1] else {}))
    return store


def ended(store: Store, *targets: JobStatus) -> Store:
    """The store, with the first trial settled after its job was started and taken through these."""
    moved(intended(store, 1), JobStatus.STARTED, *targets)
    with store.write(AGENT, LATER) as tx:
        tx.settle("t1", Settling(("yield", "purity"), 3))
    return store


def status(store: Store, id: str = "t1") -> TrialStatus:
    """Where the trial stands."""
    return store.trial(id).status
