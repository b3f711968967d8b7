"""What several objectives ask of each other, and of the rest of the plan."""

from agent.core.objective import Objective
from agent.core.policy import OF_SEVERAL, Policy
from agent.core.stop import Stop
from agent.load.faults import Findings
from agent.load.shape import Parts


def check(findings: Findings, parts: Parts) -> None:
    """Faults of several objectives, and keys of theirs that nothing looks at."""
    objectives, trade_off = parts.objectives, parts.single.get("trade_off", "pareto")
    wanted = {at: one for at, one in objectives.items() if not one.required}
    if objectives and not wanted:
        what = "every objective is only required: nothing is to be as good as can be"
        findings.fault(("objectives",), what, "give another goal to what is to be optimised")
    for at, one in wanted.items():
        if trade_off == "desirability" and len(wanted) > 1:
            _check_ends(findings, at, one)
        else:
            _check_unused(findings, at, one, fronted=len(wanted) > 1)
    if "trade_off" in parts.single and len(wanted) == 1:
        what = "there is one objective to optimise, and nothing to trade off"
        findings.warn(("trade_off",), what, "leave it out")
    if len(objectives) > 1:
        _check_policy(findings, parts.single.get("policy") or Policy())
        _check_stop(findings, parts.single.get("stop") or Stop(), len(wanted), trade_off)
        if parts.priors:
            what = "priors teach one objective, and there are several"
            findings.fault(("priors",), what, "leave the priors out, or name one objective")


def _check_ends(findings: Findings, at: int, one: Objective) -> None:
    """A desirability needs to know where it begins and ends."""
    for key in ("worst",) if one.bounded else ("worst", "ideal"):
        if getattr(one, key) is None:
            what = f"desirability needs the {key} value of {one.name}"
            mend = {"worst": "a value that is of no use", "ideal": "one that could not be bettered"}
            findings.fault(("objectives", at), what, f"write {key}: {mend[key]}")


def _check_unused(findings: Findings, at: int, one: Objective, *, fronted: bool) -> None:
    given = one.model_fields_set
    for key in ("ideal", "weight") if fronted else ("worst", "ideal", "weight"):
        if key in given:
            what = f"nothing looks at {key} here"
            mend = "it belongs to trade_off: desirability" if fronted else (
                "it belongs to several objectives"
            )  # fmt: skip
            findings.warn(("objectives", at, key), what, mend)


def _check_policy(findings: Findings, policy: Policy) -> None:
    if policy.name not in OF_SEVERAL:
        what = f"policy {policy.name} knows one objective only"
        findings.fault(("policy", "name"), what, f"choose one of {', '.join(OF_SEVERAL)}")
    elif policy.criterion == "integrated_variance":
        what = "the integrated variance is of one objective only"
        findings.fault(("policy", "criterion"), what, "leave it out")


def _check_stop(findings: Findings, stop: Stop, wanted: int, trade_off: str) -> None:
    for name in ("left_to_gain", "expected_gain"):
        if getattr(stop, name) is not None:
            what = f"{name} is told of one objective only, and there are several"
            findings.fault(("stop", name), what, "no_improvement_after counts for several too")
    if stop.target is None or wanted == 1:
        return
    if trade_off == "pareto":
        what = "a front has no one value that could be the target"
        findings.fault(("stop", "target"), what, "leave it out, or trade_off: desirability")
    elif not 0 < stop.target <= 1:
        what = f"{stop.target:g} is no desirability"
        findings.fault(("stop", "target"), what, "it is above 0 and at most 1")
