"""What the ordeals know of a laboratory: how it is started and broken, and what it says that it has done."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Literal, Protocol, Self

Loss = Literal["lost request", "lost reply", "late request"]
"""A sending that never arrives; one whose answer never does; one that arrives after its sender gave up."""

Fate = Literal["never", "at work", "done", "spoiled"]
"""What a person finds who looks for a job: not a trace; it goes on; its result; what a power cut left."""


class Line(Protocol):
    """The way from the agent to the laboratory, on which sendings are lost."""

    @property
    def lost(self) -> Counter[Loss]:
        """What was lost so far."""

    def lose(self, loss: Loss) -> None:
        """What becomes of the next sending that nothing is said of yet."""

    def quiet(self) -> bool:
        """Whether no sending is on its way."""


class Lab(Protocol):
    """A laboratory in processes of its own. Its account is on its own disk, and outlives them."""

    @property
    def name(self) -> str:
        """Of the kind of laboratory."""

    @property
    def instrument(self) -> str:
        """What its campaign calls it."""

    @property
    def seams(self) -> tuple[str, ...]:
        """Where an agent that sends to it can be killed."""

    @property
    def lookups(self) -> tuple[str, ...]:
        """What it may be set up to promise of a look-up."""

    @property
    def environ(self) -> Mapping[str, str]:
        """What an agent that sends to it is started with."""

    @property
    def wire(self) -> Line:
        """The way to it."""

    @property
    def own_faults(self) -> Mapping[str, Callable[[], None]]:
        """What can happen to this laboratory alone, from the blow until it works again."""

    def campaign(self, trials: int, lookup: str) -> dict[str, object]:
        """The campaign `fire`, which measures `mass`, as its file says it."""

    def allowed(self) -> dict[str, object]:
        """The operators' file."""

    def __enter__(self) -> Self:
        """Start it."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""

    def kill(self) -> None:
        """End it as a power cut would; what was being made is spoiled."""

    def open(self) -> None:
        """Start it again, as its operator would, and wait until it takes jobs."""

    def lie_still(self) -> None:
        """Let it hang (SIGSTOP)."""

    def go_on(self) -> None:
        """Let it go on."""

    def counts(self) -> Mapping[str, int]:
        """Job -> how often it was physically begun."""

    def results(self) -> Mapping[str, float]:
        """Job -> what came of it."""

    def spoiled(self) -> frozenset[str]:
        """Jobs that were begun, and that a power cut has ended."""


def furnace_campaign(
    adapter: str,
    parameters: Sequence[Mapping[str, object]],
    settings: Mapping[str, object],
    trials: int,
    unit: str = "mg",
) -> dict[str, object]:
    """The campaign `fire` of a laboratory with a furnace, as its file says it."""
    return {
        "name": "fire",
        "parameters": [dict(one) for one in parameters],
        "objectives": [{"name": "mass", "unit": unit, "goal": "maximise"}],
        "budget": {"experiments": trials},
        "policy": {"name": "random", "initial": {"size": 2}, "in_flight": 2},
        "stop": {"confirm": 0},
        "execution": {
            "adapter": adapter,
            "instrument": "furnace",
            "attempts": 50,
            "poll": {"limit": 0.05, "unit": "s"},
            "settings": dict(settings),
        },
        "review": {"mode": "none"},
        "seed": 3,
    }


def furnace_operators(adapter: str, where: str, limits: Mapping[str, object]) -> dict[str, object]:
    """The operators' file of it: the adapter's dotted name, and the furnace's limits."""
    signed = {"by": "M. Curie", "at": "2026-03-01"}
    return {
        "adapters": {adapter: where},
        "unattended": ["furnace"],
        "instruments": {"furnace": {"limits": dict(limits), "signed": signed}},
    }


def fate(lab: Lab, job: str) -> Fate:
    """What a person finds in the laboratory's account who looks for a job."""
    quiet = (
        lab.wire.quiet()
    )  # asked first: what arrives while the account is read is in it, or not quiet
    if job in lab.results():
        return "done"
    if job in lab.spoiled():
        return "spoiled"
    return "at work" if job in lab.counts() or not quiet else "never"


def cut_short(lab: Lab) -> frozenset[str]:
    """Jobs that were begun and have no result: once all is dead, those that a power cut has spoiled."""
    return frozenset(lab.counts()) - frozenset(lab.results())
