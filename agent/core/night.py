"""A night without people: how many experiments fit into it, and what would end it before the morning."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.core.instrument import Hold
from agent.core.stock import Movement, Need, shortage, shown

_DAY = 86400.0
_MANY = 100_000
"""More experiments are not counted one by one."""


class Line(NamedTuple):
    """A sentence of a forecast; `stops` if the night would end there, or nobody can say that it would not."""

    text: str
    stops: bool = False


class Beforehand(NamedTuple):
    """How many experiments a standing approval still lets through, and until when."""

    left: int
    until: datetime


class Night(NamedTuple):
    """What is known in the evening.

    Attributes:
        begin, seconds: When it begins, and how long it is.
        instrument: Which one is used.
        each: Seconds that an experiment takes, and how that is known; None where it is not.
        at_once: Experiments at the same time.
        left: How many the budget has room for; None if it does not count them.
        wall: Seconds of wall time that the budget leaves; None without a limit.
        reviewed: Whether people must review before anything else is sent.
        approved: Of each approved trial, in order: when its approval expires; None if it does not.
        uses: What each of the first experiments uses: approved trials, then first proposals.
        levels: Item -> its last movement.
        hold, doubt: What keeps the instrument from taking anything now.
        standing: What standing approvals let through.
        outside: How many of the first proposals none of them covers.
        closed: When the campaign may send nothing, in order, and why: quiet and reserved hours.
    """

    begin: datetime
    seconds: float
    instrument: str
    each: tuple[float, str] | None
    at_once: int
    left: int | None
    wall: float | None = None
    reviewed: bool = False
    approved: Sequence[datetime | None] = ()
    uses: Sequence[Sequence[Need]] = ()
    levels: Mapping[str, Movement] = {}
    hold: Hold | None = None
    doubt: str = ""
    closed: Sequence[tuple[datetime, datetime, str]] = ()
    standing: Sequence[Beforehand] = ()
    outside: int = 0

    @property
    def late(self) -> float:
        """Seconds until the instrument is released by itself."""
        if self.hold is None or self.hold.until is None:
            return 0.0
        return min(max((self.hold.until - self.begin).total_seconds(), 0.0), self.seconds)

    @property
    def shut(self) -> list[tuple[float, float]]:
        """Seconds from the beginning between which nothing is sent, in order and apart."""
        spans = [(0.0, self.late)] if self.late else []
        for begin, end, _ in self.closed:
            first, last = ((at - self.begin).total_seconds() for at in (begin, end))
            spans.append((max(first, 0.0), min(last, self.seconds)))
        found: list[tuple[float, float]] = []
        for first, last in sorted(spans):
            if found and first <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], last))
            else:
                found.append((first, last))
        return found

    @property
    def open(self) -> float:
        """Seconds of the night in which something may be sent."""
        return max(self.seconds - sum(last - first for first, last in self.shut), 0.0)

    def after(self, working: float) -> float:
        """Seconds from the beginning until so many of those are over in which something may be sent."""
        now = 0.0
        for first, last in self.shut:
            if working <= first - now and first > 0:
                break
            working -= first - now
            now = last
        return now + working

    @property
    def fitting(self) -> int | None:
        """How many experiments fit in, by time, budget and wall time; None if that is not known."""
        counts = [] if self.left is None else [self.left]
        if self.each is not None:
            span = min(self.open, math.inf if self.wall is None else self.wall)
            turns = min(int(span / self.each[0] + 1e-9), _MANY)
            counts.append(turns * self.at_once)
        return min(counts, default=None)

    @property
    def last(self) -> datetime:
        """When the last experiment that ends within the night, and that the budget has room for, is sent."""
        seconds = self.seconds
        if self.each is not None:
            if self.left is not None and self.fitting == self.left:
                seconds = self.after(math.ceil(self.left / self.at_once) * self.each[0])
            seconds = max(seconds - self.each[0], 0.0)
        return self.begin + timedelta(seconds=seconds)

    def when(self, experiments: int) -> str:
        """After how long so many experiments have ended, and at which time of day."""
        if self.each is None:
            return ""
        turns = math.ceil(experiments / self.at_once)
        after = self.after(turns * self.each[0])
        at = self.begin + timedelta(seconds=after)
        clock = f"{at:%H:%M}" if after < _DAY else f"{at:%Y-%m-%d %H:%M}"
        return f", after {spelt(after)} ({clock} UTC)"


def forecast(night: Night) -> tuple[Line, ...]:
    """What the night is like, a sentence each."""
    return (*_instrument(night), *_count(night), *_people(night), *_stocks(night))


def spared(
    told: Mapping[str, Sequence[Line]], alike: Sequence[Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Of each instrument at which the night would stop: those that can do all of it in its place.

    Args:
        told: Instrument -> its forecast, as if it had to do every experiment.
        alike: Of each step the instruments that may do it.
    """
    stopped = {name for name, lines in told.items() if any(line.stops for line in lines)}
    return {
        name: tuple(other for other in names if other not in stopped)
        for names in alike
        for name in names
        if name in stopped and not stopped.issuperset(names)
    }


def _instrument(night: Night) -> Iterator[Line]:
    name, hold = night.instrument, night.hold
    if hold is not None:
        over = hold.until is not None and night.late < night.seconds
        what = "nothing is sent before; it ends within the night"
        mend = f"nothing is sent this night: athanor instrument release {name}"
        yield Line(f"{hold}: {what if over else mend}", stops=not over)
    if night.doubt:
        what = (
            f"what became of {night.doubt} on {name} is not known, and nothing is sent until it is"
        )
        yield Line(f"{what}: athanor resolve {night.doubt}", stops=True)
    for begin, end, why in night.closed:
        yield Line(f"nothing is sent from {begin:%H:%M} to {end:%H:%M} UTC: {why}")
    if night.shut and night.open > 0:
        yield Line(f"{spelt(night.open)} of {spelt(night.seconds)} are left to send something")
    elif night.closed and night.open <= 0:
        yield Line(f"{name} is closed to this campaign all night", stops=True)


def _count(night: Night) -> Iterator[Line]:
    if night.each is None:
        what = f"how long an experiment takes on {night.instrument} is not known"
        yield Line(f"{what}: say it: --each '20 min'", stops=True)
    else:
        takes, why = night.each
        side = f", {night.at_once} at the same time" if night.at_once > 1 else ""
        yield Line(f"an experiment takes {spelt(takes)} ({why}){side}")
    fitting, left = night.fitting, night.left
    if fitting is None:
        return
    if fitting == 0:
        yield Line(f"not one experiment ends within {spelt(night.seconds)}", stops=True)
    elif left is not None and fitting == left:
        end = night.when(left)
        yield Line(f"the budget has room for {_experiments(left)}: the campaign then ends{end}")
    elif night.wall is not None and night.wall < night.open:
        what = f"the budget's wall time is over after {spelt(night.wall)}"
        yield Line(f"{what}, and the campaign then ends: {_experiments(fitting)} fit into it")
    else:
        yield Line(f"{_experiments(fitting)} fit into {spelt(night.seconds)}")
    if left is None:
        yield Line("how many experiments the budget pays for depends on their settings: not known")


def _people(night: Night) -> Iterator[Line]:
    ready, fitting = len(night.approved), night.fitting
    if night.reviewed and (fitting is None or ready < fitting):
        yield from _reviews(night, ready + sum(one.left for one in night.standing))
    if night.each is None:
        return
    for n, expires in enumerate(night.approved):
        sent = night.after((n // night.at_once) * night.each[0])
        if expires is not None and night.begin + timedelta(seconds=sent) >= expires:
            what = f"the approval of experiment {n + 1} expires at {expires:%H:%M} UTC"
            yield Line(f"{what}, before it can be sent", stops=True)
            return


def _reviews(night: Night, ready: int) -> Iterator[Line]:
    """Whether a review is waited for: `ready` experiments are approved, some of them beforehand."""
    fitting, beforehand = night.fitting, sum(one.left for one in night.standing)
    if fitting is None or ready < fitting:
        what = "nothing is approved" if not ready else f"{_experiments(ready)} are approved"
        if ready == 1:
            what = what.replace(" are ", " is ")
        what += f", {beforehand} of them beforehand" if beforehand else ""
        end = night.when(ready) if ready else ""
        yield Line(f"{what}: then it waits for a review{end}, and nobody is awake", stops=True)
    else:
        what = f"{_experiments(beforehand)} are approved beforehand"
        yield Line(f"{what}; a proposal that is not within waits for a review")
    over = sorted({one.until for one in night.standing if one.until < night.last})
    if over:
        times = ", ".join(f"{until:%H:%M}" for until in over)
        what = f"what is approved beforehand is so until {times} UTC"
        yield Line(f"{what}, before the morning", stops=True)
    if night.standing and night.outside:
        what = "of the first proposals are not within what is approved beforehand"
        yield Line(f"{night.outside} {what}, and wait for a review", stops=True)


def _stocks(night: Night) -> Iterator[Line]:
    items: dict[str, list[Need]] = {}
    for needs in night.uses:
        for need in needs:
            items.setdefault(need.item, []).append(need)
    for item, needs in items.items():
        yield _stock(night, item, needs)


def _stock(night: Night, item: str, needs: Sequence[Need]) -> Line:
    """What comes after the known experiments is taken to use as much as any of them: who fills up more has
    lost nothing.
    """
    name, last = night.instrument, night.levels.get(item)
    against = next((one for need in needs if (one := shortage(name, need, last))), None)
    amounts = [need.amount for need in needs if need.amount is not None]
    if len(amounts) < len(needs) or (against and (last is None or last.unit != needs[0].unit)):
        return Line(str(against), stops=True)
    most, least, unit = max(amounts), min(amounts), needs[0].unit
    if last is None or most == 0:
        return Line(f"none of the first experiments uses {item}; later ones may")
    known, fitting = amounts[: night.fitting], night.fitting
    lasts = _lasting(last.level, known, most)
    each = f"{most:g}" if most == least else f"{least:g} to {most:g}"
    about = f"{last} left on {name}, {each} {shown(unit)}".rstrip() + " each"
    if fitting is None:
        return Line(f"{about}: enough for {_experiments(lasts)}")
    if lasts >= fitting:
        return Line(f"{about}: enough for {_experiments(fitting)}")
    missing = math.fsum(known) + (fitting - len(known)) * most - last.level
    worst = "" if most == least else f", if later ones use {most:g}"
    end = f"it ends after {lasts} of {fitting} experiments{worst}{night.when(lasts)}"
    fill = f"{missing:g}" if not shown(unit) else f"'{missing:g} {unit}'"
    return Line(f"{about}: {end}: athanor stock fill {name} {item} {fill}", stops=True)


def _lasting(level: float, known: Sequence[float], later: float) -> int:
    """For how many experiments a level lasts: those that are known, and then at `later` each."""
    slack = 1e-9 * max(1.0, level)
    for n, amount in enumerate(known):
        if amount > level + slack:
            return n
        level -= amount
    return len(known) + int(min((level + slack) / later, _MANY))


def _experiments(number: int) -> str:
    return f"{number} experiment{'' if number == 1 else 's'}"


def spelt(seconds: float) -> str:
    """A span as a person says it: `40 s`, `20 min`, `4 h`, `6 h 40 min`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] * (hours > 0) + [f"{rest} min"] * (rest > 0)
    return " ".join(parts)
