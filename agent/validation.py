"""Validation of the models that could predict a campaign, on what it has measured."""

from datetime import datetime

from agent.core.seeds import derived
from agent.core.validation import Validation
from agent.data.store import Store
from agent.errors import ModelError
from agent.learn.compared import CONSTANT, models, used
from agent.learn.crossvalidation import errors, points_of
from agent.learn.encoding import Encoding
from agent.learn.training import usable
from agent.resolved import space_of
from agent.standing import stand


def validation_of(store: Store, name: str, now: datetime) -> tuple[Validation, ...]:
    """How far off each model is at points that it was not shown, of each objective.

    They learn from what the campaign's decisions learn from: its own and imported values, without
    those in question; bounds and sources are left out.

    Args:
        store: Where the campaign is.
        name: Its name or id.
        now: The time.

    Raises:
        NotFound: the store has no such campaign.
        ModelError: too few points of an objective were measured, or its values are classes.
    """
    standing = stand(store, name, now)
    campaign = standing.campaign
    if campaign.objective.classed:
        raise ModelError(
            f"{standing.entry.name} has classes, and models are compared on numbers only",
            "athanor status tells how many labels are expected to be wrong",
        )
    encoding = Encoding.of(space_of(store, campaign))
    found = []
    for objective in campaign.objectives:
        told = [row for row in standing.rows if row.objective == objective.name]
        rows = usable(encoding, told)[1]
        seed = derived(campaign.seed, "validate", objective.name)
        compared = [
            errors(model, predictor, rows, seed)
            for model, predictor in models(encoding, objective, seed).items()
        ]
        found.append(
            Validation(
                objective=objective.name,
                points=len(points_of(rows)),
                used=used(encoding),
                constant=CONSTANT,
                models=tuple(sorted(compared, key=lambda one: one.combined)),
            )
        )
    return tuple(found)
