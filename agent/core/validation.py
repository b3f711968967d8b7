"""Validation: how well models predict points that they were not shown."""

from pydantic import Field

from agent.core.values import Value


class Errors(Value):
    """How far off one model is, in the objective's unit.

    Attributes:
        model: Its name.
        interpolation: Root mean square error of points held out at random, the mean over repetitions.
        spread: Standard deviation of that over the repetitions: what is within it is not told apart.
        extrapolation: The same of the best or the worst fifth of the points, predicted from the others:
            of whichever is further off.
        left_out: Of each point, predicted from all others; None where there are too many.
        rank: Spearman's correlation of those predictions with the values; None where either is constant.
    """

    model: str
    interpolation: float = Field(ge=0)
    spread: float = Field(ge=0)
    extrapolation: float = Field(ge=0)
    left_out: float | None = None
    rank: float | None = None

    @property
    def combined(self) -> float:
        """The mean of interpolation and extrapolation: by which models are compared."""
        return (self.interpolation + self.extrapolation) / 2


class Validation(Value):
    """The errors of several models for one objective, the smallest combined first.

    Attributes:
        objective: Its name.
        points: How many points there were, each with all its readings.
        used: The model that the campaign decides with.
        constant: The one that predicts the mean of what it was shown, wherever it is asked.
        models: Their errors.
    """

    objective: str
    points: int
    used: str
    constant: str
    models: tuple[Errors, ...]

    def of(self, model: str) -> Errors:
        """The errors of a model."""
        return next(one for one in self.models if one.model == model)

    @property
    def beaten(self) -> Errors | None:
        """The best model, where the one that is used is further off by more than repetitions differ."""
        best, own = self.models[0], self.of(self.used)
        return best if own.combined - best.combined > max(best.spread, own.spread) else None
