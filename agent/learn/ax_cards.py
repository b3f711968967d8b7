"""Ax's analysis cards as values: their data frames, and not their plots.

A plot of plotly's would bring 4 MB of script into a page that works without one.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import cast

import pandas as pd
from ax.analysis.plotly.cross_validation import CrossValidationPlot
from ax.analysis.plotly.sensitivity import SensitivityAnalysisPlot
from ax.core.analysis_card import AnalysisCard

from agent.core.analysis import Analysis, Held, Influence
from agent.core.history import Row
from agent.core.objective import Objective
from agent.errors import ModelError
from agent.learn.ax_model import FAILING, METRIC, AxModel, fit_ax
from agent.learn.encoding import Encoding
from agent.learn.scope import seeded

_INTERVAL = 1.959963984540054
_ONE_HOT = "_OH_PARAM_"


def analysed(encoding: Encoding, rows: Sequence[Row], objective: Objective, seed: int) -> Analysis:
    """Ax's model of the rows, fitted and cross-validated by Ax, and its Sobol indices (total, normalised).

    Args:
        encoding: Of the campaign's space.
        rows: Of the objective, in its unit.
        objective: Whose values they are.
        seed: Of the fit and the indices.

    Raises:
        ModelError: there are too few rows, or Ax cannot make something of them.
    """
    with seeded(seed):
        model = fit_ax(encoding, rows, objective, seed)
        try:
            held = CrossValidationPlot([METRIC], untransform=True).compute(adapter=model.adapter)
            matters = SensitivityAnalysisPlot(METRIC, top_k=None).compute(adapter=model.adapter)
        except FAILING as error:
            raise ModelError(f"Ax cannot analyse them: {error}", "measure more points") from error
    validated = held.flatten()[0].df
    spread = float(((validated.observed - validated.observed.mean()) ** 2).sum())
    missed = float(((validated.observed - validated.predicted) ** 2).sum())
    return Analysis(
        by=f"Ax {version('ax-platform')}",
        objective=objective.name,
        held=_held(model, validated),
        determination=1 - missed / spread if spread else 0.0,
        influences=_influences(cast(AnalysisCard, matters).df),
    )


def _held(model: AxModel, told: pd.DataFrame) -> tuple[Held, ...]:
    """Ax names what was measured at a point `k_0`, by the number k of its first row."""
    return tuple(
        Held(
            trial=model.rows[int(str(arm).partition("_")[0])].trial,
            observed=float(observed),
            expected=float(expected),
            sd=float(interval) / _INTERVAL,
        )
        for arm, observed, expected, interval in zip(
            told.arm_name, told.observed, told.predicted, told.predicted_95_ci, strict=True
        )
    )


def _influences(told: pd.DataFrame) -> tuple[Influence, ...]:
    """Ax has a column for each choice: together they are the parameter's."""
    shares: dict[str, float] = {}
    rises: dict[str, bool | None] = {}
    for name, sensitivity in zip(told.parameter_name, told.sensitivity, strict=True):
        parameter = str(name).partition(_ONE_HOT)[0]
        shares[parameter] = shares.get(parameter, 0.0) + abs(float(sensitivity))
        rises[parameter] = None if _ONE_HOT in str(name) else float(sensitivity) >= 0
    order = sorted(shares, key=lambda one: -shares[one])
    return tuple(
        Influence(parameter=one, share=min(shares[one], 1.0), rises=rises[one]) for one in order
    )
