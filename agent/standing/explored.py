"""What is known of points: which were measured, which are good, which do not work."""

from dataclasses import dataclass
from functools import cached_property

from agent.core.front import Known, Worth, front, hypervolume, known, reference
from agent.core.history import OWN, Best, best, current, key
from agent.core.judgement import faults, infeasible
from agent.core.trial import TrialStatus
from agent.core.values import Point
from agent.standing.measured import Measured

_AGAIN = 2
"""Failed experiments at a point after which it is not asked for again, whatever the failure was."""


@dataclass(frozen=True)
class Explored(Measured):
    """The points that have a value, the best of them, and those that are not to come again."""

    @cached_property
    def known(self) -> tuple[Known, ...]:
        """The measured points of `own_rows`, with the mean of each objective; of one that is required, a
        bound may stand for it.
        """
        own = {one.id for one in self.trials if one.origin == OWN}
        bounds = [one for one in self._bounds if one.trial in own]
        return known(self.own_rows, bounds, self.campaign.aim.required)

    @cached_property
    def front(self) -> tuple[Known, ...]:
        """The points that none is better than; of one objective the best one; none where no value is
        better than another.
        """
        if self.campaign.aim.learning:
            return ()
        return front(self.known, self.campaign.aim)

    @cached_property
    def reference(self) -> Worth | None:
        """From which point on the front counts; None where there is no front yet."""
        aim = self.campaign.aim
        worths = [aim.worth(one.values) for one in self.known if aim.complete(one.values)]
        if not aim.fronted or not worths:
            return None
        given = [None if one.worst is None else one.score(one.worst) for one in aim.wanted]
        return reference(worths, given)

    @property
    def hypervolume(self) -> float | None:
        """How much the front dominates beyond its reference, in the product of the objectives' units."""
        if self.reference is None:
            return None
        worths = [self.campaign.aim.worth(one.values) for one in self.front]
        return hypervolume(worths, self.reference)

    @cached_property
    def best(self) -> Best | None:
        """The best point so far, by the mean of its values; None where there is no one best point."""
        aim = self.campaign.aim
        if aim.learning:
            return None
        if aim.single:
            return best(self.own_rows, self.campaign.objective)
        if aim.fronted or not self.front:
            return None
        (one,) = self.front
        worth = one.values[aim.wanted[0].name] if len(aim.wanted) == 1 else aim.worth(one.values)[0]
        return Best(trial=one.trial, point=one.point, value=worth, rows=one.rows)

    @cached_property
    def infeasible(self) -> tuple[Point, ...]:
        """Points that do not work: a job said so, or a person. No other failure says anything of one."""
        trials = (
            one
            for one in self.trials
            if one.id in self._infeasible and one.status is not TrialStatus.VOIDED
        )
        points = (self.point_of(one.id) for one in trials)
        return tuple(point for point in points if point is not None)

    @cached_property
    def barred(self) -> tuple[Point, ...]:
        """Points that may not be asked for again: rejected, infeasible, twice without a value, or with a
        result in question.
        """
        failures: dict[object, int] = {}
        told = {one.trial for one in (*self._every_row(own=False), *self._bounds)}
        nothing = faults(self.judgements)
        found = []
        for trial in self.trials:
            point = self.effective[trial.id].point
            void = trial.status in {TrialStatus.DONE, TrialStatus.PARTIAL} and trial.id not in told
            if (trial.status is TrialStatus.FAILED or void) and trial.id not in nothing:
                failures[key(point)] = failures.get(key(point), 0) + 1
            again = failures.get(key(point), 0) >= _AGAIN
            if trial.status is TrialStatus.REJECTED or trial.id in self._infeasible or again:
                found.append(point)
        # Executed elsewhere than planned: the row stands there, and the plan is not to come again.
        for row in self._rows(own=False):
            planned = self.effective[row.trial].point
            if self.campaign.policy.replicates == 1 and key(planned) != key(row.point):
                found.append(planned)
        return (*found, *(self.effective[one.trial].point for one in self.questions))

    @cached_property
    def _infeasible(self) -> frozenset[str]:
        return infeasible(self.jobs, self.judgements, current(self.observations))
