"""A furnace as a MADSci node: a process of its own that counts what it really does.

    NODE_URL=http://127.0.0.1:16700/ FURNACE_FOLDER=FOLDER python -m tests.lab.madsci.node

Each physical execution is a line of FOLDER/account.jsonl, written through to the disk before anything
else happens, and what came of a sample a line of FOLDER/made.jsonl. FOLDER outlives the process; what the
node itself remembers does not.
"""

import json
import os
import threading
import time
from pathlib import Path
from typing import Annotated, Any

from madsci.common.types.action_types import ActionCancelled, ActionJSON, ActionNotReady
from madsci.common.types.admin_command_types import AdminCommandResponse
from madsci.node_module.helpers import action
from madsci.node_module.rest_node_module import RestNode
from pydantic import Field

FOLDER = Path(os.environ["FURNACE_FOLDER"])
SECONDS = float(os.environ.get("FURNACE_SECONDS", "0.1"))
ACCOUNT, MADE = "account.jsonl", "made.jsonl"
HOTTEST = 900.0
_WRITING = threading.Lock()


def _did(what: str, key: str, **more: Any) -> None:
    _write(ACCOUNT, {"did": what, "key": key, **more, "at": time.time()})


def _write(name: str, told: dict[str, Any]) -> None:
    line = json.dumps(told)
    with _WRITING, (FOLDER / name).open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


class Pair(ActionJSON):
    """A result of two fields."""

    mass: float
    purity: float


class Furnace(RestNode):
    """Makes samples, and has every fault that a node may have."""

    stopping = threading.Event()

    def startup_handler(self) -> None:
        """After a start and a reset nothing is being stopped."""
        self.stopping.clear()

    def cancel(self) -> bool:
        """Ask what runs to end."""
        self.stopping.set()
        return True

    def safety_stop(self) -> bool:
        """Let nothing run until a person resets it; a furnace whose stop is broken says so."""
        if (FOLDER / "broken").exists():
            raise RuntimeError("the relay does not answer")
        self.stopping.set()
        self.node_status.stopped = True
        return True

    @action
    def make_sample(
        self,
        temperature: Annotated[float, "degC"],
        time: Annotated[float, "h"] = 1.0,
        base: str = "KOH",
        sample_id: str = "",
        seconds: float = SECONDS,
    ) -> dict:
        """Heat a mixture; ends `cancelled` when it is told to cancel."""
        _did("make_sample", sample_id, temperature=temperature, time=time, base=base)
        if temperature > HOTTEST:
            raise RuntimeError("heater burnt out")
        if self.stopping.wait(seconds):
            self.stopping.clear()
            return ActionCancelled(errors="ramped down")
        mass = temperature / 10 + time
        _write(MADE, {"key": sample_id, "mass": mass})
        return {"mass": mass, "purity": "<0.5", "actual": {"temperature": temperature + 0.5}}

    @action
    def make_gently(
        self, temperature: Annotated[float, Field(le=100.0)], sample_id: str = ""
    ) -> dict:
        """Has a limit of its own."""
        _did("make_gently", sample_id)
        return {"mass": temperature}

    @action
    def run_to_the_end(
        self, temperature: float, sample_id: str = "", seconds: float = SECONDS
    ) -> dict:
        """Does not know how to be cancelled: it raises."""
        _did("run_to_the_end", sample_id)
        if self.stopping.wait(seconds):
            self.stopping.clear()
            raise RuntimeError("stopped in the middle")
        return {"mass": temperature}

    @action
    def deaf(self, temperature: float, sample_id: str = "", seconds: float = SECONDS) -> dict:
        """Takes its time, whatever it is told."""
        _did("deaf", sample_id)
        time.sleep(seconds)
        return {"mass": temperature}

    @action(blocking=False)
    def beside(self, temperature: float, sample_id: str = "", seconds: float = SECONDS) -> dict:
        """Runs beside others."""
        _did("beside", sample_id)
        time.sleep(seconds)
        return {"mass": temperature}

    @action
    def begun_then_not_ready(self, temperature: float, sample_id: str = "") -> dict:
        """Answers `not_ready` itself, after it has begun."""
        _did("begun_then_not_ready", sample_id)
        return ActionNotReady(errors="the door is open")

    @action
    def unspeakable(self, temperature: float, sample_id: str = "") -> dict:
        """Gives back what JSON cannot hold: the node fails to tell its result, for ever."""
        _did("unspeakable", sample_id)
        return {"mass": object()}

    @action
    def weigh(self, temperature: float) -> float:
        """Gives back a bare number."""
        return temperature

    @action
    def weigh_both(self, temperature: float) -> Pair:
        """Gives back a model of two fields."""
        return Pair(mass=temperature, purity=1.0)

    @action
    def weigh_nothing(self, temperature: float) -> dict:
        """Gives back no number."""
        return {"mass": float("nan")}

    @action
    def compare(self, temperature: float, recipe: Path) -> dict:
        """Wants a file."""
        return {"mass": temperature}


class Plain(RestNode):
    """A node with no safety stop; it cancels by raising nothing and doing nothing."""

    def cancel(self) -> AdminCommandResponse:
        """Say that it was told."""
        _did("cancel", "")
        return AdminCommandResponse()

    @action
    def make_sample(self, temperature: float, sample_id: str = "") -> dict:
        """Heat a mixture."""
        _did("make_sample", sample_id)
        return {"mass": temperature}


class Bare(RestNode):
    """A node that can neither stop nor cancel."""

    @action
    def make_sample(self, temperature: float, sample_id: str = "") -> dict:
        """Heat a mixture."""
        _did("make_sample", sample_id)
        return {"mass": temperature}


if __name__ == "__main__":
    kinds = {"furnace": Furnace, "plain": Plain, "bare": Bare}
    kinds[os.environ.get("FURNACE_KIND", "furnace")]().start_node()
