"""A person at a bench: run sheets in a shared folder, to be filled in and put into `done/`.

A sheet in `to_do/` counts as done once no result is blank; in `done/`, what is blank was not
measured. See `adapters.sheets` for what may be written, and `adapters.folder` for where.
"""

# ruff: noqa: ARG002 - the contract names the arguments, whether or not an adapter needs them

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.folder import Folder, Place, sheet_name
from adapters.pure import objective_reasons, same_unit, utc_now
from adapters.sheets import EXECUTED, Sheet, parse, render
from agent.core.adapter import (
    Cancellation,
    Capabilities,
    Handle,
    Health,
    Measurement,
    Note,
    Outcome,
    Sighting,
)
from agent.core.job import Job
from agent.core.trial import Plan
from agent.errors import IngestError, Refused


class FilesSettings(BaseModel):
    """Which folder, and what the bench can set and measure."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    folder: Path = Field(description="Folder that the people at the bench work in; it must exist.")
    objectives: dict[str, str] | None = Field(
        default=None,
        description="What can be measured: objective -> unit. By default whatever is asked.",
    )
    parameters: dict[str, str] | None = Field(
        default=None,
        description="What can be set: parameter -> unit. By default whatever is asked.",
    )
    max_trials_per_job: int = Field(default=96, ge=1, description="Rows on one run sheet.")
    parallel: int = Field(default=8, ge=1, description="Run sheets handed out at the same time.")
    settle_s: float = Field(
        default=2.0,
        ge=0,
        description="A sheet saved less than this many seconds ago is left alone.",
    )


class FilesAdapter:
    """Hands out run sheets and reads them back. All that it knows is where a sheet lies.

    Args:
        settings: Which folder.
        now: Tells the time, to leave alone what is just being saved.
    """

    Settings = FilesSettings
    effect: ClassVar[Literal["physical"]] = "physical"

    def __init__(self, settings: FilesSettings, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self._folder = Folder(settings.folder)
        self._now = now

    def capabilities(self) -> Capabilities:
        """Physical: a sheet that was handed out may have been worked on."""
        return Capabilities(
            effect=self.effect,
            lookup="sure",
            max_trials_per_job=self.settings.max_trials_per_job,
            parallel=self.settings.parallel,
            person=True,
            on_cancel="the run sheet is moved to cancelled/; tell the person who may have read it",
            on_lost_contact="the people at the bench go on with the sheets that they have",
            on_emergency_stop="STOP.txt tells whoever looks into the folder; call the people at the bench",
            version="run sheets 1",
        )

    def health(self) -> Health:
        """Unreachable if the folder is not there, locked while it holds STOP.txt."""
        return self._folder.health()

    def check(self, plan: Plan) -> tuple[str, ...]:
        """Reasons against `plan`: what the bench cannot set or measure, names no header can be."""
        reasons = []
        if self.settings.objectives is not None:
            reasons += objective_reasons(plan, self.settings.objectives)
        known = self.settings.parameters
        for name, setting in plan.parameters.items():
            if known is not None and name not in known:
                reasons.append(f"parameter '{name}' cannot be set at this bench")
            elif known is not None and not same_unit(setting.unit, known[name]):
                reasons.append(f"parameter '{name}' is set in '{known[name]}' here")
        names = [*plan.parameters, *plan.objectives]
        reasons += [f"'{name}' cannot head a column" for name in names if _no_header(name)]
        reasons += [f"'{name}' is both set and measured" for name in names if names.count(name) > 1]
        return tuple(dict.fromkeys(reasons))

    def prepare(self, job: Job) -> Handle:
        """The sheet's name, which follows from the job's id.

        Raises:
            Refused: `check` has reasons against one of its plans, or there are too many.
        """
        reasons = [reason for plan in job.plans for reason in self.check(plan)]
        if len(job.plans) > self.settings.max_trials_per_job:
            reasons.append(f"a run sheet has at most {self.settings.max_trials_per_job} rows")
        if reasons:
            raise Refused("; ".join(dict.fromkeys(reasons)), "edit or reject the trial")
        return {"sheet": sheet_name(job.id)}

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        """Put the sheet into to_do/, whole or not at all; one that is there already is left alone.

        Raises:
            Refused: the folder cannot take it now; no sheet was handed out.
            Unreachable: the folder has just gone.
        """
        health = self.health()
        if health.state != "ready":
            raise Refused(health.reason, "put it right, then send it again")
        if self._folder.place(job.id) is None:
            self._folder.hand_out(job.id, render(job))
        if self._folder.place(job.id) == "cancelled":
            self._folder.take_back(job.id)
            raise Refused(
                f"{sheet_name(job.id)} was withdrawn", "it is sent anew under another name"
            )
        note({**handle, "sent": self._now().isoformat()})

    def find(self, job: Job, handle: Handle | None) -> Sighting:
        """Where the sheet lies.

        A sheet that was handed out and lies nowhere is not surely undone: a person may have it. One
        that was never handed out is withdrawn here, so that no slow sender does it later.

        Raises:
            Unreachable: the folder is not there.
        """
        place, name = self._folder.place(job.id), sheet_name(job.id)
        known = handle or {"sheet": name}
        if place is not None:
            state: Literal["running", "ended"] = "running" if place == "to_do" else "ended"
            return Sighting(state=state, handle=known, reason=f"{place}/{name}")
        where = f"{name} is nowhere under {self.settings.folder}"
        if "sent" in known:
            reason = f"{where}, but was handed out {known['sent']}: ask who took it"
            return Sighting(state="absent", sure=False, reason=reason)
        self._folder.withdraw(job.id)
        return Sighting(state="absent", sure=True, reason=where)

    def collect(self, job: Job, handle: Handle) -> Outcome:
        """What was written down; a sheet that has to be mended stays `running`, and says so.

        Raises:
            Unreachable: the folder is not there, or the sheet cannot be read now.
        """
        place, name = self._folder.place(job.id), sheet_name(job.id)
        if place is None:
            if others := self._folder.other_formats(job.id):
                return Outcome(state="running", message=f"save done/{others[0]} as CSV (UTF-8)")
            return Outcome(
                state="lost", message=f"{name} is nowhere under {self.settings.folder}: who has it?"
            )
        if place == "cancelled":
            return Outcome(state="cancelled", message=f"the run sheet is in cancelled/{name}")
        text, saved = self._folder.read(place, job.id)
        try:
            outcome = _outcome(job, place, parse(job, text), text)
        except IngestError as error:
            outcome = Outcome(state="running", message=f"mend {place}/{name}: {error}")
        # A share's clock may be ahead of ours: what seems to come from the future is old enough.
        young = 0 <= self._now().timestamp() - saved < self.settings.settle_s
        if young and outcome.state == "done":
            return Outcome(state="running", message=f"{place}/{name} was saved just now")
        if outcome.state == "done" and place == "to_do":
            # Where it lies afterwards, it says the same: what was not committed is read again there.
            self._folder.finish(job.id)
        return outcome

    def cancel(self, job: Job, handle: Handle) -> Cancellation:
        """Move the sheet to cancelled/; unconfirmed if anything is filled in, or it is done.

        Raises:
            Unreachable: the folder is not there, or the sheet cannot be moved now.
        """
        place = self._folder.place(job.id)
        if place == "cancelled":
            return "confirmed"
        if place != "to_do":
            return "unconfirmed"
        try:
            begun = bool(parse(job, self._folder.read(place, job.id)[0]).measurements)
        except IngestError:
            # Whoever has altered the sheet has begun to work on it.
            begun = True
        if begun:
            return "unconfirmed"
        self._folder.cancel(job.id)
        return "confirmed"

    def emergency_stop(self) -> None:
        """Leave STOP.txt for everybody to see; no sheet is handed out while it is there."""
        self._folder.stop(self._now())


def _outcome(job: Job, place: Place, sheet: Sheet, text: str) -> Outcome:
    done = len(sheet.measurements)
    if not any(plan.objectives for plan in job.plans):
        return _made(job, place, sheet, text)
    if place == "to_do" and sheet.blank:
        told = f"{done} of {done + len(sheet.blank)} filled in"
        return Outcome(state="running", message=f"to_do/{sheet_name(job.id)}: {told}")
    if not done:
        return Outcome(
            state="running", message=f"nothing is filled in on done/{sheet_name(job.id)}"
        )
    seen = {(m.trial, m.objective) for m in sheet.measurements}
    units = {(p.trial, name): unit for p in job.plans for name, unit in p.objectives.items()}
    left = [
        Measurement(trial=trial, objective=name, unit=units[trial, name], void="left blank")
        for trial, name in dict.fromkeys(sheet.blank)
        if (trial, name) not in seen
    ]
    return Outcome(
        state="done",
        measurements=(*sheet.measurements, *left),
        message="; ".join(sheet.comments),
        raw=text,
        executed=sheet.executed,
    )


def _made(job: Job, place: Place, sheet: Sheet, text: str) -> Outcome:
    """Nothing is measured: only the place of the sheet says whether the sample was made."""
    if place == "to_do":
        return Outcome(state="running", message=f"to_do/{sheet_name(job.id)}: move it to done/")
    return Outcome(
        state="done",
        message="; ".join(sheet.comments),
        raw=text,
        executed=sheet.executed,
        places=sheet.places,
    )


def _no_header(name: str) -> bool:
    reserved = name in {"job", "trial", "comment"} or name.startswith(EXECUTED)
    formula = name.startswith(("=", "+", "-", "@"))
    return not name or reserved or formula or name != name.strip() or bool({*name} & {*"[]\r\n"})
