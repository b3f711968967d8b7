"""A campaign as a tidy table, and tidy results as a campaign's history. Units stand in the headers."""

from agent.exchange.applying import apply_import
from agent.exchange.export import export, frame
from agent.exchange.planning import plan_import
from agent.exchange.values import ImportPlan, ImportRow, Matched, Taken

__all__ = [
    "ImportPlan",
    "ImportRow",
    "Matched",
    "Taken",
    "apply_import",
    "export",
    "frame",
    "plan_import",
]
