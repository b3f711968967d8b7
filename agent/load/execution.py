"""`execution` of a campaign: its steps against the parameters, the objectives and the budget, and its adapters."""

from collections.abc import Collection, Sequence

from agent.core.budget import Budget
from agent.core.execution import Execution
from agent.load import settings
from agent.load.faults import Findings, Loc, did_you_mean
from agent.load.settings import Place, SettingsModels
from agent.load.shape import Parts

_AT: Loc = ("execution",)


def resolved(findings: Findings, parts: Parts, models: SettingsModels, place: Place) -> Execution:
    """The execution with absolute paths; steps that do not fit the campaign are faults."""
    execution: Execution = parts.single["execution"]
    _check_prices(findings, parts.single.get("budget"), execution)
    if not execution.steps:
        return settings.resolved(findings, execution, models, place, _AT)
    _check_parameters(findings, execution, [one.name for one in parts.parameters.values()])
    _check_objectives(findings, execution, [one.name for one in parts.objectives.values()])
    steps = tuple(
        settings.resolved(findings, step, models, place, (*_AT, "steps", n))
        for n, step in enumerate(execution.steps)
    )
    return execution.model_copy(update={"steps": steps})


def _check_parameters(findings: Findings, execution: Execution, names: Sequence[str]) -> None:
    sent: set[str] = set()
    for n, step in enumerate(execution.steps):
        sent.update(names if step.parameters is None else step.parameters)
        _check_names(findings, (*_AT, "steps", n, "parameters"), step.parameters or (), names)
    if missing := [name for name in names if name not in sent]:
        what = f"no step is sent {', '.join(missing)}"
        findings.fault((*_AT, "steps"), what, "name it under `parameters` of the step that sets it")


def _check_objectives(findings: Findings, execution: Execution, names: Sequence[str]) -> None:
    """Each is measured by one step; the last one measures what no other does."""
    measured: dict[str, str] = {}
    for n, step in enumerate(execution.steps):
        at = (*_AT, "steps", n, "objectives")
        _check_names(findings, at, step.objectives or (), names)
        for name in step.objectives or ():
            if name in measured:
                what = f"{name} is measured by {measured[name]} already"
                findings.fault(at, what, "let one step measure it")
            measured[name] = step.name
    last = execution.steps[-1]
    missing = [name for name in names if name not in measured]
    if missing and last.objectives is not None:
        what = f"no step measures {', '.join(missing)}"
        findings.fault(
            (*_AT, "steps"), what, "name it under `objectives` of the step that measures it"
        )


def _check_names(findings: Findings, at: Loc, given: Collection[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            near = did_you_mean(name, known, "there is")
            findings.fault(at, f"the campaign has no {at[-1]} {name!r}", near)


def _check_prices(findings: Findings, budget: Budget | None, execution: Execution) -> None:
    cost = None if budget is None else budget.cost
    for name in cost.steps if cost else ():
        if name not in execution.names:
            near = did_you_mean(name, execution.names, "the steps are")
            at = ("budget", "cost", "steps", name)
            findings.fault(at, f"the execution has no step {name!r}", near)
