"""The Adapter: an instrument, a simulator or a person at a bench, and the values it speaks in.

Adapters keep no state: everything that must not be lost is in the handle, which the agent commits.
`adapters/testing.py` ships this contract as a suite that anyone's adapter can inherit.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from pydantic import BaseModel, Field

from agent.core.job import FailureKind, Job
from agent.core.trial import Plan
from agent.core.values import Point, Value, later

Handle = dict[str, Any]
"""What an adapter needs to find its job again: JSON."""

Note = Callable[[Handle], None]
"""Commits a handle at once; called by `start` the moment an id exists that must not be lost."""

Cancellation = Literal["requested", "confirmed", "unconfirmed"]


class Capabilities(Value):
    """What an adapter is and promises.

    `effect`: `pure` may be computed again without harm, `physical` may not. `lookup`: what `find`
    can promise when it does not see a job. `parallel`: jobs that it takes at the same time. `person`:
    somebody reads what is asked for, and carries it out by hand. `on_cancel`, `on_lost_contact` and
    `on_emergency_stop` are its safe states: what the instrument does then, in words.
    """

    effect: Literal["pure", "physical"]
    lookup: Literal["sure", "best_effort", "none"]
    max_trials_per_job: int = Field(default=1, ge=1)
    parallel: int = Field(default=1, ge=1)
    person: bool = later(False)
    fidelities: tuple[str, ...] = ("target",)
    on_cancel: str = ""
    on_lost_contact: str = ""
    on_emergency_stop: str = later("")
    version: str = ""

    @property
    def safe_states(self) -> tuple[str, ...]:
        """What it declares of them, a line each."""
        told = {
            "on cancel": self.on_cancel,
            "on lost contact": self.on_lost_contact,
            "emergency stop": self.on_emergency_stop,
        }
        return tuple(f"{when}: {words}" for when, words in told.items() if words)


class Health(Value):
    """Can it take a job now? With the reason."""

    state: Literal["ready", "busy", "locked", "faulted", "unreachable"]
    reason: str = ""


class Sighting(Value):
    """What a look-up saw of a job.

    `absent` with `sure` means: it was not executed and never will be, whatever its sender still
    does. `absent` without `sure` says nothing.
    """

    state: Literal["absent", "running", "ended"]
    sure: bool = False
    handle: Handle | None = None
    reason: str = ""


class Measurement(Value):
    """One reading for one objective of one trial: a value, a bound, or void with its reason.

    `sd` is the standard uncertainty in `unit`; `executed` the settings as executed.
    """

    trial: str
    objective: str
    unit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    void: str | None = None
    sd: float | None = None
    replicate: int = 1
    executed: Point | None = None
    analysis: str = ""


class Outcome(Value):
    """What became of a job. `running` may already carry some of the measurements.

    `raw` is the instrument's own document, kept by hash; `cost` what it really cost, if known. `code` is the
    instrument's own name of a failure, which operators may know the kind of. Of each trial whose sample it made
    or took on, `executed` has the settings that it did so with (its readings are taken to be of these, where they
    say no others), and `places` where it lies now: the next step is told.
    """

    state: Literal["running", "done", "failed", "cancelled", "lost"]
    measurements: tuple[Measurement, ...] = ()
    failure: FailureKind | None = None
    code: str = later("")
    message: str = ""
    cost: float | None = None
    raw: str | None = None
    executed: dict[str, Point] = later({})
    places: dict[str, str] = later({})


class Adapter(Protocol):
    """The contract. Blocking calls carry their own deadlines; nothing here keeps state.

    `Settings` is the pydantic model of what a campaign may say under `execution.settings`; the
    constructor takes one.
    """

    @property
    def Settings(self) -> type[BaseModel]:  # noqa: N802 (it is a class)
        """The model of the adapter's settings."""
        ...

    def capabilities(self) -> Capabilities:
        """What it is and promises."""
        ...

    def health(self) -> Health:
        """Whether it can take a job now."""
        ...

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against sending `plan`; empty if there are none."""
        ...

    def prepare(self, job: Job) -> Handle:
        """A handle for `job`, without any effect.

        Raises:
            Refused: it cannot be executed.
        """
        ...

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        """Send `job`; at most once.

        Raises:
            Refused: it is certain that nothing was executed.
            Unreachable: no answer; look it up.
        """
        ...

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        """Look for `job` by its key (and by the handle, if one was committed).

        Raises:
            Unreachable: the look-up itself had no answer.
        """
        ...

    def collect(self, job: Job, handle: Handle) -> Outcome:
        """What became of `job` so far; partial results are allowed.

        Raises:
            Unreachable: no answer; ask again.
        """
        ...

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        """Ask for `job` to be stopped; `confirmed` only if the instrument says that it stopped."""
        ...

    def emergency_stop(self) -> None:
        """Bring the instrument to its safe state now. Never gated; works without the store."""
        ...


Adapters = Mapping[str, Adapter]
"""Instrument name -> adapter."""
