"""A MADSci node, as the ordeals know a laboratory."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from tests.lab.labs import cut_short, furnace_campaign, furnace_operators
from tests.lab.madsci.furnace import FurnaceNode
from tests.lab.proxy import Wire
from tests.lab.seams import COMMITS, SENDING


class MadsciLab:
    """A node forgets all when it dies; what it did is in its account.

    Args:
        folder: Where it lives.
        seconds: How long a sample takes.
    """

    name, instrument = "madsci", "furnace"
    seams = (*COMMITS, *SENDING[1:])
    lookups = ("best_effort",)
    environ: Mapping[str, str] = {}
    own_faults: Mapping[str, Callable[[], None]] = {}

    def __init__(self, folder: Path, seconds: float = 0.4) -> None:
        self._node = FurnaceNode(folder, seconds)
        self._spoiled: frozenset[str] = frozenset()

    def campaign(self, trials: int, lookup: str) -> dict[str, object]:
        del lookup  # a node offers one only
        settings = {
            "url": self.wire.url,
            "action": "make_sample",
            "parameters": {
                "temperature": "degC",
                "duration": {"unit": "h", "name": "time"},
                "base": "",
            },
            "objectives": {"mass": "mg"},
            "job_argument": "sample_id",
            "timeout_s": 2.0,
            "patience_s": 0.5,
        }
        parameters: list[dict[str, object]] = [
            {
                "name": "temperature",
                "type": "continuous",
                "unit": "degC",
                "low": 20,
                "high": 800,
            },
            {"name": "duration", "type": "continuous", "unit": "h", "low": 1, "high": 10},
            {"name": "base", "type": "categorical", "choices": ["KOH", "NaOH"]},
        ]
        return furnace_campaign("madsci", parameters, settings, trials)

    def allowed(self) -> dict[str, object]:
        limits = {
            "temperature": {"low": 20, "high": 800, "unit": "degC"},
            "duration": {"low": 1, "high": 10, "unit": "h"},
            "base": {"names": ["KOH", "NaOH"]},
        }
        return furnace_operators("madsci", "tests.lab.madsci.adapter:SeamedAdapter", limits)

    def __enter__(self) -> Self:
        self._node.open()
        self.wire = Wire(self._node.url, lambda path: path.endswith("/start"))
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()
        self._node.kill()

    def kill(self) -> None:
        self._node.kill()
        self._spoiled = cut_short(self)

    def open(self) -> None:
        self._node.open()

    def lie_still(self) -> None:
        self._node.freeze()

    def go_on(self) -> None:
        self._node.thaw()

    def counts(self) -> Mapping[str, int]:
        return self._node.counts()

    def results(self) -> Mapping[str, float]:
        return self._node.made()

    def spoiled(self) -> frozenset[str]:
        return self._spoiled
