"""The furnace of `tests.lab.sila.server` as a process of its own, which may be stopped, killed and opened again."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from adapters.sila import SilaAdapter
from tests.lab.running import ROOT, until
from tests.lab.sila.files import ACCOUNT, CERTIFICATE, PORT

# gRPC goes through a proxy to this machine too.
os.environ.setdefault("no_grpc_proxy", "127.0.0.1")

LOOKED_UP: dict[str, Any] = {
    "lookup": {"command": "GetResult", "state": "State", "uuid": "Execution"},
    "withdraw": "Withdraw",
}


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Furnace:
    """The server's process. Its folder outlives it: `kill` and `open` again is a restart."""

    module: ClassVar[str] = "tests.lab.sila.server"

    def __init__(
        self, folder: Path, seconds: float = 0.1, lifetime: float | None = None, *options: str
    ) -> None:
        self.folder, self.port = folder, free_port()
        self._options = ["--seconds", str(seconds), *options]
        if lifetime is not None:
            self._options += ["--lifetime", str(lifetime)]
        folder.mkdir(parents=True, exist_ok=True)

    def open(self) -> "Furnace":
        """Start it, on the port that it had before, and wait until it answers."""
        (self.folder / PORT).unlink(missing_ok=True)
        command = [sys.executable, "-m", self.module, "--folder", str(self.folder)]
        command += ["--port", str(self.port), *self._options]
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        until((self.folder / PORT).exists, "for the furnace to open")
        return self

    def settings(self, **more: Any) -> dict[str, Any]:
        """What a campaign says of it, with what `more` adds."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "insecure": "--encrypted" not in self._options,
            "feature": "SampleMaker",
            "command": "MakeSample",
            "key": "SampleId",
            "parameters": {
                "temperature": {
                    "unit": "°C",
                    "name": "Temperature",
                    "executed": "Actual.Temperature",
                },
                "cycles": {"name": "Cycles"},
                "solvent": {"name": "Solvent"},
            },
            "objectives": {"yield": {"unit": "percent", "at": "Yield"}},
            "cancel": "Cancel",
            "emergency_stop": "CoolDown",
            "deadline_s": 30.0,
            "meanings": {"Cancelled": "cancelled", "faulted": "failed", "broken off": "lost"},
            **more,
        }

    def adapter(self, **more: Any) -> SilaAdapter:
        """An adapter to it; `more` adds to its settings."""
        return SilaAdapter(SilaAdapter.Settings.model_validate(self.settings(**more)))

    def account(self) -> list[dict[str, Any]]:
        """Every line of its account, in order."""
        file = self.folder / ACCOUNT
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def counts(self) -> Counter[str]:
        """Id -> how often it was executed, by its own account."""
        return Counter(line["id"] for line in self.account() if line["did"] == "begin")

    @property
    def certificate(self) -> Path:
        """The certificate that it signed itself."""
        return self.folder / CERTIFICATE

    def lie_still(self) -> None:
        """Stop the process; the kernel goes on taking what is sent to it."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "Furnace":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.kill()
