"""A SiLA 2 server, as the ordeals know a laboratory."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from tests.lab.labs import cut_short, furnace_campaign, furnace_operators
from tests.lab.seams import COMMITS
from tests.lab.sila.proxy import Line
from tests.lab.sila.running import LOOKED_UP, Furnace

_SOLVENTS = ("water", "DMF")


class SilaLab:
    """The server forgets its executions when it dies; its look-up reads its account.

    Args:
        folder: Where it lives.
        seconds: How long a sample takes.
    """

    name, instrument = "sila", "furnace"
    seams = (*COMMITS, "before send", "after the answer")
    lookups = ("sure", "best_effort")
    # gRPC goes through a proxy to this machine too.
    environ: Mapping[str, str] = {"no_grpc_proxy": "127.0.0.1"}
    own_faults: Mapping[str, Callable[[], None]] = {}

    def __init__(self, folder: Path, seconds: float = 0.4) -> None:
        self._furnace = Furnace(folder, seconds)
        self._spoiled: frozenset[str] = frozenset()

    def campaign(self, trials: int, lookup: str) -> dict[str, object]:
        looked_up = LOOKED_UP if lookup == "sure" else {"lookup": LOOKED_UP["lookup"]}
        settings = self._furnace.settings(
            **looked_up,
            port=self.wire.port,
            objectives={"mass": {"unit": "percent", "at": "Yield"}},
            parallel=2,
            deadline_s=2.0,
            start_deadline_s=2.0,
            acceptance_s=0.3,
        )
        parameters: list[dict[str, object]] = [
            {
                "name": "temperature",
                "type": "continuous",
                "unit": "°C",
                "low": 20,
                "high": 120,
                "resolution": 1,
            },
            {"name": "cycles", "type": "integer", "low": 1, "high": 6},
            {"name": "solvent", "type": "categorical", "choices": list(_SOLVENTS)},
        ]
        return furnace_campaign("sila", parameters, settings, trials, unit="percent")

    def allowed(self) -> dict[str, object]:
        limits = {
            "temperature": {"low": 20, "high": 120, "unit": "°C"},
            "cycles": {"low": 1, "high": 6},
            "solvent": {"names": list(_SOLVENTS)},
        }
        return furnace_operators("sila", "tests.lab.sila.adapter:SeamedAdapter", limits)

    def __enter__(self) -> Self:
        self._furnace.open()
        # Only the command itself names a solvent; the bytes are those of its message.
        sends = tuple(bytes([10, len(one)]) + one.encode() for one in _SOLVENTS)
        self.wire = Line(self._furnace.port, sends)
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()
        self._furnace.kill()

    def kill(self) -> None:
        self._furnace.kill()
        self._spoiled = cut_short(self)

    def open(self) -> None:
        self._furnace.open()

    def lie_still(self) -> None:
        self._furnace.lie_still()

    def go_on(self) -> None:
        self._furnace.go_on()

    def counts(self) -> Mapping[str, int]:
        return self._furnace.counts()

    def results(self) -> Mapping[str, float]:
        done = (line for line in self._furnace.account() if line["did"] == "done")
        return {line["id"]: line["came"] for line in done}

    def spoiled(self) -> frozenset[str]:
        return self._spoiled
