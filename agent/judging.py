"""What a person says of a trial that has ended: why it has no result, or whether its result is right."""

from datetime import datetime

from agent.core import ids
from agent.core.actor import Actor
from agent.core.history import current
from agent.core.judgement import Answer, Cause, Judgement, Word, infeasible, last_words
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.errors import IngestError
from agent.recording import trial_of
from agent.standing import Standing, stand

_ENDED = frozenset({TrialStatus.DONE, TrialStatus.PARTIAL, TrialStatus.FAILED})

_FOLLOWS: dict[Word, str] = {
    "infeasible": "its point does not work; this teaches, and it is not asked for again",
    "fault": "no property of its point; this teaches nothing, and the point may come again",
    "accept": "its result is right; the next decision learns it",
    "remake": "the next decision has it made again",
}


def judge(
    store: Store, name: str, trial_name: str, word: Word, reason: str, by: Actor, now: datetime
) -> list[str]:
    """Write what a person says of a trial without a result, or with one in question; what follows, a
    line each.

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
        IngestError: there is no reason, the trial has not ended, this is nothing to be said of it, or
            was said already.
        NotFound: there is no such campaign or trial.
    """
    if not reason.strip():
        raise IngestError("it is not said how you know", "give a reason: --reason 'I looked'")
    campaign = store.entry(name)
    with store.write(by, now) as tx:
        trial = trial_of(store, campaign.id, trial_name)
        match word:
            case "accept" | "remake":
                _check_asked(stand(store, campaign.id, now), trial, word)
            case "infeasible" | "fault":
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
    return [f"{trial.id}: {_FOLLOWS[word]}"]


def _check_asked(standing: Standing, trial: Trial, word: Answer) -> None:
    own = [one for one in standing.questions if one.trial == trial.id]
    if not own:
        others = ", ".join(
            str(one.number)
            for one in standing.trials
            if one.id in {question.trial for question in standing.questions}
        )
        raise IngestError(
            f"no result of {trial.id} is in question", f"in question: {others or 'none'}"
        )
    if word == "remake" and any(one.due or one.remaking for one in own):
        raise IngestError(f"{trial.id} is being made again already", "wait for what comes of it")


def _check(store: Store, name: str, trial: Trial, word: Cause) -> None:
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
