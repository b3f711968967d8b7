"""The small laboratory as a process of its own, and desks at which `athanor` runs on a laboratory."""

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.request import urlopen

import yaml

from tests.lab.processes import (
    CLOCK_S,
    FILE_KIB,
    PATIENCE_S,
    ROOT,
    Executed,
    Forked,
    Running,
    ended,
    stopped,
    until,
)
from tests.lab.server import ACCOUNT, PORT, yielded

__all__ = [
    "CLOCK_S",
    "FILE_KIB",
    "PATIENCE_S",
    "PRIORS",
    "ROOT",
    "RULES",
    "Desk",
    "Executed",
    "Forked",
    "Laboratory",
    "Running",
    "Site",
    "campaign",
    "ended",
    "stopped",
    "until",
]


class Laboratory:
    """The lab's process. Its folder outlives it: `kill` and `open` again is a restart."""

    def __init__(self, folder: Path, seconds: float = 0.05, gels_above: float = math.inf) -> None:
        self._folder, self._seconds, self._gels_above = folder, seconds, gels_above
        self._port = 0
        folder.mkdir(parents=True, exist_ok=True)

    def open(self) -> "Laboratory":
        """Start it, on the port that it had before, and wait until it answers."""
        (self._folder / PORT).unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.lab.server", "--folder", str(self._folder)]
        command += ["--seconds", str(self._seconds), "--port", str(self._port)]
        command += ["--gels-above", str(self._gels_above)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        until((self._folder / PORT).exists, "for the laboratory to open")
        self._port = int((self._folder / PORT).read_text())
        return self

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def counts(self) -> dict[str, int]:
        """Key -> how often it was executed, by its own account."""
        with urlopen(self.url, timeout=PATIENCE_S) as answer:
            counts: dict[str, int] = json.load(answer)
            return counts

    def result(self, key: str) -> float | None:
        """What a job measured, by its account; None if it was never executed."""
        done = [line for line in self.account() if (line["did"], line["key"]) == ("execute", key)]
        return yielded(done[0]["parameters"]) if done else None  # type: ignore[arg-type]

    def account(self) -> list[dict[str, object]]:
        """Every line of its account, in order."""
        file = self._folder / ACCOUNT
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def kill(self) -> None:
        """End it, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "Laboratory":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.kill()


class Desk:
    """A folder with a campaign file, an operators' file, a store and a log.

    Args:
        folder: Where.
        campaign: The campaign, as its file says it.
        allowed: What the operators' file says.
        database: URL of the store, where it is not to be a file in the folder.
    """

    def __init__(
        self,
        folder: Path,
        campaign: Mapping[str, object],
        allowed: Mapping[str, object],
        database: str | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store, self.log = folder / "lab.db", folder / "log.txt"
        self.database = database or f"sqlite:///{self.store}"
        self.file = folder / "fire.yaml"
        self.file.write_text(yaml.safe_dump(dict(campaign), sort_keys=False))
        self.operators = folder / "operators.yaml"
        self.operators.write_text(yaml.safe_dump(dict(allowed), sort_keys=False))
        self._started: list[Forked | Executed] = []
        self.environ = {"ATHANOR_OPERATORS": str(self.operators), "OMP_NUM_THREADS": "1"}

    def run(
        self,
        *options: str,
        how: type[Forked] | type[Executed] = Forked,
        **environ: str,
    ) -> Forked | Executed:
        """Start `athanor run FILE`."""
        given = ["run", str(self.file), "--store", self.database, *options]
        self._started.append(how(given, {**self.environ, **environ}, self.log))
        return self._started[-1]

    def say(self, *arguments: str) -> int:
        """Run another command of `athanor` to its end; its exit code."""
        given = [*arguments, "--store", self.database]
        return ended(Forked(given, self.environ, self.log))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what was started and still runs, or lies still."""
        for running in self._started:
            if running.code() is None:
                os.kill(running.pid, signal.SIGKILL)
                ended(running)
            if isinstance(running, Executed):
                running.sweep()


class Site(Desk):
    """A desk beside the small laboratory.

    Args:
        folder: Where.
        lab: Which laboratory.
        database: URL of the store, where it is not to be a file in the folder.
        rules: What the operators say of the laboratory.
        more: Of `campaign`.
    """

    def __init__(
        self,
        folder: Path,
        lab: Laboratory,
        database: str | None = None,
        rules: Mapping[str, object] | None = None,
        **more: object,
    ) -> None:
        told = campaign(**{"url": lab.url, **more})  # type: ignore[arg-type]
        super().__init__(folder, told, allowed(RULES if rules is None else rules), database)

    def allow(self, rules: Mapping[str, object]) -> None:
        """Write the operators' file: what they say of the laboratory, if anything."""
        self.operators.write_text(yaml.safe_dump(allowed(rules), sort_keys=False))


def allowed(rules: Mapping[str, object]) -> dict[str, object]:
    """The operators' file of the small laboratory."""
    return {
        "adapters": {"lab": "tests.lab.adapter:LabAdapter"},
        "unattended": ["lab"],
        "instruments": {"lab": dict(rules)} if rules else {},
    }


RULES: dict[str, object] = {
    "limits": {"x": {"low": 0, "high": 10}, "y": {"low": 0, "high": 10}},
    "signed": {"by": "the operators", "at": "2026-03-01"},
}
"""What the operators of the laboratory say of it, unless a test says otherwise."""

PRIORS = [
    {"formula": "x + sin(x) + y", "name": "theory", "trust": "same"},
    {"formula": "cos(3 * x) * y", "name": "hearsay", "trust": "maybe"},
]


def campaign(
    url: str,
    experiments: int = 6,
    lookup: str = "sure",
    deadline_s: float | None = None,
    *,
    informed: bool = False,
) -> dict[str, object]:
    """A campaign of the small laboratory, as its file says it; `informed` by priors."""
    execution: dict[str, object] = {
        "adapter": "lab",
        "settings": {"url": url, "lookup": lookup},
        "attempts": 50,
        "poll": {"limit": 0.02, "unit": "s"},
    }
    if deadline_s is not None:
        execution["deadline"] = {"limit": deadline_s, "unit": "s"}
    policy = {"name": "random", "initial": {"size": 2}, "in_flight": 2}
    if informed:
        policy = {"name": "expected_improvement", "in_flight": 2}
    return {
        "name": "fire",
        "parameters": [
            {"name": "x", "type": "continuous", "low": 0, "high": 10},
            {"name": "y", "type": "continuous", "low": 0, "high": 10},
        ],
        "objectives": [{"name": "mass", "unit": "mg", "goal": "maximise"}],
        "budget": {"experiments": experiments},
        "priors": PRIORS if informed else [],
        "policy": policy,
        "execution": execution,
        "review": {"mode": "none"},
        "seed": 3,
    }
