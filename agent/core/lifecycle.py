"""The life cycles as tables, and the one function that takes a step.

The tables are the only place that says what may follow what; the documents print them and a test
walks every pair of states.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from agent.core.actor import Actor
from agent.core.job import IN_FLIGHT, Job, JobStatus
from agent.core.trial import Trial, TrialStatus
from agent.errors import LifecycleError


class Step(NamedTuple):
    """One allowed step: from, to, who may take it, and on what condition."""

    source: StrEnum
    target: StrEnum
    actors: frozenset[str]
    condition: str


_ANY = frozenset({"agent", "person", "rule"})
_AGENT = frozenset({"agent"})
_PERSON = frozenset({"person"})
_HANDS = frozenset({"agent", "person"})
_REVIEWER = frozenset({"person", "rule"})

_T, _J = TrialStatus, JobStatus

TRIAL: tuple[Step, ...] = (
    Step(_T.PROPOSED, _T.APPROVED, _REVIEWER, "a review approves it, as proposed or edited"),
    Step(_T.PROPOSED, _T.REJECTED, _REVIEWER, "a review rejects it"),
    Step(_T.PROPOSED, _T.EXPIRED, frozenset({"agent", "rule"}), "it waited longer than its campaign allows"),
    Step(_T.PROPOSED, _T.CANCELLED, _ANY, "the campaign ended, or a person withdrew it"),
    Step(_T.APPROVED, _T.PROPOSED, _REVIEWER, "a revision, an expiry or a revocation sends it back to review"),
    Step(_T.APPROVED, _T.CANCELLED, _ANY, "the campaign ended, or a person withdrew it"),
    Step(_T.APPROVED, _T.IN_PROGRESS, _AGENT, "a job is intended for it"),
    Step(_T.IN_PROGRESS, _T.APPROVED, _ANY, "its job was refused, or its step may be repeated: it may be sent again"),
    Step(_T.IN_PROGRESS, _T.PROPOSED, _REVIEWER, "its next step is not what was approved: it goes back to review"),
    Step(_T.IN_PROGRESS, _T.DONE, _ANY, "its jobs are done and every objective was observed"),
    Step(_T.IN_PROGRESS, _T.PARTIAL, _ANY, "an objective is missing, and no job is left to bring it"),
    Step(_T.IN_PROGRESS, _T.FAILED, _ANY, "its last job failed, or was refused too often, and nothing was seen"),
    Step(_T.IN_PROGRESS, _T.CANCELLED, _ANY, "its last job was cancelled"),
    Step(_T.PARTIAL, _T.DONE, _ANY, "what was missing was observed"),
    Step(_T.FAILED, _T.DONE, _PERSON, "a person has the result after all"),
    Step(_T.FAILED, _T.PARTIAL, _PERSON, "a person has a part of the result after all"),
    Step(_T.DONE, _T.VOIDED, _PERSON, "a person declares the result void"),
    Step(_T.PARTIAL, _T.VOIDED, _PERSON, "a person declares the result void"),
)  # fmt: skip

JOB: tuple[Step, ...] = (
    Step(_J.INTENDED, _J.STARTED, _AGENT, "the adapter says that it was started, or found it"),
    Step(_J.INTENDED, _J.REFUSED, _AGENT, "it is certain that nothing was executed"),
    Step(_J.INTENDED, _J.CANCELLED, _AGENT, "withdrawn before anything was sent"),
    Step(_J.STARTED, _J.RUNNING, _AGENT, "the instrument says that it is at work on it"),
    Step(_J.STARTED, _J.DONE, _HANDS, "the results were collected, or recorded by a person"),
    Step(_J.STARTED, _J.FAILED, _AGENT, "the instrument says that it failed"),
    Step(_J.STARTED, _J.CANCELLED, _AGENT, "the instrument confirms that it stopped"),
    Step(_J.RUNNING, _J.DONE, _HANDS, "the results were collected, or recorded by a person"),
    Step(_J.RUNNING, _J.FAILED, _AGENT, "the instrument says that it failed"),
    Step(_J.RUNNING, _J.CANCELLED, _AGENT, "the instrument confirms that it stopped"),
    Step(_J.INTENDED, _J.UNKNOWN, _AGENT, "whether it was executed cannot be known"),
    Step(_J.STARTED, _J.UNKNOWN, _HANDS, "what became of it cannot be known, or a person knows better"),
    Step(_J.RUNNING, _J.UNKNOWN, _HANDS, "what became of it cannot be known, or a person knows better"),
    Step(_J.UNKNOWN, _J.DONE, _PERSON, "a person found the result"),
    Step(_J.UNKNOWN, _J.FAILED, _PERSON, "a person knows that it was executed and failed"),
    Step(_J.UNKNOWN, _J.REFUSED, _PERSON, "a person knows that nothing was executed"),
    Step(_J.UNKNOWN, _J.CANCELLED, _PERSON, "a person stopped it"),
)  # fmt: skip


def check_step(table: tuple[Step, ...], source: StrEnum, target: StrEnum, actor: Actor) -> Step:
    """The step from `source` to `target`, if there is one that `actor` may take.

    Raises:
        LifecycleError: there is none, or it is another's to take.
    """
    for step in table:
        if step.source == source and step.target == target:
            if actor.kind not in step.actors:
                who = " or ".join(sorted(step.actors))
                raise LifecycleError(
                    f"{actor} may not take the step {source} -> {target}", f"only {who} may"
                )
            return step
    ways = ", ".join(step.target for step in table if step.source == source) or "nothing"
    raise LifecycleError(f"no step {source} -> {target}", f"{source} may become: {ways}")


class Settling(NamedTuple):
    """What is to be known of a campaign to say where its trials stand.

    Attributes:
        objectives: What is to be observed.
        attempts: How many attempts a refused job may have, and a failed one of a step that may be repeated.
        repeatable: The steps that may be done again.
    """

    objectives: tuple[str, ...]
    attempts: int
    repeatable: frozenset[str] = frozenset()


def trial_status(
    jobs: Iterable[Job], steps: Sequence[str], seen: Mapping[str, str | None], rules: Settling
) -> TrialStatus:
    """Where a trial stands, derived from its jobs (oldest first).

    Args:
        jobs: Every job that was intended for the trial, in order.
        steps: The trial's.
        seen: Objective that was observed on it -> the job that brought it; None if a person did.
        rules: What is to be known of its campaign.
    """
    jobs = list(jobs)
    if not jobs:
        return TrialStatus.APPROVED
    last = jobs[-1]
    if last.status in IN_FLIGHT or last.status is JobStatus.UNKNOWN:
        return TrialStatus.IN_PROGRESS
    done = {job.step for job in jobs if job.status is JobStatus.DONE}
    if last.status is JobStatus.DONE:
        if not done.issuperset(steps):
            return TrialStatus.IN_PROGRESS
        return TrialStatus.DONE if seen.keys() >= set(rules.objectives) else TrialStatus.PARTIAL
    if last.attempt < rules.attempts and (last.status is JobStatus.REFUSED or again(last, rules)):
        return TrialStatus.APPROVED
    kept = {job.id for job in jobs if job.status is JobStatus.DONE}
    if kept.intersection(filter(None, seen.values())):
        return TrialStatus.PARTIAL
    return TrialStatus.CANCELLED if last.status is JobStatus.CANCELLED else TrialStatus.FAILED


def again(job: Job, rules: Settling) -> bool:
    """Whether a failed job may be done again on the same sample, whatever the instrument had."""
    failed = job.status is JobStatus.FAILED and job.failure != "infeasible"
    return failed and job.step in rules.repeatable


def sendable(trials: Iterable[Trial], jobs: Mapping[str, Sequence[Job]]) -> list[Trial]:
    """The trials of which something could be sent: approved ones, and those between two steps. Those whose
    samples wait come first, and of these first what has failed least: one that spoils every try must not hold up
    the others.

    Args:
        trials: In order.
        jobs: Trial -> its jobs, in order; of a trial of one step they need not be told.
    """
    found = []
    for trial in trials:
        there = jobs.get(trial.id, ())
        begun = any(job.status is JobStatus.DONE for job in there)
        between = trial.status is TrialStatus.IN_PROGRESS and begun and due(trial.steps, there)
        if trial.status is TrialStatus.APPROVED or between:
            failed = sum(job.status is JobStatus.FAILED for job in there)
            found.append((not begun, failed, trial))
    return [trial for *_, trial in sorted(found, key=lambda one: one[:2])]


def due(steps: Sequence[str], jobs: Iterable[Job]) -> str | None:
    """The step of a trial that comes next; None where one is under way or in doubt, or all are done."""
    jobs = list(jobs)
    if any(job.status in IN_FLIGHT or job.status is JobStatus.UNKNOWN for job in jobs):
        return None
    done = {job.step for job in jobs if job.status is JobStatus.DONE}
    return next((step for step in steps if step not in done), None)
