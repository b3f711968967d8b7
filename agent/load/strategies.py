"""What a campaign may not ask of a strategy other than Athanor's own."""

from importlib.util import find_spec

from agent.core.policy import Policy
from agent.core.stop import Stop
from agent.core.strategies import beyond_ax
from agent.load.faults import Findings
from agent.load.shape import Parts

_STAY = "leave the strategy out"


def check(findings: Findings, parts: Parts) -> None:
    """Faults of `policy: strategy: ax`: what Ax is not asked for here, or cannot do."""
    policy = parts.single.get("policy") or Policy()
    if policy.strategy != "ax":
        return
    at = ("policy", "strategy")
    beyond = beyond_ax(list(parts.objectives.values())) if parts.objectives else ""
    if find_spec("ax") is None:
        findings.fault(at, "ax-platform is not installed", 'pip install "athanor[ax]"')
    elif beyond:
        findings.fault(at, f"Ax cannot choose here: {beyond}", _STAY)
    if policy.name != "expected_improvement":
        what = f"Ax has an acquisition of its own, and does not look at policy {policy.name}"
        findings.fault(("policy", "name"), what, f"leave it out, or {_STAY}")
    if policy.shared:
        what = "Ax does not choose the settings that a batch shares"
        findings.fault(("policy", "shared"), what, f"leave them out, or {_STAY}")
    if policy.per_cost not in {"auto", "never"}:
        what = "Ax does not weigh what a point promises by what it costs"
        findings.fault(("policy", "per_cost"), what, f"leave it out, or {_STAY}")
    if parts.priors and policy.transfer.method != "none":
        what = "Ax is told of no priors"
        findings.fault(("priors",), what, "leave them out, or say policy: transfer: method: none")
    stop = parts.single.get("stop") or Stop()
    for name in ("left_to_gain", "expected_gain"):
        if getattr(stop, name) is not None:
            findings.fault(("stop", name), f"Ax does not tell {name}", f"leave it out, or {_STAY}")
    if "failures" in policy.model_fields_set and policy.failures == "learn":
        what = "Ax learns nothing from what has failed: only the very point is not asked for again"
        findings.warn(("policy", "failures"), what, f"write bar, or {_STAY}")
