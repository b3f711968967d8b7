"""Stop rules: when it is enough before the budget is spent."""

from collections.abc import Sequence

from pydantic import Field

from agent.core.outlook import CALM, CALM_KNOWN, Confidence, Outlook
from agent.core.values import Value, later


class Stop(Value):
    """When it is enough before the budget is spent."""

    no_improvement_after: int | None = Field(
        default=None, ge=1, description="results in a row that are not better than the best before"
    )
    idle_rounds: int = Field(
        default=3, ge=1, description="rounds with nothing open and nothing to propose"
    )
    target: float | None = Field(
        default=None, description="stop when the best value is as good as this"
    )

    left_to_gain: float | None = Field(
        default=None,
        gt=0,
        description="stop when, with `confidence`, no point is better than the best one known by more "
        "than this, in the objective's unit",
    )
    confidence: Confidence = Field(default=95, description="of left_to_gain, in per cent")
    expected_gain: float | None = Field(
        default=None,
        gt=0,
        description="stop when the next experiment is expected to gain less than this, in the "
        "objective's unit",
    )
    known_to: float | None = later(
        None,
        gt=0,
        description="of goal learn: stop when the mean posterior deviation over the space is at most "
        "this, in the objective's unit, by two decisions in a row; of goal classify, when at most this "
        "share of the labels is expected to be wrong",
    )

    confirm: int | None = later(
        None,
        ge=0,
        le=1000,
        description="samples of the best point that are made anew before the campaign ends; the budget "
        "keeps them; default: 3 (at most a quarter of the experiments) where the effect is physical, "
        "else 0",
    )

    def enough(self, outlooks: Sequence[Outlook], unit: str) -> str | None:
        """Why it is enough, going by what is left to gain; None to go on.

        Args:
            outlooks: The last ones in a row, as `latest` has them.
            unit: Of the objective.
        """
        unit = "" if unit == "1" else f" {unit}"
        if self.known_to is not None:
            return self._known(outlooks[-CALM_KNOWN:], self.known_to, unit)
        if len(outlooks) < CALM or any(one.unknown is not None for one in outlooks):
            return None
        left = max(one.left[str(self.confidence)] for one in outlooks)
        if self.left_to_gain is not None and left <= self.left_to_gain:
            return (
                f"no more than {left:.3g}{unit} is left to gain ({self.confidence} % confidence by the "
                f"last {CALM} decisions, as far as the model is right)"
            )
        gain = max(one.gain for one in outlooks)
        if self.expected_gain is not None and gain < self.expected_gain:
            return f"the next experiment is expected to gain {gain:.2g}{unit}"
        return None

    @staticmethod
    def _known(outlooks: Sequence[Outlook], wanted: float, unit: str) -> str | None:
        told = [one.unknown for one in outlooks if one.unknown is not None]
        if len(told) < CALM_KNOWN or max(told) > wanted:
            return None
        return (
            f"what is not known is down to {max(told):.3g}{unit} on average over the space (by the last "
            f"{CALM_KNOWN} decisions, as far as the model is right)"
        )
