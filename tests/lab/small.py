"""The small laboratory of `tests.lab.server`, as the ordeals know a laboratory."""

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from tests.lab.proxy import Wire
from tests.lab.running import RULES, Laboratory, allowed, campaign
from tests.lab.seams import SEAMS
from tests.lab.server import yielded


class SmallLab:
    """It writes each job's beginning and result at once: nothing is ever spoiled."""

    name, instrument = "small", "lab"
    seams = SEAMS
    lookups = ("sure", "sure", "best_effort")
    environ: Mapping[str, str] = {}
    own_faults: Mapping[str, Callable[[], None]] = {}

    def __init__(self, folder: Path) -> None:
        self._lab = Laboratory(folder)

    def campaign(self, trials: int, lookup: str) -> dict[str, object]:
        return campaign(self.wire.url, trials, lookup)

    def allowed(self) -> dict[str, object]:
        return allowed(RULES)

    def __enter__(self) -> Self:
        self._lab.open()
        self.wire = Wire(self._lab.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()
        self._lab.kill()

    def kill(self) -> None:
        self._lab.kill()

    def open(self) -> None:
        self._lab.open()

    def lie_still(self) -> None:
        os.kill(self._lab.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self._lab.process.pid, signal.SIGCONT)

    def counts(self) -> Mapping[str, int]:
        return self._lab.counts()

    def results(self) -> Mapping[str, float]:
        done = [line for line in self._lab.account() if line["did"] == "execute"]
        return {str(line["key"]): yielded(line["parameters"]) for line in done}  # type: ignore[arg-type]

    def spoiled(self) -> frozenset[str]:
        return frozenset()
