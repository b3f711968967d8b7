"""What a campaign says about how to choose: policy and initial design."""

from typing import Literal

from pydantic import Field, model_validator

from agent.core.parameters import Name
from agent.core.transfer import TransferRule
from agent.core.values import Point, Value, later

Criterion = Literal[
    "standard_deviation",
    "integrated_variance",
    "entropy",
    "margin",
    "least_confidence",
    "consensus_entropy",
    "vote_entropy",
]

PolicyName = Literal[
    "expected_improvement", "uncertainty", "committee", "ucb", "thompson", "random"
]

LEARNERS: tuple[PolicyName, ...] = ("uncertainty", "committee", "random")
"""Those that look for no best point."""

Strategy = Literal["athanor", "ax"]
"""Who chooses once there is a model: Athanor's own surrogates, or Ax with its defaults."""

OF_SEVERAL: tuple[PolicyName, ...] = ("expected_improvement", "uncertainty", "random")
"""Those that know what to do with several objectives."""

CRITERIA: dict[tuple[str, str], tuple[Criterion, ...]] = {
    ("learn", "uncertainty"): ("integrated_variance", "standard_deviation"),
    ("classify", "uncertainty"): ("margin", "entropy", "least_confidence"),
    ("classify", "committee"): ("consensus_entropy", "vote_entropy"),
}
"""Goal and policy -> the criteria that there are, the default first; other goals have those of learn."""

Samples = Literal["chosen", "stream"]
"""Where points come from: from the whole space, or only from what comes by."""

Failures = Literal["learn", "bar"]
"""What infeasible points are for: to learn from, or only not to be asked for again."""


InQuestion = Literal["remake", "ask", "learn"]
"""What is done with a result far outside its prediction: it is made again, left to a person, or learnt."""


class InitialDesign(Value):
    """The experiments before there is a model.

    `sobol` and `latin_hypercube` fill a box, `maximin` spreads over a pool; `points` are given.
    `auto` is maximin for pools and Sobol otherwise. `size` defaults to what the space asks for.
    """

    design: Literal["auto", "sobol", "latin_hypercube", "maximin", "points"] = "auto"
    size: int | None = Field(default=None, ge=1)
    points: tuple[Point, ...] = ()

    @model_validator(mode="after")
    def _sane(self) -> "InitialDesign":
        if (self.design == "points") != bool(self.points):
            raise ValueError("design points needs points, and only it takes them")
        return self


class Policy(Value):
    """Posterior in, proposals out.

    expected_improvement: log noisy EI (Ament et al. 2023). uncertainty: posterior standard deviation,
    or the reduction of the integrated variance. committee: variance among the members' means (query
    by committee). ucb: mean + sqrt(beta) * sd. thompson: the best of one posterior draw. Where there is
    no best point (goals `learn` and `classify`) only uncertainty, committee and random choose.
    """

    strategy: Strategy = later(
        "athanor",
        description="who chooses once there is a model. athanor: its own surrogates; ax: Ax's default "
        "generator, a second opinion and a baseline (one objective, no priors)",
    )
    name: PolicyName = "expected_improvement"
    criterion: Criterion = Field(
        default="standard_deviation",
        description="of policy uncertainty: standard_deviation, or integrated_variance (the default of "
        "goal learn); of goal classify margin (default), entropy or least_confidence, and of its "
        "committee consensus_entropy (default) or vote_entropy",
    )
    beta: float = Field(default=4.0, gt=0, description="of policy ucb: mean + sqrt(beta) * sd")
    initial: InitialDesign = InitialDesign()
    batch_size: int = Field(default=1, ge=1, description="points chosen in one decision")
    shared: tuple[Name, ...] = later(
        (),
        description="parameters that all points of a batch share: the temperature of a plate, say",
    )
    in_flight: int | None = Field(
        default=None, ge=1, description="experiments at the same time; default: the batch size"
    )
    replicates: int = Field(default=1, ge=1, description="times that each point is measured")
    failures: Failures = Field(
        default="learn",
        description="learn: what was infeasible weighs the choice of other points; bar: only the very "
        "point is not asked for again",
    )
    in_question: InQuestion = later(
        "remake",
        description="a result far outside its prediction is not learnt until it is settled. remake: it "
        "is made again, once; ask: a person says; learn: it is learnt as any other",
    )
    per_cost: Literal["auto", "always", "cooled", "never"] = later(
        "auto",
        description="whether what a point promises is divided by what it costs. auto: where budget: "
        "cost: formula says that costs differ; cooled: by a power of it, the part of the limit left",
    )
    samples: Samples = later(
        "chosen",
        description="chosen: points are chosen from the space; stream: nothing is proposed, and samples "
        "that come by are asked for or let pass (athanor screen)",
    )
    rate: float = later(
        0.1,
        gt=0,
        le=1,
        description="of samples stream: one is asked for where more is to be learnt than at all but this "
        "share of the space",
    )
    transfer: TransferRule = Field(
        default=TransferRule(), description="how priors take part in the choice"
    )

    @property
    def concurrency(self) -> int:
        """Experiments that may be in flight at the same time."""
        return self.in_flight or self.batch_size


def criterion_of(policy: Policy, goal: str) -> Criterion:
    """What a policy goes by with a goal: its criterion where that suits both, or else the default."""
    suited = CRITERIA.get((goal, policy.name), (policy.criterion,))
    return policy.criterion if policy.criterion in suited else suited[0]
