"""What the campaign is: the end of the page, for those who want to do it again."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agent.core.aim import Aim
from agent.core.budget import Budget, Cost
from agent.core.compositions import CompositionParameter
from agent.core.execution import Execution
from agent.core.job import JobStatus
from agent.core.parameters import ContinuousParameter, IntegerParameter
from agent.core.pools import MaterialParameter, PoolColumn
from agent.core.register import JournalEntry, Revision
from agent.core.source import TransferPrior
from agent.core.space import Parameter
from agent.core.worded import scattered
from agent.report.digits import brief, count, setting, true_minus, unit, with_unit
from agent.report.view import View

_LONGEST = 160
_PASSWORD = re.compile(r"//[^/@\s]+@")


class Term(NamedTuple):
    """One line of the account: a term, and what is said of it."""

    name: str
    words: str


class Note(NamedTuple):
    """A decision that had something to tell."""

    number: int
    kind: str
    words: str


class Doubt(NamedTuple):
    """A job of which only a person can say what became."""

    job: str
    words: str


def terms(views: Sequence[View]) -> list[Term]:
    """The plan, term by term.

    Args:
        views: Of each objective.
    """
    return [Term(name, words) for name, words in _terms(views) if words]


def _terms(views: Sequence[View]) -> Iterator[tuple[str, str]]:
    view, campaign = views[0], views[0].standing.campaign
    for one in views:
        about = f" ({one.objective.quantity})" if one.objective.quantity else ""
        yield "objective", f"{one.what}{about}: {_wanted(one)}{_traded(one, campaign.aim)}"
        told = scattered(view.standing.scatters_of(one.objective), unit(one.objective.unit) or "1")
        yield f"scatter of {one.what}", told
    yield "trade-off", campaign.trade_off if len(campaign.aim.wanted) > 1 else ""
    yield "budget", _budget(campaign.budget)
    yield "stops early", _stop(view)
    for parameter in view.space.parameters:
        yield parameter.name, _parameter(parameter)
    yield "constraints", "; ".join(str(one) for one in campaign.constraints)
    for name, quantity in campaign.context.items():
        value = (
            quantity.value if isinstance(quantity.value, str) else brief(float(quantity.value), 6)
        )
        yield name, with_unit(value, quantity.unit)
    yield "known before", "; ".join(map(_prior, campaign.priors))
    yield "policy", _policy(view)
    yield "seed", str(campaign.seed)
    yield from _execution(campaign.execution)
    yield "review", campaign.review.mode if campaign.review else "as the adapter asks for"


def _execution(execution: Execution) -> Iterator[tuple[str, str]]:
    if execution.steps:
        yield "steps", ", then ".join(one.name for one in execution.steps)
    for step in execution.order:
        told = ", ".join(f"{name} {_short(value)}" for name, value in step.settings.items())
        yield (
            f"{step.name}: adapter" if execution.steps else "adapter",
            step.adapter + (f": {told}" if told else ""),
        )
        named = ", ".join(step.instruments) or step.instrument or ""
        yield f"{step.name}: instrument" if execution.steps else "instrument", named


def _traded(view: View, aim: Aim) -> str:
    """From which value on it is of use, and what it counts, where there are others beside it."""
    one = view.objective
    if len(aim.wanted) < 2 or one.required:
        return ""
    told = [("worst", one.worst)]
    if not aim.fronted:
        told += [("ideal", one.ideal), ("weight", one.weight)]
    words = [f"{name} {brief(value, 6)}" for name, value in told if value is not None]
    return f" ({', '.join(words)})" if words else ""


def _wanted(view: View) -> str:
    objective = view.objective
    match objective.goal:
        case "classify":
            return objective.wanted
        case "match":
            return f"match {with_unit(brief(objective.target or 0.0, 6), objective.unit)}"
        case "within" | "require":
            low, high = objective.low, objective.high
            ends = ("−∞" if low is None else brief(low, 6), "∞" if high is None else brief(high, 6))
            word = "require " if objective.required else "stay within "
            return word + with_unit(" to ".join(ends), objective.unit)
    return objective.goal + (f", in {unit(objective.unit)}" if unit(objective.unit) else "")


def _budget(budget: Budget) -> str:
    cost = budget.cost
    parts = (
        count(budget.experiments, "experiment") if budget.experiments else "",
        f"{with_unit(brief(cost.limit, 6), cost.unit)} at {_price(cost)} each" if cost else "",
        str(budget.wall_time) if budget.wall_time else "",
    )
    return ", ".join(part for part in parts if part)


def _price(cost: Cost) -> str:
    base = brief(cost.per_experiment, 6) if cost.per_experiment else str(cost.formula or "")
    steps = (f"{one} for {name}" for name, one in cost.steps.items())
    each = " + ".join(filter(None, (base, *steps)))
    return f"{each} + {cost.changeover} for a change" if cost.changeover else each


def _stop(view: View) -> str:
    stop = view.standing.campaign.stop
    parts = [f"after {count(stop.idle_rounds, 'idle round')}"]
    if stop.no_improvement_after:
        parts.append(f"after {count(stop.no_improvement_after, 'result')} without improvement")
    if stop.known_to is not None:
        wrong = f"at {stop.known_to:.1%} of wrong labels expected"
        known = f"known to {view.value(stop.known_to)} on average"
        parts.append(wrong if view.objective.classed else known)
    if stop.target is not None:
        parts.append(f"at {view.value(stop.target)}")
    return ", ".join(parts)


def _parameter(parameter: Parameter) -> str:
    about = f" ({parameter.description})" if parameter.description else ""
    return _range(parameter) + about


def _range(parameter: Parameter) -> str:
    match parameter:
        case CompositionParameter():
            return parameter.summary()
        case MaterialParameter():
            return f"{_rows(parameter)}; " + "; ".join(
                f"{one.name}: " + ", ".join(f"{s} of {' '.join(e)}" for s, e in one.sites.items())
                for one in parameter.prototypes
            )
        case PoolColumn():
            return _rows(parameter)
        case ContinuousParameter():
            fine = f"{parameter.digits or 3} digits, on a log scale"
            if parameter.scale == "linear":
                fine = f"steps of {brief(parameter.step, 6)}"
            ends = (setting(parameter, parameter.low), setting(parameter, parameter.high))
            return f"{with_unit(' to '.join(ends), parameter.unit)}, {fine}"
        case IntegerParameter():
            return with_unit(f"{parameter.low} to {parameter.high}", parameter.unit)
    shown = ", ".join(setting(parameter, value) for value in parameter.values[:12])
    return with_unit(shown + (", …" if len(parameter.values) > 12 else ""), parameter.unit)


def _rows(parameter: PoolColumn) -> str:
    return count(parameter.pool.rows, "candidate") if parameter.pool else "candidates"


def _prior(prior: TransferPrior) -> str:
    rows = f", {count(prior.source.rows, 'row')}" if prior.source else ""
    where = f" (campaign {prior.campaign})" if prior.campaign else ""
    if prior.oracle is not None:
        where = f" (asked first: {prior.oracle.adapter})"
    return f"{prior.called}{where}{rows}, trust {prior.trust}"


def _policy(view: View) -> str:
    policy = view.standing.campaign.policy
    initial = policy.initial.design + (f" of {policy.initial.size}" if policy.initial.size else "")
    begins = (
        "begins from what is known"
        if view.standing.campaign.sources
        else f"initial design {initial}"
    )
    chooses = "Ax" if policy.strategy == "ax" else policy.name.replace("_", " ")
    parts = [chooses, begins]
    if policy.batch_size > 1:
        parts.append(f"batches of {policy.batch_size}")
    if policy.replicates > 1:
        parts.append(f"each point {policy.replicates} times")
    return ", ".join(parts)


def _short(value: object) -> str:
    """A setting of the adapter, without the password of an address, and not too long."""
    if isinstance(value, dict):
        value = "(" + ", ".join(f"{name}: {_short(one)}" for name, one in value.items()) + ")"
    elif isinstance(value, (list, tuple)):
        value = ", ".join(_short(one) for one in value)
    text = _PASSWORD.sub("//…@", str(value))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def dosing(view: View) -> list[str]:
    """How settings come out as executed, a sentence for each column where that is worth telling."""
    return [true_minus(f"{one.words[:1].upper()}{one.words[1:]}.") for one in view.standing.dosing]


def decided(view: View) -> str:
    """The decisions, counted by kind."""
    kinds = {
        "initial": "initial",
        "model": "by the model",
        "given": "given by a person",
        "screened": "of samples that came by",
    }
    decisions = view.standing.decisions
    parts = [
        f"{sum(decision.kind == kind for decision in decisions)} {words}"
        for kind, words in kinds.items()
        if any(decision.kind == kind for decision in decisions)
    ]
    return (
        f"{count(len(decisions), 'decision')}: {', '.join(parts)}." if parts else "No decision yet."
    )


def notes(view: View) -> list[Note]:
    """The decisions with notes: what fell back, and why."""
    return [
        Note(decision.number, decision.kind, "; ".join(decision.notes))
        for decision in view.standing.decisions
        if decision.notes
    ]


def doubts(view: View) -> list[Doubt]:
    """The jobs in doubt."""
    return [
        Doubt(
            job.id,
            f"{', '.join(view.name(view.trials[t]) for t in job.trials if t in view.trials)}, sent to "
            f"{job.instrument} on {job.intended_at:%Y-%m-%d %H:%M %Z}"
            + (f": {job.message}" if job.message else ""),
        )
        for job in view.standing.jobs_in(JobStatus.UNKNOWN)
    ]


def account(journal: Sequence[JournalEntry]) -> str:
    """The end of the journal: with it, the account cannot be altered unseen."""
    if not journal:
        return ""
    last = max(journal, key=lambda entry: entry.seq)
    return f"The journal has {count(last.seq, 'line')}; the hash of the last is {last.hash}."


def history(revisions: Sequence[Revision]) -> list[tuple[str, tuple[str, ...]]]:
    """Each revision: by whom and when, and what it changed."""
    return [
        (f"Revision {one.number}, {one.at:%Y-%m-%d %H:%M %Z}, by {one.by.name}", one.diff)
        for one in revisions
    ]
