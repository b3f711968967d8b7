"""What an objective that is to be known everywhere, as a number or a class, asks of the rest of the plan."""

from agent.core.objective import Objective
from agent.core.policy import CRITERIA, LEARNERS, Policy
from agent.core.stop import Stop
from agent.load.faults import Findings, listed
from agent.load.shape import Parts

_OF_A_BEST = ("target", "no_improvement_after", "left_to_gain", "expected_gain")
"""Stop rules that look at a best value."""


def settle(findings: Findings, parts: Parts) -> None:
    """Fills in the policy that a campaign without a best point has where none is named; notes faults of
    keys that look for a best, or that only such a campaign knows.
    """
    learning = {at: one for at, one in parts.objectives.items() if one.learning}
    stop = parts.single.get("stop")
    if not learning:
        if stop is not None and stop.known_to is not None:
            what = "known_to belongs to goals learn and classify: others look for a best point"
            findings.fault(("stop", "known_to"), what, "left_to_gain says when that is found")
        return
    if len(parts.objectives) > 1:
        for at, one in learning.items():
            what = f"goal {one.goal} stands alone, and there are {len(parts.objectives)} objectives"
            findings.fault(("objectives", at, "goal"), what, "learn each in a campaign of its own")
        return
    (objective,) = learning.values()
    if findings.clean(("policy",)):
        parts.single["policy"] = _check_policy(
            findings, parts.single.get("policy", Policy()), objective
        )
    for name in _OF_A_BEST:
        if stop is not None and getattr(stop, name) is not None:
            what = f"{name} looks at a best value, and with goal {objective.goal} there is none"
            findings.fault(("stop", name), what, "known_to says when it is known well enough")
    if objective.classed:
        _check_classes(findings, parts, stop)


def _check_classes(findings: Findings, parts: Parts, stop: Stop | None) -> None:
    if stop is not None and stop.known_to is not None and stop.known_to >= 1:
        what = "of classes known_to is the share of wrong labels, below 1"
        findings.fault(("stop", "known_to"), what, "write e.g. known_to: 0.05")
    if parts.priors:
        what = "priors teach values, and goal classify has classes"
        findings.fault(("priors",), what, "leave them out; athanor import brings earlier labels")


def _check_policy(findings: Findings, policy: Policy, objective: Objective) -> Policy:
    given = policy.model_fields_set
    if "name" not in given:
        policy = policy.model_copy(update={"name": "uncertainty"})
    if policy.name not in LEARNERS:
        what = f"policy {policy.name} looks for a best point, and goal {objective.goal} has none"
        findings.fault(("policy", "name"), what, f"choose {listed(LEARNERS)}, or leave it out")
    suited = CRITERIA.get((objective.goal, policy.name), ())
    if "criterion" in given and suited and policy.criterion not in suited:
        what = (
            f"{policy.criterion} is no criterion of policy {policy.name} and goal {objective.goal}"
        )
        findings.fault(("policy", "criterion"), what, f"choose {listed(suited)}")
    elif suited and "criterion" not in given:
        policy = policy.model_copy(update={"criterion": suited[0]})
    return policy
