"""The first thing that is read: how the campaign stands, in two sentences."""

from typing import NamedTuple

from agent.core.history import key
from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.core.trial import TrialStatus
from agent.report import front, learnt, winners
from agent.report.digits import brief, count, with_unit
from agent.report.view import View
from agent.status import Limit, limits


class State(NamedTuple):
    """One word, its colour's class, and the rest of the sentence."""

    word: str
    colour: str
    rest: str


class Bar(NamedTuple):
    """One limit of the budget: how much is used, in words and in percent."""

    name: str
    words: str
    percent: float


def best_sentence(view: View) -> str:
    """What is the best, of how many, and how good it is."""
    if not view.standing.campaign.aim.single:
        return front.sentence(view)
    best, objective = view.best, view.objective
    if objective.learning:
        return learnt.sentence(view)
    if best is None:
        failed = len(view.standing.of(TrialStatus.FAILED))
        return (
            f"Nothing is measured yet; {failed} failed." if failed else "Nothing is measured yet."
        )
    points = len({key(row.point) for row in view.own_rows})
    value = f"{view.what} {view.value(best.value)}"
    if best.rows > 1:
        value += f" (mean of {best.rows})"
    name, confirmed = view.name(view.trials[best.trial]), winners.sentence(view)
    match objective.goal:
        case "match":
            target = with_unit(brief(objective.target or 0.0), objective.unit)
            return f"{name} is nearest to {target} of {points} measured: {value}.{confirmed}"
        case "within" if objective.score(best.value) == 0:
            return (
                f"{name} lies within the wanted range: {value}; {points} are measured.{confirmed}"
            )
        case "within":
            return (
                f"{name} is nearest to the wanted range of {points} measured: {value}.{confirmed}"
            )
    highest = view.standing.best
    expected = "expected to be " if highest and highest.trial != best.trial else ""
    return f"{name} is {expected}the best of {points} measured: {value}.{confirmed}"


def left_sentence(view: View) -> str:
    """What is left to gain, as the model sees it; empty before it was asked."""
    outlooks = view.standing.outlooks
    if not outlooks or outlooks[-1].unknown is not None:
        return ""
    last, confidence = outlooks[-1], view.standing.campaign.stop.confidence
    told = (last.left[str(confidence)], last.gain)
    most, gain = (with_unit(brief(one, 2), view.objective.unit) for one in told)
    return (
        f"By the last decision at most {most} is left to gain, with {confidence}\u00a0% confidence as far "
        f"as the model is right; "
        f"the next experiment was expected to gain {gain}."
    )


def best_settings(view: View) -> list[tuple[str, str]]:
    """The settings of the best, where its name does not tell them."""
    best = view.best or view.standing.best
    if best is None or not view.name(view.trials[best.trial]).startswith("Trial "):
        return []
    return view.words(best.point)


def state(view: View) -> State:
    """The state as a word and a sentence; what waits for a person comes first."""
    standing = view.standing
    doubt = len(standing.jobs_in(JobStatus.UNKNOWN))
    if doubt:
        jobs = count(doubt, "job")
        return State("In doubt", "doubt", f": a person must say what became of {jobs}.")
    reason = f": {standing.entry.reason}." if standing.entry.reason else "."
    match standing.entry.status:
        case CampaignStatus.FINISHED:
            return State("Finished", "finished", reason)
        case CampaignStatus.STOPPED:
            return State("Stopped", "stopped", reason)
        case CampaignStatus.PAUSED:
            return State("Paused", "paused", reason)
    return _active(view)


def _active(view: View) -> State:
    standing = view.standing
    waiting = len(standing.of(TrialStatus.PROPOSED))
    flying = len(standing.in_flight)
    at_work = f"{count(flying, 'job')} {'is' if flying == 1 else 'are'} at the instrument"
    if waiting:
        also = f"; {at_work}" if flying else ""
        return State(
            "Waiting", "waiting", f" for your review of {count(waiting, 'proposal')}{also}."
        )
    if flying:
        return State("Running", "running", f": {at_work}.")
    return State("Active", "running", ": nothing is in flight.")


def bars(view: View) -> list[Bar]:
    """The budget as bars."""
    return [_bar(limit) for limit in limits(view.standing)]


def _bar(limit: Limit) -> Bar:
    used = brief(round(limit.used, 2)) if limit.unit else f"{limit.used:.0f}"
    words = with_unit(f"{used} of {brief(limit.limit, 6)}", limit.unit)
    return Bar(limit.name, words, min(100 * limit.used / limit.limit, 100.0))
