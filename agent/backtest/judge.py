"""Traces beside the truth: what each policy came to in one campaign."""

from collections.abc import Mapping, Sequence

from agent.backtest import metrics
from agent.backtest.result import CampaignResult, Comparison, PolicyResult, SeedResult
from agent.backtest.trace import Trace
from agent.backtest.truth import Case, Experiment, Oracle, Population
from agent.backtest.yardstick import Values
from agent.core.front import Known, front, known
from agent.core.history import Row, key
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
        ends = [self._found(one.experiments)[-1:] for one in traces]
        reached = [last[0] for last in ends if last and last[0] is not None]
        # A sample may miss the optimum that a run has found.
        self._best = max([people.best, *reached])

    def result(self, policies: Sequence[str]) -> CampaignResult:
        """The campaign's result, for the policies that have at least one finished run.

        Each is compared with choosing at random, with itself without priors, and with itself without
        learning from failures, where those were run.
        """
        found = [result for name in policies if (result := self._policy(name)) is not None]
        campaign, people = self._case.campaign, self._people
        aim, objective = campaign.aim, campaign.objective
        return CampaignResult(
            campaign=campaign.name,
            objective=", ".join(aim.names),
            unit="share of the hypervolume" if aim.fronted else aim.unit,
            goal=objective.goal if aim.single else aim.trade_off,
            budget=self._budget,
            population=people.kind,
            population_size=len(people.merits),
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
        people, budget = self._people, self._budget
        found = metrics.filled(self._found(trace.experiments), budget)
        advised = self._recommended(trace.experiments)
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
        aim, goal = self._case.campaign.aim, self._case.campaign.objective.goal
        if not aim.single or goal not in {"maximise", "minimise"}:
            return [None] * self._budget
        sign = 1.0 if goal == "maximise" else -1.0
        curves = [
            [[None if score is None else sign * score for score in one.found] for one in side]
            for side in (theirs, ours)
        ]
        return metrics.enhancement(curves[0], curves[1], maximised=goal == "maximise")

    def _true(self, point: Point | None) -> Values | None:
        answer = None if point is None else self._oracle.ask(point)
        return None if answer is None else answer[1]

    def _found(self, experiments: Sequence[Experiment]) -> list[float | None]:
        """How good the measured points are by their true values, after each experiment."""
        return self._people.yardstick.curve([self._true(one.point) for one in experiments])

    def _recommended(self, experiments: Sequence[Experiment]) -> list[float | None]:
        """How good the points really are that would be recommended, after each experiment: those that
        are best by the means of their own readings, the first of equals, as `core.front.front` has it.
        """
        aim, found = self._case.campaign.aim, list[float | None]()
        rows: dict[object, list[Row]] = {}
        seen: dict[object, Known] = {}
        for number, one in enumerate(experiments):
            if one.point is not None:
                here = rows.setdefault(key(one.point), [])
                here += [
                    Row(id="", trial=str(number), point=one.point, value=value, objective=name)
                    for name, value in one.readings
                ]
                (seen[key(one.point)],) = known(here)
            advised = [self._true(best.point) for best in front(seen.values(), aim)]
            found.append((self._people.yardstick.curve(advised) or [None])[-1])
        return found


def _by_seed(result: PolicyResult) -> Mapping[int, SeedResult]:
    return {one.seed: one for one in result.seeds}
