"""Ax's default generator, fitted to a campaign's rows: a second opinion behind the same seam.

Imported where a campaign asks for Ax, and nowhere else (`agent/decide/strategies.py`): it takes seconds.
Its storage and its orchestrator stay unused; the experiment is made from the rows each time, and
forgotten.
"""

import logging
from collections.abc import Sequence
from importlib.metadata import version
from math import sqrt
from typing import Any, cast

import pandas as pd
import torch

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.values import Point
from agent.errors import MissingExtra, ModelError, ReplayError
from agent.learn.encoding import Encoding
from agent.learn.training import EXPECTED, hash_of, usable

try:
    from ax.adapter.registry import Generators
    from ax.adapter.torch import TorchAdapter
    from ax.core.arm import Arm
    from ax.core.data import Data
    from ax.core.experiment import Experiment
    from ax.core.metric import Metric
    from ax.core.objective import Objective as AxObjective
    from ax.core.observation import ObservationFeatures
    from ax.core.optimization_config import OptimizationConfig
    from ax.exceptions.core import AxError
    from ax.generators.torch.botorch_modular.generator import BoTorchGenerator

    from agent.learn.ax_space import Translation
except ImportError as error:
    raise MissingExtra("ax-platform is not installed", 'pip install "athanor[ax]"') from error

for _handler in logging.getLogger("ax").handlers:
    _handler.setLevel(logging.ERROR)  # its advice is for those who write an experiment of Ax's

KIND = "ax"
"""What a decision's state says that it is of."""

METRIC = "value"
_AT_ONCE = 1024

FAILING = (*EXPECTED, AxError, ValueError)
"""What Ax raises where it cannot fit or find: a decision goes on without it, and says so."""


class AxModel:
    """Ax's generator with what it learnt.

    Attributes:
        encoding: Of the space.
        objective: What is wanted.
        rows: What it learnt from.
        translation: Between the space and Ax's.
        adapter: The fitted generator, as Ax has it.
    """

    def __init__(
        self,
        encoding: Encoding,
        objective: Objective,
        rows: tuple[Row, ...],
        translation: Translation,
        adapter: TorchAdapter,
    ) -> None:
        self.encoding = encoding
        self.objective = objective
        self.rows = rows
        self.translation = translation
        self.adapter = adapter

    @property
    def acquisition_name(self) -> str:
        """Of BoTorch's class that Ax has chosen; known once it was asked."""
        return cast(BoTorchGenerator, self.adapter.generator).botorch_acqf_class.__name__

    def predict(self, points: Sequence[Point]) -> list[tuple[float, float]]:
        """Mean and standard deviation of the underlying value at each point, in its unit."""
        return self._predict(points, readings=False)

    def acquisition(
        self, points: Sequence[Point], in_flight: Sequence[Point], seed: int
    ) -> list[float]:
        """Ax's acquisition at each point, with others in flight.

        Args:
            points: Where.
            in_flight: Open and chosen points.
            seed: Of its draws: the same for each part of a long list.
        """
        found: list[float] = []
        for start in range(0, len(points), _AT_ONCE):
            torch.manual_seed(seed)
            told = self._features(points[start : start + _AT_ONCE])
            found += self.adapter.evaluate_acquisition_function(
                told, pending_observations=self._pending(in_flight)
            )
        return found

    def best(self, in_flight: Sequence[Point], seed: int) -> Point:
        """What Ax finds by itself in the box, at the nearest settings that can be sent; whether it keeps
        the constraints after rounding is not looked at.

        Raises:
            ModelError: it finds nothing.
        """
        torch.manual_seed(seed)
        try:
            run = self.adapter.gen(
                n=1,
                search_space=self.translation.box,
                pending_observations=self._pending(in_flight),
            )
        except FAILING as error:
            raise ModelError(f"Ax found no point: {_first_line(error)}") from error
        found = run.arms[0].parameters
        point: Point = {name: _scalar(found[name]) for name in self.encoding.space.columns}
        return self.encoding.points(self.encoding.snapped(self.encoding.table([point])))[0]

    def state(self) -> dict[str, Any]:
        """Everything that `restore_ax` needs beside the rows, and what others ask of a state, as JSON."""
        told = {
            name: one.detach().tolist()
            for name, one in self.adapter.botorch_model.named_parameters()
        }
        here = [self.rows[0].point]
        (_, narrow), (_, wide) = (
            self._predict(here, readings=False)[0],
            self._predict(here, readings=True)[0],
        )
        return {
            "kind": KIND,
            "ax": version("ax-platform"),
            "model": type(self.adapter.botorch_model).__name__,
            "acquisition": self.acquisition_name,
            "hyperparameters": told,
            "parameters": [one.name for one in self.translation.parameters],
            "noise": max(wide**2 - narrow**2, 0.0),
            "scale": 1.0,
            "rows": len(self.rows),
            "rows_sha256": hash_of(self.rows),
        }

    def _predict(self, points: Sequence[Point], *, readings: bool) -> list[tuple[float, float]]:
        means, variances = self.adapter.predict(
            self._features(points), use_posterior_predictive=readings
        )
        pairs = zip(means[METRIC], variances[METRIC][METRIC], strict=True)
        return [(float(mean), sqrt(float(variance))) for mean, variance in pairs]

    def _features(self, points: Sequence[Point]) -> list[ObservationFeatures]:
        return [
            ObservationFeatures(parameters=dict(self.translation.settings(one))) for one in points
        ]

    def _pending(self, points: Sequence[Point]) -> dict[str, list[ObservationFeatures]] | None:
        good = torch.isfinite(self.encoding.encode(points)).all(dim=1).tolist() if points else []
        told = [point for point, known in zip(points, good, strict=True) if known]
        return {METRIC: self._features(told)} if told else None


def fit_ax(encoding: Encoding, rows: Sequence[Row], objective: Objective, seed: int) -> AxModel:
    """Ax's default generator (`BOTORCH_MODULAR`), fitted to the rows of one objective.

    Rows outside the encoding are left out. Where every row has a standard uncertainty, Ax is told.

    Args:
        encoding: Of the campaign's space.
        rows: Measured values, in the objective's unit.
        objective: What is wanted; to maximise or to minimise.
        seed: Of the fit.

    Raises:
        ModelError: no row can be used, or Ax cannot be fitted.
    """
    _, kept = usable(encoding, rows)
    if not kept:
        raise ModelError("there is no row to learn from", "measure at least one point first")
    translation = Translation(encoding.space)
    torch.manual_seed(seed)
    try:
        experiment = experiment_of(translation, kept, objective)
        adapter = Generators.BOTORCH_MODULAR(experiment=experiment, data=experiment.lookup_data())
    except FAILING as error:
        raise ModelError(
            f"Ax cannot be fitted: {_first_line(error)}", "look at the rows"
        ) from error
    return AxModel(encoding, objective, kept, translation, cast(TorchAdapter, adapter))


def restore_ax(
    state: dict[str, Any], encoding: Encoding, rows: Sequence[Row], objective: Objective, seed: int
) -> AxModel:
    """Ax's generator with the hyperparameters whose `state` was kept, from the same rows.

    Raises:
        ReplayError: the rows are not those that it learnt from, or this Ax has another model.
        ModelError: Ax cannot be fitted.
    """
    _, kept = usable(encoding, rows)
    if hash_of(kept) != state["rows_sha256"]:
        raise ReplayError(
            "these are not the rows that Ax learnt from",
            "a row was altered, added or taken away since",
        )
    found = fit_ax(encoding, kept, objective, seed)
    model, told = found.adapter.botorch_model, state["hyperparameters"]
    known = dict(model.named_parameters())
    if type(model).__name__ != state["model"] or known.keys() != told.keys():
        raise ReplayError(
            f"Ax {version('ax-platform')} has another model than Ax {state['ax']} had",
            f"pip install ax-platform=={state['ax']}",
        )
    model.train()  # what was computed with the other hyperparameters is forgotten
    with torch.no_grad():
        for name, one in known.items():
            one.copy_(torch.tensor(told[name], dtype=one.dtype))
    model.eval()
    return found


def experiment_of(
    translation: Translation, rows: Sequence[Row], objective: Objective
) -> Experiment:
    """Rows as an experiment of Ax's, one trial a row."""
    sign = "-" if objective.goal == "minimise" else ""
    wanted = AxObjective(expression=f"{sign}{METRIC}", metric_name_to_signature={METRIC: METRIC})
    experiment = Experiment(
        search_space=translation.whole,
        name="campaign",
        optimization_config=OptimizationConfig(objective=wanted),
        tracking_metrics=[Metric(METRIC)],
    )
    known = all(row.sd is not None for row in rows)
    told = []
    for row in rows:
        trial = experiment.new_trial().add_arm(
            Arm(parameters=dict(translation.settings(row.point)))
        )
        trial.mark_running(no_runner_required=True)
        told.append(
            {
                "trial_index": trial.index,
                "arm_name": trial.arm.name if trial.arm else "",
                "metric_name": METRIC,
                "metric_signature": METRIC,
                "mean": row.value,
                "sem": row.sd if known else float("nan"),
            }
        )
        trial.mark_completed()
    experiment.attach_data(Data(df=pd.DataFrame(told)))
    return experiment


def _scalar(value: Any) -> float | int | str:
    return value if isinstance(value, (int, str)) else float(value)


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__
