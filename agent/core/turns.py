"""Whose turn it is on an instrument that several campaigns want: priority, then who has had least of it.

Values in, the order and its reasons out: nothing is remembered between two looks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, NamedTuple

from pydantic import Field

from agent.core.night import spelt
from agent.core.values import Value

TURN = 5
"""A turn lasts as long as so many changeovers: a sixth of the time, at most, goes into changing over."""

AGAIN = 6
"""Whoever let it pass is waited for again after so many times `wait`: it may have been a fault that kept it."""

_SPAN = r"^\d+(\.\d+)? (min|h|d)$"
_SECONDS = {"min": 60.0, "h": 3600.0, "d": 86400.0}

Span = Annotated[str, Field(pattern=_SPAN)]
Spans = tuple[tuple[datetime, datetime], ...]


class Share(Value):
    """How campaigns share one instrument, as its operators say.

    Of those that want it now, the one with the highest `priority` is next; among equals the one that has had
    least of it within `window`, in proportion to its `weight`. Where a `changeover` between campaigns takes
    time, whoever it is set up for keeps it among equals for a turn of five changeovers.
    """

    priority: dict[str, int] = Field(
        default_factory=dict, description="campaign -> its priority, default 0: the highest is next"
    )
    weight: dict[str, Annotated[float, Field(gt=0, le=1e6)]] = Field(
        default_factory=dict,
        description="campaign -> its part of the time among campaigns of the same priority, default 1",
    )
    window: Span = Field(default="24 h", description="how far back it counts who has had it")
    changeover: Span | None = Field(
        default=None, description="what going over from one campaign to another takes: '20 min'"
    )
    wait: Span = Field(
        default="10 min", description="for so long at most it stands free for whoever is next"
    )

    @property
    def window_s(self) -> float:
        """Of the window, seconds."""
        return seconds(self.window)

    @property
    def turn_s(self) -> float:
        """Seconds that a turn lasts at least; 0 where changing over takes nothing."""
        return 0.0 if self.changeover is None else TURN * seconds(self.changeover)

    @property
    def patience(self) -> timedelta:
        """For how long it is kept free for one campaign."""
        return timedelta(seconds=seconds(self.wait))

    def __str__(self) -> str:
        """`over 24 h; urgent-qc before the others (10); a changeover takes 20 min`."""
        told = [f"the least within {self.window} is next"]
        told += [f"{name} has priority {one}" for name, one in self.priority.items()]
        told += [f"{name} has weight {one:g}" for name, one in self.weight.items()]
        told += [f"a changeover takes {self.changeover}"] if self.changeover else []
        return "; ".join([*told, f"kept free for {self.wait} at most"])


def seconds(span: str) -> float:
    """The seconds of a span such as `20 min`.

    Raises:
        ValueError: it is none.
    """
    if re.match(_SPAN, span) is None:
        raise ValueError(f"{span!r} is no span of time: write it like '20 min', '12 h' or '2 d'")
    number, _, unit = span.partition(" ")
    return float(number) * _SECONDS[unit]


class Claim(NamedTuple):
    """A campaign that wants the instrument: it is active and looked after, and has something to send.

    Attributes:
        campaign: Its name.
        since: Since when it may send what it wants to send.
        sign: When something was permitted to it last, which shows that somebody cares.
        shut: When it may send nothing, in the past or future: the instrument is held, or has quiet hours.
    """

    campaign: str
    since: datetime
    sign: datetime
    shut: Spans = ()


class Stay(NamedTuple):
    """One job's time on the instrument: whose, from when, until when; None while it is there."""

    campaign: str
    begin: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Turns:
    """Who wants an instrument, and who has had it: from which follows who is next.

    Attributes:
        share: What the operators say.
        claims: Who wants it.
        stays: Whose jobs were on it within the window and for a turn, in the order in which they began.
        now: The time.
    """

    share: Share
    claims: Sequence[Claim]
    stays: Sequence[Stay]
    now: datetime

    @cached_property
    def order(self) -> tuple[Claim, ...]:
        """Who is next, and who then; without those to whom it is closed now."""
        open_to = [one for one in self.claims if not _within(one.shut, self.now)]
        return tuple(sorted(open_to, key=self._rank))

    def _rank(self, claim: Claim) -> tuple[int, bool, float, datetime, str]:
        name, turn = claim.campaign, self._turn
        keeps = turn is not None and turn[0] == name
        return (-self._priority(name), not keeps, self._part(name), claim.since, name)

    @cached_property
    def waited_for(self) -> tuple[tuple[Claim, datetime], ...]:
        """Those in `order` for whom it is kept free, and until when: each has its time after those before it.

        Whoever has let it stand free for that long, so that another one took it, is not waited for until it
        shows a sign again (it sends, or something is permitted to it), or six times as long is over: of a fault that
        kept it from sending the store knows nothing.
        """
        patience = self.share.patience
        there = [
            one for n, one in enumerate(self.order) if not self._let_pass(one, patience * (n + 1))
        ]
        ends = [self._ready(one, self.now) + patience * (n + 1) for n, one in enumerate(there)]
        return tuple((one, end) for one, end in zip(there, ends, strict=True) if self.now < end)

    def gives_way(self, campaign: str, places: int = 1) -> str | None:
        """Why a campaign sends nothing now, to whom, and until when at the latest; None if it may send, or
        wants nothing.

        Args:
            campaign: Its name.
            places: How many jobs the instrument has room for now: each of those before it has one.
        """
        names = [one.campaign for one in self.order]
        if campaign not in names:
            return None
        before = set(names[: names.index(campaign)])
        ahead = [(one.campaign, end) for one, end in self.waited_for if one.campaign in before]
        if len(ahead) < max(places, 1):
            return None
        first, until = ahead[0][0], max(end for _, end in ahead)
        why = self.why(first, campaign)
        return f"gives way to {first}, until {until:%H:%M} UTC at the latest: {why}"

    def why(self, first: str, other: str) -> str:
        """Why `first` is before `other`, in words."""
        if self._priority(first) != self._priority(other):
            return f"its priority is {self._priority(first)}, not {self._priority(other)}"
        if self._turn is not None and self._turn[0] == first:
            end = f"its turn lasts until {self._turn[1]:%H:%M} UTC"
            return f"it is set up there, a changeover takes {self.share.changeover}, and {end}"
        had, of_other = self.had(first), self.had(other)
        if self._part(first) == self._part(other):
            return "both have had as much, and it has waited for longer"
        return (
            f"it has had {_spelt(had)} of the last {self.share.window}{self._weighed(first)}, "
            f"{other} {_spelt(of_other)}{self._weighed(other)}"
        )

    def had(self, campaign: str) -> float:
        """Seconds within the window in which a campaign's jobs were on the instrument."""
        since = self.now - timedelta(seconds=self.share.window_s)
        return sum(
            max((min(stay.end or self.now, self.now) - max(stay.begin, since)).total_seconds(), 0.0)
            for stay in self.stays
            if stay.campaign == campaign
        )

    @cached_property
    def _turn(self) -> tuple[str, datetime] | None:
        """The campaign that it is set up for and whose turn is not over, and when it is."""
        if not self.stays or not self.share.turn_s:
            return None
        name, begin = self.stays[-1].campaign, self.now
        for stay in reversed(self.stays):
            if stay.campaign != name:
                break
            begin = stay.begin
        end = begin + timedelta(seconds=self.share.turn_s)
        return (name, end) if self.now < end else None

    def _let_pass(self, claim: Claim, patience: timedelta) -> bool:
        own = [one.begin for one in self.stays if one.campaign == claim.campaign]
        sign = max([claim.sign, *own])
        since = max(sign, self.now - AGAIN * self.share.patience)
        others = (one.begin for one in self.stays if one.campaign != claim.campaign)
        return any(self._ready(claim, at) + patience <= at for at in others if at > since)

    def _ready(self, claim: Claim, at: datetime) -> datetime:
        """Since when, at a moment, a campaign could have taken the instrument."""
        freed = (one.end for one in self.stays if one.end is not None and one.end <= at)
        opened = (min(end, at) for begin, end in claim.shut if begin <= at)
        return max([claim.since, *freed, *opened])

    def _priority(self, campaign: str) -> int:
        return self.share.priority.get(campaign, 0)

    def _part(self, campaign: str) -> float:
        return self.had(campaign) / self.share.weight.get(campaign, 1.0)

    def _weighed(self, campaign: str) -> str:
        weight = self.share.weight.get(campaign)
        return "" if weight is None else f" (weight {weight:g})"


def _within(spans: Spans, at: datetime) -> bool:
    return any(begin <= at < end for begin, end in spans)


def _spelt(span: float) -> str:
    return "nothing" if span < 1 else spelt(span)
