"""What a reviewer reads: predictions, shares and one sentence."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from agent.core.aim import Aim
from agent.core.history import best
from agent.core.objective import Objective
from agent.core.policy import Policy
from agent.core.worded import figures, like
from agent.decide.acquisition import expected_improvement, incumbent, upper_bound
from agent.learn.feasibility import Feasibility
from agent.learn.fitted import Fitted

_REASON = {
    "expected_improvement": "highest expected improvement",
    "uncertainty": "where the surrogate knows least",
    "committee": "where the committee's members disagree most",
    "ucb": "highest upper confidence bound",
    "thompson": "best of one draw from the posterior",
    "random": "drawn at random",
}


def shares(
    surrogate: Fitted,
    X: Tensor,
    pending: Tensor,
    design: Tensor,
    policy: Policy,
    works: Feasibility | None = None,
    cheap: float | None = None,
) -> dict[str, float]:
    """What makes a point (`1 x d`) stand out from a typical candidate: its mean, its uncertainty,
    that it is likely to work, or that it is cheap.

    With f the acquisition in closed form and (m, s) the medians over `design`, the Shapley values
    `exploit = (f(mean, sd) - f(m, sd) + f(mean, s) - f(m, s)) / 2` and `explore`, the same for
    sd (Shapley, 1953), without what is negative, normalised. Policies that look only for what is
    not known are all exploration. `feasible` is how far the logarithm of the probability of working
    is above its median, beside the two in logarithms; `cost`, likewise, how far that of what the
    point costs is below the median, which is `cheap` (None where costs take no part).
    """
    mean, sd = surrogate.posterior.marginals(torch.cat([X, design]))
    if policy.name in {"uncertainty", "committee", "random"}:
        return unknown_share(sd, X, design, works, cheap)
    if policy.name == "ucb":

        def wanted(means: Tensor, deviations: Tensor) -> Tensor:
            return upper_bound(surrogate.scaling, means, deviations, policy.beta)

    else:
        top = incumbent(surrogate, pending)

        def wanted(means: Tensor, deviations: Tensor) -> Tensor:
            return expected_improvement(surrogate.scaling, means, deviations, top)

    return shares_of(wanted, mean, sd, X, design, works, cheap)


def unknown_share(
    sd: Tensor,
    X: Tensor,
    design: Tensor,
    works: Feasibility | None,
    cheap: float | None = None,
) -> dict[str, float]:
    """The shares where only what is not known counts.

    Args:
        sd: Of the point, and of each of the design, `1 + k`.
        X: The point, `1 x d`.
        design: What is typical, `k x d`.
        works: How likely points are to work; None where nothing has failed.
        cheap: By how much the point is cheaper than a typical one; None where costs take no part.
    """
    others = _others(works, X, design, cheap)
    beside = any(others.values())
    explore = max(float((sd[0] / sd[1:].median()).log()), 0.0) if beside else 1.0
    return _normalised(0.0, explore, others)


def shares_of(
    wanted: Callable[[Tensor, Tensor], Tensor],
    mean: Tensor,
    sd: Tensor,
    X: Tensor,
    design: Tensor,
    works: Feasibility | None,
    cheap: float | None = None,
) -> dict[str, float]:
    """The shares by an acquisition of means and deviations.

    Args:
        wanted: The acquisition, of `4 x ...` and `4 x ...`: `4`.
        mean: Of the point, and of each of the design, `(1 + k) x ...`.
        sd: The same.
        X: The point, `1 x d`.
        design: What is typical, `k x d`.
        works: How likely points are to work; None where nothing has failed.
        cheap: By how much the point is cheaper than a typical one; None where costs take no part.
    """
    means = torch.stack([mean[0], mean[1:].median(dim=0).values]).repeat_interleave(2, dim=0)
    deviations = torch.stack([sd[0], sd[1:].median(dim=0).values])
    f = wanted(means, torch.cat([deviations, deviations]))
    both, mean_only, sd_only, neither = f.tolist()
    exploit = max(both - sd_only + mean_only - neither, 0.0) / 2
    explore = max(both - mean_only + sd_only - neither, 0.0) / 2
    return _normalised(exploit, explore, _others(works, X, design, cheap))


def _ahead(works: Feasibility | None, X: Tensor, design: Tensor) -> float:
    """By how much a point is likelier to work than a typical one, in logarithms; 0 if it is not."""
    if works is None:
        return 0.0
    typical = works.log_probability(design).median() if len(design) else torch.tensor(0.0)
    return max(float(works.log_probability(X) - typical), 0.0)


def _others(
    works: Feasibility | None, X: Tensor, design: Tensor, cheap: float | None
) -> dict[str, float]:
    """What speaks for a point beside its prediction, in logarithms."""
    feasible = {} if works is None else {"feasible": _ahead(works, X, design)}
    return feasible if cheap is None else {**feasible, "cost": cheap}


def _normalised(exploit: float, explore: float, others: dict[str, float]) -> dict[str, float]:
    total = exploit + explore + sum(others.values())
    if total <= 0:
        exploit, explore, total = 0.5, 0.5, 1.0
    parts = {"exploit": exploit / total, **{name: one / total for name, one in others.items()}}
    return {**parts, "explore": 1.0 - sum(parts.values())}


def sentence(
    policy: Policy,
    objective: Objective,
    prediction: tuple[float, float],
    surrogate: Fitted,
    parts: dict[str, float],
) -> str:
    """Why a point was chosen, in one sentence with the objective's unit."""
    mean, sd = prediction
    unit = "" if objective.unit == "1" else f" {objective.unit}"
    text = f"{_REASON[policy.name]}: predicted {figures(mean, sd)}{unit}"
    known = best(surrogate.rows, objective)
    if known is not None:
        text += f", best so far {like(known.value, sd)}"
    return f"{text}; {outstanding(parts)}"


def sentence_of_learning(
    policy: Policy,
    objective: Objective,
    prediction: tuple[float, float],
    parts: dict[str, float],
) -> str:
    """Why a point was chosen where the response is to be known everywhere: there is no best."""
    reason = _REASON[policy.name]
    if policy.name == "uncertainty" and policy.criterion == "integrated_variance":
        reason = "tells most of the rest of the space"
    unit = "" if objective.unit == "1" else f" {objective.unit}"
    apart = f"; {outstanding(parts)}" if "feasible" in parts else ""
    return f"{reason}: predicted {figures(*prediction)}{unit}{apart}"


def sentence_of_several(
    policy: str, aim: Aim, prediction: Mapping[str, tuple[float, float]], parts: dict[str, float]
) -> str:
    """Why a point was chosen for several objectives, in one sentence with their units."""
    reason = _REASON[policy]
    if policy == "expected_improvement" and aim.fronted:
        reason = "adds most to the front"
    told = []
    for one in aim.objectives:
        unit = "" if one.unit == "1" else f" {one.unit}"
        told.append(f"{one.name} {figures(*prediction[one.name])}{unit}")
    return f"{reason}: predicted {', '.join(told)}; {outstanding(parts)}"


def outstanding(parts: Mapping[str, float]) -> str:
    """By what a point stands out, in words."""
    leading = max(parts, key=lambda name: parts[name])
    word = {
        "exploit": "its prediction",
        "explore": "what is not known there",
        "feasible": "being likely to work",
        "cost": "being cheap",
    }[leading]
    share = "alone" if parts[leading] > 0.995 else f"({parts[leading]:.0%})"
    return f"stands out by {word} {share}"


def by_sources(believed: float, asked: bool) -> str:
    """How far the sources had a say in a choice."""
    return f"sources believed {believed:.0%}" if asked else "as without the sources, by turns"


def of_doubt(name: str, contradicted: bool) -> str:
    """Why a point of the design was chosen although there are sources."""
    if contradicted:
        return f"unlike everything tried so far ({name}): results here speak against the sources"
    return f"unlike everything tried so far ({name}), as without the sources, by turns"


def of_design(name: str, number: int, size: int) -> str:
    """Why a point of the initial design was chosen."""
    reason = {
        "sobol": "Sobol sequence: fills the space evenly",
        "latin_hypercube": "Latin hypercube: every range of every parameter once",
        "maximin": "maximin: unlike everything tried so far",
    }[name]
    place = f"{number} of {size}" if number <= size else f"{number}, beyond the {size} planned"
    return f"initial design ({place}), before there is a model; {reason}"


def of_replicate(trial: str, times: int, wanted: int) -> str:
    """Why a point is measured again."""
    return f"measured again: {times} of {wanted} measurements of the point of {trial} so far"


def of_remake(trial: str) -> str:
    """Why a result in question is made again."""
    return f"made again: the result of {trial} is far outside what was predicted for it"


def of_confirmation(trial: str, times: int, wanted: int) -> str:
    """Why the winner is made anew."""
    return (
        f"made anew to confirm it ({times} of {wanted} samples): the point of {trial} is the best"
    )
