"""Many runs side by side: one task for each campaign, policy and seed."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Protocol

from agent.backtest.exam import Exam, exam
from agent.backtest.judge import Judge
from agent.backtest.learnt import learnt
from agent.backtest.result import Backtest, CampaignResult, Failed, LearntResult
from agent.backtest.trace import Task, Trace, trace
from agent.backtest.truth import Case, MakeAdapter, Oracle, Population, population
from agent.core.campaign import Campaign
from agent.core.pools import Pool
from agent.errors import CampaignError
from agent.variant import POLICIES, variant

Progress = Callable[[int, int], None]
"""Called with (runs done, runs in all)."""

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Resolved(Protocol):
    """What `agent.load` makes of a file, as far as it matters here."""

    @property
    def campaign(self) -> Campaign:
        """The resolved campaign."""
        ...

    @property
    def blobs(self) -> Mapping[str, bytes]:
        """sha256 -> document: the pools."""
        ...

    @property
    def pools(self) -> Mapping[str, Pool]:
        """Parameter name -> its pool."""
        ...


@dataclass(frozen=True)
class _Spent:
    """The runs: what each came to, or why it came to nothing."""

    traces: dict[Task, Trace]
    faults: dict[Task, BaseException]


def run(
    resolved: Sequence[Resolved],
    policies: Sequence[str],
    seeds: int | Sequence[int],
    jobs: int,
    make_adapter: MakeAdapter,
    progress: Progress | None = None,
    budget: int | None = None,
) -> Backtest:
    """Run the campaign loop for each campaign, policy and seed, and judge it by true values.

    A run that fails is among the result's `failures`; the others go on.

    Args:
        resolved: Campaigns whose adapters are pure: tables or functions.
        policies: Policies by their words (`agent/variant.py`); `random` is what the others are compared
            with.
        seeds: How many (0, 1, …), or which.
        jobs: Processes at the same time, each on one thread; 1 stays in this process.
        make_adapter: Campaign -> adapter; importable by name where `jobs` is above 1.
        progress: Told after each run.
        budget: Experiments of each run, instead of what the campaigns say.

    Raises:
        CampaignError: an unknown policy or method, one that a campaign's objectives are not for, no
            seed, or two campaigns of one name.
        AdapterError: an adapter is physical, or answers nowhere in its campaign's space.
    """
    wanted = tuple(range(seeds)) if isinstance(seeds, int) else tuple(dict.fromkeys(seeds))
    policies = tuple(dict.fromkeys(policies))
    cases = [Case(one.campaign, dict(one.blobs), dict(one.pools)) for one in resolved]
    _check(cases, policies, wanted)
    oracles = [Oracle(case, make_adapter) for case in cases]
    # What is to be found, or what is to be known: one of the two for each campaign.
    people = [
        exam(case, oracle) if case.campaign.aim.learning else population(case, oracle)
        for case, oracle in zip(cases, oracles, strict=True)
    ]
    tasks = [
        Task(case, policy, seed, budget, crowd if isinstance(crowd, Exam) else None)
        for case, crowd in zip(cases, people, strict=True)
        for seed in wanted
        for policy in policies
    ]
    spent = _all(tasks, jobs, make_adapter, progress or (lambda _done, _total: None))
    found: list[CampaignResult] = []
    known: list[LearntResult] = []
    for case, oracle, crowd in zip(cases, oracles, people, strict=True):
        traces = [
            spent.traces[task] for task in tasks if task.case is case and task in spent.traces
        ]
        limit = budget or case.campaign.budget.experiments
        if traces and isinstance(crowd, Exam):
            known.append(learnt(case, crowd, traces, policies, limit))
        elif traces and isinstance(crowd, Population):
            found.append(Judge(case, oracle, crowd, traces, limit).result(policies))
    failures = tuple(_failed(task, spent.faults[task]) for task in tasks if task in spent.faults)
    return Backtest(campaigns=tuple(found), learnt=tuple(known), failures=failures)


def _check(cases: Sequence[Case], policies: Sequence[str], seeds: Sequence[int]) -> None:
    if not policies:
        raise CampaignError("no policy is named", f"there is: {', '.join(POLICIES)}")
    for case in cases:
        for words in policies:
            variant(case.campaign.policy, words, case.campaign.aim)
    if not seeds:
        raise CampaignError("a back-test needs at least one seed", "give --seeds 10, say")
    for case in cases:
        for prior in case.campaign.priors:
            if prior.source is None:
                raise CampaignError(
                    f"the prior {prior.called} of {case.campaign.name} is known to the store only, "
                    "and a back-test has none",
                    "athanor export writes its campaign as a table: name that",
                )
    names = [case.campaign.name for case in cases]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise CampaignError(f"two campaigns are named {twice[0]!r}", "give each its own name")


def _all(tasks: Sequence[Task], jobs: int, make_adapter: MakeAdapter, progress: Progress) -> _Spent:
    spent = _Spent({}, {})
    with _executor(jobs) as executor:
        _take(executor, tasks, make_adapter, spent, progress, len(tasks))
    # A process that dies takes the pool with it: what it left undone is run again, each in a
    # process of its own, so that only the culprit is lost.
    for task in [task for task, fault in spent.faults.items() if _died(fault)]:
        del spent.faults[task]
        with _executor(2) as executor:
            _take(executor, [task], make_adapter, spent, progress, len(tasks))
    return spent


def _take(
    executor: Executor,
    tasks: Sequence[Task],
    make_adapter: MakeAdapter,
    spent: _Spent,
    progress: Progress,
    total: int,
) -> None:
    futures: dict[Future[Trace], Task] = {
        executor.submit(trace, task, make_adapter): task for task in tasks
    }
    try:
        for future in as_completed(futures):
            fault, task = future.exception(), futures[future]
            if fault is None:
                spent.traces[task] = future.result()
            else:
                spent.faults[task] = fault
            if not _died(fault) or len(tasks) == 1:
                progress(len(spent.traces) + len(spent.faults), total)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _died(fault: BaseException | None) -> bool:
    return isinstance(fault, BrokenProcessPool)


@contextmanager
def _executor(jobs: int) -> Iterator[Executor]:
    if jobs <= 1:
        with ThreadPoolExecutor(max_workers=1) as threads:
            yield threads
        return
    # The libraries read these when a child loads them, before any code of ours runs there.
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as processes:
            yield processes
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _failed(task: Task, fault: BaseException) -> Failed:
    reason = "its process died" if _died(fault) else f"{type(fault).__name__}: {fault}"
    return Failed(
        campaign=task.case.campaign.name, policy=task.policy, seed=task.seed, reason=reason
    )
