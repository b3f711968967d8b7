"""A campaign that was run to its end, in a store file."""

from pathlib import Path

from agent.assemble import SystemClock, laboratory
from agent.core.actor import Actor
from agent.data.store import Store
from agent.enrol import enrol
from agent.load import read
from agent.loop import run_rounds
from agent.named import SettingsModels


def ran(folder: Path, text: str) -> Path:
    """The store file after the campaign of that text has ended."""
    file, path = folder / "campaign.yaml", folder / "store.db"
    file.write_text(text)
    resolved = read(file, SettingsModels())
    by, clock = Actor(kind="person", name="ada"), SystemClock()
    with Store.open(str(path)) as store:
        entry = enrol(store, resolved, by, clock.now(), lambda change, outside: True).entry
        run_rounds(laboratory(store, resolved.campaign), entry.name, lambda result: None)
    return path
