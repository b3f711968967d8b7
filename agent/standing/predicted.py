"""What decisions foresaw, and what results have shown of it."""

from dataclasses import dataclass
from functools import cached_property

from agent.core.calibration import Calibration, calibration
from agent.core.guard import Watch, watches_of
from agent.core.objective import Objective
from agent.core.outlook import Outlook, latest
from agent.core.record import Tested, record_of
from agent.standing.measured import Measured


@dataclass(frozen=True)
class Predicted(Measured):
    """The predictions that were put to the test, what they say of the models, and what was left to gain."""

    @property
    def record(self) -> tuple[Tested, ...]:
        """The predictions of the first objective that were put to the test."""
        name = self.campaign.objective.name
        near = self.campaign.space.near
        return record_of(self.decisions, self.trials, self.rows, name, near)

    def tested(self, objective: Objective) -> tuple[Tested, ...]:
        """The predictions of one objective that were put to the test, in the space as it was then;
        without those whose results are in question.
        """
        near = self.campaign.space.near
        return record_of(self.decisions, self.trials, self.own_rows, objective.name, near)

    @cached_property
    def calibrations(self) -> tuple[Calibration, ...]:
        """What results have shown of the predictions of each objective that has some."""
        names = ((one.name, self.tested(one)) for one in self.campaign.objectives)
        found = (calibration(name, tested) for name, tested in names)
        return tuple(one for one in found if one is not None)

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """What was left to gain by the last decisions of this revision, as `latest` has it."""
        same = [one for one in self.decisions if one.revision == self.revision]
        return latest([one.outlook for one in same])

    @cached_property
    def watches(self) -> dict[str, Watch]:
        """What the guard knows of each prior, by its name."""
        return watches_of(self.campaign, self.decisions)
