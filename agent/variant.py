"""Other policies by their words, to compare with: `ucb`, or `ucb+none` for the same without priors."""

from typing import get_args

from agent.core.policy import Policy, PolicyName
from agent.core.transfer import Method
from agent.errors import CampaignError

POLICIES: tuple[str, ...] = get_args(PolicyName)
METHODS: tuple[str, ...] = get_args(Method)


def variant(policy: Policy, words: str) -> Policy:
    """A campaign's policy under another name, and with another way of taking its priors in.

    Args:
        policy: What the campaign says; its other settings stay.
        words: `NAME`, or `NAME+METHOD` with a method of `policy: transfer`; `none` leaves priors out.

    Raises:
        CampaignError: there is no such policy, or no such method.
    """
    name, plus, method = words.partition("+")
    if name not in POLICIES:
        raise CampaignError(f"no policy is named {name!r}", f"there is: {', '.join(POLICIES)}")
    if plus and method not in METHODS:
        raise CampaignError(
            f"there is no way of transfer named {method!r}", f"there is: {', '.join(METHODS)}"
        )
    told = policy.model_dump() | {"name": name}
    if plus:
        told["transfer"] |= {"method": method}
    return Policy.model_validate(told)


def without_priors(words: str) -> str:
    """The words of the same policy without priors."""
    return f"{words.partition('+')[0]}+none"
