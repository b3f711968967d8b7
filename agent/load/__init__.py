"""Campaign files: `read` one into a resolved campaign, `revise` one, and their JSON `schema`."""

from agent.load.campaign import Resolved, read
from agent.load.revise import Revised, outside, revise
from agent.load.schema import schema
from agent.load.settings import SettingsModels

__all__ = [
    "Resolved",
    "Revised",
    "SettingsModels",
    "outside",
    "read",
    "revise",
    "schema",
]
