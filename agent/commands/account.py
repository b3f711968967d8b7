"""The account of one campaign in lines: what is found, spent, known, doubted and waited for."""

from collections.abc import Iterator

from rich.markup import escape

from agent.commands.common import unit
from agent.core.aim import Aim
from agent.core.calibration import Calibration
from agent.core.front import Known
from agent.core.job import JobStatus
from agent.core.night import spelt
from agent.core.outlook import Outlook
from agent.core.register import CampaignStatus
from agent.core.space import describe
from agent.core.trial import TrialStatus
from agent.core.worded import (
    REMEDIES,
    asked,
    covered,
    errors_of,
    figures,
    judged,
    moved,
    scattered,
    significant,
    told,
)
from agent.core.working import AtWork
from agent.standing import Standing
from agent.status import Summary, Trusted
from agent.winner import by_samples

_MOST_SHOWN = 12
_MOST_CONFIRMED = 3
_MOST_FAILED = 3
_OFF = 1.15
"""By how much an outlook is widened before it is worth a word."""


def lines(standing: Standing, summary: Summary) -> Iterator[str]:
    """What is to be said of one campaign, a line each."""
    yield from _found(standing, summary)
    yield f"budget    {used(summary)}"
    counts = ", ".join(f"{count} {status}" for status, count in summary.trials.items())
    yield f"trials    {counts or 'none yet'}"
    if len(summary.instruments) > 1:
        for n, part in enumerate(summary.instruments):
            yield f"{'' if n else 'at work':10}{escape(_part(standing, part))}"
    if summary.outlook is not None and not summary.learning:
        yield f"left      {_left(summary.outlook, summary.unit, standing.campaign.stop.confidence)}"
    yield from _tested(standing, summary.calibration)
    scatter = _scatter(standing, summary)
    if scatter:
        yield f"scatter   {escape(scatter)}"
    yield from _trusted(summary.priors) if summary.priors else ()
    for number, dosing in enumerate(summary.dosing):
        yield f"{'' if number else 'dosing':10}{escape(dosing.words)}"
    yield from in_question(standing)
    yield from _failed(standing)
    for n, one in enumerate(summary.standing):
        yield f"{'' if n else 'permitted':10}{escape(one)}"
    for whom in _waits_for(standing, summary):
        yield f"waits for {whom}"
    if not summary.waits_for and summary.state == CampaignStatus.ACTIVE:
        verb = "screen" if standing.campaign.policy.samples == "stream" else "run"
        yield f"[bold]athanor {verb}[/bold] goes on with it"


def _part(standing: Standing, part: AtWork) -> str:
    """What the campaign has had of one of its instruments."""
    jobs = f"{part.jobs} job" + ("" if part.jobs == 1 else "s")
    cost = standing.campaign.budget.cost
    priced = f", {part.cost:g} {cost.unit}" if cost is not None else ""
    return f"{part.instrument}: {jobs}, {spelt(part.seconds)}{priced}"


def _failed(standing: Standing) -> Iterator[str]:
    """The last failures, with their kinds and, where the operators' table has it, by which line."""
    numbers = {trial.id: trial.number for trial in standing.trials}
    for n, job in enumerate(standing.jobs_in(JobStatus.FAILED)[-_MOST_FAILED:]):
        who = ", ".join(str(numbers[trial]) for trial in job.trials)
        told = f": {job.message}" if job.message else ""
        yield f"{'' if n else 'failed':10}{who}  {escape(f'{job.failure}{told}')}"


def _found(standing: Standing, summary: Summary) -> Iterator[str]:
    """The best point, the front, or how well the response is known."""
    if standing.campaign.aim.fronted:
        yield from _front(standing, summary)
    elif summary.learning:
        yield f"known     {known(summary)}"
    else:
        yield f"best      {escape(_best_told(standing, summary))}"
        yield from _winners(standing, summary)


def _best_told(standing: Standing, summary: Summary) -> str:
    """The one best point; of several objectives with the value of each."""
    aim = standing.campaign.aim
    if summary.best is None or summary.best_point is None:
        return "–" + ("" if aim.single else _lacking(standing))
    if aim.single:
        return f"{best_of(summary)} at {describe(summary.best_point)}"
    worth = f"desirability {best_of(summary)}: " if len(aim.wanted) > 1 else ""
    return worth + _told(standing.front[0], aim)


def _winners(standing: Standing, summary: Summary) -> list[str]:
    """What is known of the best point beside its value, the other confirmed ones, and a better value that
    is not believed.
    """
    best, highest, named = summary.winner, standing.best, unit(summary.unit)
    if best is None or highest is None:
        return []
    found = []
    if best.wanted:
        told = "unconfirmed" if best.anew else "not made anew yet"
        said = f"{told}: {best.anew} of {best.wanted} samples" if best.anew else told
        if best.confirmed:
            said = f"confirmed: {by_samples(best.confirmed, named or '1')}"
        expected = f"expected {figures(*best.expected)}; " if best.expected else ""
        found.append(f"{'':10}{expected}{said}")
        found += [
            f"confirmed {by_samples(one.confirmed, named or '1')} at {escape(describe(one.point))}"
            for one in summary.leaders
            if one.confirmed and one != best
        ][:_MOST_CONFIRMED]
    if highest.trial != best.trial:
        value = f"{highest.value:.6g} {named}".strip()
        leader = (one for one in summary.leaders if one.trial == highest.trial and one.expected)
        known = next((f", expected {figures(*one.expected)}" for one in leader if one.expected), "")
        where = escape(describe(highest.point))
        found.append(f"measured  {value} at {where}{known}: not believed to be better")
    return found


def _scatter(standing: Standing, summary: Summary) -> str:
    """What repeated readings and samples scatter by; empty where there are none."""
    objectives = standing.campaign.objectives
    words = {one.name: scattered(summary.scatter[one.name], one.unit) for one in objectives}
    if len(objectives) == 1:
        return words[objectives[0].name]
    return "; ".join(f"{name}: {said}" for name, said in words.items() if said)


def _front(standing: Standing, summary: Summary) -> list[str]:
    """The points that none is better than, a line each."""
    if not summary.front:
        return [f"front     –{_lacking(standing)}"]
    volume = "" if summary.hypervolume is None else f"; hypervolume {summary.hypervolume:.5g}"
    points = f"{len(summary.front)} of {summary.measured} points that none is better than{volume}"
    aim, numbers = standing.campaign.aim, {one.id: one.number for one in standing.trials}
    along = sorted(summary.front, key=lambda one: aim.worth(one.values), reverse=True)
    return (
        [f"front     {points}"]
        + [
            f"{'':10}{numbers[one.trial]:>4}  {escape(_told(one, aim))}"
            for one in along[:_MOST_SHOWN]
        ]
        + ([f"{'':10}and {len(along) - _MOST_SHOWN} more"] if len(along) > _MOST_SHOWN else [])
    )


def _told(one: Known, aim: Aim) -> str:
    return f"{told(one.values, aim, one.limits)} at {describe(one.point)}"


def _lacking(standing: Standing) -> str:
    """Why no measured point is on the front."""
    aim = standing.campaign.aim
    if not standing.known:
        return ", 0 measured"
    partial = sum(not aim.complete(one.values) for one in standing.known)
    outside = len(standing.known) - partial
    reasons = [f"{partial} without all objectives"] * bool(partial)
    reasons += [f"{outside} not as required"] * bool(outside)
    return f" of {len(standing.known)} measured: {', '.join(reasons)}"


def in_question(standing: Standing) -> list[str]:
    """The results in question, and what can be said of them."""
    found: list[str] = []
    for words, question in zip(asked_all(standing), standing.questions, strict=True):
        found.append(f"{'' if found else 'question':10}{escape(words)}")
        if standing.entry.status is CampaignStatus.ACTIVE and (question.due or question.remaking):
            found.append(f"{'':10}  it is made again; until then it is not learnt")
            continue
        number = next(one.number for one in standing.trials if one.id == question.trial)
        judge = f"athanor judge {standing.entry.name} {number}"
        record = f"athanor record {standing.entry.name} {number}"
        found += [
            f"{'':10}  it is right: [bold]{judge} accept[/bold]",
            f"{'':10}  it is none: [bold]{record} '{question.objective}=void: REASON' --correct[/bold]",
            f"{'':10}  once more: [bold]{judge} remake[/bold]",
        ]
    return found


def asked_all(standing: Standing) -> list[str]:
    """Each result in question in words."""
    numbers = {one.id: one.number for one in standing.trials}
    units = {one.name: one.unit for one in standing.campaign.objectives}
    return [asked(one, numbers[one.trial], units[one.objective]) for one in standing.questions]


def known(summary: Summary) -> str:
    """How well the response is known over the space, in words."""
    if summary.unknown is None or summary.outlook is None:
        told = f"not told yet: {summary.measured} measured, and the model is asked once more are"
        return f"{told}, of two classes at least" if summary.goal == "classify" else told
    by = f"by the last decision ({summary.outlook.rows} results)"
    if summary.goal == "classify":
        return f"{summary.unknown:.1%} of the labels over the space are expected to be wrong, {by}"
    words = f"to {summary.unknown:.3g} {unit(summary.unit)}".strip()
    return f"{words} on average over the space, {by}"


def known_shortly(summary: Summary) -> str:
    """The same in a few words."""
    if summary.goal == "classify":
        return f"{1 - (summary.unknown or 0.0):.1%} known"
    return f"known to {summary.unknown:.3g} {unit(summary.unit)}".strip()


def _left(outlook: Outlook, named: str, confidence: int) -> str:
    left = (outlook.left[str(confidence)], outlook.gain)
    most, gain = (f"{significant(one, 2)} {unit(named)}".strip() for one in left)
    words = (
        f"at most {most} by the last decision ({confidence} %); the next experiment was expected to "
        f"gain {gain}"
    )
    if outlook.widened < _OFF:
        return words
    return f"{words} (widened {outlook.widened:.1f} times: predictions were further off than they said)"


def _tested(standing: Standing, found: tuple[Calibration, ...]) -> list[str]:
    """What results have shown of the predictions: a line or two an objective, and what to do."""
    units = {one.name: unit(one.unit) or "1" for one in standing.campaign.objectives}
    lines = []
    for one in found:
        whose = "" if standing.campaign.aim.single else f"{one.objective}: "
        lines.append(f"{whose}{covered(one)}: {judged(one, units[one.objective])}")
        if one.verdict != "too few":
            lines.append(f"  {errors_of(one, units[one.objective])}")
            lines += [f"  {moved(one)}"] if one.inputs else []
        lines += [f"  {fault}: {REMEDIES[fault]}" for fault in one.faults]
    return [f"{'' if n else 'predicted':10}{escape(line)}" for n, line in enumerate(lines)]


def _trusted(priors: Trusted) -> list[str]:
    lines = [
        f"{name} is believed {priors.trusted[name]:.0%} (counts {mean:.2f} ± {sd:.2f} times)"
        for name, (mean, sd) in priors.coefficients.items()
        if name not in priors.off
    ]
    if priors.off:
        lines.append(f"switched off: {', '.join(priors.off)}")
    lines += priors.left_out
    if priors.saved is not None:
        lines.append(priors.saved.words)
    return [f"{'' if n else 'priors':10}{escape(line)}" for n, line in enumerate(lines)]


def _waits_for(standing: Standing, summary: Summary) -> list[str]:
    name = standing.entry.name
    waits = [
        f"{_person(summary, job.instrument)}: [bold]athanor resolve {job.id}[/bold] "
        f"({escape(job.message)})"
        for job in standing.jobs_in(JobStatus.UNKNOWN)[:1]
    ]
    if standing.held:
        held = standing.held.instrument
        mend = f"[bold]athanor instrument release {escape(held)}[/bold]"
        waits.append(f"{_person(summary, held)}: {escape(str(standing.held))}: {mend}")
    waits += [
        f"{_person(summary, one.instrument)}: {escape(str(one))}" for one in summary.shortages
    ]
    proposed = len(standing.of(TrialStatus.PROPOSED))
    if proposed:
        waits.append(f"a review of {proposed}: [bold]athanor review {name}[/bold]")
    if standing.in_flight:
        at: dict[str, list[str]] = {}
        for job in standing.in_flight:
            raised = summary.troubles.get(job.id)
            said = f" (its adapter said: {escape(raised)})" if raised else ""
            at.setdefault(job.instrument, []).append(f"{job.id}{said}")
        waits += [f"{escape(name)}: {', '.join(jobs)}" for name, jobs in at.items()]
    if summary.closed:
        waits.append(escape(summary.closed))
    if summary.turn:
        waits.append(escape(summary.turn))
    return waits


def _person(summary: Summary, instrument: str) -> str:
    contact = summary.contacts.get(instrument, "")
    return f"a person ({escape(contact)})" if contact else "a person"


def best_of(summary: Summary) -> str:
    """The best value with its unit, or how many points are on the front."""
    if summary.hypervolume is not None:
        return f"{len(summary.front)} on the front"
    if summary.unknown is not None:
        return known_shortly(summary)
    return "–" if summary.best is None else f"{summary.best:.6g} {unit(summary.unit)}".strip()


def used(summary: Summary) -> str:
    """What is used of each limit of the budget."""
    return ", ".join(
        f"{_plain(one.used)}/{one.limit:g} {one.unit or one.name}" for one in summary.budget
    )


def _plain(used: float) -> str:
    """As fine as somebody looks at a budget: 0, 0.03, 12.5, 1234."""
    return f"{round(used, 2):g}" if used < 1000 else f"{used:.0f}"
