"""The campaign report: a self-contained HTML page that says how a campaign stands."""

from agent.report.page import render, write

__all__ = ["render", "write"]
