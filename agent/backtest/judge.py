"""Traces beside the truth: what each policy came to in one campaign."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from agent.backtest import metrics
from agent.backtest.result import CampaignResult, Comparison, PolicyResult, SeedResult
from agent.backtest.trace import Experiment, Trace
from agent.backtest.truth import Case, Oracle, Population
from agent.core.history import key
from agent.core.objective import Objective
from agent.core.values import Point
from agent.variant import without_failures, without_priors

REFERENCE = "random"
"""The policy that others are compared with, where it was run."""


class Judge:
    """Judges the traces of one campaign.

    Args:
        case: The campaign.
        oracle: Its true values.
        people: What there is to find in it.
        traces: Every finished run of it.
        budget: Experiments that each run could spend; None if that was not what limited it.
    """

    def __init__(
        self,
        case: Case,
        oracle: Oracle,
        people: Population,
        traces: Sequence[Trace],
        budget: int | None,
    ) -> None:
        self._case, self._oracle, self._people, self._traces = case, oracle, people, traces
        self._budget = budget or max([1, *(len(one.experiments) for one in traces)])
        ends = [_found(oracle, self._objective, one.experiments)[-1:] for one in traces]
        reached = [last[0] for last in ends if last and last[0] is not None]
        # A sample may miss the optimum that a run has found.
        self._best = max([people.best, *reached])

    @property
    def _objective(self) -> Objective:
        return self._case.campaign.objective

    def result(self, policies: Sequence[str]) -> CampaignResult:
        """The campaign's result, for the policies that have at least one finished run.

        Each is compared with choosing at random, with itself without priors, and with itself without
        learning from failures, where those were run.
        """
        found = [result for name in policies if (result := self._policy(name)) is not None]
        objective, people = self._objective, self._people
        return CampaignResult(
            campaign=self._case.campaign.name,
            objective=objective.name,
            unit=objective.unit,
            goal=objective.goal,
            budget=self._budget,
            population=people.kind,
            population_size=len(people.scores),
            best=self._best,
            median=people.median,
            top1=people.top1,
            top5=people.top5,
            policies=tuple(found),
            comparisons=tuple(
                self._compared(one, base)
                for one in found
                for base in found
                if base is not one
                and base.policy
                in {REFERENCE, without_priors(one.policy), without_failures(one.policy)}
                and set(_by_seed(one)) & set(_by_seed(base))
            ),
        )

    def _policy(self, name: str) -> PolicyResult | None:
        traces = [one for one in self._traces if one.policy == name]
        if not traces:
            return None
        seeds = [self._seed(one) for one in traces]
        regrets = [self._regret(one.found) for one in seeds]
        recommended = [self._regret(one.recommended) for one in seeds]
        winners = self._people.winners
        spent = sum(len(one.experiments) for one in traces)
        return PolicyResult(
            policy=name,
            regret=metrics.mean_curve(regrets),
            recommended_regret=metrics.mean_curve(recommended),
            top5_found=metrics.mean_curve([self._share(one) for one in traces])
            if winners
            else None,
            to_top1=metrics.mean_figure([one.to_top1 for one in seeds]),
            to_top5=metrics.mean_figure([one.to_top5 for one in seeds]),
            area=metrics.mean_figure([one.area for one in seeds]),
            recommended_area=metrics.mean_figure([metrics.area(one) for one in recommended]),
            failed=metrics.mean_figure([one.failed for one in seeds]),
            seconds_per_experiment=sum(one.seconds for one in traces) / max(spent, 1),
            seeds=tuple(seeds),
        )

    def _seed(self, trace: Trace) -> SeedResult:
        objective, people, budget = self._objective, self._people, self._budget
        found = metrics.filled(_found(self._oracle, objective, trace.experiments), budget)
        advised = _recommended(self._oracle, objective, trace.experiments)
        return SeedResult(
            seed=trace.seed,
            experiments=len(trace.experiments),
            failed=sum(one.point is None for one in trace.experiments),
            found=tuple(found),
            recommended=tuple(metrics.filled(advised, budget)),
            to_top1=metrics.experiments_to(found, people.top1, budget),
            to_top5=metrics.experiments_to(found, people.top5, budget),
            area=metrics.area(self._regret(found)),
            seconds=trace.seconds,
            ended=trace.ended,
        )

    def _regret(self, curve: Sequence[float | None]) -> list[float]:
        return metrics.regret(curve, self._best, self._people.median)

    def _share(self, trace: Trace) -> list[float]:
        """The share of the winners that was measured, after each experiment."""
        winners, met, shares = self._people.winners, set(), []
        for one in trace.experiments:
            if one.point is not None:
                answer = self._oracle.ask(one.point)
                met |= {key(answer[0])} & winners if answer else set()
            shares.append(len(met) / len(winners))
        return [float(share or 0.0) for share in metrics.filled(shares, self._budget)]

    def _compared(self, one: PolicyResult, base: PolicyResult) -> Comparison:
        ours, theirs = _by_seed(one), _by_seed(base)
        both = [seed for seed in ours if seed in theirs]
        curve = self._enhancement([ours[s] for s in both], [theirs[s] for s in both])
        value, at = metrics.peak(curve)
        return Comparison(
            policy=one.policy,
            reference=base.policy,
            seeds=tuple(both),
            acceleration_top1=metrics.acceleration(
                [theirs[s].to_top1 for s in both], [ours[s].to_top1 for s in both], self._budget
            ),
            acceleration_top5=metrics.acceleration(
                [theirs[s].to_top5 for s in both], [ours[s].to_top5 for s in both], self._budget
            ),
            enhancement=tuple(curve),
            enhancement_peak=value,
            enhancement_peak_at=at,
            to_top1_difference=metrics.mean_figure(
                [ours[s].to_top1 - theirs[s].to_top1 for s in both]
            ),
            to_top5_difference=metrics.mean_figure(
                [ours[s].to_top5 - theirs[s].to_top5 for s in both]
            ),
            area_difference=metrics.mean_figure([ours[s].area - theirs[s].area for s in both]),
            failed_difference=metrics.mean_figure(
                [ours[s].failed - theirs[s].failed for s in both]
            ),
        )

    def _enhancement(
        self, ours: Sequence[SeedResult], theirs: Sequence[SeedResult]
    ) -> list[float | None]:
        goal = self._objective.goal
        if goal not in {"maximise", "minimise"}:
            return [None] * self._budget
        sign = 1.0 if goal == "maximise" else -1.0
        curves = [
            [[None if score is None else sign * score for score in one.found] for one in side]
            for side in (theirs, ours)
        ]
        return metrics.enhancement(curves[0], curves[1], maximised=goal == "maximise")


def _by_seed(result: PolicyResult) -> Mapping[int, SeedResult]:
    return {one.seed: one for one in result.seeds}


def _found(
    oracle: Oracle, objective: Objective, experiments: Sequence[Experiment]
) -> list[float | None]:
    """The best true score among the measured points, after each experiment."""
    return metrics.best_so_far([_true(oracle, objective, one.point) for one in experiments])


def _recommended(
    oracle: Oracle, objective: Objective, experiments: Sequence[Experiment]
) -> list[float | None]:
    """The true score of the point with the best mean of its own readings, after each experiment.

    The first of equals, as `core.history.best` has it.
    """
    readings: dict[object, list[float]] = {}
    points: dict[object, Point] = {}
    means: dict[object, float] = {}
    found: list[float | None] = []
    for one in experiments:
        if one.point is not None:
            name = key(one.point)
            points[name] = one.point
            readings.setdefault(name, []).extend(one.values)
            means[name] = objective.score(fmean(readings[name]))
        best = max(means, key=lambda name: means[name], default=None)
        found.append(_true(oracle, objective, points.get(best)))
    return found


def _true(oracle: Oracle, objective: Objective, point: Point | None) -> float | None:
    answer = None if point is None else oracle.ask(point)
    return None if answer is None else objective.score(answer[1])
