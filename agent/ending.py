"""How a campaign ends by its own rules: the budget, what is enough, and rounds that come to nothing."""

from agent.core.budget import counts, spent
from agent.core.front import since_progress
from agent.core.history import since_improvement
from agent.core.job import JobStatus
from agent.core.trial import OPEN, TrialStatus
from agent.standing import Standing
from agent.winner import by_samples, confirmations, reached, unconfirmed, usual, wanted


def ending(now: Standing) -> str | None:
    """Why nothing more is to be proposed or sent, by the campaign's rules; None to go on.

    Where the winner is to be confirmed, the target is reached only by samples made anew, and no other
    rule ends the campaign before a decision has seen to them.
    """
    over, samples = spent(now.campaign.budget, now.use), wanted(now, usual(now))
    if over:
        return _told(now, over, samples)
    good = _target(now, samples)
    if good or now.remaking:
        return good  # what may be a discovery is looked at before it is called enough
    why = enough(now)
    if why and samples:
        return _seen_to(now, why)
    return why


def enough(now: Standing) -> str | None:
    """Why no better point is to be looked for, by a rule other than budget and target; None to go on."""
    stop = now.campaign.stop
    if now.remaking:
        return None
    told = stop.enough(now.outlooks, now.campaign.aim.unknown_unit)
    if told:
        return told
    stale = _stale(now)
    if stop.no_improvement_after is not None and stale >= stop.no_improvement_after:
        return f"no improvement in {stale} results"
    idle = idle_rounds(now)
    if not now.of(*OPEN) and idle >= stop.idle_rounds:
        return f"{idle} rounds in a row came to nothing: {_why_idle(now)}"
    return None


def _target(now: Standing, samples: int) -> str | None:
    """Whether the target is reached: of a winner that is to be confirmed by samples made anew alone."""
    target, aim = now.campaign.stop.target, now.campaign.aim
    if samples:
        good = reached(now)
        return None if good is None else f"the target is reached: {by_samples(good, aim.unit)}"
    if target is None or now.best is None:
        return None
    score = aim.wanted[0].score if len(aim.wanted) == 1 else float
    if score(now.best.value) >= score(target):
        return f"the target is reached: {now.best.value:g} {aim.unit}"
    return None


def _seen_to(now: Standing, why: str) -> str | None:
    """The reason to end, once a decision that knew of a reason found nothing to make anew."""
    told = now.decisions[-1].confirming if now.decisions else None
    if told is None or not told.why or now.of(*OPEN) or not asked_already(now):
        return None
    return _told(now, why, told.samples)


def _told(now: Standing, why: str, samples: int) -> str:
    """The reason to end, and whether the winner is left unconfirmed."""
    left = unconfirmed(now) if samples else ""
    return f"{why}; {left}" if left else why


def asked_already(now: Standing) -> bool:
    """Whether the last decision was empty and nothing changed since: asking again is no use."""
    last = now.decisions[-1] if now.decisions else None
    return (
        last is not None
        and not last.choices
        and last.revision == now.revision
        and last.rows == now.learnt
        and last.pending == now.pending
        and last.barred == now.barred
    )


def idle_rounds(now: Standing) -> int:
    """The last decisions of this revision in a row that came to nothing: empty, or every trial was
    rejected by a rule or refused by the instrument until no attempt was left.
    """
    nothing = {r.trial for r in now.reviews if r.verdict == "reject" and r.by.kind == "rule"}
    refused = {t for job in now.jobs_in(JobStatus.REFUSED) for t in job.trials}
    executed = {t for job in now.jobs if counts(job) for t in job.trials}
    nothing |= {t.id for t in now.of(TrialStatus.FAILED)} & refused - executed
    made: dict[str | None, list[str]] = {}
    for trial in now.trials:
        made.setdefault(trial.decision, []).append(trial.id)
    count, again = 0, confirmations(now)
    for decision in reversed(now.decisions):
        if again.intersection(made.get(decision.id, [])):
            continue  # it looked for no other point
        fruitful = any(trial not in nothing for trial in made.get(decision.id, []))
        if fruitful or decision.revision != now.revision:
            break
        count += 1
    return count


def _stale(now: Standing) -> int:
    """How many of the last results in a row were no improvement; samples made anew are none to count."""
    aim = now.campaign.aim
    if aim.single:
        again = confirmations(now)
        rows = [row for row in now.own_rows if row.trial not in again]
        return since_improvement(rows, now.campaign.objective)
    return since_progress(now.known, aim)


def _why_idle(now: Standing) -> str:
    reasons = [r.reasons[0] for r in now.reviews if r.verdict == "reject" and r.reasons]
    notes = now.decisions[-1].notes if now.decisions else ()
    if now.decisions and not now.decisions[-1].choices:
        return notes[-1] if notes else "no point is left to propose"
    if reasons:
        return f"every proposal was rejected ({reasons[-1]})"
    refused = now.jobs_in(JobStatus.REFUSED)
    return f"the instrument refuses ({refused[-1].message})" if refused else "nothing was accepted"
