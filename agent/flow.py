"""The Prefect flows: one flow a campaign, a task for each step; and one for a schedule, which gives each
campaign its turn. The only module that imports Prefect.

Prefect schedules, shows and retries; it never knows better than the store. Tasks take ids and give
a word; none is cached, no result is kept, and only collecting may be tried again.
"""

import signal
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar, cast
from uuid import UUID

import httpx
from prefect import flow, get_run_logger, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from agent.advancing import advance_all
from agent.assemble import laboratory, open_store
from agent.core.register import Entry
from agent.core.space import describe
from agent.data.store import Store
from agent.dispatch.holding import TTL_S
from agent.errors import AthanorError
from agent.following import told
from agent.lab import Lab
from agent.loop import Round, run_rounds
from agent.resolved import campaign_of
from agent.standing import stand
from agent.status import Summary, summarise

WATCH: ContextVar[Callable[[Round], None]] = ContextVar("watch", default=lambda _: None)
"""Called after each round, for who runs the flow in the own process; a flow's arguments are JSON."""

Answer = TypeVar("Answer")

_RETRIED = "collect"
_WITHOUT = "start it, or name another by PREFECT_API_URL; --direct does without"
_RUNNER = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=8))


def connect() -> None:
    """Start Prefect's temporary server, unless another is named, out of the reach of Ctrl-C.

    A terminal interrupts every process in its foreground. A server that goes before the flow has
    said how it ended leaves the flow knocking for more than a minute, and ending in tracebacks. A
    blocked signal stays blocked in the processes that are started meanwhile.

    Raises:
        AthanorError: it does not answer.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with get_client(sync_client=True) as client:
            silence = client.api_healthcheck()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if silence is not None:
        raise AthanorError(f"Prefect's server does not answer: {silence}", _WITHOUT)


def reaching(run: Callable[[], Answer]) -> Answer:
    """What a flow comes to that is run in the own process.

    Raises:
        AthanorError: its server was lost meanwhile. What it has done is in the store.
    """
    try:
        return run()
    except httpx.TransportError as error:
        what = f"Prefect's server was lost: {error}; nothing else is, and a run goes on from there"
        raise AthanorError(what, _WITHOUT) from error


def side_by_side(name: str, step: Callable[[str], str], subjects: Sequence[str]) -> list[str]:
    """Take a step for each subject, each as a Prefect task, at the same time."""

    @task(
        name=name,
        task_run_name=f"{name} {{subject}}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=2 if name == _RETRIED else 0,
        retry_delay_seconds=1,
    )
    def taken(subject: str) -> str:
        return step(subject)

    return [future.result() for future in [taken.submit(subject) for subject in subjects]]


@flow(
    name="campaign",
    flow_run_name="{name}",
    task_runner=_RUNNER,
    persist_result=False,
    validate_parameters=True,
)
def campaign(
    name: str, store: str | None = None, wait: bool = True, lease_s: float = TTL_S
) -> dict[str, Any]:
    """Run a campaign of the store until it has ended, or until only a person can go on.

    Args:
        name: Name or id of a campaign in the store.
        store: URL of the store; default: where ATHANOR_STORE says.
        wait: Whether to wait for people and instruments; otherwise it leaves as soon as nothing
            more can be done now. A schedule calls it again later.
        lease_s: Seconds after which a silent holder of the campaign may be taken over.

    Returns:
        The last round: `state` and `reason`.
    """
    with open_store(store, create=False) as opened:
        last = _advanced(opened, opened.entry(name), wait=wait, lease_s=lease_s)
    return {"state": last.state, "reason": last.reason, "person": last.person}


@flow(name="advance", task_runner=_RUNNER, persist_result=False, validate_parameters=True)
def advance(store: str | None = None, lease_s: float = TTL_S) -> list[dict[str, str]]:
    """Advance every campaign of the store as far as it goes now, one after the other, and end.

    A schedule calls it again. Two at the same time are no harm: a campaign that one of them holds is
    left to it.

    Args:
        store: URL of the store; default: where ATHANOR_STORE says.
        lease_s: Seconds after which a silent holder of a campaign may be taken over.

    Returns:
        What each came to: `campaign`, `state` and `reason`.

    Raises:
        AthanorError: the turn of one or more was a fault; the others had theirs.
    """
    log = get_run_logger()
    with open_store(store, create=False) as opened:
        turns = advance_all(
            opened, lambda entry: _advanced(opened, entry, wait=False, lease_s=lease_s)
        )
    for turn in turns:
        log.info("%s: %s %s", turn.campaign, turn.state, turn.reason)
    faults = [f"{turn.campaign}: {turn.reason}" for turn in turns if turn.state == "fault"]
    if faults:
        raise AthanorError("; ".join(faults), "athanor doctor")
    return [turn.model_dump() for turn in turns]


def _advanced(store: Store, entry: Entry, *, wait: bool, lease_s: float) -> Round:
    lab, name = laboratory(store, campaign_of(store, entry.id)), entry.name
    with told(store, entry.id):
        progress = _Progress(lab, name)
        last = run_rounds(lab, name, progress.show, side_by_side, wait=wait, ttl_s=lease_s)
        if wait or progress.moved:  # a schedule calls again and again
            progress.close()
    return last


class _Progress:
    """The artifacts that people see in Prefect's pages: a bar, and a table of results."""

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab, self._name = lab, name
        self._bar: UUID | None = None
        self._measured = -1
        self._last = ("", "")
        self._log = get_run_logger()

    @property
    def moved(self) -> bool:
        """Whether anything has gone on."""
        return self._measured >= 0

    def show(self, result: Round) -> None:
        WATCH.get()(result)
        if (result.state, result.reason) != self._last:
            self._last = (result.state, result.reason)
            self._log.info("%s %s", *self._last)
        if result.state != "progressed":
            return
        summary = self._summary()
        if summary.measured == self._measured:
            return
        self._measured = summary.measured
        used, limit = summary.bar
        share = min(100.0 * used / limit, 100.0)
        if self._bar is None:
            made = create_progress_artifact(
                share, key=self._key("progress"), description=_line(summary)
            )
            self._bar = made if isinstance(made, UUID) else None
        else:
            update_progress_artifact(self._bar, share, description=_line(summary))

    def close(self) -> None:
        create_markdown_artifact(_markdown(self._summary()), key=self._key("result"))

    def _summary(self) -> Summary:
        return summarise(stand(self._lab.store, self._name, self._lab.clock.now()))

    def _key(self, what: str) -> str:
        return f"{self._name.replace('_', '-')}-{what}"


def _line(summary: Summary) -> str:
    if summary.hypervolume is not None:
        return f"{summary.measured} measured, {len(summary.front)} on the front"
    if summary.unknown is not None:
        return f"{summary.measured} measured, {summary.unknown:.3g} {summary.unit} not known on average"
    if summary.best is None:
        return f"{summary.measured} measured"
    return f"{summary.measured} measured, best {summary.best:.4g} {summary.unit}"


def _markdown(summary: Summary) -> str:
    rows = [
        f"| {item.name} | {item.used:g} of {item.limit:g} {item.unit} |" for item in summary.budget
    ]
    point = describe(summary.best_point) if summary.best_point else "none yet"
    best = "none yet" if summary.best is None else f"{summary.best:.6g} {summary.unit}"
    if summary.hypervolume is not None:
        best, point = f"hypervolume {summary.hypervolume:.6g}", f"{len(summary.front)} on the front"
    told = [
        f"| best {summary.objective} ({summary.goal}) | {best} |",
        f"| at | {point} |",
    ]
    if summary.learning:
        known = "" if summary.unknown is None else f"{summary.unknown:.4g} {summary.unit}"
        told = [f"| of {summary.objective} not known, on average | {known or 'not told yet'} |"]
    return "\n".join(
        [
            f"# {summary.name}: {summary.state}",
            summary.reason,
            "",
            "| | |",
            "| --- | --- |",
            *told,
            f"| measured | {summary.measured} |",
            *rows,
        ]
    )


__all__ = ["WATCH", "advance", "campaign", "connect", "side_by_side"]
