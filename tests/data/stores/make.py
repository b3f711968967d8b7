"""Make a small store in the middle of its campaigns: python tests/data/stores/make.py NAME."""

import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent.parent)]

from agent.assemble import adapter_of  # noqa: E402
from agent.core.actor import Actor, Process  # noqa: E402
from agent.core.trial import TrialStatus  # noqa: E402
from agent.data.store import Store  # noqa: E402
from agent.dispatch.holding import holding  # noqa: E402
from agent.dispatch.reviewing import Verdict, review  # noqa: E402
from agent.enrol import enrol  # noqa: E402
from agent.lab import Lab  # noqa: E402
from agent.load import read  # noqa: E402
from agent.loop import advance  # noqa: E402
from agent.named import SettingsModels  # noqa: E402
from agent.standing import space_of  # noqa: E402

ADA = Actor(kind="person", name="ada")
ME = Process(host="laboratory", boot="b", pid=1, started="1")

COMMON = """\
parameters:
  - {name: x1, type: continuous, low: -5, high: 10, resolution: 0.01}
  - {name: x2, type: continuous, low: 0, high: 15, resolution: 0.01}
objectives: [{name: value, unit: "1", goal: minimise}]
"""
FINISHED = """\
name: finished
budget: {experiments: 6}
policy: {initial: {size: 3}}
execution: {adapter: function, settings: {function: branin}}
"""
MIDDLE = """\
name: middle
parameters:
  - {name: x1, type: continuous, low: -5, high: 10, resolution: 0.01}
  - {name: x2, type: continuous, low: 0, high: 15, resolution: 0.01}
  - {name: passes, type: integer, low: 1, high: 5}
  - {name: catalyst, type: categorical, choices: [copper, silver, gold]}
constraints: [{type: expression, expression: "x1 + x2 <= 20 or catalyst != 'gold'"}]
objectives: [{name: value, unit: "1", goal: minimise}]
budget: {experiments: 12}
policy: {name: ucb, initial: {size: 4}, batch_size: 2, in_flight: 3}
execution: {adapter: function, settings: {function: mixed_branin, failure_rate: 0.2}}
"""
WAITING = """\
name: waiting
budget: {experiments: 5}
policy: {initial: {size: 2}}
review: {mode: required}
execution: {adapter: function, settings: {function: branin}}
"""


class Clock:
    """Goes on by a minute whenever it is asked."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def main(name: str) -> None:
    """Write `name`.db beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        with Store.open(str(path)) as store:
            for text, rounds in ((FINISHED + COMMON, 40), (MIDDLE, 6), (WAITING + COMMON, 9)):
                go(store, text, Path(folder) / "campaign.yaml", rounds)
        with sqlite3.connect(path) as source:
            source.execute("vacuum into ?", (str(HERE / f"{name}.db"),))


def go(store: Store, text: str, file: Path, rounds: int) -> None:
    """Register a campaign and take some rounds; a person reviews what waits, but the last."""
    file.write_text(text)
    clock, resolved = Clock(), read(file, SettingsModels())
    entry = enrol(store, resolved, ADA, clock.now(), lambda change, outside: True).entry
    adapter = adapter_of(resolved.campaign)
    lab = Lab(store, {resolved.campaign.execution.target: adapter}, clock, ME)
    with holding(store, entry.id, ME, clock, heartbeat=False) as lease:
        for number in range(rounds):
            advance(lab, lease)
            waiting = store.trials(entry.id, TrialStatus.PROPOSED)
            if resolved.campaign.review and number < rounds - 1:
                for trial in waiting:
                    say = (
                        Verdict("edit", ADA, ("nearer",), {"x1": 3.1, "x2": 2.5})
                        if trial.number == 2
                        else Verdict(
                            "reject" if trial.number == 3 else "approve", ADA, ("because",)
                        )
                    )
                    space = space_of(store, resolved.campaign)
                    review(store, trial, resolved.campaign, say, clock.now(), space=space)


if __name__ == "__main__":
    main(sys.argv[1])
