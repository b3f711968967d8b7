"""How well a run knows a response: a model of its readings is asked at points that it has not measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.backtest.truth import Case, Experiment, Kind, Oracle, everywhere
from agent.core.history import Row, key
from agent.core.objective import Objective
from agent.core.seeds import derived
from agent.core.values import Point
from agent.errors import AdapterError, ModelError
from agent.learn.classes import fit_classes
from agent.learn.encoding import Encoding
from agent.learn.surrogate import fit

MOST = 2000
"""Points that are asked about; of a larger population, a random part."""

_SEED = 7


@dataclass(frozen=True, eq=False)
class Exam:
    """Points and what is true there. `population` says of how many of which kind they are; `classes` how
    many there are, where the truths are those.
    """

    points: tuple[Point, ...]
    truths: tuple[float, ...]
    kind: Kind
    population: int

    classes: int = 0

    @property
    def alone(self) -> float:
        """The error of whoever knows the mean and nothing else: the population's deviation; of classes
        the share of all but the most frequent one.
        """
        if self.classes:
            counts = np.bincount(np.array(self.truths, dtype=int))
            return float(1 - counts.max() / len(self.truths))
        return float(np.std(self.truths))


def exam(case: Case, oracle: Oracle) -> Exam:
    """Of the objective, over every point that the oracle answers.

    Raises:
        AdapterError: it answers nowhere.
    """
    answers, kind = everywhere(case, oracle)
    name = case.campaign.objective.name
    told = [(at, values[name]) for at, values in answers.values() if name in values]
    if not told:
        raise AdapterError(
            f"{case.campaign.name}: the adapter answers at no point of the space",
            "compare the columns and units of its table with the campaign's parameters",
        )
    drawn = np.sort(np.random.default_rng(_SEED).permutation(len(told))[:MOST])
    chosen = [told[at] for at in drawn]
    points, truths = tuple(at for at, _ in chosen), tuple(value for _, value in chosen)
    return Exam(points, truths, kind, len(told), len(case.campaign.objective.classes))


def errors(
    asked: Exam, encoding: Encoding, objective: Objective, experiments: Sequence[Experiment]
) -> tuple[float, ...]:
    """After each experiment, the root mean square error over the points that are not measured yet; of
    classes the share of wrong labels.

    A plain surrogate, or a classifier, is fitted to the readings so far, whoever chose them: policies are compared by
    what they asked for. Nothing measured, it knows the population's mean; nothing left, it errs by 0.

    Args:
        asked: Where, and what is true there.
        encoding: Of the space.
        objective: What was measured.
        experiments: In their order.
    """
    rows, found = list[Row](), list[float]()
    free: NDArray[np.bool_] = np.ones(len(asked.points), dtype=bool)
    names = {key(point): at for at, point in enumerate(asked.points)}
    error = asked.alone
    for number, one in enumerate(experiments):
        if one.point is not None:
            rows += [
                Row(id=f"{number}.{n}", trial=str(number), point=one.point, value=value)
                for n, (_, value) in enumerate(one.readings)
            ]
            at = names.get(key(one.point))
            if at is not None:
                free[at] = False
            error = _error(asked, encoding, objective, rows, free, error)
        found.append(error)
    return tuple(found)


def _error(
    asked: Exam,
    encoding: Encoding,
    objective: Objective,
    rows: Sequence[Row],
    free: NDArray[np.bool_],
    before: float,
) -> float:
    if not free.any():
        return 0.0
    left = [point for point, open_ in zip(asked.points, free, strict=True) if open_]
    truths = np.array(asked.truths)[free]
    try:
        if asked.classes:
            classifier = fit_classes(encoding, rows, asked.classes)
            labels = classifier.likeliest(encoding.encode(left)).numpy()
            return float(np.mean(labels != truths))
        model = fit(encoding, rows, objective, derived(_SEED, len(rows)))
    except ModelError:
        return before
    means = np.array([mean for mean, _ in model.predict(left)])
    return float(np.sqrt(np.mean((means - truths) ** 2)))
