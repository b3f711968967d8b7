"""`athanor adapter test`: what it may do, what it says, and that nobody else uses the instrument meanwhile."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from agent.commands import asking
from agent.commands.common import console, errors, existing
from agent.core.actor import Actor
from agent.core.harmless import MOST, Asked, Declaration, Promise, State
from agent.core.instrument import in_force
from agent.core.trial import Setting
from agent.data.store import Store
from agent.errors import AdapterError, GateError

if TYPE_CHECKING:
    from agent.assemble import Proof

_COLOURS: dict[State, str] = {"kept": "green", "not kept": "red", "not tried": "yellow"}
_UNKNOWN = "no such parameter"


def read(name: str, settings: Path | None, campaign: Path | None) -> Declaration:
    """What may be done with the adapter of that name.

    Raises:
        AdapterError: neither or both files are given, they are of another adapter, or it is physical and
            nothing was declared.
        CampaignError: the file cannot be used.
    """
    from agent.load import declared
    from agent.named import SettingsModels

    if settings is not None and campaign is None:
        found = declared(settings, SettingsModels())
    elif campaign is not None and settings is None:
        found = _first_point(campaign)
    else:
        raise AdapterError(
            "what may be tried is not said", "--settings FILE, or --campaign FILE for a simulation"
        )
    if found.execution.adapter != name:
        raise AdapterError(
            f"{settings or campaign} is about {found.execution.adapter!r}, not {name!r}",
            f"athanor adapter test {found.execution.adapter} …",
        )
    return found


def _first_point(file: Path) -> Declaration:
    """The first point of a campaign whose adapter only computes, and the same with what it cannot know."""
    from agent.assemble import adapter_of
    from agent.commands.checking import first_points
    from agent.load import read as read_campaign
    from agent.named import PretrainedModels, SettingsModels

    resolved = read_campaign(file, SettingsModels(), models=PretrainedModels())
    campaign = resolved.campaign
    if campaign.execution.steps:
        raise AdapterError(
            f"{campaign.name} has several steps, each with an adapter",
            "declare one: --settings FILE",
        )
    if adapter_of(campaign).capabilities().effect == "physical":
        raise AdapterError(
            f"{campaign.execution.adapter} is physical: nothing is tried that was not declared harmless",
            "--settings FILE; athanor adapter new shows one",
        )
    space = campaign.space.bound(resolved.pools)
    (point, *_), _ = first_points(resolved, space, 1)
    settings = space.labelled(space.settings(point))
    good = Asked(
        parameters=dict(settings),
        objectives={one.name: one.unit for one in campaign.objectives},
        classes={one.name: one.classes for one in campaign.objectives if one.classed},
    )
    return Declaration(
        execution=campaign.execution,
        good=good,
        bad=good.model_copy(update={"parameters": {**settings, _UNKNOWN: Setting(value=1.0)}}),
        executions=MOST,
    )


class Run:
    """One run of the contract suite, as it is told.

    Args:
        declared: What may be done.
        proof: What does it.
    """

    def __init__(self, declared: Declaration, proof: "Proof") -> None:
        self.declared, self.proof = declared, proof

    @classmethod
    def of(cls, declared: Declaration, told: Callable[[Promise], None] | None) -> "Run":
        """A run on the adapter that was declared; `told` is called with each promise."""
        from agent.assemble import proof_of

        return cls(declared, proof_of(declared, told or (lambda _: None)))

    def foreseen(self) -> Iterator[str]:
        """What will be done, a line each; nothing was done yet."""
        execution, promised = self.declared.execution, self.proof.capabilities
        yield f"{execution.adapter} on {execution.target}: {promised.effect}, {promised.version}"
        tried = [one for one in self.proof.foreseen if not one.left_out]
        most = sum(one.sendings for one in tried)
        spare = sum(one.sendings for one in tried if one.spare)
        words = f"executed {_times(most - spare)}, each within {self.declared.wait}"
        words += "; once more if the adapter is wrong" if spare else ""
        yield f"  good   {_asked(self.declared.good)}"
        yield f"         {words if self.proof.physical else 'computed, which has no effect'}"
        yield f"  bad    {_asked(self.declared.bad)}"
        yield "         never sent"
        names = {one.test for one in tried}
        if self.proof.physical and "test_cancel_has_an_answer" in names:
            yield f"  cancel, once, while good runs: {promised.on_cancel}"
        if self.proof.physical and "test_emergency_stop_is_never_gated" in names:
            yield "  emergency stop, twice, at the end: a person may have to put it right afterwards"
        for one in self.proof.foreseen:
            if one.left_out:
                title = one.test.removeprefix("test_").replace("_", " ")
                yield f"  not tried: {title} ({one.left_out})"

    def against(self) -> str:
        """Why it is not even begun; empty if nothing speaks against it.

        Raises:
            GateError: the operators have signed no limits of a machine.
        """
        from agent.allowed import operators
        from agent.decide.review import check_released

        adapter, target = self.proof.instance(), self.declared.execution.target
        limits = operators().in_force(target).rules
        check_released(limits, self.proof.capabilities, target)
        health = asking.well(adapter)
        if health.state != "ready":
            return f"{target} is {health.state}: {health.reason}"
        plan = self.proof.job(self.declared.good).plans[0]
        reasons = (*asking.against(adapter, plan), *limits.reasons(plan))
        return f"what was declared good is refused: {'; '.join(reasons)}" if reasons else ""

    @contextmanager
    def alone(self, url: str | None, by: Actor) -> Iterator[None]:
        """Nobody else is given the instrument meanwhile, as far as the store knows of anybody.

        Raises:
            GateError: it is at work, or in doubt.
        """
        store = self._store(url) if self.proof.physical else None
        if store is None:
            yield
            return
        with store:
            name, held = self.declared.execution.target, self._hold(store, by)
            try:
                if busy := store.unended(name):
                    told = ", ".join(job.id for job in busy)
                    raise GateError(f"{name} has a job: {told}", "athanor instrument list")
                yield
            finally:
                if held:
                    self._release(store, by)

    def _store(self, url: str | None) -> Store | None:
        """The store in which other campaigns may use the instrument; None if there is none."""
        from agent.assemble import default_store
        from agent.data.address import file_of, parse

        where = url or default_store()
        path = file_of(parse(where))
        if path is None or path.exists():
            return existing(where)
        errors.print(escape(f"no store at {path}: no campaign is seen to use it"), highlight=False)
        return None

    def _hold(self, store: Store, by: Actor) -> bool:
        """Hold the instrument; False if somebody holds it already, who also releases it."""
        from agent.assemble import SystemClock

        name, now = self.declared.execution.target, SystemClock().now()
        if in_force(store.holds(name), now) is not None:
            return False
        with store.write(by, now) as tx:
            tx.hold(name, "its adapter is being tested")
        return True

    def _release(self, store: Store, by: Actor) -> None:
        """Release it again, unless something is in doubt."""
        from agent.assemble import SystemClock

        name = self.declared.execution.target
        if self.proof.doubt:
            errors.print(f"{name} stays held: athanor instrument release {name}", highlight=False)
            return
        with store.write(by, SystemClock().now()) as tx:
            tx.release(name, "its adapter is not being tested any more")

    def summary(self) -> Iterator[str]:
        """What came of it, in lines."""
        counts = Counter(one.state for one in self.proof.promises)
        yield ", ".join(f"{counts[state]} {state}" for state in _COLOURS)
        if self.proof.physical and self.proof.sent:
            yield f"sent: {', '.join(one.job.id for one in self.proof.sent)}"
        if self.proof.doubt:
            yield f"[red]look at the instrument[/red]: {escape(self.proof.doubt)}"


def show(promise: Promise) -> None:
    """Print one promise, and what was seen instead of it."""
    title, _, said = promise.words.partition(": ")
    colour = _COLOURS[promise.state]
    console.print(
        f"[{colour}]{promise.state:9}[/{colour}] {escape(title)}[dim]: {escape(said)}[/dim]",
        highlight=False,
        soft_wrap=True,
    )
    for line in promise.why.splitlines():
        console.print(f"          {escape(line)}", highlight=False, soft_wrap=True)


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _asked(asked: Asked) -> str:
    """`temperature = 40 degC → signal [1]`."""
    settings = ", ".join(
        f"{name} = {one.value} {one.unit}".strip() for name, one in asked.settings.items()
    )
    return f"{settings} → " + ", ".join(f"{name} [{u}]" for name, u in asked.objectives.items())
