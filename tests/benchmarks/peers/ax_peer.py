"""Ax: its modular BoTorch generator with its defaults, asked at the candidates of the pool."""

import logging

import numpy as np
import torch
from ax.core.observation import ObservationFeatures

from tests.benchmarks.peers.play import Asked
from tests.benchmarks.transfer.peer_ax import add, experiment_of, fitted, settings_of


def suggest(asked: Asked) -> int:
    """The candidate that its acquisition likes best; of points that failed it knows nothing."""
    logging.disable(logging.WARNING)
    torch.manual_seed(asked.seed)
    problem = asked.contest.problem
    here = experiment_of("here", problem)
    for at, score in zip(asked.at, asked.scores, strict=True):
        add(here, problem, problem.points[at], score)
    adapter = fitted(here, len(asked.measured), with_sources=False)
    left = [
        ObservationFeatures(parameters=dict(settings_of(problem, problem.points[at])))
        for at in asked.left
    ]
    return asked.left[int(np.argmax(adapter.evaluate_acquisition_function(left)))]
