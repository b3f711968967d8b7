"""The list of trials: what was wanted, foreseen and found, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.core.history import OWN, TARGET
from agent.core.parameters import CategoricalParameter
from agent.core.pools import PoolColumn
from agent.core.trial import Trial, TrialStatus
from agent.core.values import Scalar
from agent.core.worded import asked
from agent.report.digits import brief, setting, unit
from agent.report.grounds import Kind, kinds
from agent.report.view import View

_MOST_COLUMNS = 8


@dataclass(frozen=True)
class Cell:
    """One cell: its words, and what it is sorted by."""

    words: str
    by: float | str
    aside: str = ""

    @property
    def number(self) -> bool:
        """Whether it is sorted as a number."""
        return not isinstance(self.by, str)


@dataclass(frozen=True)
class Line:
    """One trial. `told` has what was predicted and what was measured, of each objective."""

    number: int
    cells: tuple[Cell, ...]
    status: str
    told: tuple[tuple[Cell, Cell], ...]
    why: str
    reviewed: str
    trouble: tuple[str, ...] = ()
    best: bool = False
    imported: bool = False
    classes: str = field(default="")
    grounds: tuple[Kind, ...] = ()


@dataclass(frozen=True)
class Heading:
    """The head of a column of settings."""

    name: str
    unit: str = ""
    number: bool = True


def headings(view: View) -> list[Heading]:
    """The columns of settings: the space's own, and the labels of its pools."""
    found = [
        Heading(name, unit(one.unit), not isinstance(one, (CategoricalParameter, PoolColumn)))
        for name, one in view.parameters.items()
    ]
    return found[:_MOST_COLUMNS]


def lines(views: Sequence[View]) -> tuple[list[Line], str]:
    """Every trial, the campaign's own first; and the verdict of all reviews, if it is one.

    Args:
        views: Of each objective.
    """
    view = views[0]
    own = sorted(view.standing.trials, key=lambda trial: (trial.origin != OWN, trial.number))
    reviewed, best = _reviewed(view), {m.trial.id for m in view.marks.values() if m.best}
    said = set(reviewed.values())
    alike = len(said) == 1 < len(reviewed) and all(one.startswith("approved") for one in said)
    same = said.pop() if alike else ""
    verdicts = {} if same else reviewed
    return [_line(views, one, verdicts.get(one.id, ""), one.id in best) for one in own], same


def _line(views: Sequence[View], trial: Trial, reviewed: str, best: bool) -> Line:
    view = views[0]
    proposal = view.proposals.get(trial.id)
    imported, kind = trial.origin != OWN, "is-" + str(trial.status).replace(" ", "-")
    why = f"imported from {trial.origin}" if imported else proposal.why if proposal else ""
    if trial.role != "candidate":
        why = f"{trial.role}{'; ' if why else ''}{why}"
    if trial.fidelity != TARGET:
        why = f"fidelity {trial.fidelity}{'; ' if why else ''}{why}"
    return Line(
        number=trial.number,
        cells=tuple(_settings(view, trial)),
        status=str(trial.status),
        told=tuple((predicted(one, trial), _measured(one, trial)) for one in views),
        why=why,
        reviewed=reviewed,
        trouble=tuple(_trouble(views, trial)),
        best=best,
        imported=imported,
        classes=" ".join(("best-row " if best else "", "imported-row " if imported else "", kind)),
        grounds=kinds(views, trial),
    )


def _settings(view: View, trial: Trial) -> list[Cell]:
    """As they are really done; what the instrument told otherwise stands beside."""
    point = view.whole(trial)
    told = next((o.executed for o in view.measured.get(trial.id, ()) if o.executed), None) or {}
    found = []
    for heading in headings(view):
        value = point.get(heading.name)
        if value is None:
            found.append(Cell("", ""))
            continue
        words, done = _words(view, heading.name, value), told.get(heading.name)
        aside = f"executed {_words(view, heading.name, done)}" if done is not None else ""
        if aside == f"executed {words}":
            aside = ""
        found.append(Cell(words, value if isinstance(value, str) else float(value), aside))
    return found


def _words(view: View, name: str, value: Scalar) -> str:
    parameter = view.parameters[name]
    if isinstance(parameter, PoolColumn) and not isinstance(value, str):
        return brief(float(value))
    return setting(parameter, value)


def predicted(view: View, trial: Trial) -> Cell:
    """What was predicted for a trial, with its standard deviation."""
    proposal = view.proposals.get(trial.id)
    prediction = proposal.prediction.get(view.objective.name) if proposal else None
    if prediction is None:
        return Cell("", "")
    words = f"{view.plain(prediction.mean)} ± {view.plain(prediction.sd)}"
    return Cell(
        words, prediction.mean, "for the point before its edit" if view.edited(trial) else ""
    )


def _measured(view: View, trial: Trial) -> Cell:
    seen = view.measured.get(trial.id, [])
    if not seen:
        return Cell("", "")
    values = [one.value for one in seen if one.value is not None]
    words = ", ".join(view.seen(one) for one in seen)
    return Cell(words, sum(values) / len(values) if values else "")


def _reviewed(view: View) -> dict[str, str]:
    """Trial id -> who said what of it, in the end, with the reasons."""
    found: dict[str, str] = {}
    verdicts = {"approve": "approved", "edit": "edited", "reject": "rejected"}
    for review in sorted(view.standing.reviews, key=lambda review: review.number):
        who = review.by.name if review.by.kind == "person" else f"{review.by.kind} {review.by.name}"
        reasons = f" ({'; '.join(review.reasons)})" if review.reasons else ""
        found[review.trial] = f"{verdicts[review.verdict]} by {who}{reasons}"
    return found


def _trouble(views: Sequence[View], trial: Trial) -> list[str]:
    """What went wrong: failures of its jobs, why a reading is void, and what people said."""
    found = []
    for job in views[0].jobs.get(trial.id, ()):
        if job.failure or (job.message and job.status in {"failed", "refused", "unknown"}):
            kind = (job.failure or str(job.status)).replace("_", " ")
            found.append(f"{kind}: {job.message}" if job.message else kind)
    voids = (one.void for view in views for one in view.measured.get(trial.id, ()) if one.void)
    found += [f"void: {why}" for why in dict.fromkeys(voids)]
    found += [
        f"in question, not learnt: {asked(one, trial.number, view.objective.unit)}"
        for view in views
        for one in view.standing.questions
        if (one.trial, one.objective) == (trial.id, view.objective.name)
    ]
    found += [
        f"{one.word}, says {one.by.name}: {one.reason}"
        for one in views[0].standing.judgements
        if one.trial == trial.id
    ]
    if trial.status is TrialStatus.VOIDED:
        found.append("a person declared the result void")
    return found
