"""What another program's analysis says of a campaign's results: plain values, however it draws them."""

from agent.core.values import Value


class Held(Value):
    """A point that was left out of the rows, and what was predicted of its mean from the others."""

    trial: str
    observed: float
    expected: float
    sd: float


class Influence(Value):
    """The share that a parameter has in how the values differ, 0 to 1; `rises` says whether they rise with
    it, on the whole. None of names.
    """

    parameter: str
    share: float
    rises: bool | None = None


class Analysis(Value):
    """Of one objective: leave-one-out cross-validation, its coefficient of determination, and
    sensitivities, the largest first. `by` names program and version.
    """

    by: str
    objective: str
    held: tuple[Held, ...]
    determination: float
    influences: tuple[Influence, ...]
