"""Figure: which instrument was at work on which trial, and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from agent.core.job import UNENDED, Job, JobStatus
from agent.core.night import spelt
from agent.core.working import at_work
from agent.report import svg
from agent.report.digits import count
from agent.report.svg import Drawn, Scale
from agent.report.view import Key, View

_WIDTH, _ROW, _BAR, _TOP, _BELOW, _RIGHT = 700.0, 26.0, 14.0, 8.0, 40.0, 12.0
_LETTER = 6.6
"""About how wide a letter of an instrument's name is."""
_LETTERS = 40
"""Of a name that is longer than that the beginning is written."""
_NARROWEST = 1.5

_HOUR, _DAY = 3600.0, 86400.0
_UNITS = (
    ("days", 3 * _DAY, _DAY),
    ("hours", _HOUR, _HOUR),
    ("minutes", 60.0, 60.0),
    ("seconds", 0.0, 1.0),
)
"""Of the axis: its name, from how many seconds on it is taken, and how many seconds it has."""

_KEYS = (
    Key("done", "done"),
    Key("under way", "going-on"),
    Key("in doubt", "doubtful"),
    Key("without a result", "lost"),
)


@dataclass(frozen=True)
class Part:
    """What a campaign has had of an instrument, in words; `steps` are those that it did."""

    instrument: str
    steps: str
    jobs: str
    time: str
    cost: str


def parts(view: View) -> list[Part]:
    """Each instrument's part; none where one instrument has done everything."""
    standing, cost = view.standing, view.standing.campaign.budget.cost
    found = at_work(standing.jobs, standing.now)
    if len(found) < 2:
        return []
    return [
        Part(
            instrument=one.instrument,
            steps=", ".join(
                dict.fromkeys(job.step for job in standing.jobs if job.instrument == one.instrument)
            ),
            jobs=count(one.jobs, "job"),
            time=spelt(one.seconds),
            cost="" if cost is None else f"{one.cost:g} {cost.unit}",
        )
        for one in found
    ]


def keys(view: View) -> list[Key]:
    """What the colours stand for, of those that there are."""
    there = {_dress(job) for job in view.standing.jobs if job.started_at is not None}
    return [key for key in _KEYS if key.class_ in there]


def draw(view: View) -> Drawn | None:
    """The jobs of each instrument along the time; None where one instrument has done everything."""
    names = [one.instrument for one in parts(view)]
    jobs = [(job, job.started_at) for job in view.standing.jobs if job.instrument in names]
    begun = [(job, start) for job, start in jobs if start is not None]
    if not names or not begun:
        return None
    first, last = min(start for _, start in begun), max(_end(view, job) for job, _ in begun)
    long = max((last - first).total_seconds(), 1.0)
    unit, each = next((name, each) for name, least, each in _UNITS if long >= least)
    left = min(max(len(name) for name in names), _LETTERS) * _LETTER + 14
    bottom = _TOP + _ROW * len(names)
    x = Scale(0.0, long / each, left, _WIDTH - _RIGHT)
    rows = {name: _TOP + _ROW * n + (_ROW - _BAR) / 2 for n, name in enumerate(names)}
    found = [
        *(svg.text(left - 8, rows[name] + _BAR - 3, _cut(name), "level", "end") for name in names),
        *(
            svg.line(left, _TOP + _ROW * n, x.end, _TOP + _ROW * n, "strip")
            for n in range(len(names))
        ),
        svg.bottom_axis(x, bottom),
        svg.text(x.end, bottom + 34, f"{unit} since {first:%Y-%m-%d %H:%M} UTC", "name", "end"),
        *_bars(view, begun, x, rows, (first, each)),
    ]
    words = f"{count(len(begun), 'job')} on {count(len(names), 'instrument')}, in the order of time"
    return svg.figure(_WIDTH, bottom + _BELOW, found, words)


def _bars(
    view: View,
    begun: list[tuple[Job, datetime]],
    x: Scale,
    rows: dict[str, float],
    since: tuple[datetime, float],
) -> Iterator[Drawn]:
    first, each = since
    for job, start in begun:
        end = _end(view, job)
        at, to = (x((moment - first).total_seconds() / each) for moment in (start, end))
        yield svg.tag(
            "rect", svg.tag("title", _told(view, job, (end - start).total_seconds())),
            x=at, y=rows[job.instrument], width=max(to - at, _NARROWEST), height=_BAR,
            class_=f"job {_dress(job)}",
        )  # fmt: skip


def _end(view: View, job: Job) -> datetime:
    return job.ended_at or view.standing.now


def _cut(name: str) -> str:
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"


def _told(view: View, job: Job, seconds: float) -> str:
    who = ", ".join(view.name(view.trials[trial]) for trial in job.trials)
    said = f": {job.message}" if job.message else ""
    return f"{who}, {job.step}, {spelt(seconds)}, {job.status}{said}"


def _dress(job: Job) -> str:
    if job.status is JobStatus.DONE:
        return "done"
    if job.status is JobStatus.UNKNOWN:
        return "doubtful"
    return "going-on" if job.status in UNENDED else "lost"
