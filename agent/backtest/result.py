"""What a back-test found, as frozen values: everything in it is JSON."""

from typing import Any, Literal

from agent.core.aim import TradeOff
from agent.core.objective import Goal
from agent.core.values import Value


class Figure(Value):
    """A number with its two-sided 95 % confidence limits, from a bootstrap over seeds."""

    value: float
    low: float
    high: float


class Curve(Value):
    """A mean over seeds after 1, 2, … experiments, with its 95 % confidence band."""

    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class Factor(Figure):
    """An acceleration factor.

    `bound` says what it is if one of the two missed the goal in the median run: at least this (the
    reference missed), at most this (the policy missed).
    """

    bound: Literal["", "at least", "at most"] = ""


class SeedResult(Value):
    """One run.

    `found` is the best true score among the measured points after each experiment,
    `recommended` the true score of the point with the best mean of its readings; None before there
    is one. Misses of a goal count as budget + 1. `failed` are the experiments that brought nothing,
    `seconds` is the wall time of the run.

    A score is the true value as `Objective.score` has it: higher is better, so a value that is
    minimised has its sign turned. Of several objectives it is the desirability, or the share of the
    hypervolume that could be had (`yardstick.py`).
    """

    seed: int
    experiments: int
    failed: int
    found: tuple[float | None, ...]
    recommended: tuple[float | None, ...]
    to_top1: int
    to_top5: int
    area: float
    seconds: float
    ended: str


class PolicyResult(Value):
    """One policy over all its seeds.

    `regret` judges the best true score found, `recommended_regret` the point that the agent would
    recommend. `top5_found` is the share of the best 5 % of a countable population that was
    measured. `to_top1` and `to_top5` are mean numbers of experiments, `area` the mean of the regret
    curve, `failed` the mean number of experiments that brought nothing.
    """

    policy: str
    regret: Curve
    recommended_regret: Curve
    top5_found: Curve | None
    to_top1: Figure
    to_top5: Figure
    area: Figure
    recommended_area: Figure
    failed: Figure
    seconds_per_experiment: float
    seeds: tuple[SeedResult, ...]

    def seed(self, seed: int) -> SeedResult:
        """The run of that seed."""
        return next(one for one in self.seeds if one.seed == seed)


class Comparison(Value):
    """A policy beside the reference, over the seeds that both have.

    `to_top1_difference`, `to_top5_difference`, `area_difference` and `failed_difference` are means of
    paired differences, policy minus reference: negative is better. `enhancement` is None where the
    ratio means nothing.
    """

    policy: str
    reference: str
    seeds: tuple[int, ...]
    acceleration_top1: Factor | None
    acceleration_top5: Factor | None
    enhancement: tuple[float | None, ...]
    enhancement_peak: float | None
    enhancement_peak_at: int | None
    to_top1_difference: Figure
    to_top5_difference: Figure
    area_difference: Figure
    failed_difference: Figure


class CampaignResult(Value):
    """One campaign: what could be found in it, and how each policy did.

    `population` says what the top 1 % and 5 % are of: every feasible point that the adapter answers
    (`listed`), the distinct recorded points that answer (`recorded`), or a seeded Sobol sample
    (`sampled`) of `population_size`. `best` (possible), `median`, `top1` and `top5` (to be reached)
    are scores.
    """

    campaign: str
    objective: str
    unit: str
    goal: Goal | TradeOff
    budget: int
    population: Literal["listed", "recorded", "sampled"]
    population_size: int
    best: float
    median: float
    top1: float
    top5: float
    policies: tuple[PolicyResult, ...]
    comparisons: tuple[Comparison, ...]

    def policy(self, name: str) -> PolicyResult:
        """What that policy came to."""
        return next(one for one in self.policies if one.policy == name)


class LearntSeed(Value):
    """One run of a campaign that is to know a response. `error` is what a model of its readings errs
    by at the points that are not measured, after each experiment (`exam.py`): the root mean square, in the
    objective's unit, or of classes the share of wrong labels (accuracy is one minus it).
    """

    seed: int
    experiments: int
    failed: int
    error: tuple[float, ...]
    seconds: float
    ended: str


class LearntPolicy(Value):
    """One policy over all its seeds: the curve of its errors, its end (`final`) and its mean (`area`)."""

    policy: str
    error: Curve
    final: Figure
    area: Figure
    failed: Figure
    seconds_per_experiment: float
    seeds: tuple[LearntSeed, ...]


class LearntComparison(Value):
    """A policy beside the reference, over the seeds that both have.

    `to_final` is after how many experiments it errs for good by no more than the reference does with
    the whole budget; budget + 1 if it never does. `final_difference` and `area_difference` are means of
    paired differences, policy minus reference: negative is better.
    """

    policy: str
    reference: str
    seeds: tuple[int, ...]
    to_final: Figure
    final_difference: Figure
    area_difference: Figure


class LearntResult(Value):
    """One campaign that is to know a response: how well it came to be known. `alone` is the error of
    whoever knows the mean over the population and nothing else.
    """

    campaign: str
    objective: str
    unit: str
    goal: Goal
    budget: int
    population: Literal["listed", "recorded", "sampled"]
    population_size: int
    alone: float
    policies: tuple[LearntPolicy, ...]
    comparisons: tuple[LearntComparison, ...]

    def policy(self, name: str) -> LearntPolicy:
        """What that policy came to."""
        return next(one for one in self.policies if one.policy == name)


class Failed(Value):
    """A run that came to nothing; the other runs are not touched by it."""

    campaign: str
    policy: str
    seed: int
    reason: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.campaign}, {self.policy}, seed {self.seed}: {self.reason}"


class Backtest(Value):
    """A whole back-test. A campaign without a single finished run is only among the failures; those that
    are to know a response are in `learnt`.
    """

    campaigns: tuple[CampaignResult, ...]
    learnt: tuple[LearntResult, ...] = ()
    failures: tuple[Failed, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON; `Backtest.model_validate` reads it back."""
        return self.model_dump(mode="json")
