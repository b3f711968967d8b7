"""Campaign files: `read` one into a resolved campaign, `revise` one, and their JSON `schema`; and what may
be done to test an adapter, `declared`.
"""

from agent.load.campaign import Resolved, read
from agent.load.harmless import declared
from agent.load.revise import Revised, outside, revise
from agent.load.schema import schema
from agent.load.settings import SettingsModels

__all__ = [
    "Resolved",
    "Revised",
    "SettingsModels",
    "declared",
    "outside",
    "read",
    "revise",
    "schema",
]
