"""Writing what happens: jobs on their way, samples, observations, documents, and what follows."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from agent.core.job import UNENDED, FailureKind, Job, JobStatus, Observation, Sample
from agent.core.judgement import Judgement
from agent.core.lifecycle import JOB, Settling, check_step, trial_status
from agent.core.trial import Trial, TrialStatus
from agent.core.values import Point
from agent.data.facts import sealed
from agent.data.leases import insert_new
from agent.data.ready import Ready
from agent.data.rows import TABLES
from agent.data.stocks import StockWriting
from agent.errors import GateError, LifecycleError, StoreError

_SEEN_ROWS = TABLES[Observation]
_NEWER = _SEEN_ROWS.alias()
_SEEN = Ready(
    select(_SEEN_ROWS.c.objective, _SEEN_ROWS.c.job).where(
        _SEEN_ROWS.c.trial == bindparam("wanted"),
        ~select(_NEWER.c.id).where(_NEWER.c.supersedes == _SEEN_ROWS.c.id).exists(),
    )
)
_SAMPLES = TABLES[Sample]
_MOVE_SAMPLE = (
    update(_SAMPLES)
    .where(_SAMPLES.c.id == bindparam("wanted"))
    .values(place=bindparam("place"), executed=bindparam("executed"))
)
_JUDGED = frozenset({TrialStatus.DONE, TrialStatus.PARTIAL, TrialStatus.FAILED})
_ENDED = frozenset({JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.REFUSED})


class Running(StockWriting):
    """The part of a transaction that follows a job to its results."""

    def note(self, job_id: str, handle: dict[str, Any]) -> None:
        """Keep the handle by which the job is found again.

        Raises:
            LifecycleError: the job has ended.
        """
        job = self._locked_job(job_id)
        if job.status not in UNENDED:
            raise LifecycleError(f"job {job.id} is {job.status}", "its handle is not changed")
        self._change(Job, job.id, job.status, {"handle": handle})
        self.record(job.campaign, "job.noted", job.id, {"handle": handle})

    def job(self, id: str) -> Job:
        """The job as it is, and stays until this transaction is written.

        Raises:
            NotFound: there is none.
        """
        return self._locked_job(id)

    def move_job(
        self,
        job_id: str,
        target: JobStatus,
        *,
        message: str = "",
        failure: FailureKind | None = None,
        cost: float | None = None,
        handle: dict[str, Any] | None = None,
    ) -> None:
        """Take one step of a job's life; what is not given stays as it was.

        A failure that nobody classified is `unclassified`. A job that was surely never executed gives back
        what it took of its instrument's stocks.

        Raises:
            NotFound: there is no such job.
            LifecycleError: there is no such step, it is another's, or another was faster.
        """
        job = self._locked_job(job_id)
        check_step(JOB, job.status, target, self.by)
        if target is JobStatus.FAILED:
            failure = failure or "unclassified"
        elif failure is not None:
            raise LifecycleError(f"a job that is {target} has no failure", "move it to failed")
        given = {"message": message or None, "failure": failure, "cost": cost, "handle": handle}
        change = {name: value for name, value in given.items() if value is not None}
        self._change(
            Job, job.id, job.status, {"status": target, **change, **self._times(job, target)}
        )
        data = {"from": job.status, "to": target, **change}
        self.record(job.campaign, "job.moved", job.id, data)
        withdrawn = target is JobStatus.CANCELLED and job.status is JobStatus.INTENDED
        if target is JobStatus.REFUSED or withdrawn:
            self._give_back(job)

    def observe(self, observation: Observation) -> None:
        """Add an observation.

        Raises:
            StoreError: its trial is of another campaign, or what it supersedes is not a current
                observation of the same trial and objective.
        """
        self._lock(observation.campaign)
        self._trials_of(observation.campaign, [observation.trial])
        if observation.supersedes is not None:
            old = self._one(Observation, observation.supersedes)
            if (old.trial, old.objective) != (observation.trial, observation.objective):
                raise StoreError(f"observation {old.id} is of another trial or objective")
        self._insert(observation)
        data: dict[str, Any] = {
            "trial": observation.trial,
            "objective": observation.objective,
            **sealed(observation),
        }
        if observation.supersedes is not None:
            data["supersedes"] = observation.supersedes
        self.record(observation.campaign, "observation.made", observation.id, data)

    def judge(self, judgement: Judgement) -> None:
        """Write what a person says of a trial that has ended.

        Raises:
            GateError: somebody else says it than who writes, or it is no person.
            LifecycleError: the trial has not ended.
        """
        if self.by != judgement.by or self.by.kind != "person":
            raise GateError(f"{self.by} may not judge for {judgement.by}", "a person does, as such")
        trial = self._locked_trial(judgement.trial)
        if trial.status not in _JUDGED:
            raise LifecycleError(
                f"{trial.id} is {trial.status}", "only what was executed is judged"
            )
        self._trials_of(judgement.campaign, [trial.id])
        self._insert(judgement)
        data = {
            "judgement": judgement.id,
            "word": judgement.word,
            "reason": judgement.reason,
            **sealed(judgement),
        }
        self.record(judgement.campaign, "trial.judged", trial.id, data)

    def add_sample(self, sample: Sample) -> None:
        """Add a sample.

        Raises:
            StoreError: its trial is of another campaign, or its code is taken.
        """
        self._lock(sample.campaign)
        self._trials_of(sample.campaign, [sample.trial])
        data = {"code": sample.code, "trial": sample.trial}
        self._insert(sample, seq=self.record(sample.campaign, "sample.made", sample.id, data))

    def move_sample(self, sample_id: str, place: str, executed: Point | None) -> None:
        """Say where a sample lies now, and with which settings it was made so far.

        Raises:
            NotFound: there is no such sample.
        """
        sample = self._one(Sample, sample_id)
        self._lock(sample.campaign)
        columns = {"place": place, "executed": executed}
        self._connection.execute(_MOVE_SAMPLE, {"wanted": sample.id, **columns})
        self.record(sample.campaign, "sample.moved", sample.id, columns)

    def put_blob(self, content: bytes, media: str) -> str:
        """Keep a document; its sha256. The same one is kept once.

        It is of no campaign: the observation that names it is what the journal tells of.
        """
        sha = hashlib.sha256(content).hexdigest()
        row = {"sha256": sha, "media": media, "size": len(content), "content": content}
        insert_new(self._connection, "blobs", row)
        return sha

    def settle(self, trial_id: str, rules: Settling) -> TrialStatus:
        """Put a trial where its jobs and its current observations say that it is; the new state.

        Only a trial in progress or partial moves.

        Raises:
            NotFound: there is no such trial.
        """
        trial = self._locked_trial(trial_id)
        if trial.status not in (TrialStatus.IN_PROGRESS, TrialStatus.PARTIAL):
            return trial.status
        jobs = self._jobs_of(trial)
        derived = trial_status(jobs, trial.steps, self._objectives_seen(trial), rules)
        if trial.status is TrialStatus.PARTIAL and derived is not TrialStatus.DONE:
            return trial.status
        return self._moved(trial, derived, "settled")

    def supplement(self, trial_id: str, objectives: Sequence[str]) -> TrialStatus:
        """Put a trial that has ended where its observations say, after a person has brought some that
        were missing: a failed one, too, whose jobs stay failed; the new state.

        Raises:
            NotFound: there is no such trial.
            LifecycleError: it can take none.
        """
        trial = self._locked_trial(trial_id)
        complete = self._objectives_seen(trial).keys() >= set(objectives)
        found = TrialStatus.DONE if complete else TrialStatus.PARTIAL
        return self._moved(trial, found, f"readings brought by {self.by.name}")

    def _moved(self, trial: Trial, target: TrialStatus, reason: str) -> TrialStatus:
        if target is not trial.status:
            self._take(trial, target)
            data = {"from": trial.status, "to": target, "reason": reason}
            self.record(trial.campaign, "trial.moved", trial.id, data)
        return target

    def _times(self, job: Job, target: JobStatus) -> dict[str, Any]:
        times: dict[str, Any] = {}
        if target is JobStatus.STARTED:
            times["started_at"] = self.now
        elif job.status is JobStatus.UNKNOWN and target is not JobStatus.REFUSED:
            # A person says that it was executed, nobody knows since when; it counts all the same.
            times["started_at"] = job.started_at or job.intended_at
        if target in _ENDED:
            times["ended_at"] = self.now
        return times

    def _objectives_seen(self, trial: Trial) -> dict[str, str | None]:
        """Objective -> the job that brought its reading."""
        rows = _SEEN.rows(self._connection, {"wanted": trial.id})
        return {str(objective): job for objective, job in rows}
