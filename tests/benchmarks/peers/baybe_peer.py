"""BayBE with its defaults: what was measured or has failed is not to be recommended again."""

from functools import lru_cache

import pandas as pd
from baybe import Campaign
from baybe.settings import Settings

from agent.core.history import key
from tests.benchmarks.peers.contests import Contest
from tests.benchmarks.peers.play import Asked
from tests.benchmarks.transfer.peer_baybe import campaign_of


def suggest(asked: Asked) -> int:
    """What it recommends."""
    contest = asked.contest
    columns = [one.name for one in contest.problem.space.parameters]
    with Settings(random_seed=asked.seed):
        fresh = _begun(contest)
        campaign = Campaign(
            fresh.searchspace,
            fresh.objective,
            allow_recommending_already_measured=False,
            allow_recommending_already_recommended=False,
        )
        told = _frame(contest, tuple(asked.at)).assign(score=asked.scores)
        campaign.add_measurements(told)
        if asked.failed:
            campaign.toggle_discrete_candidates(_frame(contest, asked.failed), exclude=True)
        recommended = campaign.recommend(1)
    return contest.place[key(recommended[columns].iloc[0].to_dict())]


def _frame(contest: Contest, some: tuple[int, ...]) -> pd.DataFrame:
    return pd.DataFrame([dict(contest.problem.points[at]) for at in some])


@lru_cache(maxsize=1)
def _begun(contest: Contest) -> Campaign:
    # Building its search space takes longer than a recommendation.
    return campaign_of(contest.problem, ())
