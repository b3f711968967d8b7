"""What a SiLA 2 server of the tests has done: on disk before anything is done, and read again after a restart."""

import json
import os
from pathlib import Path
from typing import Any

from tests.lab.sila.files import ACCOUNT


class Account:
    """The account in a folder, a line for each step. Whoever writes sees to it that nobody else does meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / ACCOUNT
        told = self._file.read_text().splitlines() if self._file.exists() else []
        self.lines: list[dict[str, Any]] = [json.loads(line) for line in told]

    def of(self, id: str, did: str) -> list[dict[str, Any]]:
        """The lines of an id that say so, in order."""
        return [line for line in self.lines if (line["id"], line["did"]) == (id, did)]

    def write(self, did: str, id: str, **more: object) -> None:
        """Add a line, through to the disk."""
        line = {"did": did, "id": id, **more}
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.lines.append(line)
