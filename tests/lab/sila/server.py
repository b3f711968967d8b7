"""A furnace as a SiLA 2 server of its own process, which counts its executions itself.

Whatever is asked is executed, however often it was executed before; only withdrawn ids are not accepted. Its
account, one line for each step, is on disk before anything is done, and is read again after a restart.
"""

# ruff: noqa: N802 - so a feature names its commands

import argparse
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from math import exp
from pathlib import Path
from typing import Any

from sila2.features.lockcontroller import LockControllerFeature
from sila2.framework import CommandExecutionNotAccepted, DefinedExecutionError, Feature
from sila2.server import FeatureImplementationBase, SilaServer
from sila2.server.default_feature_implementations.lockcontroller_impl import LockControllerImpl
from sila2.server.encryption import generate_self_signed_certificate

from tests.lab.sila.account import Account
from tests.lab.sila.files import CERTIFICATE, PORT

FEATURE = Feature(str(Path(__file__).with_name("SampleMaker.sila.xml")))
UNLUCKY, UNDEFINED = 13, 17
"""Cycles at which the heater fails, and at which the server's own code does."""


def yielded(temperature: float, cycles: int, solvent: str) -> float:
    """What comes of it, in percent."""
    best = 80.0 if solvent == "DMF" else 60.0
    return 100.0 * exp(-(((temperature - best) / 30.0) ** 2)) * (1.0 - 0.5**cycles)


class Furnace(FeatureImplementationBase):
    """The feature's commands, over an account that outlives the process."""

    def __init__(
        self, server: SilaServer, folder: Path, seconds: float, lifetime: timedelta | None
    ) -> None:
        super().__init__(server)
        self._account, self._seconds = Account(folder), seconds
        self.MakeSample_default_lifetime_of_execution = lifetime
        self._lock = threading.Lock()
        self._asked_to_stop: set[str] = set()
        self._mine: set[str] = set()

    def MakeSample(
        self,
        SampleId: str,
        Temperature: float,
        Cycles: int,
        Solvent: str,
        *,
        metadata: object,
        instance: Any,
    ) -> tuple[float, tuple[float, datetime]]:
        with self._lock:
            if self._account.of(SampleId, "withdraw"):
                raise CommandExecutionNotAccepted(f"{SampleId} is withdrawn")
            self._mine.add(SampleId)
            self._account.write("begin", SampleId, execution=str(instance.execution_uuid))
        instance.begin_execution()
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            if SampleId in self._asked_to_stop:
                with self._lock:
                    self._account.write("cancelled", SampleId)
                raise DefinedExecutionError(FEATURE.defined_execution_errors["Cancelled"], "asked")
            time.sleep(0.01)
        if Cycles in {UNLUCKY, UNDEFINED}:
            with self._lock:
                self._account.write("faulted", SampleId)
            if Cycles == UNDEFINED:
                raise RuntimeError("no such relay")
            raise DefinedExecutionError(FEATURE.defined_execution_errors["HeaterFault"], "E17")
        came = yielded(Temperature, Cycles, Solvent)
        with self._lock:
            self._account.write("done", SampleId, came=came)
        return came, (Temperature + 0.5, datetime.now(UTC))

    def GetResult(self, SampleId: str, *, metadata: object) -> tuple[str, str, float]:
        with self._lock:
            known = [line for line in self._account.lines if line["id"] == SampleId]
            begun = [line for line in known if line["did"] == "begin"]
            if not begun:
                return "absent", "", 0.0
            last, execution = known[-1], begun[-1]["execution"]
            if last["did"] in {"done", "faulted", "cancelled"}:
                return last["did"], execution, last.get("came", 0.0)
            return "running" if SampleId in self._mine else "broken off", execution, 0.0

    def Withdraw(self, SampleId: str, *, metadata: object) -> None:
        with self._lock:
            if not self._account.of(SampleId, "begin"):
                self._account.write("withdraw", SampleId)

    def Cancel(self, SampleId: str, *, metadata: object) -> None:
        self._asked_to_stop.add(SampleId)

    def CancelExecution(self, CommandExecutionUUID: str, *, metadata: object) -> None:
        with self._lock:
            self._asked_to_stop |= {
                line["id"]
                for line in self._account.lines
                if line.get("execution") == CommandExecutionUUID
            }

    def CoolDown(self, *, metadata: object) -> None:
        with self._lock:
            self._account.write("cool down", "")
            self._asked_to_stop |= self._mine


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--lifetime", type=float)
    parser.add_argument("--lockable", action="store_true")
    parser.add_argument("--encrypted", action="store_true")
    given = parser.parse_args()
    server = SilaServer(
        server_name="Furnace",
        server_type="Furnace",
        server_description="The furnace of the tests",
        server_version="1.2",
        server_vendor_url="https://example.org",
        server_uuid="3f0c6c0a-5b1e-4a7e-9c55-0a6f4a1f0e11",
    )
    lifetime = None if given.lifetime is None else timedelta(seconds=given.lifetime)
    server.set_feature_implementation(
        FEATURE, Furnace(server, given.folder, given.seconds, lifetime)
    )
    if given.lockable:
        server.set_feature_implementation(LockControllerFeature, LockControllerImpl(server))
    if given.encrypted:
        key, certificate = generate_self_signed_certificate(server.server_uuid, "127.0.0.1")
        (given.folder / CERTIFICATE).write_bytes(certificate)
        server.start("127.0.0.1", given.port, key, certificate, enable_discovery=False)
    else:
        server.start_insecure("127.0.0.1", given.port, enable_discovery=False)
    (given.folder / PORT).write_text(str(given.port))
    signal.pause()


if __name__ == "__main__":
    main()
