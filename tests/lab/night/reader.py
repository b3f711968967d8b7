"""A reader as a SiLA 2 server, in simulated time: a process of its own, which counts what it really does.

It reads the films that lie in BENCH/films.jsonl. While FOLDER/empty is there its needle is clogged: it reads an
empty well, which is a number like any other.
"""

# ruff: noqa: N802 - so a feature names its commands

import argparse
import json
import os
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sila2.framework import CommandExecutionNotAccepted, Feature
from sila2.server import FeatureImplementationBase, SilaServer

from tests.lab.night.films import EMPTY, absorbance
from tests.lab.sila.account import Account
from tests.lab.sila.files import PORT

FEATURE = Feature(str(Path(__file__).with_name("Reader.sila.xml")))
READING_MIN, NOISE = 4.0, 0.008


class Reader(FeatureImplementationBase):
    """The feature's commands, over an account that outlives the process."""

    def __init__(self, server: SilaServer, folder: Path, bench: Path, scale: float) -> None:
        super().__init__(server)
        self._folder, self._bench, self._seconds = folder, bench, 60.0 * READING_MIN / scale
        self.Read_default_lifetime_of_execution = timedelta(hours=1)
        self._lock, self._mine, self._account = threading.Lock(), set[str](), Account(folder)

    def Read(
        self, JobId: str, MadeBy: str, Place: str, *, metadata: object, instance: Any
    ) -> float:
        with self._lock:
            if self._account.of(JobId, "withdraw"):
                raise CommandExecutionNotAccepted(f"{JobId} is withdrawn")
            self._mine.add(JobId)
            execution = str(instance.execution_uuid)
            self._account.write("begin", JobId, made_by=MadeBy, place=Place, execution=execution)
        instance.begin_execution()
        time.sleep(self._seconds)
        came = EMPTY if (self._folder / "empty").exists() else self._light(JobId, MadeBy)
        with self._lock:
            self._account.write("done", JobId, came=came)
        return came

    def GetResult(self, JobId: str, *, metadata: object) -> tuple[str, str, float]:
        with self._lock:
            begun, done = self._account.of(JobId, "begin"), self._account.of(JobId, "done")
            if not begun:
                return "absent", "", 0.0
            execution = str(begun[-1]["execution"])
            if done:
                return "done", execution, float(done[-1]["came"])
            return "running" if JobId in self._mine else "broken off", execution, 0.0

    def Withdraw(self, JobId: str, *, metadata: object) -> None:
        with self._lock:
            if not self._account.of(JobId, "begin"):
                self._account.write("withdraw", JobId)

    def _light(self, job: str, made_by: str) -> float:
        lines = (self._bench / "films.jsonl").read_text().splitlines()
        film = next(one for one in map(json.loads, lines) if one["made_by"] == made_by)
        true = absorbance(film["material"], film["temperature"], film["minutes"])
        return true + Random(job).gauss(0.0, NOISE)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, help="as the furnace of the tests takes it")
    given = parser.parse_args()
    server = SilaServer(
        server_name="Reader",
        server_type="Reader",
        server_description="The reader of the simulated night",
        server_version="1.0",
        server_vendor_url="https://example.org",
        server_uuid="9d2f9a52-6a5a-4e62-9c43-5f2f6d0f7c02",
    )
    bench, scale = Path(os.environ["NIGHT_BENCH"]), float(os.environ["NIGHT_SCALE"])
    server.set_feature_implementation(FEATURE, Reader(server, given.folder, bench, scale))
    server.start_insecure("127.0.0.1", given.port, enable_discovery=False)
    (given.folder / PORT).write_text(str(given.port))
    signal.pause()


if __name__ == "__main__":
    main()
