"""Strategies beside Athanor's own: what takes seconds to import is, when a campaign asks for it."""

import logging
from typing import TYPE_CHECKING, Any

from agent.core.analysis import Analysis
from agent.core.seeds import derived
from agent.core.values import Point
from agent.decide.situation import Situation

if TYPE_CHECKING:
    from agent.decide.ax_strategy import Suggested

_SPEAKS = "ax.storage.sqa_store.with_db_settings_base"
"""Says on import that a storage is ready which nobody uses."""


def by_ax(situation: Situation, before: list[Point], count: int) -> "Suggested":
    """Up to `count` points by Ax.

    Raises:
        ModelError: it cannot choose.
        MissingExtra: it is not installed.
    """
    logging.getLogger(_SPEAKS).addFilter(_grave)
    from agent.decide.ax_strategy import suggested

    return suggested(situation, before, count)


def is_by_ax(state: dict[str, Any]) -> bool:
    """Whether a decision's state is of Ax."""
    return bool(state["kind"] == "ax")


def scores_by_ax(situation: Situation, state: dict[str, Any], points: list[Point]) -> list[float]:
    """Ax's acquisition of the first choice at `points`, from a decision's stored state.

    Raises:
        ReplayError: the rows are not those that it learnt from.
        MissingExtra: it is not installed.
    """
    logging.getLogger(_SPEAKS).addFilter(_grave)
    from agent.decide import ax_strategy

    return ax_strategy.scores_by_ax(situation, state, points)


def analysed_by_ax(situation: Situation) -> tuple[Analysis, ...]:
    """Ax's analysis of each objective's rows, whatever has chosen them.

    Raises:
        ModelError: there are too few rows, or Ax cannot make something of them.
        MissingExtra: it is not installed.
    """
    logging.getLogger(_SPEAKS).addFilter(_grave)
    from agent.learn.ax_cards import analysed

    seed = derived(situation.seed, "analysis")
    return tuple(
        analysed(situation.encoding, situation.told_of(one), one, seed)
        for one in situation.aim.objectives
    )


def _grave(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR
