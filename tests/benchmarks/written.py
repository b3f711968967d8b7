"""What a benchmark has measured, as a file of docs/results that documents quote."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results"


def commit() -> str:
    """The commit that is measured; with a + where the program was changed since."""
    return _git("rev-parse", "HEAD") + ("+" if _git("status", "--porcelain", "agent") else "")


def figures_of(name: str) -> list[dict[str, Any]]:
    """The figures that a file has now; none where there is no such file."""
    path = RESULTS / f"{name}.json"
    return list(json.loads(path.read_text())["figures"]) if path.exists() else []


def write(
    name: str, command: str, of: str, figures: Sequence[Mapping[str, Any]], **more: object
) -> None:
    """Write a file of results.

    Args:
        name: Its name, without an ending.
        command: What makes it anew.
        of: Which commit was measured.
        figures: Each with name, value, low and high.
        more: What else it tells.
    """
    told = fingerprint()
    document = {
        "command": command,
        "commit": of,
        "versions": {k: v for k, v in told.items() if k not in {"machine", "processor"}},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {told['processor']}",
        "figures": figures,
        **more,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
