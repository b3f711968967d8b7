"""A small campaign in a store in memory, and results written by hand into it."""

from datetime import UTC, datetime
from typing import Any

from agent.core.actor import AGENT, Actor
from agent.core.campaign import Campaign
from agent.core.decision import Choice, Decision
from agent.core.job import Observation
from agent.core.register import Entry, Revision
from agent.core.trial import Prediction, Proposal, Review, Trial, TrialStatus
from agent.data.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANNA = Actor(kind="person", name="anna")
POINT = {"temperature": 80.0, "solvent": "DMF", "passes": 2, "ratio": 1.5}

CAMPAIGN = Campaign.model_validate(
    {
        "name": "suzuki",
        "parameters": [
            {
                "type": "continuous",
                "name": "temperature",
                "unit": "degC",
                "low": 20,
                "high": 120,
                "resolution": 0.5,
            },
            {"type": "categorical", "name": "solvent", "choices": ["DMF", "NA", "=cmd()", "-78"]},
            {"type": "integer", "name": "passes", "low": 1, "high": 5},
            {"type": "discrete", "name": "ratio", "levels": [1.0, 1.5, 2.0]},
        ],
        "objectives": [
            {"name": "yield_", "unit": "%", "goal": "maximise", "plausible": [0, 100]},
            {"name": "purity", "unit": "mg/mL", "goal": "maximise"},
        ],
        "budget": {"experiments": 20},
        "execution": {"adapter": "files"},
    }
)


def new_store(campaign: Campaign = CAMPAIGN) -> Store:
    """A store with that campaign and nothing else."""
    store = Store.open("sqlite://")
    entry = Entry(id="c1", name=campaign.name, at=NOW)
    revision = Revision(
        campaign="c1",
        number=1,
        document=campaign.model_dump(mode="json"),
        source="",
        by=ANNA,
        at=NOW,
    )
    with store.write(ANNA, NOW) as tx:
        tx.register(entry, revision)
    return store


def add(store: Store, number: int, readings: list[dict[str, Any]], **more: Any) -> str:
    """A trial with its observations; its id."""
    given = {"point": POINT, "settings": more.get("point", POINT), "status": TrialStatus.DONE}
    trial = Trial(
        **{
            "id": f"c1-T{number:04d}",
            "campaign": "c1",
            "number": number,
            "revision": 1,
            "batch": 1,
            "at": NOW,
            **given,
            **more,
        }
    )
    with store.write(ANNA, NOW) as tx:
        tx.number("c1", "trial")
        tx.add_trial(trial)
        for reading in readings:
            at = tx.number("c1", "observation")
            unit = "%" if reading["objective"] == "yield_" else "mg/mL"
            tx.observe(
                Observation(
                    id=f"c1-O{at:04d}",
                    campaign="c1",
                    trial=trial.id,
                    unit=unit,
                    by=AGENT,
                    at=NOW,
                    **reading,
                )
            )
    return trial.id


def decide(store: Store) -> None:
    """One decision with a proposal that a person has edited and approved."""
    trial = Trial(
        id="c1-T0001",
        campaign="c1",
        number=1,
        revision=1,
        batch=1,
        decision="c1-D0001",
        point=POINT,
        settings=POINT,
        at=NOW,
    )
    decision = Decision(
        id="c1-D0001",
        campaign="c1",
        number=1,
        revision=1,
        kind="model",
        rows=(),
        pending=(),
        batch=1,
        seed=1,
        clock=NOW,
        budget={},
        policy={},
        choices=(Choice(point=POINT, acquisition="logei", why="=promising"),),
        fingerprint={},
        at=NOW,
    )
    proposal = Proposal(
        id="c1-P0001",
        trial=trial.id,
        decision=decision.id,
        prediction={"yield_": Prediction(mean=50.0, sd=5.0)},
        acquisition="logei",
        score=0.25,
        shares={},
        why="=promising",
        at=NOW,
    )
    review = Review(
        id="c1-R0001",
        trial=trial.id,
        number=1,
        verdict="edit",
        by=ANNA,
        point={**POINT, "temperature": 85.0},
        settings={**POINT, "temperature": 85.0},
        at=NOW,
    )
    with store.write(AGENT, NOW) as tx:
        tx.number("c1", "trial")
        tx.decide(decision, [trial], [proposal])
    with store.write(ANNA, NOW) as tx:
        tx.review(review)
