"""The best points by what is expected of them: those that samples made anew confirm, and the others."""

from typing import NamedTuple

from agent.core.worded import figures
from agent.report.digits import true_minus, with_unit
from agent.report.view import View
from agent.winner import Leader, by_samples

_MOST = 5


class Member(NamedTuple):
    """One point in words."""

    name: str
    settings: tuple[tuple[str, str], ...]
    expected: str
    measured: str
    anew: str


class Group(NamedTuple):
    """Points of a kind, the best first."""

    title: str
    members: tuple[Member, ...]


def groups(view: View) -> list[Group]:
    """Confirmed and unconfirmed points apart; empty where the winner is not to be confirmed."""
    if view.winner is None or not view.winner.wanted:
        return []
    parted = (
        ("Confirmed", [one for one in view.leaders if one.confirmed]),
        ("Not confirmed", [one for one in view.leaders if not one.confirmed]),
    )
    return [
        Group(
            title,
            tuple(_member(view, one) for n, one in enumerate(found) if n < _MOST or one.anew),
        )
        for title, found in parted
        if found
    ]


def _member(view: View, one: Leader) -> Member:
    expected = true_minus(figures(*one.expected)) if one.expected else ""
    measured = view.plain(one.measured) + (f" (mean of {one.rows})" if one.rows > 1 else "")
    anew = f"{one.anew} of {one.wanted}"
    if one.confirmed:
        anew = true_minus(by_samples(one.confirmed, "1"))
    name, settings = view.name(view.trials[one.trial]), tuple(view.words(one.point))
    return Member(name, settings, expected, measured, anew)


def sentence(view: View) -> str:
    """Whether the winner is confirmed; empty where that is not asked for."""
    best = view.winner
    if best is None or not best.wanted:
        return ""
    if best.confirmed is not None:
        return f" Confirmed: {true_minus(by_samples(best.confirmed, view.unit or '1'))}."
    expected = ""
    if best.expected:
        told = true_minus(figures(*best.expected))
        expected = f", expected to be {with_unit(told, view.objective.unit)}"
    return f" Unconfirmed{expected}: {best.anew} of {best.wanted} samples made anew."
