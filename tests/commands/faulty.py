"""An adapter with slips: what it is told to raise, it raises. Named through an operators' file."""

from pydantic import Field

from adapters.function import FunctionAdapter, FunctionSettings
from agent.core.adapter import Capabilities, Handle, Health, Outcome, Sighting
from agent.core.job import Job
from agent.core.trial import Plan


class FaultySettings(FunctionSettings):
    """A test function, and the verbs that raise in place of answering."""

    raising: tuple[str, ...] = Field(default=(), description="Verbs that raise.")


class FaultyAdapter(FunctionAdapter):
    """Evaluates a test function, unless a verb has a slip."""

    Settings = FaultySettings
    settings: FaultySettings

    def capabilities(self) -> Capabilities:
        self._slip("capabilities")
        return super().capabilities()

    def health(self) -> Health:
        self._slip("health")
        return super().health()

    def check(self, plan: Plan) -> tuple[str, ...]:
        self._slip("check")
        return super().check(plan)

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        self._slip("find")
        return super().find(job, handle)

    def collect(self, job: Job, handle: Handle) -> Outcome:
        self._slip("collect")
        return super().collect(job, handle)

    def _slip(self, verb: str) -> None:
        if verb in self.settings.raising:
            raise KeyError("slot")
