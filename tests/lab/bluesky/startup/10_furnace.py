"""A furnace and a balance, the plan that uses them, and the account of what was really done."""

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky import RunEngine
from ophyd import Signal

FOLDER = Path(os.environ.get("LAB_FOLDER", "lab"))
RUNS = FOLDER / "runs"
RUNS.mkdir(parents=True, exist_ok=True)

RE = RunEngine({})
furnace = Signal(name="furnace", value=20.0)
balance = Signal(name="balance", value=0.0)


class FurnaceFault(Exception):
    """The furnace says that something is wrong."""


def _keep(name: str, document: dict[str, Any]) -> None:
    """Keep each document of a run: in the worker's memory they would be lost with it."""
    run = document["uid"] if name == "start" else document.get("run_start")
    if run is None:
        run = next(one for one, ids in _keep.of.items() if document["descriptor"] in ids)
    if name == "start":
        _keep.of[run] = set()
    if name == "descriptor":
        _keep.of[run].add(document["uid"])
    with (RUNS / f"{run}.jsonl").open("a") as file:
        file.write(json.dumps([name, document]) + "\n")


_keep.of = {}
RE.subscribe(_keep)


def _did(what: str, **more: Any) -> None:
    """A line in the laboratory's own account, through to the disk before anything goes on."""
    with (FOLDER / "account.jsonl").open("a") as file:
        file.write(json.dumps({"did": what, **more, "at": time.time()}) + "\n")
        file.flush()
        os.fsync(file.fileno())


def make_sample(
    setpoint: float,
    hours: float = 1.0,
    seconds: float = 0.05,
    fault: str = "",
    limit: float = 1000.0,
    stubborn: float = 0.0,
    once: bool = True,
    md: dict[str, Any] | None = None,
):
    """Anneal a sample and weigh it. `stubborn`: seconds in which it obeys nobody; `once`: only if
    its job was not begun before.
    """
    job = (md or {}).get("athanor_job", "")
    if once and job and claim(job) != "free":  # noqa: F821 - of 00_claims.py
        _did("skip", job=job)
        return

    @bpp.run_decorator(md=md or {})
    def sample():
        _did("begin", job=job, setpoint=setpoint)
        yield from bps.mv(furnace, setpoint)
        yield from bps.checkpoint()
        time.sleep(stubborn)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            yield from bps.sleep(0.02)
        if fault or setpoint > limit:
            raise FurnaceFault(fault or "over the limit")
        mass = math.sin(setpoint / 100) + hours
        yield from bps.mv(balance, mass)
        yield from bps.trigger_and_read([furnace, balance])
        _did("end", job=job, mass=mass)

    def cool():
        _did("cool", job=job)
        yield from bps.mv(furnace, 20.0)

    yield from bpp.finalize_wrapper(sample(), cool())


def get_run(uid: str) -> dict[str, Any]:
    """What a run brought, from its documents; it waits for as long as there is a file BUSY."""
    while (FOLDER / "BUSY").exists():
        time.sleep(0.05)
    lines = [json.loads(line) for line in (RUNS / f"{uid}.jsonl").read_text().splitlines()]
    found: dict[str, Any] = {"documents": lines}
    for name, document in lines:
        if name == "event":
            found["mass"] = document["data"]["balance"]
            found["actual"] = {"setpoint": document["data"]["furnace"] - 0.5}
    return found
