"""Ax's transfer generator (`BOTL`) on the same work, with its own choice between many tasks and one.

Ax proposes from a continuous box; here its acquisition is asked at every candidate of the pool, so that
it chooses among the same. Its first experiment is drawn at random: without a result of the campaign
itself it cannot be fitted.
"""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd
from ax.adapter.registry import Generators
from ax.adapter.torch import TorchAdapter
from ax.adapter.transfer_learning.adapter import (
    TL_EXP,
    transfer_learning_generator_specs_constructor,
)
from ax.core.arm import Arm
from ax.core.auxiliary_source import AuxiliarySource
from ax.core.data import Data
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.objective import Objective
from ax.core.observation import ObservationFeatures
from ax.core.optimization_config import OptimizationConfig
from ax.core.parameter import ChoiceParameter, ParameterType, RangeParameter
from ax.core.search_space import SearchSpace
from ax.generation_strategy.generation_node import GenerationNode
from ax.generation_strategy.generator_spec import GeneratorSpec

from agent.core import parameters as ours
from agent.core.pools import PoolColumn
from agent.core.source import Source
from agent.core.space import Parameter
from agent.core.values import Point, Scalar
from tests.benchmarks.transfer.problems import Problem

_SELECTS_FROM = 3
"""With fewer results it cannot cross-validate, and many tasks are taken."""


def trace(
    problem: Problem, sources: tuple[Source, ...], seed: int, experiments: int
) -> list[float]:
    """The best score so far after each experiment of Ax's."""
    logging.disable(logging.WARNING)
    here = experiment_of("here", problem)
    here.auxiliary_experiments_by_purpose[TL_EXP] = [
        AuxiliarySource(experiment=_told(problem, source)) for source in sources
    ]
    left = list(range(len(problem.points)))
    found: list[float] = []
    for number in range(experiments):
        if number:
            adapter = fitted(here, number, bool(sources))
            asked = [
                ObservationFeatures(parameters=dict(settings_of(problem, problem.points[at])))
                for at in left
            ]
            at = left.pop(int(np.argmax(adapter.evaluate_acquisition_function(asked))))
        else:
            at = left.pop(int(np.random.default_rng(seed).integers(len(left))))
        add(here, problem, problem.points[at], float(problem.scores[at]))
        found.append(float(problem.scores[at]))
    best: list[float] = np.maximum.accumulate(np.array(found)).tolist()
    return best


def fitted(here: Experiment, number: int, with_sources: bool) -> TorchAdapter:
    """Its generator on what is known."""
    specs, selector = [GeneratorSpec(generator_enum=Generators.BOTORCH_MODULAR)], None
    if with_sources:
        specs, selector = transfer_learning_generator_specs_constructor(
            use_model_selection=number >= _SELECTS_FROM
        )
    node = GenerationNode(name="node", generator_specs=specs, best_model_selector=selector)
    node._fit(experiment=here, data=here.lookup_data())  # noqa: SLF001 - there is no other way in
    adapter = node._fitted_adapter  # noqa: SLF001
    assert isinstance(adapter, TorchAdapter)
    return adapter


def _told(problem: Problem, source: Source) -> Experiment:
    found = experiment_of(source.name, problem)
    for row in source.rows:
        add(found, problem, row.point, problem.objective.score(row.value))
    return found


def experiment_of(name: str, problem: Problem) -> Experiment:
    """An experiment of Ax's on the pool's columns, without trials."""
    parameters = [one for ours in problem.space.parameters for one in _parameters(problem, ours)]
    wanted = OptimizationConfig(objective=Objective(metric=Metric("score"), minimize=False))
    return Experiment(search_space=SearchSpace(parameters), name=name, optimization_config=wanted)


def _parameters(problem: Problem, one: Parameter) -> list[RangeParameter | ChoiceParameter]:
    if isinstance(one, PoolColumn):
        columns = problem.space.pool(one).descriptors
        return [_range(name, column) for name, column in columns.items()]
    if isinstance(one, ours.CategoricalParameter):
        choices = list(one.choices)
        return [
            ChoiceParameter(
                one.name, ParameterType.STRING, choices, is_ordered=False, sort_values=False
            )
        ]
    assert isinstance(one, ours.DiscreteParameter)
    return [_range(one.name, one.levels)]


def _range(name: str, values: tuple[float, ...]) -> RangeParameter:
    return RangeParameter(name, ParameterType.FLOAT, float(min(values)), float(max(values)))


def settings_of(problem: Problem, point: Point) -> Mapping[str, Scalar]:
    """A point as Ax has it: a candidate is its descriptors."""
    found: dict[str, Scalar] = {}
    for one in problem.space.parameters:
        if isinstance(one, PoolColumn):
            row = problem.space.pool(one).row(str(point[one.name]))
            found.update({name: float(value) for name, value in row.items()})
        else:
            found[one.name] = point[one.name]
    return found


def add(experiment: Experiment, problem: Problem, point: Point, score: float) -> None:
    """Put a measurement into an experiment."""
    trial = experiment.new_trial()
    trial.add_arm(Arm(parameters=dict(settings_of(problem, point))))
    trial.mark_running(no_runner_required=True)
    row = {
        "trial_index": trial.index,
        "arm_name": trial.arm.name if trial.arm else "",
        "metric_name": "score",
        "metric_signature": "score",
        "mean": score,
        "sem": float("nan"),
    }
    experiment.attach_data(Data(df=pd.DataFrame([row])))
    trial.mark_completed()
