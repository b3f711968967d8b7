"""The loop: one round of a campaign, readable from top to bottom, without Prefect.

`advance` may be called by a long-lived flow, by a schedule or by hand, once or twice, today or
after a power cut: it reads everything from the store, takes the steps that can be taken, and says
what it waits for. Nothing else is carried in memory: to resume is to run.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from agent import sending, steps
from agent.core import ids
from agent.core.actor import AGENT
from agent.core.job import Job, JobStatus
from agent.core.lifecycle import sendable
from agent.core.register import CampaignStatus, Lease
from agent.core.trial import OPEN, Trial, TrialStatus
from agent.data.reading import Sketch
from agent.dispatch.holding import TTL_S, holding
from agent.dispatch.reviewing import NOT_REVIEWED, expired
from agent.ending import asked_already, ending, enough
from agent.lab import PERSON, Lab
from agent.resolved import campaign_of
from agent.standing import Standing, stand
from agent.wanting import wanting

Each = Callable[[str, Callable[[str], str], Sequence[str]], list[str]]
"""Takes a step for each id, and gives what each said; Prefect makes tasks of them."""

_TELLING = ("running: ", "silent: ", "waiting: ", "error: ")
"""What a step says first when an instrument has a word for people."""

_MOST_MISSING = 3
"""So many things that are used up are told of; whoever fills them meets the next."""


@dataclass(frozen=True)
class Round:
    """What a round came to. `reason` says what it waits for, or why the campaign ended; `person`
    whether only a person can end the waiting; `said` what the steps said.
    """

    state: Literal["progressed", "waiting", "paused", "finished", "stopped"]
    reason: str = ""
    person: bool = False
    said: tuple[str, ...] = ()


def in_turn(name: str, step: Callable[[str], str], subjects: Sequence[str]) -> list[str]:
    """Take a step for each subject, one after the other."""
    del name
    return [step(subject) for subject in subjects]


def rounds(
    lab: Lab, name: str, each: Each = in_turn, ttl_s: float = TTL_S, *, heartbeat: bool = True
) -> Iterator[Round]:
    """Advance the campaign until it has ended, under one lease. The caller waits between rounds.

    Raises:
        LeaseHeld: somebody else is running it.
        LeaseLost: somebody else has taken over.
    """
    campaign = lab.store.entry(name).id
    with holding(lab.store, campaign, lab.me, lab.clock, ttl_s, heartbeat=heartbeat) as lease:
        while True:
            result = advance(lab, lease, each)
            yield result
            if result.state in {"finished", "stopped"}:
                return


def run_rounds(
    lab: Lab,
    name: str,
    watch: Callable[[Round], None],
    each: Each = in_turn,
    *,
    wait: bool = True,
    ttl_s: float = TTL_S,
) -> Round:
    """Advance the campaign until it has ended or, if it is not to wait, until it would; the last round.

    Args:
        lab: The outside world.
        name: Name or id of the campaign.
        watch: Called after each round.
        each: How steps are taken.
        wait: Whether to look again after the campaign's poll interval when nothing can be done.
        ttl_s: Seconds after which a silent holder may be taken over.
    """
    last = Round("waiting")
    for last in rounds(lab, name, each, ttl_s):
        watch(last)
        if last.state in {"waiting", "paused"}:
            if not wait:
                return last
            lab.clock.sleep(campaign_of(lab.store, lab.store.entry(name).id).execution.poll.seconds)
    return last


def advance(lab: Lab, lease: Lease, each: Each = in_turn) -> Round:
    """One round: what is in doubt, what came back, what ends, what comes next, what may be sent."""
    before = lab.store.sketch(lease.name)
    said = each(
        "reconcile", partial(steps.reconcile, lab, lease), _jobs(lab, lease, JobStatus.INTENDED)
    )
    at_work = _jobs(lab, lease, JobStatus.STARTED, JobStatus.RUNNING)
    said += each("collect", partial(steps.collect, lab, lease), at_work)

    now = stand(lab.store, lease.name, lab.clock.now())
    if steps.watch(lab, lease, now):
        now = stand(lab.store, lease.name, lab.clock.now())
    if now.entry.status is CampaignStatus.PAUSED:
        return Round("paused", now.entry.reason, person=True)
    if now.entry.status is CampaignStatus.FINISHED:
        return Round("finished", now.entry.reason)
    if now.entry.status is CampaignStatus.STOPPED or ending(now):
        return _wind_down(lab, lease, each, now, before, said)

    why = enough(now)
    if why:  # it goes on to confirm its winner
        steps.withdraw(lab, lease, now, why)
        now = stand(lab.store, lease.name, lab.clock.now())
    _expire(lab, lease, now)
    said += _propose(lab, lease, each, now)
    said += each(
        "review", partial(sending.review, lab, lease), _trials(lab, lease, TrialStatus.PROPOSED)
    )
    said += each("dispatch", partial(sending.dispatch, lab, lease), _sendable(lab, lease))
    return _moved_on(lab, lease, before, said) or _waiting(
        lab, stand(lab.store, lease.name, lab.clock.now()), tuple(said)
    )


def _moved_on(lab: Lab, lease: Lease, before: Sketch, said: list[str]) -> Round | None:
    """That something was done in this round, if it was."""
    permitted = any(word.startswith(sending.PERMITTED) for word in said)
    if lab.store.sketch(lease.name) != before or permitted:
        return Round("progressed", said=tuple(said))
    return None


def _ids(records: Iterable[Job | Trial]) -> list[str]:
    return [record.id for record in records]


def _jobs(lab: Lab, lease: Lease, *statuses: JobStatus) -> list[str]:
    return _ids(lab.store.jobs(lease.name, *statuses))


def _trials(lab: Lab, lease: Lease, status: TrialStatus) -> list[str]:
    return _ids(lab.store.trials(lease.name, status))


def _sendable(lab: Lab, lease: Lease, trials: Collection[str] | None = None) -> list[str]:
    """The trials of which something can be sent, in the order in which it is tried."""
    found = lab.store.trials(lease.name, TrialStatus.IN_PROGRESS, TrialStatus.APPROVED)
    jobs = {one.id: lab.store.jobs_of(one.id) for one in found if len(one.steps) > 1}
    return [one for one in _ids(sendable(found, jobs)) if trials is None or one in trials]


def _wind_down(
    lab: Lab, lease: Lease, each: Each, standing: Standing, before: Sketch, said: list[str]
) -> Round:
    """Withdraw what was not sent, finish what has begun, then close the campaign.

    `said` is what the steps of this round have said so far.
    """
    stopped = standing.entry.status is CampaignStatus.STOPPED
    reason = (standing.entry.reason if stopped else ending(standing)) or ""
    steps.drop(lab, lease, standing, reason, begun=stopped)
    begun = [] if stopped else _ids(standing.begun)
    if begun:
        proposed = [one for one in _trials(lab, lease, TrialStatus.PROPOSED) if one in begun]
        said += each("review", partial(sending.review, lab, lease), proposed)
        ready = _sendable(lab, lease, begun)
        said += each("dispatch", partial(sending.dispatch, lab, lease), ready)
    now = stand(lab.store, lease.name, lab.clock.now())
    if now.in_flight or now.jobs_in(JobStatus.UNKNOWN) or (now.begun and not stopped):
        moved = _moved_on(lab, lease, before, said) if begun else None
        return moved or _waiting(lab, now, tuple(said))
    if stopped:
        return Round("stopped", reason)
    with lab.store.write(AGENT, lab.clock.now(), lease) as tx:
        tx.set_status(standing.entry.id, CampaignStatus.FINISHED, reason)
    return Round("finished", reason)


def _expire(lab: Lab, lease: Lease, standing: Standing) -> None:
    revised = lab.store.revision(lease.name, standing.revision).at
    rule = standing.campaign.review
    late = [
        trial
        for trial in standing.unsent()
        if trial.status is TrialStatus.PROPOSED
        and expired(trial, standing.reviews, revised, rule, standing.now)
    ]
    if late:
        with lab.store.write(AGENT, standing.now, lease) as tx:
            for trial in late:
                tx.move_trial(trial.id, TrialStatus.EXPIRED, NOT_REVIEWED)


def _propose(lab: Lab, lease: Lease, each: Each, standing: Standing) -> list[str]:
    """Decide batch after batch while a whole one fits in; a last, smaller one when nothing is open."""
    said: list[str] = []
    while _due(standing):
        number = len(standing.decisions) + 1
        said += each(
            "propose", partial(steps.propose, lab, lease, standing), [f"decision {number}"]
        )
        if said[-1].startswith(steps.UNDECIDED):
            return said
        chosen = len(lab.store.decision(ids.record(lease.name, "D", number)).choices)
        if not chosen or standing.slots - chosen < standing.campaign.policy.batch_size:
            return said
        standing = stand(lab.store, lease.name, lab.clock.now())
    return said


def _due(standing: Standing) -> bool:
    """Whether another batch is to be chosen now."""
    if standing.slots == 0 or standing.campaign.policy.samples == "stream":
        return False
    if not standing.of(*OPEN):
        return True
    return standing.slots >= standing.campaign.policy.batch_size and not asked_already(standing)


def _waited_for(lab: Lab, standing: Standing, said: tuple[str, ...]) -> list[str]:
    """What is under way, what is in doubt, what is used up, and what waits for a review: a phrase for each."""
    reasons = []
    if standing.in_flight:
        told = next((word.partition(": ")[2] for word in said if word.startswith(_TELLING)), "")
        reasons.append(f"for {_under_way(standing)}" + (f": {told}" if told else ""))
    reasons += [
        f"{lab.person(job.instrument)}: what became of {job.id} is not known ({job.message})"
        for job in standing.jobs_in(JobStatus.UNKNOWN)[:1]
    ]
    if standing.held and standing.sendable:
        mend = f"athanor instrument release {standing.held.instrument}"
        reasons.append(f"{lab.person(standing.held.instrument)}: {standing.held}: {mend}")
    parts = (part for word in said for part in word.split("; "))
    reasons += dict.fromkeys(part for part in parts if part.startswith(PERSON))
    missing = wanting(lab.store, standing, lab.limits_of)
    reasons += [f"{lab.person(one.instrument)}: {one}" for one in missing[:_MOST_MISSING]]
    proposed = standing.of(TrialStatus.PROPOSED)
    if proposed:
        count = f"{len(proposed)} proposal" + ("s" if len(proposed) > 1 else "")
        reasons.append(f"for a review of {count}: athanor review {standing.entry.name}")
    if standing.campaign.policy.samples == "stream" and not standing.of(*OPEN):
        reasons.append(f"for samples that come by: athanor screen {standing.entry.name}")
    return reasons


def _under_way(standing: Standing) -> str:
    """What is under way on each instrument: `A and 2 more on furnace, B on reader`."""
    at: dict[str, list[str]] = {}
    for job in standing.in_flight:
        at.setdefault(job.instrument, []).append(job.id)
    return ", ".join(
        f"{jobs[0]}{f' and {len(jobs) - 1} more' if len(jobs) > 1 else ''} on {name}"
        for name, jobs in at.items()
    )


def _waiting(lab: Lab, standing: Standing, said: tuple[str, ...] = ()) -> Round:
    reasons = _waited_for(lab, standing, said)
    if reasons:
        person = not standing.in_flight
        return Round("waiting", "; and ".join(reasons), person=person, said=said)
    steps = filter(None, map(standing.step_of, standing.sendable))
    next_ones = dict.fromkeys(one.instrument for step in steps for one in step.stations)
    names = ", ".join(next_ones or standing.campaign.execution.instruments_named)
    why = f"for {names}: {said[-1] if said else ''}"
    return Round("waiting", why, said=said)
