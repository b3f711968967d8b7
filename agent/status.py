"""A campaign in a few values, for a terminal, an artifact or a machine."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import Field

from agent.core.calibration import Calibration
from agent.core.decision import Decision
from agent.core.dosing import Dosing
from agent.core.front import Known
from agent.core.job import JobStatus
from agent.core.outlook import Outlook
from agent.core.question import Question
from agent.core.replicates import Scatters
from agent.core.saving import Saving
from agent.core.source import LEFT_OUT
from agent.core.stock import Shortage
from agent.core.trial import TrialStatus
from agent.core.values import Point, Value
from agent.core.working import AtWork, at_work
from agent.standing import Standing
from agent.winner import Leader, leaders, winner

Status = TypeVar("Status", TrialStatus, JobStatus)


class Limit(Value):
    """One limit of the budget: what was used of it, of how much, in which unit."""

    name: str
    used: float
    limit: float
    unit: str


class Trusted(Value):
    """How far the last decision that asked the priors believed them, and what they have come to.

    Attributes:
        weights: Expert -> weight: `sources`, `mirrored`, `lengthscales`, `plain`.
        coefficients: Source -> mean and standard deviation of its coefficient; 1 is at face value.
        trusted: Source -> how far it is believed, 0 to 1.
        off: The sources that are switched off.
        left_out: In words, the sources that the last decision could not use, and why.
        saved: Experiments that they have saved or cost; None where that was not reckoned.
    """

    weights: dict[str, float] = Field(default_factory=dict)
    coefficients: dict[str, tuple[float, float]] = Field(default_factory=dict)
    trusted: dict[str, float] = Field(default_factory=dict)
    off: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    saved: Saving | None = None


class Summary(Value):
    """How a campaign stands, in a few values.

    `best` is the mean of what was measured at the point that would be recommended, `winner` has what is
    expected there and whether samples made anew confirm it, and `leaders` the best points by what is
    expected of them. Of several objectives `front` are the points that none is better than, and `best` is what is worth
    most where that is one number (`unit` is its unit). `hypervolume` is what the front dominates.
    `in_question` are results that are not learnt until it is settled whether they are right, and
    `calibration` is what results have shown of the predictions of each objective. `learning`: the
    response is to be known everywhere, there is no best, and `outlook` says how far it is not known.
    `scatter` has of each objective what readings of one sample scatter by, and samples made anew; `dosing`
    tells how settings come out as executed, where that is other than asked. `held` says why its instrument
    takes nothing, `wanting` what is used up there, with the commands that mend it, `closed` until when it is quiet
    or reserved for others, `turn` to which campaign it gives way there, and why; `standing` has what standing
    approvals still let through, `troubles` what adapters have raised over jobs that are under way, `contacts`
    whom to call of each instrument, and `instruments` what the campaign has had of each.
    """

    name: str
    id: str
    state: str
    reason: str
    revision: int
    objective: str
    unit: str
    goal: str
    best: float | None
    best_point: Point | None
    best_trial: str | None
    measured: int
    trials: dict[TrialStatus, int]
    jobs: dict[JobStatus, int]
    budget: tuple[Limit, ...]
    waits_for: Literal["", "a review", "a person", "an instrument"]
    begun: datetime
    priors: Trusted | None = None
    outlook: Outlook | None = None
    front: tuple[Known, ...] = ()
    hypervolume: float | None = None
    in_question: tuple[Question, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    learning: bool = False
    scatter: dict[str, Scatters] = Field(default_factory=dict)
    dosing: tuple[Dosing, ...] = ()
    winner: Leader | None = None
    leaders: tuple[Leader, ...] = ()
    held: str = ""
    wanting: tuple[str, ...] = ()
    closed: str = ""
    turn: str = ""
    standing: tuple[str, ...] = ()
    shortages: tuple[Shortage, ...] = Field(default=(), exclude=True)
    troubles: dict[str, str] = Field(default_factory=dict)
    contacts: dict[str, str] = Field(default_factory=dict)
    instruments: tuple[AtWork, ...] = ()

    @property
    def unknown(self) -> float | None:
        """Where the response is to be known everywhere, how far it was not by the last decision."""
        return None if self.outlook is None else self.outlook.unknown

    @property
    def bar(self) -> tuple[float, float]:
        """Used and limit of the first limit: what a progress bar shows."""
        first = self.budget[0]
        return first.used, first.limit


def summarise(
    standing: Standing,
    saving: Saving | None = None,
    missing: Sequence[Shortage] = (),
    closed: str | None = None,
    turn: str | None = None,
    permitted: Sequence[str] = (),
    *,
    troubles: Mapping[str, str] | None = None,
    contacts: Mapping[str, str] | None = None,
) -> Summary:
    """The summary of a standing.

    Args:
        standing: The campaign.
        saving: What its priors have saved, where that was reckoned.
        missing: What its trials want for, as `agent.wanting` has it.
        closed: Why its instrument is closed to it now.
        turn: To whom it gives way there.
        permitted: What its standing approvals let through, in words.
        troubles: Job -> what its adapter has raised over it.
        contacts: Instrument -> whom to call when it needs a person.
    """
    campaign, found = standing.campaign, leaders(standing)
    first = winner(standing, found)
    best = first.best if first else standing.best
    objective, aim = campaign.objective, campaign.aim
    return Summary(
        name=standing.entry.name,
        id=standing.entry.id,
        state=standing.entry.status,
        reason=standing.entry.reason,
        revision=standing.revision,
        objective=", ".join(aim.names),
        unit=aim.unit,
        goal=objective.goal if aim.single else aim.trade_off,
        best=best.value if best else None,
        best_point=best.point if best else None,
        best_trial=best.trial if best else None,
        measured=len(standing.own_rows) if aim.single else len(standing.known),
        trials=_counts(trial.status for trial in standing.trials),
        jobs=_counts(job.status for job in standing.jobs),
        budget=limits(standing),
        waits_for=_waits_for(standing, missing, closed or turn),
        begun=standing.entry.at,
        priors=trusted(standing, saving),
        outlook=standing.outlooks[-1] if standing.outlooks else None,
        front=() if aim.single else standing.front,
        hypervolume=standing.hypervolume,
        in_question=standing.questions,
        calibration=standing.calibrations,
        learning=aim.learning,
        winner=first,
        leaders=found,
        scatter={one.name: standing.scatters_of(one) for one in campaign.objectives},
        dosing=standing.dosing,
        held=str(standing.held or ""),
        wanting=tuple(map(str, missing)),
        closed=closed or "",
        turn=turn or "",
        standing=tuple(permitted),
        shortages=tuple(missing),
        troubles=dict(troubles or {}),
        contacts=dict(contacts or {}),
        instruments=at_work(standing.jobs, standing.now),
    )


def trusted(standing: Standing, saving: Saving | None = None) -> Trusted | None:
    """How far the last decision with sources believed them; None where there is none.

    Args:
        standing: The campaign.
        saving: What they have saved, where that was reckoned.
    """
    if not standing.campaign.sources:
        return None
    states = (one.state for one in reversed(standing.decisions) if one.state)
    state = next((one for one in states if one["kind"] == "transfer"), None)
    left_out = _left_out(standing)
    if state is None:
        return Trusted(left_out=left_out) if left_out else None
    return Trusted(
        left_out=left_out,
        weights=state["weights"],
        coefficients=state["coefficients"],
        trusted=state["trusted"],
        off=tuple(name for name, watch in standing.watches.items() if watch.off),
        saved=saving,
    )


def _left_out(standing: Standing) -> tuple[str, ...]:
    """Of the last decision's notes, those on priors that it could not use."""
    if not standing.decisions:
        return ()
    return tuple(note for note in standing.decisions[-1].notes if LEFT_OUT in note)


def without_priors(decision: Decision, point: Point) -> Point | None:
    """What would have been chosen instead of `point` if nothing had been known before; None where
    that was not asked, or the priors had no say.
    """
    turns = decision.state.get("turns", []) if decision.state else []
    # Replicates and points of the file come first; nobody chose them.
    chosen = decision.choices[len(decision.choices) - len(turns) :]
    pairs = zip(chosen, turns, strict=True)
    told = ((turn.get("point", choice.point), turn["without"]) for choice, turn in pairs)
    return next((without for at, without in told if at == point), None)


def limits(standing: Standing) -> tuple[Limit, ...]:
    """Every limit of the campaign's budget with what was used of it."""
    budget, use = standing.campaign.budget, standing.use
    found = []
    if budget.experiments is not None:
        found.append(
            Limit(name="experiments", used=use.experiments, limit=budget.experiments, unit="")
        )
    if budget.cost is not None:
        found.append(
            Limit(name="cost", used=use.cost, limit=budget.cost.limit, unit=budget.cost.unit)
        )
    if budget.wall_time is not None:
        wall = budget.wall_time
        passed = use.seconds * wall.limit / wall.seconds
        found.append(Limit(name="wall time", used=passed, limit=wall.limit, unit=wall.unit))
    return tuple(found)


def _waits_for(
    standing: Standing, missing: Sequence[Shortage], closed: str | None
) -> Literal["", "a review", "a person", "an instrument"]:
    if standing.jobs_in(JobStatus.UNKNOWN) or standing.held or missing:
        return "a person"
    if standing.of(TrialStatus.PROPOSED):
        return "a review"
    return "an instrument" if standing.in_flight or closed else ""


def _counts(statuses: Iterable[Status]) -> dict[Status, int]:
    counts: dict[Status, int] = {}
    for status in statuses:
        counts[status] = counts.get(status, 0) + 1
    return counts
