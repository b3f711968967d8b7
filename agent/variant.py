"""Other policies by their words, to compare with: `ucb`, `ucb+none` for the same without priors, or `ax`."""

from typing import get_args

from agent.core.aim import Aim
from agent.core.policy import (
    LEARNERS,
    OF_SEVERAL,
    Criterion,
    Failures,
    Policy,
    PolicyName,
    Strategy,
)
from agent.core.strategies import beyond_ax
from agent.core.transfer import Method
from agent.errors import CampaignError

STRATEGIES: tuple[str, ...] = tuple(one for one in get_args(Strategy) if one != "athanor")
POLICIES: tuple[str, ...] = (*get_args(PolicyName), *STRATEGIES)
METHODS: tuple[str, ...] = get_args(Method)
FAILURES: tuple[str, ...] = get_args(Failures)
CRITERIA: tuple[str, ...] = get_args(Criterion)


def variant(policy: Policy, words: str, aim: Aim | None = None) -> Policy:
    """A campaign's policy under another name, and with other ways of taking in priors and failures.

    Args:
        policy: What the campaign says; its other settings stay.
        words: `NAME` of a policy, or `ax` for that strategy; after it `+METHOD` of `policy: transfer`
            (`none` leaves priors out) or `+learn`, `+bar` of `policy: failures`, or one of `policy:
            criterion`.
        aim: What the campaign wants; None to look at the words alone.

    Raises:
        CampaignError: there is no such policy, or no such word after it; or the policy cannot do what
            the campaign wants.
    """
    name, *more = words.split("+")
    if name not in POLICIES:
        raise CampaignError(f"no policy is named {name!r}", f"there is: {', '.join(POLICIES)}")
    if aim is not None:
        _check(name, aim)
    by = (
        {"strategy": name, "name": "expected_improvement"}
        if name in STRATEGIES
        else {"strategy": "athanor", "name": name}
    )
    told = policy.model_dump() | by
    for word in more:
        if word in METHODS:
            told["transfer"] |= {"method": word}
        elif word in FAILURES:
            told["failures"] = word
        elif word in CRITERIA:
            told["criterion"] = word
        else:
            raise CampaignError(
                f"{word!r} is neither a way of transfer nor of taking failures, nor a criterion",
                f"there is: {', '.join((*METHODS, *FAILURES, *CRITERIA))}",
            )
    return Policy.model_validate(told)


def _check(name: str, aim: Aim) -> None:
    objectives = aim.objectives
    beyond = beyond_ax(objectives) if name == "ax" else ""
    if beyond:
        raise CampaignError(f"Ax cannot choose here: {beyond}", "leave ax out")
    if len(objectives) > 1 and name not in OF_SEVERAL:
        raise CampaignError(
            f"policy {name} knows one objective only, and there are {len(objectives)}",
            f"choose one of {', '.join(OF_SEVERAL)}",
        )
    if aim.learning and name not in LEARNERS:
        raise CampaignError(
            f"policy {name} looks for a best point, and here there is none",
            f"a response is learnt by {', '.join(LEARNERS)}",
        )


def without_priors(words: str) -> str:
    """The words of the same policy without priors."""
    return _with(words, METHODS, "none")


def without_failures(words: str) -> str:
    """The words of the same policy that learns nothing from what has failed."""
    return _with(words, FAILURES, "bar")


def _with(words: str, sort: tuple[str, ...], word: str) -> str:
    """The words with another one of a sort; ways of transfer stand before those of failures, and these
    before criteria.
    """
    name, *more = words.split("+")
    return "+".join([name, *sorted([*(one for one in more if one not in sort), word], key=_ORDER)])


_ORDER = (*METHODS, *FAILURES, *CRITERIA).index
