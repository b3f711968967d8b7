"""What a person says of a trial that has ended: that its point does not work, or that this was a fault."""

from datetime import datetime

from agent.core import ids
from agent.core.actor import Actor
from agent.core.history import current
from agent.core.judgement import Judgement, Word, infeasible, last_words
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.errors import IngestError
from agent.recording import trial_of

_ENDED = frozenset({TrialStatus.DONE, TrialStatus.PARTIAL, TrialStatus.FAILED})


def judge(
    store: Store, name: str, trial_name: str, word: Word, reason: str, by: Actor, now: datetime
) -> list[str]:
    """Write what a person says of a trial without a result; what follows, a line each.

    Nothing that was written changes: the jobs stay as they ended, earlier decisions replay with what
    they knew, and the next decision goes by this word.

    Args:
        store: Where the campaign is.
        name: Its name or id.
        trial_name: The trial's number or id.
        word: What is said.
        reason: How the person knows.
        by: Who says it.
        now: When.

    Raises:
        IngestError: the trial has not ended, has a result, or this was said of it already.
        NotFound: there is no such campaign or trial.
    """
    campaign = store.entry(name)
    with store.write(by, now) as tx:
        trial = trial_of(store, campaign.id, trial_name)
        _check(store, campaign.name, trial, word)
        number = tx.number(campaign.id, "judgement")
        tx.judge(
            Judgement(
                id=ids.record(campaign.id, "J", number),
                campaign=campaign.id,
                trial=trial.id,
                word=word,
                reason=reason,
                by=by,
                at=now,
            )
        )
    if word == "infeasible":
        said = "its point does not work; this teaches, and it is not asked for again"
    else:
        said = "no property of its point; this teaches nothing, and the point may come again"
    return [f"{trial.id}: {said}"]


def _check(store: Store, name: str, trial: Trial, word: Word) -> None:
    if trial.status not in _ENDED:
        raise IngestError(
            f"{trial.id} is {trial.status}", "only what was executed, and has ended, is judged"
        )
    standing = current(store.observations_of(trial.id))
    seen = [one for one in standing if one.kind != "void"]
    if seen:
        void = f"athanor record {name} {trial.number} '{seen[0].objective}=void: REASON' --correct"
        raise IngestError(f"{trial.id} has a result: its point worked", f"if it is none: {void}")
    jobs, said = store.jobs_of(trial.id), store.judgements_of(trial.id)
    if last_words(said).get(trial.id) == word or (
        word == "infeasible" and trial.id in infeasible(jobs, said, standing)
    ):
        raise IngestError(f"{trial.id} counts as {word} already", "nothing is left to say")
