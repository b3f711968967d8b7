"""Bluesky's own servers, as the ordeals know a laboratory."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from tests.lab.bluesky.server import KEY, Bluesky
from tests.lab.labs import cut_short, furnace_campaign, furnace_operators
from tests.lab.proxy import Wire
from tests.lab.running import until
from tests.lab.seams import COMMITS, SENDING


class BlueskyLab:
    """Valkey, the manager with its worker, and the HTTP server; a plan claims its job, or does not.

    Args:
        folder: Where they live.
        seconds: How long a sample takes.
    """

    name, instrument = "bluesky", "furnace"
    seams = (*COMMITS, *SENDING[1:])
    lookups = ("sure", "best_effort")
    environ: Mapping[str, str] = {"BLUESKY_KEY": KEY}

    def __init__(self, folder: Path, seconds: float = 0.4) -> None:
        self._servers, self._seconds = Bluesky(folder), seconds
        self._spoiled: frozenset[str] = frozenset()
        self.own_faults: Mapping[str, Callable[[], None]] = {
            "manager killed alone": self._manager_killed,
            "HTTP server killed": self._http_killed,
            "power cut, the queue's memory too": self._power_cut,
        }

    def campaign(self, trials: int, lookup: str) -> dict[str, object]:
        sure = lookup == "sure"
        settings = {
            "url": self.wire.url,
            "api_key": "${BLUESKY_KEY}",
            "plan": "make_sample",
            "parameters": {
                "temperature": {"unit": "degC", "name": "setpoint"},
                "time": {"unit": "h", "name": "hours"},
            },
            "objectives": {"mass": "mg"},
            # Where it does not claim, nothing at the laboratory keeps a plan from running twice.
            "constants": {"seconds": self._seconds, "once": sure},
            "claims": "job_claim" if sure else None,
            "start_queue": True,
            "parallel": 2,
            "timeout_s": 3.0,
            "function_s": 15.0,
            "lock_s": 1.0,
            "lock_left_s": 10.0,
        }
        parameters: list[dict[str, object]] = [
            {
                "name": "temperature",
                "type": "continuous",
                "unit": "degC",
                "low": 40,
                "high": 200,
            },
            {"name": "time", "type": "continuous", "unit": "h", "low": 0, "high": 2},
        ]
        return furnace_campaign("bluesky", parameters, settings, trials)

    def allowed(self) -> dict[str, object]:
        limits = {
            "temperature": {"low": 40, "high": 200, "unit": "degC"},
            "time": {"low": 0, "high": 2, "unit": "h"},
        }
        return furnace_operators("bluesky", "tests.lab.bluesky.adapter:SeamedAdapter", limits)

    def __enter__(self) -> Self:
        self._servers.open()
        self.wire = Wire(self._servers.url, lambda path: path.endswith("/queue/item/add"))
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()
        self._servers.close()

    def kill(self) -> None:
        self._servers.kill_manager()
        self._spoiled = cut_short(self)

    def open(self) -> None:
        self._servers.restart_manager()

    def lie_still(self) -> None:
        self._servers.stop()

    def go_on(self) -> None:
        self._servers.go_on()

    def counts(self) -> Mapping[str, int]:
        return Counter(line["job"] for line in self._servers.account() if line["did"] == "begin")

    def results(self) -> Mapping[str, float]:
        return {
            line["job"]: line["mass"] for line in self._servers.account() if line["did"] == "end"
        }

    def spoiled(self) -> frozenset[str]:
        return self._spoiled

    def _manager_killed(self) -> None:
        """The watchdog starts it again; the worker, and what it is making, go on."""
        self._servers.kill_manager_alone()
        until(self._servers.answers, "for the watchdog to start the manager again")

    def _http_killed(self) -> None:
        self._servers.kill_http()
        self._servers.start_http()

    def _power_cut(self) -> None:
        """The queue and the history are gone; only the laboratory's own account is left."""
        self._servers.kill_all()
        self._spoiled = cut_short(self)
        self._servers.open()
