"""The agent at a desk, started again whenever it has ended, and the person whom it asks."""

import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from os import kill

from agent.core.instrument import in_force
from agent.core.job import Job
from agent.data.store import Store
from agent.errors import AthanorError
from tests.lab.labs import Lab, fate
from tests.lab.ordeal import LEASE
from tests.lab.running import PATIENCE_S, Desk, Executed, Forked, ended, stopped

HELD = 5
_DIRECT = ("--direct", *LEASE)
_SLOW_S = 1.0
"""A person is no quicker: what was on its way has arrived by then."""

Running = Forked | Executed


class Attended:
    """Whoever is asked looks into the laboratory's account, and says what became of a job.

    Args:
        desk: Where the agent runs.
        lab: Whose account is looked into.

    Attributes:
        running: The agent that was started last.
        runs: How many were started.
        asked: How often the person has answered.
    """

    def __init__(self, desk: Desk, lab: Lab) -> None:
        self.desk, self._lab = desk, lab
        self.running: Running | None = None
        self.runs = self.asked = 0
        self._in_doubt: dict[str, float] = {}

    @property
    def over(self) -> bool:
        """Whether the campaign has ended by itself."""
        return self.running is not None and self.running.code() == 0

    def start(self, **environ: str) -> Running:
        """Start the agent."""
        self.running = self.beside(**environ)
        return self.running

    def beside(self, **environ: str) -> Running:
        """Start another one beside it."""
        self.runs += 1
        return self.desk.run(*_DIRECT, **environ)

    def going(self) -> Running:
        """The agent, running; started again where it has ended."""
        running = self.running
        return running if running is not None and running.code() in {None, 0} else self.start()

    def ended(self, running: Running, deadline: float | None = None) -> int:
        """Wait for its end, and answer meanwhile; the exit code. It is killed at the deadline."""
        deadline = deadline or time.monotonic() + PATIENCE_S
        while running.code() is None:
            self._answer()
            time.sleep(0.1)
            if time.monotonic() > deadline:
                send(running, signal.SIGKILL)
        return running.code() or 0

    def lies_still(self, running: Running) -> bool:
        """Wait until it lies still, and answer meanwhile; False if it has ended before."""
        deadline = time.monotonic() + PATIENCE_S
        while running.code() is None and time.monotonic() < deadline:
            if stopped(running):
                return True
            self._answer()
            time.sleep(0.1)
        return False

    def quiet(self) -> None:
        """End the agent, if it is running."""
        if self.running is not None and self.running.code() is None:
            send(self.running, signal.SIGKILL)
            ended(self.running)

    def taken_over(self) -> bool:
        """Whether another agent gets the lease in time: not if the first lies still in a transaction."""
        deadline = time.monotonic() + 45.0
        while time.monotonic() < deadline:
            second = self.start()
            while second.code() is None and time.monotonic() < deadline:
                if self._holder() == second.pid:
                    return True
                time.sleep(0.05)
            if second.code() == 0:
                return True
        self.quiet()
        return False

    def look_anew(self) -> None:
        """What was in doubt is looked for as if it had been told just now."""
        self._in_doubt.clear()

    def _holder(self) -> int | None:
        """Which process runs the campaign, by the store."""
        with suppress(AthanorError), Store.open(self.desk.database, create=False) as store:
            lease = store.lease(store.entry("fire").id)
            return None if lease is None else lease.holder.pid
        return None

    def _answer(self) -> None:
        """Somebody looks what became of the jobs in doubt, and after an instrument that is held."""
        instrument = self._lab.instrument
        try:
            with Store.open(self.desk.database, create=False) as store:
                doubt = store.in_doubt(instrument)
                held = in_force(store.holds(instrument), datetime.now(UTC))
        except AthanorError:
            return
        now = time.monotonic()
        for job in doubt:
            if now - self._in_doubt.setdefault(job.id, now) >= _SLOW_S:
                self._look_for(job)
        if held is not None:
            told = ("instrument", "release", instrument, "--reason", "looked at: it works")
            self.asked += self.desk.say(*told) == 0

    def _look_for(self, job: Job) -> None:
        match fate(self._lab, job.id):
            case "done":
                result = self._lab.results()[job.id]
                told = ("record", "fire", job.trials[0], f"mass={result}", "--leave")
            case "spoiled":
                told = ("resolve", job.id, "failed", "--reason", "half made, and thrown away")
            case "never":
                told = ("resolve", job.id, "refused", "--reason", "it is not in the account")
            case "at work":
                return
        self.asked += self.desk.say(*told) == 0


def send(running: Running, which: signal.Signals) -> None:
    """Send a signal to an agent that may have ended."""
    with suppress(ProcessLookupError):
        kill(running.pid, which)
