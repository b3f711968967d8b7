"""BayBE on the same work: the same pool, the same rows of the sources, its defaults."""

import numpy as np
import pandas as pd
from baybe import Campaign
from baybe.objectives import SingleTargetObjective
from baybe.parameters import (
    CategoricalParameter,
    CustomDiscreteParameter,
    NumericalDiscreteParameter,
    TaskParameter,
)
from baybe.parameters.base import DiscreteParameter
from baybe.searchspace import SearchSpace
from baybe.settings import Settings
from baybe.targets import NumericalTarget

from agent.core import parameters as ours
from agent.core.pools import PoolColumn
from agent.core.source import Source
from agent.core.values import Point
from tests.benchmarks.transfer.problems import Problem

HERE = "here"


def trace(
    problem: Problem, sources: tuple[Source, ...], seed: int, experiments: int
) -> list[float]:
    """The best score so far after each experiment of BayBE's, with a `TaskParameter` where there are
    sources. It maximises the score itself: that of a source's row is what it would be worth here.
    """
    with Settings(random_seed=seed):
        campaign = campaign_of(problem, sources)
        if sources:
            campaign.add_measurements(_told(problem, sources))
        place = {key_of(point): number for number, point in enumerate(problem.points)}
        columns = [one.name for one in problem.space.parameters]
        found: list[float] = []
        for _ in range(experiments):
            asked = campaign.recommend(1)
            at = place[key_of(asked[columns].iloc[0].to_dict())]
            asked["score"] = problem.scores[at]
            campaign.add_measurements(asked)
            found.append(float(problem.scores[at]))
    best: list[float] = np.maximum.accumulate(np.array(found)).tolist()
    return best


def campaign_of(problem: Problem, sources: tuple[Source, ...]) -> Campaign:
    """A campaign of BayBE's on the pool, with its defaults; nothing is measured yet."""
    parameters: list[DiscreteParameter] = [
        _parameter(problem, one) for one in problem.space.parameters
    ]
    pool = pd.DataFrame([dict(point) for point in problem.points])
    if sources:
        tasks = [HERE, *(source.name for source in sources)]
        parameters.append(TaskParameter("task", values=tasks, active_values=[HERE]))
        pool["task"] = HERE
    space = SearchSpace.from_dataframe(pool, parameters)
    return Campaign(
        space,
        SingleTargetObjective(NumericalTarget("score")),
        allow_recommending_already_measured=False,
        allow_recommending_already_recommended=False,
    )


def _parameter(problem: Problem, one: object) -> DiscreteParameter:
    if isinstance(one, PoolColumn):
        pool = problem.space.pool(one)
        described = pd.DataFrame(dict(pool.descriptors), index=list(pool.ids))
        return CustomDiscreteParameter(one.name, described, decorrelate=False)
    if isinstance(one, ours.CategoricalParameter):
        return CategoricalParameter(one.name, values=list(one.choices), encoding="OHE")
    assert isinstance(one, ours.DiscreteParameter)
    return NumericalDiscreteParameter(one.name, values=list(one.levels))


def _told(problem: Problem, sources: tuple[Source, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {**row.point, "task": source.name, "score": problem.objective.score(row.value)}
            for source in sources
            for row in source.rows
        ]
    )


def key_of(point: Point) -> tuple[tuple[str, object], ...]:
    """A point by its settings."""
    return tuple(sorted(point.items()))
