"""How a campaign ends by its own rules: the budget, what is enough, and rounds that come to nothing."""

from agent.core.budget import counts, spent
from agent.core.front import since_progress
from agent.core.history import since_improvement
from agent.core.job import JobStatus
from agent.core.trial import OPEN, TrialStatus
from agent.standing import Standing


def ending(now: Standing) -> str | None:
    """Why nothing more is to be proposed or sent, by the campaign's rules; None to go on."""
    stop, aim = now.campaign.stop, now.campaign.aim
    over = spent(now.campaign.budget, now.use)
    if over:
        return over
    if stop.target is not None and now.best is not None:
        score = aim.wanted[0].score if len(aim.wanted) == 1 else float
        if score(now.best.value) >= score(stop.target):
            return f"the target is reached: {now.best.value:g} {aim.unit}"
    if now.remaking:
        return None  # what may be a discovery is looked at before it is called enough
    enough = stop.enough(now.outlooks, aim.unit)
    if enough:
        return enough
    stale = _stale(now)
    if stop.no_improvement_after is not None and stale >= stop.no_improvement_after:
        return f"no improvement in {stale} results"
    idle = idle_rounds(now)
    if not now.of(*OPEN) and idle >= stop.idle_rounds:
        return f"{idle} rounds in a row came to nothing: {_why_idle(now)}"
    return None


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
    count = 0
    for decision in reversed(now.decisions):
        fruitful = any(trial not in nothing for trial in made.get(decision.id, []))
        if fruitful or decision.revision != now.revision:
            break
        count += 1
    return count


def _stale(now: Standing) -> int:
    """How many of the last results in a row were no improvement."""
    aim = now.campaign.aim
    if aim.single:
        return since_improvement(now.own_rows, now.campaign.objective)
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
