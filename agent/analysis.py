"""Another program's analysis of a campaign, built from the store on demand."""

from datetime import datetime

from agent.core.analysis import Analysis
from agent.data.store import Store
from agent.decide.situation import Situation
from agent.decide.strategies import analysed_by_ax
from agent.errors import ModelError
from agent.resolved import space_of
from agent.standing import stand


def analyses_of(store: Store, name: str, now: datetime) -> tuple[Analysis, ...]:
    """Ax's analysis of each objective, from the rows that teach.

    Args:
        store: Where the campaign is.
        name: Its name or id.
        now: The time.

    Raises:
        NotFound: there is no such campaign.
        ModelError: there are too few results, or they are classes.
        MissingExtra: Ax is not installed.
    """
    standing = stand(store, name, now)
    campaign = standing.campaign
    if campaign.objective.classed:
        raise ModelError(
            f"{standing.entry.name} has classes, and Ax's analysis is of numbers only",
            "leave --analysis out: the report draws each class against each setting",
        )
    situation = Situation(
        space_of(store, campaign),
        campaign.objective,
        campaign.policy,
        standing.rows,
        also=campaign.objectives[1:],
        trade_off=campaign.trade_off,
        seed=campaign.seed,
        started=standing.started,
    )
    return analysed_by_ax(situation)
