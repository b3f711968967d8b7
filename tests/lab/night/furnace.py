"""A furnace as a MADSci node, in simulated time: a process of its own, which counts what it really does.

Each film that it has annealed is a line of BENCH/films.jsonl, where the reader finds it. While FOLDER/fault is
there, an anneal breaks off in the middle, and takes the film with it.
"""

import json
import os
import time
from pathlib import Path
from typing import Annotated

from madsci.node_module.helpers import action
from madsci.node_module.rest_node_module import RestNode

FOLDER, BENCH = Path(os.environ["FURNACE_FOLDER"]), Path(os.environ["NIGHT_BENCH"])
SCALE = float(os.environ["NIGHT_SCALE"])
HEATING_MIN = 4.0
TRAYS = 12


def _written(file: Path, **line: object) -> None:
    with file.open("a") as opened:
        opened.write(json.dumps(line) + "\n")
        opened.flush()
        os.fsync(opened.fileno())


class Furnace(RestNode):
    """Anneals one film at a time."""

    def safety_stop(self) -> bool:
        """Nothing moves any more."""
        self.node_status.stopped = True
        return True

    @action
    def anneal(
        self,
        temperature: Annotated[float, "degC"],
        minutes: Annotated[float, "min"],
        material: str,
        sample_id: str,
    ) -> dict:
        """Heat a film, and put it onto the next tray."""
        _written(FOLDER / "account.jsonl", did="anneal", key=sample_id)
        seconds = 60.0 * (minutes + HEATING_MIN) / SCALE
        if (FOLDER / "fault").exists():
            time.sleep(seconds / 2)
            raise RuntimeError("thermocouple open: the film is lost")
        time.sleep(seconds)
        films = BENCH / "films.jsonl"
        tray = len(films.read_text().splitlines()) % TRAYS + 1 if films.exists() else 1
        real = temperature + 0.4
        _written(films, made_by=sample_id, material=material, temperature=real, minutes=minutes)
        return {"actual": {"temperature": real}, "tray": f"tray {tray}"}


if __name__ == "__main__":
    Furnace().start_node()
