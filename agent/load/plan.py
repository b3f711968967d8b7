"""What the parts of a plan say of each other: objective, stop, budget, policy, initial points."""

import math

from agent.core.budget import Budget, affordable
from agent.core.objective import Objective
from agent.core.policy import CRITERIA, Policy
from agent.core.space import SearchSpace
from agent.core.stop import Stop
from agent.load import aims, strategies
from agent.load.faults import Findings, did_you_mean
from agent.load.shape import Parts


def check(findings: Findings, parts: Parts, space: SearchSpace | None) -> None:
    """Faults between the parts; `space` is None where a parameter or a constraint is at fault."""
    stop, budget, policy = (parts.single.get(key) for key in ("stop", "budget", "policy"))
    wanted = [one for one in parts.objectives.values() if not one.required]
    aims.check(findings, parts)
    strategies.check(findings, parts)
    if stop is not None and len(wanted) == 1:
        _check_target(findings, stop, wanted[0])
    if stop is not None:
        _check_outlook(findings, stop, policy or Policy())
    if budget is not None:
        _check_budget(findings, budget, policy or Policy())
    if stop is not None and stop.confirm:
        _check_confirm(findings, stop.confirm, parts, policy or Policy())
    if policy is not None:
        _check_unused(findings, policy)
        _check_stream(findings, policy, parts)
        if space is not None:
            _check_points(findings, policy, space)
            _check_shared(findings, policy, space)
    if space is not None and budget is not None:
        _check_size(findings, budget, policy or Policy(), space)


def _check_outlook(findings: Findings, stop: Stop, policy: Policy) -> None:
    """What is left to gain, or to learn, is told by a model, and a policy that draws at random has none."""
    for name in ("left_to_gain", "expected_gain", "known_to"):
        if getattr(stop, name) is not None and policy.name == "random":
            what = f"policy random has no model that could tell {name}"
            findings.fault(("stop", name), what, "leave it out, or name another policy")


def _check_target(findings: Findings, stop: Stop, objective: Objective) -> None:
    target, loc = stop.target, ("stop", "target")
    if target is None:
        return
    if objective.goal == "within" and objective.score(target) < 0:
        what = f"{target:g} is outside the range that the objective is to stay within"
        findings.fault(loc, what, "leave it out: being within the range is the goal")
    if objective.plausible is None:
        return
    lowest, highest = objective.plausible
    if not lowest <= target <= highest:
        what = f"no plausible reading ({lowest:g} to {highest:g}) is as good as {target:g}"
        reached = objective.score(target) <= min(map(objective.score, (lowest, highest)))
        if reached and objective.goal in ("maximise", "minimise"):
            what = f"every plausible reading ({lowest:g} to {highest:g}) is as good as {target:g}"
        findings.fault(loc, what, f"the goal is to {objective.goal}: check target and goal")
    elif (objective.goal, target) in (("maximise", lowest), ("minimise", highest)):
        what = f"the worst plausible reading, {target:g}, would already stop the campaign"
        findings.fault(loc, what, f"the goal is to {objective.goal}: check target and goal")


def _check_budget(findings: Findings, budget: Budget, policy: Policy) -> None:
    price = budget.cost and budget.cost.per_experiment
    if budget.cost is not None and price and price > budget.cost.limit:
        what = f"one experiment costs more than the limit of {budget.cost.limit:g}"
        findings.fault(("budget", "cost", "per_experiment"), what, "raise the limit")
        return
    most = affordable(budget)
    if most is None:
        return
    times = f" × {policy.replicates} replicates" if policy.replicates > 1 else ""
    design = policy.initial
    first = design.size or len(design.points)
    place = ("policy", "initial", "size" if design.size else "points")
    pays = f"the budget pays for {most} experiments"
    if first * policy.replicates > most:
        findings.fault(
            place, f"{first} initial points{times} are wanted, and {pays}", "ask for fewer"
        )
    if policy.batch_size * policy.replicates > most:
        what = f"a batch of {policy.batch_size}{times} is wanted, and {pays}"
        findings.fault(("policy", "batch_size"), what, "make the batch smaller")
    if policy.in_flight is not None and policy.in_flight > most:
        findings.warn(("policy", "in_flight"), f"{policy.in_flight} may be in flight, and {pays}")


def _check_confirm(findings: Findings, samples: int, parts: Parts, policy: Policy) -> None:
    """What is kept for the winner has to leave experiments to find it by."""
    loc, budget = ("stop", "confirm"), parts.single.get("budget")
    if len(parts.objectives) > 1:
        what = "of several objectives the front is not confirmed yet"
        findings.fault(loc, what, "leave it out, and have its points made anew by hand")
    if any(one.learning for one in parts.objectives.values()):
        what = "where a response is learnt there is no winner that could be confirmed"
        findings.fault(loc, what, "leave it out")
    if budget is None:
        return
    most = affordable(budget)
    if most is None and budget.cost is None:
        what = "how many experiments the budget pays for is not known before: none are kept for the winner"
        findings.warn(loc, what, "budget: experiments says how many there are")
    elif most is None:
        return
    elif most <= samples:
        what = f"the budget pays for {most} experiments, and {samples} are kept for the winner"
        findings.fault(loc, what, "ask for fewer, or raise the budget")
    elif most - samples < (policy.initial.size or len(policy.initial.points)) * policy.replicates:
        what = f"{samples} of {most} experiments are kept for the winner: the design is cut short"
        findings.warn(loc, what, "ask for fewer, or raise the budget")


def _check_unused(findings: Findings, policy: Policy) -> None:
    """Keys that the chosen policy does not look at: perhaps another policy was meant."""
    given = policy.model_fields_set
    of_many = CRITERIA["classify", "committee"]
    for key, name in (("criterion", "uncertainty"), ("beta", "ucb")):
        if key == "criterion" and policy.name == "committee" and policy.criterion in of_many:
            continue
        if key in given and policy.name != name:
            what = f"policy {policy.name} does not look at {key}"
            findings.warn(("policy", key), what, f"it belongs to policy {name}")
    design = policy.initial
    if design.points and design.size is not None and design.size != len(design.points):
        what = f"the size is {design.size}, and {len(design.points)} points are given"
        findings.fault(("policy", "initial", "size"), what, "leave the size out")


def _check_stream(findings: Findings, policy: Policy, parts: Parts) -> None:
    """Of a stream each sample is compared with the space by one acquisition."""
    if policy.samples != "stream":
        if "rate" in policy.model_fields_set:
            what = "nothing looks at rate where points are chosen"
            findings.warn(("policy", "rate"), what, "it belongs to samples: stream")
        return
    if policy.name in {"random", "thompson"}:
        what = f"policy {policy.name} cannot say how much more one sample tells than another"
        findings.fault(("policy", "name"), what, "leave it out, or name another policy")
    if len(parts.objectives) > 1:
        what = "samples are screened for one objective, and there are several"
        findings.fault(("policy", "samples"), what, "name one objective")
    if parts.priors:
        what = "samples are screened without priors"
        findings.fault(("priors",), what, "leave them out")
    if policy.replicates > 1:
        what = "a sample that comes by is asked for once"
        findings.fault(("policy", "replicates"), what, "leave it out")


def _check_points(findings: Findings, policy: Policy, space: SearchSpace) -> None:
    for n, point in enumerate(policy.initial.points):
        reasons = space.reasons(point)
        if reasons:
            what = "the point is not in the space: " + "; ".join(reasons)
            findings.fault(("policy", "initial", "points", n), what, "mend it, or widen the space")
        elif point in policy.initial.points[:n]:
            findings.warn(("policy", "initial", "points", n), "the point is given twice")


def _check_shared(findings: Findings, policy: Policy, space: SearchSpace) -> None:
    """What a batch shares: parameters that there are, and not all of them."""
    known = [one.name for one in space.parameters]
    for n, name in enumerate(policy.shared):
        if name not in known:
            near = did_you_mean(name, known, "the parameters are")
            findings.fault(("policy", "shared", n), f"there is no parameter {name!r}", near)
        elif name in policy.shared[:n]:
            findings.fault(("policy", "shared", n), f"{name} is named twice", "name it once")
    if set(known) == set(policy.shared):
        what = "every parameter is shared: a batch would be one point"
        findings.fault(("policy", "shared"), what, "leave out what may differ within a batch")
    elif policy.shared and policy.batch_size == 1:
        findings.warn(("policy", "shared"), "a batch is one point, which shares with nothing")


def _check_size(findings: Findings, budget: Budget, policy: Policy, space: SearchSpace) -> None:
    size, most = space.size(), affordable(budget)
    if size is None or most is None:
        return
    distinct = math.ceil(most / policy.replicates)
    if size < distinct:
        what = f"the space has {size} points, and the budget pays for {distinct}"
        findings.warn(("budget",), what, "a smaller budget would see all of it")
    design = policy.initial
    if design.size is not None and design.size > size:
        what = f"{design.size} initial points are wanted, and the space has {size}"
        findings.fault(("policy", "initial", "size"), what, "ask for fewer")
