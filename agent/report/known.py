"""Figure: how far what was known before was believed, decision by decision."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.core.decision import Decision
from agent.report import svg
from agent.report.digits import brief, count
from agent.report.svg import Drawn, Scale
from agent.report.view import View

_WIDTH, _HEIGHT, _LEFT, _TOP, _BELOW, _RIGHT = 420.0, 200.0, 44.0, 26.0, 40.0, 12.0


@dataclass(frozen=True)
class Known:
    """What one prior is: its name, what is said of it, its coefficient and how far it is believed, in
    words.
    """

    name: str
    about: str
    coefficient: str
    believed: str


def draw(view: View) -> Drawn | None:
    """The weight of the experts that believe the sources; None without priors, or decisions."""
    told = list(_told(view))
    if not told:
        return None
    last = max(decision.number for decision, _ in told)
    x = Scale(1.0, float(max(last, 2)), _LEFT, _WIDTH - _RIGHT)
    y = Scale(0.0, 1.0, _HEIGHT - _BELOW, _TOP)
    weights = [(x(float(one.number)), y(_weight(state)), one, state) for one, state in told]
    path = "M" + "L".join(f"{at:.1f} {height:.1f}" for at, height, _, _ in weights)
    parts = [
        svg.left_axis(y, _LEFT - 4, 4),
        svg.bottom_axis(x, _HEIGHT - _BELOW + 4),
        svg.text(_LEFT - 4, 12, "weight of the sources", "name"),
        svg.text(_WIDTH - _RIGHT, _HEIGHT - 2, "decisions, in order", "name", "end"),
        svg.tag("path", d=path, class_="best-line"),
        *(
            svg.dot(at, height, _dress(state), f"decision {one.number}: {_weight(state):.0%}")
            for at, height, one, state in weights
        ),
    ]
    words = f"The sources are believed {_weight(told[-1][1]):.0%} after {count(last, 'decision')}"
    return svg.figure(_WIDTH, _HEIGHT, parts, words)


def priors(view: View) -> list[Known]:
    """Each prior, with its coefficient by the last decision that asked it."""
    told = list(_told(view))
    state: dict[str, Any] = told[-1][1] if told else {}
    coefficients, trusted = state.get("coefficients", {}), state.get("trusted", {})
    watches = view.standing.watches
    found = []
    for prior in view.standing.campaign.priors:
        name = prior.called
        rows = f"{count(prior.source.rows, 'row')}, " if prior.source else ""
        mean, sd = coefficients.get(name, (None, None))
        words = "" if mean is None else f"{brief(mean, 2)} ± {brief(sd, 2)}"
        believed = f"believed {trusted[name]:.0%}" if name in trusted else ""
        if name in watches and watches[name].off:
            believed = "switched off, since it says nothing here"
        found.append(Known(name, f"{rows}trust {prior.trust}", words, believed))
    return found


def turns(view: View) -> str:
    """How many experiments the sources chose, and how many were chosen without them."""
    by = [turn["by"] for _, state in _told(view) for turn in state["turns"]]
    believed = by.count("sources")
    if not by:
        return ""
    return (
        f"{believed} of {count(len(by), 'experiment')} were chosen with them, the others without."
    )


def _told(view: View) -> Iterator[tuple[Decision, dict[str, Any]]]:
    """The decisions that had sources, with what they knew of their models."""
    for decision in view.standing.decisions:
        if decision.state is not None and decision.state["kind"] == "transfer":
            yield decision, decision.state


def _weight(state: dict[str, Any]) -> float:
    weights = state["weights"]
    return float(sum(weights.get(name, 0.0) for name in ("sources", "mirrored")))


def _dress(state: dict[str, Any]) -> str:
    believed = any(turn["by"] == "sources" for turn in state["turns"])
    return "dot model" if believed else "dot first"
