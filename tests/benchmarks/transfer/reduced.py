"""What is lost when a source of more than 400 rows is learnt from 400: the best, and a spread."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from agent.core.source import Source
from agent.learn.encoding import Encoding
from agent.learn.priors.source import MOST_ROWS, fit_source
from tests.benchmarks.transfer.problems import Problem

_HELD_OUT = 100


@dataclass(frozen=True)
class Learnt:
    """A source that was learnt from some of its rows.

    Attributes:
        error: Root mean square error over 100 rows that were held out, in deviations of its values.
        regret: Normalised regret, in the campaign's values, of the candidate that it likes best.
    """

    error: float
    regret: float


def both(problem: Problem, seed: int) -> Iterator[tuple[Learnt, Learnt]]:
    """Each of a problem's sources with very many rows, learnt from 400 and from all of them."""
    for source in problem.drawn(seed, 10**6):
        if len(source.rows) > MOST_ROWS + _HELD_OUT:
            yield _learnt(problem, source, MOST_ROWS), _learnt(problem, source, len(source.rows))


def _learnt(problem: Problem, source: Source, most: int) -> Learnt:
    # The rows were drawn at random: the last are as good as any.
    shown, held = source.rows[:-_HELD_OUT], source.rows[-_HELD_OUT:]
    encoding = Encoding.of(problem.space)
    known = source.model_copy(update={"rows": shown})
    model = fit_source(encoding, known, problem.objective, most)
    truth = np.array([row.value for row in held])
    deviation = np.std([row.value for row in shown])
    with torch.no_grad():
        z = model.marginal_mean(encoding.encode([row.point for row in held])).numpy()
        likes = int(model.marginal_mean(encoding.encode(list(problem.points))).argmax())
    told = z * model.deviation + model.mean
    error = float(np.sqrt(np.mean((told - truth) ** 2)) / deviation)
    return Learnt(error, float(problem.regret(problem.scores[likes])))
