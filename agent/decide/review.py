"""Review rules: what the agent may let pass by itself, and what an adapter says against a plan."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from agent.core.adapter import Capabilities
from agent.core.campaign import ReviewRule
from agent.core.operators import InstrumentRules
from agent.errors import GateError


class Finding(NamedTuple):
    """What the rules say of a plan: reject (with reasons), approve, or wait for a person."""

    verdict: Literal["reject", "approve", "wait"]
    reasons: tuple[str, ...] = ()


def rule_in_force(
    stated: ReviewRule | None, able: Mapping[str, Capabilities], unattended: Collection[str]
) -> ReviewRule:
    """The campaign's review rule, or the default: required where an effect is physical.

    Args:
        stated: What the campaign says; None if it says nothing.
        able: What each of its instruments is able to.
        unattended: The instruments that the operators allow to run without reviews.

    Raises:
        GateError: the campaign wants none on a physical instrument that the operators have not
            released for that.
    """
    physical = [name for name, one in able.items() if one.effect == "physical"]
    if stated is None:
        return ReviewRule(mode="required" if physical else "none")
    closed = [name for name in physical if name not in unattended]
    if stated.mode == "none" and closed:
        raise GateError(
            f"review: none is not allowed on {closed[0]}",
            "its effect is physical: the operators' file must list it under `unattended`",
        )
    return stated


def check_released(rules: InstrumentRules, capabilities: Capabilities, instrument: str) -> None:
    """Whether anything may be sent to an instrument at all: to one that does whatever it is told,
    only within limits that its operators have signed. A person reads a run sheet first.

    Raises:
        GateError: it is a machine with a physical effect, and there are no limits of it.
    """
    machine = capabilities.effect == "physical" and not capabilities.person
    if machine and rules.limits is None:
        raise GateError(
            f"nothing is sent to {instrument}: its effect is physical, and the operators have signed no "
            "limits of it",
            f"write `instruments: {{{instrument}: {{limits: …, signed: …}}}}` into the operators' file, "
            "to which ATHANOR_OPERATORS points: see docs/operators.md",
        )


def find(rule: ReviewRule, against: tuple[str, ...], outside: tuple[str, ...] = ()) -> Finding:
    """What the rules say of what would be sent.

    Args:
        rule: The review rule in force.
        against: The adapters' reasons against it: any of them rejects it.
        outside: Reasons why it cannot be sent as it is: the point is not in the space any more, after
            a revision, or is beyond the operators' limits. A person may edit it, a rule cannot.
    """
    if against:
        return Finding("reject", against)
    if rule.mode == "required":
        return Finding("wait", outside)
    return Finding("reject", outside) if outside else Finding("approve")
