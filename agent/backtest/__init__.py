"""Back-tests: the loop that runs a laboratory, over many seeds and policies, judged by true values.

A campaign that is to know a response is judged by what a model of its readings errs by at the points
that are not measured.

A seed gives every policy the same initial design, and the same noise at the same trial and point.
What counts as found is the best true value among the measured points; beside it stands the true
value of the point that the agent would recommend, the one with the best mean of its own readings.
"""

from agent.backtest.result import (
    Backtest,
    CampaignResult,
    Comparison,
    Curve,
    Factor,
    Failed,
    Figure,
    LearntComparison,
    LearntPolicy,
    LearntResult,
    LearntSeed,
    PolicyResult,
    SeedResult,
)
from agent.backtest.run import run
from agent.backtest.show import (
    HEADER,
    LEARNT_HEADER,
    learnt_table,
    of_failures,
    of_priors,
    picture,
    table,
)

__all__ = [
    "HEADER",
    "LEARNT_HEADER",
    "Backtest",
    "CampaignResult",
    "Comparison",
    "Curve",
    "Factor",
    "Failed",
    "Figure",
    "LearntComparison",
    "LearntPolicy",
    "LearntResult",
    "LearntSeed",
    "PolicyResult",
    "SeedResult",
    "learnt_table",
    "of_failures",
    "of_priors",
    "picture",
    "run",
    "table",
]
