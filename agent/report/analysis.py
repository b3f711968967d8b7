"""Figures of another program's analysis, drawn as the page's own: no script, no foreign colours."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.core.analysis import Analysis, Influence
from agent.core.calibration import calibration
from agent.core.record import Tested
from agent.core.worded import percent
from agent.report import predicted, svg
from agent.report.svg import Drawn, Scale
from agent.report.view import View

_WIDTH, _LEFT, _RIGHT, _TOP, _LINE, _BELOW = 420.0, 130.0, 12.0, 8.0, 24.0, 40.0
_BAR, _MOST, _LETTERS = 10.0, 12, 18


@dataclass(frozen=True)
class Told:
    """What the page shows of one objective's analysis."""

    by: str
    heading: str
    suffix: str
    validated: Drawn | None
    share: str
    determination: str
    missed: bool
    influences: Drawn


def drawn(view: View, found: Analysis) -> Told:
    """Cross-validation and sensitivities of one objective.

    Args:
        view: Of the objective.
        found: What the other program says.
    """
    alone = len(view.standing.campaign.objectives) == 1
    held = [
        Tested(mean=one.expected, sd=one.sd, value=one.observed, trial=one.trial)
        for one in found.held
    ]
    told = calibration(view.objective.name, held)
    return Told(
        by=found.by,
        heading=f"As {found.by.partition(' ')[0]} sees it" + ("" if alone else f": {view.what}"),
        suffix="" if alone else f"-{view.objective.name}",
        validated=predicted.draw(view, held),
        share=predicted.share(told) if told else "",
        determination=f"{found.determination:.2f}".replace("-", "−"),
        missed=not all(map(predicted.held, held)),
        influences=_bars(view, found.influences),
    )


def _bars(view: View, found: tuple[Influence, ...]) -> Drawn:
    shown = found[:_MOST]
    bottom = _TOP + _LINE * len(shown)
    x = Scale(0.0, 1.0, _LEFT, _WIDTH - _RIGHT)
    parts = [
        svg.bottom_axis(Scale(0.0, 100.0, x.start, x.end), bottom + 2, 4),
        svg.text(x.end, bottom + _BELOW - 4, "% of all indices", "name", "end"),
        *(part for at, one in enumerate(shown) for part in _bar(one, x, _TOP + _LINE * (at + 0.5))),
    ]
    words = ", ".join(_words(one) for one in shown)
    return svg.figure(_WIDTH, bottom + _BELOW, parts, f"What {view.what} depends on: {words}")


def _bar(one: Influence, x: Scale, y: float) -> Iterator[Drawn]:
    name = one.parameter
    short = name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
    yield svg.text(x.start - 8, y + 4, short, "level", "end")
    yield svg.tag(
        "rect", svg.tag("title", _words(one)), x=x.start, y=y - _BAR / 2,
        width=x(one.share) - x.start, height=_BAR, class_="share alone",
    )  # fmt: skip
    if one.rises is not None:
        yield svg.text(x(one.share) + 4, y + 4, "+" if one.rises else "−", "level")


def _words(one: Influence) -> str:
    way = "" if one.rises is None else ", rises with it" if one.rises else ", falls with it"
    return f"{one.parameter} {percent(one.share)}{way}"
