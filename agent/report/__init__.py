"""The campaign report: a self-contained HTML page that says how a campaign stands."""

from agent.report.page import Models, render, write

__all__ = ["Models", "render", "write"]
