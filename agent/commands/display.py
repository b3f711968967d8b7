"""What a person sees while a campaign runs: each result as a line, and below them where it stands."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from agent.assemble import SystemClock
from agent.commands.account import known_shortly
from agent.commands.common import unit
from agent.core.front import limit
from agent.core.history import OWN, Row, current, key
from agent.core.job import JobStatus, Observation
from agent.core.space import describe
from agent.core.trial import Trial, TrialStatus
from agent.core.worded import asked, told
from agent.data.store import Store
from agent.loop import Round
from agent.standing import Standing, stand
from agent.status import Summary, summarise

_ENDED = (TrialStatus.FAILED, TrialStatus.REJECTED, TrialStatus.EXPIRED, TrialStatus.CANCELLED)


class Display:
    """Follows a campaign round by round. Without a terminal it prints the lines and no bar."""

    def __init__(self, store: Store, campaign: str, console: Console) -> None:
        self._store, self._campaign, self._console = store, campaign, console
        self._shown: set[str] = set()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:g}/{task.total:g}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=1)

    def __enter__(self) -> Self:
        """Start; what was shown in an earlier run is not shown again."""
        self._shown = {row.id for row in self._stand().own_rows} | self._ended(self._stand())
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def say(self, text: str) -> None:
        """Say what is going on now."""
        self._progress.update(self._task, description=escape(text))

    def watch(self, result: Round) -> None:
        """Show what a round came to."""
        if result.state == "waiting":
            self._wait(result)
            return
        standing = self._stand()
        self._news(standing)
        summary = summarise(standing)
        used, limit = summary.bar
        self._progress.update(
            self._task, completed=used, total=limit, description=escape(_line(summary, standing))
        )

    def _wait(self, result: Round) -> None:
        text = f"waiting {result.reason}"
        if not self._console.is_terminal and text not in self._shown:
            self._shown.add(text)
            self._console.print(text, highlight=False, markup=False)
        self.say(text)

    def _stand(self) -> Standing:
        return stand(self._store, self._campaign, SystemClock().now())

    def _ended(self, standing: Standing) -> set[str]:
        done = (TrialStatus.DONE, TrialStatus.PARTIAL)
        return {trial.id for trial in standing.of(*_ENDED, *done)}

    def _news(self, standing: Standing) -> None:
        trials = {trial.id: trial for trial in standing.trials}
        for name, rows in self._new(standing).items():
            line = self._result(standing, trials[name], rows)
            self._console.print(line, highlight=False)
        measured = {row.trial for row in standing.own_rows}
        for trial in standing.of(TrialStatus.DONE, TrialStatus.PARTIAL):
            if trial.origin == OWN and trial.id not in measured | self._shown:
                self._shown.add(trial.id)
                self._console.print(self._void(standing, trial), highlight=False)
        for trial in standing.of(*_ENDED):
            if trial.id not in self._shown:
                self._shown.add(trial.id)
                self._console.print(self._end(standing, trial), highlight=False)

    def _void(self, standing: Standing, trial: Trial) -> str:
        readings = [one for one in current(standing.observations) if one.trial == trial.id]
        readings = [one for one in readings if not one.left_over]
        if any(one.trial == trial.id for one in standing.questions):
            return self._questioned(standing, trial)
        why = "; ".join(one.void or _only_bound(one) for one in readings)
        where = escape(_where(standing, trial))
        return f"{trial.number:>4}  {where}  [yellow]no value[/yellow] {escape(why)}"

    def _questioned(self, standing: Standing, trial: Trial) -> str:
        units = {one.name: one.unit for one in standing.campaign.objectives}
        told = [
            asked(one, trial.number, units[one.objective])
            for one in standing.questions
            if one.trial == trial.id
        ]
        return f"  [yellow]in question[/yellow] {escape('; '.join(told))}"

    def _new(self, standing: Standing) -> dict[str, list[Row]]:
        """The readings not shown yet, by trial."""
        found: dict[str, list[Row]] = {}
        for row in standing.own_rows:
            if row.id not in self._shown:
                self._shown.add(row.id)
                found.setdefault(row.trial, []).append(row)
        return found

    def _result(self, standing: Standing, trial: Trial, rows: list[Row]) -> str:
        aim = standing.campaign.aim
        where = escape(describe(rows[-1].point, standing.campaign.space.units))
        if aim.single:
            lines = (self._one(standing, row) for row in rows)
            return "\n".join(f"{trial.number:>4}  {where}  {line}" for line in lines)
        values, sides = {row.objective: row.value for row in rows}, {}
        for one in current(standing.observations):
            if one.trial == trial.id and one.kind == "bound" and one.objective not in values:
                sides[one.objective], values[one.objective] = limit(one.low, one.high)
        values_told = escape(told(values, aim, sides))
        ahead = any(key(one.point) == key(rows[-1].point) for one in standing.front)
        word = "on the front" if aim.fronted else "best so far"
        mark = f"  [green]{word}[/green]" if ahead else ""
        return f"{trial.number:>4}  {where}  {values_told}{mark}"

    def _one(self, standing: Standing, row: Row) -> str:
        objective = standing.campaign.objective
        if objective.classed:
            return escape(objective.label(row.value))
        if objective.learning:
            return f"{row.value:.5g} {escape(unit(objective.unit))}"
        first = standing.own_rows.index(row)
        earlier = [objective.score(one.value) for one in standing.own_rows[:first]]
        best = not earlier or objective.score(row.value) > max(earlier)
        mark = "  [green]best so far[/green]" if best else ""
        return f"{row.value:.5g} {escape(unit(objective.unit))}{mark}"

    def _end(self, standing: Standing, trial: Trial) -> str:
        jobs = [job for job in standing.jobs if trial.id in job.trials]
        reviews = [one for one in standing.reviews if one.trial == trial.id]
        why = ""
        if jobs and jobs[-1].status in {JobStatus.FAILED, JobStatus.REFUSED}:
            why = f"{jobs[-1].failure or 'refused'}: {jobs[-1].message}"
        elif reviews:
            why = "; ".join(reviews[-1].reasons)
        where = escape(_where(standing, trial))
        return f"{trial.number:>4}  {where}  [yellow]{trial.status}[/yellow] {escape(why)}"


def _only_bound(one: Observation) -> str:
    side, value = limit(one.low, one.high)
    return f"{one.objective} only as a bound: {side} {value:g} {unit(one.unit)}".rstrip()


def _where(standing: Standing, trial: Trial) -> str:
    effective = standing.effective[trial.id]
    return describe(effective.point, standing.campaign.space.units)


def _line(summary: Summary, standing: Standing) -> str:
    running = f", {len(standing.in_flight)} in flight" if standing.in_flight else ""
    if summary.hypervolume is not None:
        return f"{len(summary.front)} on the front, {summary.measured} measured{running}"
    if summary.unknown is not None:
        return f"{summary.measured} measured, {known_shortly(summary)}{running}"
    if summary.best is None:
        return f"{summary.measured} measured{running}"
    point = describe(summary.best_point or {})
    return f"best {summary.best:.5g} {unit(summary.unit)} at {point}{running}"
