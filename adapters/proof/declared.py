"""The contract suite on what was declared: `adapters.proof.proving` runs it, nobody else can."""

# ruff: noqa: ARG002 - the suite's hooks have these arguments

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import pytest

from adapters.proof.watched import Watched
from adapters.testing import ENDED, AdapterContract
from agent.core.adapter import Adapter, Handle, Outcome
from agent.core.job import Job

if TYPE_CHECKING:
    from adapters.proof.proving import Proof


class TestDeclared(AdapterContract):
    """Every promise of the contract, as far as it was declared."""

    @pytest.fixture(autouse=True)
    def _watch(self, request: pytest.FixtureRequest, proof: "Proof") -> Iterator[None]:
        self.proof = proof
        proof.admit(request.node.name)
        yield
        proof.settle()

    @pytest.fixture
    def adapter(self, proof: "Proof") -> Adapter:
        """An instance of its own for each test."""
        return proof.instance()

    @pytest.fixture
    def good_job(self, proof: "Proof") -> Job:
        """A job of its own for each test: an instrument may remember earlier ones."""
        return proof.job(proof.declared.good)

    @pytest.fixture
    def bad_job(self, proof: "Proof") -> Job:
        """What is never sent."""
        return proof.job(proof.declared.bad)

    def again(self, adapter: Adapter) -> Adapter:
        """Another instance, under the same watch."""
        return cast(Watched, adapter).again()

    def executions(self, adapter: Adapter, job: Job) -> int | None:
        """As far as it can be seen from here."""
        return self.proof.executions(job)

    def ended(self, adapter: Adapter, job: Job, handle: Handle) -> Outcome:
        """Collect until the job has ended, as seldom as a campaign would."""
        declared = self.proof.declared
        deadline = time.monotonic() + declared.wait.seconds
        while True:
            outcome = adapter.collect(job, handle)
            if outcome.state in ENDED:
                return outcome
            if time.monotonic() >= deadline:
                pytest.fail(f"after {declared.wait} still {outcome.state}: {outcome.message}")
            time.sleep(declared.execution.poll.seconds)
