"""Traces of campaigns that are to know a response: how well each policy's points came to tell it."""

from collections.abc import Sequence

from agent.backtest import metrics
from agent.backtest.exam import Exam
from agent.backtest.result import (
    LearntComparison,
    LearntPolicy,
    LearntResult,
    LearntSeed,
)
from agent.backtest.trace import Trace
from agent.backtest.truth import Case

REFERENCE = "random"
"""The policy that others are compared with, where it was run."""


def learnt(
    case: Case, asked: Exam, traces: Sequence[Trace], policies: Sequence[str], budget: int | None
) -> LearntResult:
    """The campaign's result, for the policies that have at least one finished run.

    Args:
        case: The campaign.
        asked: What the runs were asked.
        traces: Every finished run of it.
        policies: In the order in which they are told.
        budget: Experiments that each run could spend; None if that was not what limited it.
    """
    most = budget or max([1, *(len(one.experiments) for one in traces)])
    found = [_policy(name, asked, traces, most) for name in policies if _of(name, traces)]
    base = next((one for one in found if one.policy == REFERENCE), None)
    objective = case.campaign.objective
    return LearntResult(
        campaign=case.campaign.name,
        objective=objective.name,
        unit=objective.unit,
        goal=objective.goal,
        budget=most,
        population=asked.kind,
        population_size=asked.population,
        alone=asked.alone,
        policies=tuple(found),
        comparisons=tuple(
            compared
            for one in found
            if base is not None and one is not base and (compared := _compared(one, base, most))
        ),
    )


def _of(name: str, traces: Sequence[Trace]) -> list[Trace]:
    return [one for one in traces if one.policy == name]


def _policy(name: str, asked: Exam, traces: Sequence[Trace], budget: int) -> LearntPolicy:
    own = _of(name, traces)
    seeds = [_seed(one, asked, budget) for one in own]
    curves = [one.error for one in seeds]
    spent = sum(one.experiments for one in seeds)
    return LearntPolicy(
        policy=name,
        error=metrics.mean_curve(curves),
        final=metrics.mean_figure([curve[-1] for curve in curves]),
        area=metrics.mean_figure([metrics.area(curve) for curve in curves]),
        failed=metrics.mean_figure([one.failed for one in seeds]),
        seconds_per_experiment=sum(one.seconds for one in own) / max(spent, 1),
        seeds=tuple(seeds),
    )


def _seed(trace: Trace, asked: Exam, budget: int) -> LearntSeed:
    curve = metrics.filled(trace.errors or (asked.alone,), budget)
    return LearntSeed(
        seed=trace.seed,
        experiments=len(trace.experiments),
        failed=sum(one.point is None for one in trace.experiments),
        error=tuple(asked.alone if one is None else one for one in curve),
        seconds=trace.seconds,
        ended=trace.ended,
    )


def _compared(one: LearntPolicy, base: LearntPolicy, budget: int) -> LearntComparison | None:
    ours, theirs = ({run.seed: run.error for run in side.seeds} for side in (one, base))
    both = [seed for seed in ours if seed in theirs]
    if not both:
        return None
    own, other = [ours[s] for s in both], [theirs[s] for s in both]
    return LearntComparison(
        policy=one.policy,
        reference=base.policy,
        seeds=tuple(both),
        to_final=metrics.to_final(own, other, budget),
        final_difference=metrics.mean_figure(
            [a[-1] - b[-1] for a, b in zip(own, other, strict=True)]
        ),
        area_difference=metrics.mean_figure(
            [metrics.area(a) - metrics.area(b) for a, b in zip(own, other, strict=True)]
        ),
    )
