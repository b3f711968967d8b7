"""The page: one HTML file that asks nothing of anybody, for the screen, the phone and paper."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from agent.core.analysis import Analysis
from agent.core.calibration import calibration
from agent.core.importance import Importance
from agent.core.phases import PhaseMap
from agent.core.register import JournalEntry, Revision
from agent.core.saving import Saving
from agent.core.space import SearchSpace
from agent.core.trial import Proposal, TrialStatus
from agent.data.store import Store
from agent.mapping import phase_maps_of
from agent.report import (
    analysis,
    colophon,
    front,
    grid,
    grounds,
    headline,
    importance,
    instruments,
    known,
    learnt,
    listing,
    phases,
    predicted,
    progress,
    results,
    tried,
    winners,
)
from agent.report.digits import true_minus, with_unit
from agent.report.view import View
from agent.resolved import space_of
from agent.savings import remembered
from agent.standing import Standing, stand

_MOST_WAITING = 6

Matters = tuple[int, Sequence[Importance]]
"""A decision's number, and what each objective depends on by its model."""


@dataclass(frozen=True)
class Models:
    """What models say, where they were asked: which parameters matter, what another program makes of each
    objective, and which class is likeliest where.
    """

    matters: Matters | None = None
    analyses: Sequence[Analysis] = ()
    maps: Sequence[PhaseMap] = ()


_NONE = Models()


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("agent.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minus"] = true_minus
    return environment.get_template("report.html")


@cache
def _asset(name: str) -> Markup:
    return Markup((Path(__file__).parent / name).read_text(encoding="utf-8"))  # noqa: S704 - ours


def render(
    standing: Standing,
    proposals: Sequence[Proposal] = (),
    *,
    revisions: Sequence[Revision] = (),
    journal: Sequence[JournalEntry] = (),
    space: SearchSpace | None = None,
    saving: Saving | None = None,
    models: Models = _NONE,
) -> str:
    """The report of a campaign as one HTML page. The same input gives the same text.

    Args:
        standing: The campaign at one moment.
        proposals: Why its trials were proposed, with what was predicted.
        revisions: Its revisions, with what each changed.
        journal: Its account; of the last line, the hash is printed.
        space: Its space with the pools bound; without, candidates never tried are not drawn.
        saving: What its priors have saved, where that was reckoned.
        models: What models say, where they were asked.
    """
    objectives = standing.campaign.objectives
    views = [View(standing, proposals, space, one) for one in objectives]
    return _template().render(
        view=views[0],
        standing=standing,
        now=f"{standing.now:%Y-%m-%d %H:%M %Z}",
        style=_asset("report.css"),
        script=_asset("report.js"),
        script_hash=b64encode(sha256(_asset("report.js").encode()).digest()).decode(),
        history=colophon.history(revisions),
        account=colophon.account(journal),
        saved=saving.words if saving else "",
        parts=[_part(one, alone=len(views) == 1) for one in views],
        maps=phases.drawn(views[0], models.maps),
        matters=models.matters and importance.drawn(views, *models.matters),
        analyses=[
            analysis.drawn(one, told) for told in models.analyses for one in _of(views, told)
        ],
        **_words(views),
        **_figures(views),
    )


def _of(views: Sequence[View], told: Analysis) -> list[View]:
    return [view for view in views if view.objective.name == told.objective]


def _words(views: Sequence[View]) -> dict[str, object]:
    view = views[0]
    lines, reviewed = listing.lines(views)
    return {
        "state": headline.state(view),
        "best": headline.best_sentence(view),
        "best_settings": headline.best_settings(view),
        "left": headline.left_sentence(view),
        "winners": winners.groups(view),
        "bars": headline.bars(view),
        "doubts": colophon.doubts(view),
        "waiting": _waiting(views),
        "headings": listing.headings(view),
        "lines": lines,
        "reviewed": reviewed,
        "terms": colophon.terms(views),
        "decided": colophon.decided(view),
        "notes": colophon.notes(view),
        "dosing": colophon.dosing(view),
    }


def _figures(views: Sequence[View]) -> dict[str, object]:
    view = views[0]
    return {
        "front": front.draw(views),
        "members": front.members(views),
        "known": known.draw(view),
        "priors": known.priors(view),
        "turns": known.turns(view),
        "at_work": instruments.parts(view),
        "timeline": instruments.draw(view),
        "timeline_keys": instruments.keys(view),
    }


def _part(view: View, *, alone: bool) -> dict[str, object]:
    """The figures of one objective; `suffix` tells its sections from those of another one."""
    came, tested = results.outcomes(view), view.standing.tested(view.objective)
    found = calibration(view.objective.name, tested)
    everywhere = view.objective.learning
    return {
        "view": view,
        "suffix": "" if alone else f"-{view.objective.name}",
        "heading": "" if alone else f": {view.what}",
        "kinds": {outcome.kind for outcome in came},
        "marks": {outcome.mark.kind for outcome in came if outcome.mark},
        "progress": learnt.draw(view) if everywhere else progress.draw(view, came),
        "progress_narrow": learnt.draw(view, 350, 270)
        if everywhere
        else progress.draw(view, came, 350, 270),
        "predicted": predicted.draw(view, tested),
        "learning": predicted.learning(view, found),
        "share": predicted.share(found) if found else "",
        "missed": not all(map(predicted.held, tested)),
        "verdict": predicted.verdict(view, found) if found else "",
        "faults": predicted.faults(view, found) if found else (),
        "panels": tried.panels(view),
        "ramp": grid.ramp(view),
    }


def _waiting(views: Sequence[View]) -> dict[str, object]:
    """The proposals that wait for a review: the first few, and how many more."""
    view = views[0]
    waiting = view.standing.of(TrialStatus.PROPOSED)
    shown = []
    for trial in waiting[:_MOST_WAITING]:
        proposal = view.proposals.get(trial.id)
        words = view.words(view.standing.effective[trial.id].point)
        foreseen = [(one, listing.predicted(one, trial).words) for one in views]
        told = [
            (f"{one.what} " if len(views) > 1 else "") + with_unit(text, one.objective.unit)
            for one, text in foreseen
            if text
        ]
        expected = f"predicted {', '.join(told)}" if told else ""
        why = proposal.why if proposal else ""
        shown.append((view.name(trial), words, expected, why, grounds.kinds(views, trial)))
    return {"shown": shown, "more": len(waiting) - len(shown)}


def write(
    store: Store,
    name: str,
    path: Path,
    now: datetime,
    matters: Matters | None = None,
    analyses: Sequence[Analysis] = (),
) -> Path:
    """Write the report of the campaign `name` to `path`.

    Args:
        store: Where the campaign is kept.
        name: The campaign, by name or id.
        path: The HTML file.
        now: The time that the page bears.
        matters: Which parameters matter, where that was asked for.
        analyses: What another program says of each objective, where that was asked for.

    Returns:
        The file that was written.

    Raises:
        NotFound: the store has no such campaign.
    """
    standing = stand(store, name, now)
    campaign = standing.entry.id
    page = render(
        standing,
        store.proposals(campaign),
        revisions=store.revisions(campaign),
        journal=store.journal(campaign),
        space=space_of(store, standing.campaign),
        saving=remembered(store, standing),
        models=Models(matters, analyses, phase_maps_of(store, standing)),
    )
    path.write_text(page, encoding="utf-8")
    return path
