"""The contract suite against the real thing, within what was declared, promise by promise.

pytest runs it, since it tells best what an assertion saw. Nothing is sent that was not declared; nothing is sent
any more once a promise without effect was broken, or once a job is in doubt.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.proof.foreseen import SENDINGS, STOP, Foreseen, foreseen
from adapters.proof.meaning import meaning, said_of
from adapters.proof.watched import Account, Sending, Watched
from agent.core.actor import Process
from agent.core.adapter import Adapter
from agent.core.harmless import Asked, Declaration, Promise
from agent.core.ids import job as job_id
from agent.core.ids import new_campaign, record
from agent.core.job import Job
from agent.errors import AdapterError

_ENDED = frozenset({"done", "failed", "cancelled", "lost"})
_SUITE = Path(__file__).with_name("declared.py")
_ALONE = ("no:terminal", "no:cacheprovider", "no:faulthandler", "no:logging", "no:unraisableexception",
          "no:threadexception", "no:warnings")  # fmt: skip


class Proof:
    """One run of the contract suite, and a plugin of pytest that watches over it.

    Args:
        declared: What may be done.
        make: Makes the adapter that is tested.
        me: This process, as the sender of the jobs.
        told: Called with each promise when it is known whether it was kept.
    """

    def __init__(
        self,
        declared: Declaration,
        make: Callable[[], Adapter],
        me: Process,
        told: Callable[[Promise], None] = lambda _: None,
    ) -> None:
        self.declared, self._make, self._me, self._told = declared, make, me, told
        self.capabilities = make().capabilities()
        self.foreseen: tuple[Foreseen, ...] = foreseen(declared, self.capabilities)
        self.promises: list[Promise] = []
        self._account = Account(declared.executions)
        self._campaign, self._trials = new_campaign(), 0
        self.doubt = self._broken = ""
        self._seen = 0

    @property
    def physical(self) -> bool:
        """Whether a sending has an effect."""
        return self.capabilities.effect == "physical"

    @property
    def sent(self) -> tuple[Sending, ...]:
        """What was sent, in order."""
        return tuple(one for one in self._account.sendings if one.how != "refused")

    def run(self) -> tuple[Promise, ...]:
        """Try every promise that was declared.

        Raises:
            KeyboardInterrupt: somebody has interrupted it; what was sent is in `sent`.
            AdapterError: pytest itself failed.
        """
        options = os.environ.pop("PYTEST_ADDOPTS", None)
        alone = [word for name in _ALONE for word in ("-p", name)]
        words = [str(_SUITE), "--capture=no", "--disable-plugin-autoload", *alone]
        words += [
            f"--rootdir={_SUITE.parent}",
            f"--confcutdir={_SUITE.parent}",
            "-c",
            os.devnull,
            "-o",
            "verbosity_assertions=2",
        ]
        try:
            code = pytest.main(words, plugins=[self])
        finally:
            if options is not None:
                os.environ["PYTEST_ADDOPTS"] = options
        if code == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            raise AdapterError(
                f"pytest could not run the suite ({code!r})", "is it installed whole?"
            )
        return tuple(self.promises)

    # What the suite asks for.

    def instance(self) -> Adapter:
        """An adapter under watch."""
        return Watched(self._make, self._account)

    def job(self, asked: Asked) -> Job:
        """A job that no instrument has seen before."""
        self._trials += 1
        trial = record(self._campaign, "T", self._trials)
        plan = asked.plan(self.declared.execution, trial)
        return Job(
            id=job_id(trial, 1, 1),
            campaign=self._campaign,
            trials=(trial,),
            plans=(plan,),
            approvals=(f"declared-{trial}",),
            step=plan.step,
            stage=1 if asked.sample is None else 2,
            samples=() if asked.sample is None else (asked.sample.handed(trial),),
            instrument=plan.instrument,
            attempt=1,
            sender=self._me,
            fence=1,
            intended_at=datetime.now(UTC),
        )

    def executions(self, job: Job) -> int | None:
        """How often a job was executed; None if that cannot be seen from here.

        Of a sender that was overtaken the instrument is asked: with the handle that was committed.
        """
        for one in self._account.of(job):
            if one.how == "overtaken":
                sighting = self._make().find(job, one.handle)
                if sighting.state != "absent":
                    one.how = "sent"
                    return 1
                if not sighting.sure:
                    pytest.skip(
                        f"whether {job.id} was executed cannot be seen from here: look there"
                    )
            elif one.how != "refused":
                return None
        return 0

    def admit(self, test: str) -> None:
        """Let a test begin, or skip it and say why; its instrument is ready when it begins."""
        self._seen = len(self._account.sendings)
        here = next((one for one in self.foreseen if one.test == test), None)
        if here is None:
            pytest.skip("this version does not know what it would send")
        if here.left_out:
            pytest.skip(here.left_out)
        if not self.physical or not (here.sendings or test == STOP):
            return
        if test != STOP and (self.doubt or self._broken):
            pytest.skip(self.doubt or f"nothing is sent while this is broken: {self._broken}")
        if here.sendings:
            self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.declared.wait.seconds
        while (health := self._make().health()).state != "ready":
            if health.state != "busy" or time.monotonic() >= deadline:
                pytest.skip(f"the instrument is {health.state}: {health.reason}")
            time.sleep(self.declared.execution.poll.seconds)

    def settle(self) -> None:
        """Wait until nothing that was sent is running any more; what stays in doubt ends the sending."""
        if self.physical:
            for one in self._account.sendings:
                if one.how in {"sent", "in doubt"} and not self.doubt:
                    self.doubt = self._settled(one)

    def _settled(self, sending: Sending) -> str:
        """See a job to its end; what is in doubt of it, empty if nothing is."""
        adapter, job, doubt = self._make(), sending.job, f"{sending.job.id} is in doubt: "
        deadline = time.monotonic() + self.declared.wait.seconds
        try:
            if sending.how == "in doubt":
                sighting = adapter.find(job, sending.handle)
                if sighting.state == "absent":
                    sending.how = "refused" if sighting.sure else "in doubt"
                    return "" if sighting.sure else f"{doubt}{sighting.reason or 'it is not seen'}"
                sending.handle = sighting.handle or sending.handle
            while (outcome := adapter.collect(job, sending.handle)).state not in _ENDED:
                if time.monotonic() >= deadline:
                    return f"{doubt}after {self.declared.wait} it has not ended"
                time.sleep(self.declared.execution.poll.seconds)
        except AdapterError as error:
            return f"{doubt}{error.message}"
        sending.how = "ended"
        return f"{doubt}{outcome.message}" if outcome.state == "lost" else ""

    # What pytest asks for.

    @pytest.fixture
    def proof(self) -> "Proof":
        """This run."""
        return self

    def pytest_configure(self) -> None:
        """Let pytest tell what the suite's assertions saw."""
        pytest.register_assert_rewrite("adapters.testing")

    def pytest_keyboard_interrupt(self) -> None:
        """Whoever interrupts it does not wait for what is running."""
        left = [one.job.id for one in self._account.sendings if one.how in {"sent", "in doubt"}]
        if left and self.physical:
            self.doubt = self.doubt or f"interrupted while {', '.join(left)} may be running"

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """What has no effect comes first."""
        order = {test: place for place, test in enumerate(SENDINGS)}
        items.sort(key=lambda item: order.get(item.name, -1))

    def pytest_runtest_makereport(
        self, item: pytest.Function, call: "pytest.CallInfo[Any]"
    ) -> None:
        """Say of each test what it means for its promise."""
        if call.when != "call" and call.excinfo is None:
            return
        if call.when == "teardown":
            self.doubt = self.doubt or f"what was sent for {item.name}: {said_of(call)}"
            return
        sent = [one for one in self._account.sendings[self._seen :] if one.how != "refused"]
        jobs = tuple(dict.fromkeys(one.job.id for one in sent))
        said = (getattr(item.function, "__doc__", "") or "").strip().partition("\n")[0]
        title = item.name.removeprefix("test_").replace("_", " ")
        state, why = meaning(call)
        if state == "kept" and any(one.how == "overtaken" for one in sent):
            why = f"by its own look-up; see at the instrument that {', '.join(jobs)} is not there"
        if state == "not kept" and not SENDINGS.get(item.name):
            self._broken = self._broken or title
        promise = Promise(name=item.name, words=f"{title}: {said}", state=state, why=why, jobs=jobs)
        self.promises.append(promise)
        self._told(promise)
