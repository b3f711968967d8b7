"""What a decision comes to, and the model that every decision without sources has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.core.confirming import Ranked
from agent.core.decision import Choice
from agent.core.outlook import Outlook
from agent.core.seeds import derived
from agent.decide.situation import Situation
from agent.learn.surrogate import Surrogate, fit

Kind = Literal["initial", "model", "given", "screened"]


@dataclass(frozen=True)
class Selection:
    """What was chosen.

    Attributes:
        kind: By the initial design, by a model (or at random), given in the campaign, or a sample
            that came by and was asked for.
        choices: New points with their reasons, replicates first; fewer than asked, or none, where
            the space has no more.
        state: The fitted surrogate as JSON; None without one.
        notes: Fallbacks and exclusions, in words; why it is enough, if it is.
        outlook: What is left to gain, as the model sees it; None without one.
        fitted: What was fitted of each source, by its key: what the next decision may remember.
        ranking: The best of the measured points by the surrogate, the best first.
    """

    kind: Kind
    choices: tuple[Choice, ...]
    state: dict[str, Any] | None
    notes: tuple[str, ...]
    outlook: Outlook | None = None
    fitted: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    ranking: tuple[Ranked, ...] = ()


def surrogate_of(situation: Situation) -> Surrogate:
    """The model of the rows alone.

    Raises:
        ModelError: it cannot be fitted.
    """
    seed = derived(situation.seed, "fit")
    told = (situation.encoding, situation.rows, situation.objective, seed)
    return fit(*told, bounds=situation.bounds)


def with_feasibility(situation: Situation, state: dict[str, Any]) -> dict[str, Any]:
    """A model's state with that of the model of what works, where there is one."""
    works = situation.feasibility
    return state if works is None else {**state, "feasibility": works.state()}
