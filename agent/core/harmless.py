"""What may be done with an instrument to test its adapter, as people who know it have declared; and what
became of each promise of the contract.
"""

from typing import Literal

from pydantic import Field

from agent.core.budget import Duration
from agent.core.execution import Execution
from agent.core.job import SampleRef
from agent.core.trial import Plan, Setting
from agent.core.values import Scalar, Value

MOST = 7
"""How often the contract suite executes a job, at worst."""

State = Literal["kept", "not kept", "not tried"]
"""What became of a promise."""


class Laid(Value):
    """A sample that lies ready for a step that takes one, as an earlier step would have made it."""

    code: str = Field(min_length=1, description="what it is called, on its label, say")
    place: str = Field(default="", description="where it lies")
    executed: dict[str, Scalar] = Field(
        default_factory=dict, description="the settings that it was made with: name: value"
    )

    def handed(self, trial: str) -> SampleRef:
        """The sample as a job of that trial takes it."""
        return SampleRef(
            id=self.code,
            trial=trial,
            code=self.code,
            place=self.place,
            executed=self.executed or None,
        )


class Asked(Value):
    """Settings, and what is measured at them: what a trial asks of an instrument."""

    parameters: dict[str, Setting | Scalar] = Field(
        description="name: {value, unit}, or the bare value of what has no unit"
    )
    objectives: dict[str, str] = Field(
        description="name of what is measured: unit; {} where it only makes a sample"
    )
    sample: Laid | None = Field(
        default=None, description="of a step that takes a sample: the one that lies ready for it"
    )
    fidelity: str = Field(default="target", description="name of the fidelity")
    classes: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="objectives that are classes: the names of these"
    )

    @property
    def settings(self) -> dict[str, Setting]:
        """The parameters, each with its unit."""
        return {
            name: given if isinstance(given, Setting) else Setting(value=given)
            for name, given in self.parameters.items()
        }

    def plan(self, execution: Execution, trial: str) -> Plan:
        """The plan of a trial that asks for it."""
        return Plan(
            trial=trial,
            revision=1,
            step="run",
            fidelity=self.fidelity,
            instrument=execution.target,
            parameters=self.settings,
            objectives=self.objectives,
            instrument_settings=execution.settings,
            classes=self.classes,
        )


class Declaration(Value):
    """What `athanor adapter test` may do: nothing of it is guessed where the effect is physical."""

    execution: Execution = Field(description="which instrument, written as in a campaign")
    good: Asked = Field(description="what is harmless: it is executed, several times")
    bad: Asked = Field(description="what the adapter has reasons against: it is never sent")
    executions: int = Field(
        ge=0, description=f"how often `good` may be executed; {MOST} are enough for every promise"
    )
    may: frozenset[Literal["cancel", "emergency_stop"]] = Field(
        default=frozenset(), description="what may be tried besides: cancel, emergency_stop"
    )
    wait: Duration = Field(
        default=Duration(limit=5, unit="min"), description="within which `good` has ended"
    )


class Promise(Value):
    """One promise of the contract: whether it was kept.

    `name` is that of the test, `words` what is promised; `why` says what was seen instead, or why it was not
    tried; `jobs` are those that were sent for it.
    """

    name: str
    words: str
    state: State
    why: str = ""
    jobs: tuple[str, ...] = ()
