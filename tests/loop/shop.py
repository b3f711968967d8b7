"""A workshop in which samples are made in furnaces and read by a reader, and what its operators say."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from agent.core.job import Job
from agent.core.operators import Operators
from agent.data.store import Store
from tests.loop.worlds import (
    FURNACE,
    READER,
    SIGNED,
    HandClock,
    Instrument,
    World,
    done,
    measured,
    route,
    workshop,
)

TWO = ("furnace-1", "furnace-2")
Make = Callable[..., "Shop"]


@dataclass
class Shop:
    """A workshop: its world, its furnaces, and the reader, which reads what the furnaces have made."""

    world: World
    furnaces: dict[str, Instrument]
    reader: Instrument

    @property
    def furnace(self) -> Instrument:
        return next(iter(self.furnaces.values()))

    def of(self, trial: str, step: str) -> list[Job]:
        return [job for job in self.world.store.jobs_of(trial) if job.step == step]

    def made(self, job: Job) -> float:
        """What is to be read of the sample that a job takes."""
        (sample,) = job.samples
        where = self.furnaces[self.world.store.job(sample.job or "").instrument]
        return measured(where.sent[sample.job or ""])


def open_shop(store: Store, clock: HandClock, *furnaces: str, **changes: Any) -> Shop:
    """A shop with these furnaces (default: one), and a registered campaign; `changes` are of that."""
    named = furnaces or (FURNACE,)
    heat = {name: Instrument(clock, parallel=1) for name in named}
    reader = Instrument(clock, parallel=1)
    execution = changes.pop("execution", None) or route(*furnaces)
    told = {"execution": execution, **changes}
    shop = Shop(workshop(store, clock, {**heat, READER: reader}, **told), heat, reader)
    reader.ending = lambda job: done(job, shop.made(job))
    return shop


def limited(shop: Shop, **limits: Any) -> None:
    """What the operators say of each instrument from now on."""
    said = {name: {"limits": box, "signed": SIGNED} for name, box in limits.items()}
    told = Operators.model_validate({"instruments": said})
    names = {*shop.furnaces, READER}
    shop.world.lab = replace(shop.world.lab, limits={name: told.in_force(name) for name in names})


def box(high: float) -> dict[str, Any]:
    return {name: {"low": 0, "high": high, "unit": "mm"} for name in ("x", "y")}
