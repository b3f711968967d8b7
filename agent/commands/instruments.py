"""`athanor instrument list | hold | release`: what people say of instruments, whichever campaign uses them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from agent.commands.common import (
    ByOption,
    JsonOption,
    StoreOption,
    console,
    existing,
    person,
    show_json,
    table,
)
from agent.commands.stocks import Left, left_on
from agent.core.hours import closed_now
from agent.core.instrument import Standard, in_force, state_now
from agent.core.job import IN_FLIGHT, JobStatus
from agent.core.operators import Operators
from agent.core.trial import Setting
from agent.core.values import Value
from agent.data.store import Store
from agent.errors import NotFound, StoreError
from agent.sharing import told, turns

instrument = typer.Typer(help="List, hold and release instruments.", no_args_is_help=True)

NameOption = Annotated[
    str, typer.Argument(metavar="INSTRUMENT", help="As campaigns name it: execution.instrument.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why.", prompt="Why?")]

_SPAN = re.compile(r"^(\d+(?:\.\d+)?)\s*(min|h|d)$")
_SECONDS = {"min": 60, "h": 3600, "d": 86400}


class State(Value):
    """How an instrument stands: `held`, `in doubt`, `at work`, `closed` (to some campaigns) or `free`, and why.

    `next` has the campaigns that want it, in their order, each with why it is before the one after it; where its
    operators do not say how it is shared it is empty.
    """

    name: str
    state: str
    why: str = ""
    jobs: int
    last: datetime | None = None
    stocks: tuple[Left, ...] = ()
    next: tuple[str, ...] = ()


def state_of(store: Store, name: str, now: datetime, allowed: Operators) -> State:
    """How an instrument stands, as the store knows it: it is not asked itself."""
    words, jobs = store.holds(name), store.jobs_on(name)
    state: str = state_now(words, jobs, now)
    held, why = in_force(words, now), ""
    if held:
        why = str(held).partition(": ")[2] + f" ({held.by.name})"
        why += f", until {held.until:%Y-%m-%d %H:%M} UTC" if held.until else ""
    elif state == "in doubt":
        doubt = next(job for job in jobs if job.status is JobStatus.UNKNOWN)
        why = f"{doubt.id}: athanor resolve"
    elif state == "at work":
        why = ", ".join(job.id for job in jobs if job.status in IN_FLIGHT)
    elif shut := closed_now(allowed.in_force(name).rules.hours, "", now):
        state, why = "closed", shut
    last = max((job.intended_at for job in jobs), default=None)
    stocks = tuple(left_on(store, allowed, name))
    asked = turns(store, name, allowed.in_force(name), now)
    return State(
        name=name,
        state=state,
        why=why,
        jobs=len(jobs),
        last=last,
        stocks=stocks,
        next=() if asked is None else tuple(told(asked)),
    )


@instrument.command("list")
def list_(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List every instrument that was ever used or held, or whose stocks, hours or turns are kept, over all
    campaigns; and whose turn it is, and why.
    """
    from agent.allowed import operators
    from agent.assemble import SystemClock

    allowed = operators()
    with existing(store) as opened:
        now = SystemClock().now()
        watched = {
            name
            for name, rules in allowed.instruments.items()
            if rules.stocks or rules.hours or rules.share
        }
        names = sorted({*opened.instruments(), *watched})
        states = [state_of(opened, name, now, allowed) for name in names]
    if as_json:
        show_json([one.model_dump(mode="json") for one in states])
        return
    if not states:
        console.print("No instrument was used yet.")
        return
    rows = [
        (one.name, one.state, one.jobs, _moment(one.last), ", ".join(map(str, one.stocks)), one.why)
        for one in states
    ]
    columns = ("instrument", "state", "jobs", "last job (UTC)", "left", "why")
    console.print(table("", columns, rows))
    for one in states:
        for n, line in enumerate(one.next):
            console.print(escape(f"{'next on ' + one.name if n == 0 else 'then'}: {line}"))


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


@instrument.command()
def hold(
    name: NameOption,
    reason: ReasonOption,
    until: Annotated[
        str | None,
        typer.Option(help="When it ends by itself: '8 h', '2 d', or 2026-12-01T08:00 (your time)."),
    ] = None,
    standard: Annotated[
        bool,
        typer.Option(
            "--standard", help="Release it only when the operators' standard reads right."
        ),
    ] = False,
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """Keep an instrument from being given anything, by any campaign; what runs is still collected."""
    from agent.assemble import SystemClock

    now = SystemClock().now()
    asked = _standard(name) if standard else None
    with existing(store) as opened:
        _known(opened, name)
        with opened.write(person(by), now) as tx:
            said = tx.hold(name, reason, None if until is None else moment(until, now), asked)
    console.print(escape(f"{said}."), highlight=False)


def _standard(name: str) -> Standard:
    """The standard that the operators' file has of an instrument.

    Raises:
        NotFound: it has none.
    """
    from agent.allowed import operators

    found = operators().in_force(name).rules.standard
    if found is None:
        mend = (
            f"write `instruments: {{{name}: {{standard: {{name: …, low: …, high: …, unit: …}}}}}}`"
        )
        raise NotFound(f"the operators' file has no standard of {name}", mend)
    return found


@instrument.command()
def release(
    name: NameOption,
    reason: ReasonOption,
    standard: Annotated[
        str | None,
        typer.Option(
            help="What the standard reads, with its unit, where the hold asks for it: '537.1 nm'."
        ),
    ] = None,
    void_since: Annotated[
        str | None,
        typer.Option(
            help="Make void what it has read since then, of every campaign: '2 h' ago, or "
            "2026-12-01T04:00 (your time)."
        ),
    ] = None,
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """Let an instrument be given jobs again; campaigns that wait for it go on when they are run."""
    from agent.assemble import SystemClock
    from agent.voiding import void_since as void

    now, who = SystemClock().now(), person(by)
    with existing(store) as opened:
        _known(opened, name)
        # First: they are wrong, whether or not it can be released.
        since = None if void_since is None else earlier(void_since, now)
        for line in [] if since is None else void(opened, name, since, reason, who, now):
            console.print(escape(line), highlight=False)
        with opened.write(who, now) as tx:
            tx.release(name, reason, None if standard is None else reading_of(standard))
    console.print(escape(f"{name} is released: {reason}"), highlight=False)


def reading_of(text: str) -> Setting:
    """A reading that a person writes, with its unit.

    Raises:
        StoreError: it is none.
    """
    number, _, unit = text.strip().partition(" ")
    try:
        return Setting(value=float(number), unit=unit.strip())
    except ValueError:
        raise StoreError(f"'{text}' is no reading", "write it with its unit: '537.1 nm'") from None


def span(text: str) -> float:
    """The seconds of a span that a person writes.

    Raises:
        StoreError: it is none.
    """
    found = _SPAN.match(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if found is None or seconds <= 0:
        raise StoreError(f"'{text}' is no span of time", "write it like '20 min', '12 h' or '2 d'")
    return seconds


def moment(text: str, now: datetime) -> datetime:
    """The moment that a person means: a span from now, or a time of day by their own clock.

    Raises:
        StoreError: it is neither.
    """
    if _SPAN.match(text.strip()):
        return now + timedelta(seconds=span(text))
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except ValueError:
        raise StoreError(
            f"'{text}' is no time", "write a span such as '8 h', or 2026-12-01T08:00"
        ) from None


def earlier(text: str, now: datetime) -> datetime:
    """The moment that a person means: a span before now, or a time of day by their own clock.

    Raises:
        StoreError: it is neither, or to come.
    """
    if _SPAN.match(text.strip()):
        return now - timedelta(seconds=span(text))
    at = moment(text, now)
    if at > now:
        raise StoreError(f"'{text}' is to come", "give a time that is over")
    return at


def _known(store: Store, name: str) -> None:
    """Refuse what looks like a slip of the keyboard: a hold on a name that nothing uses holds nothing.

    Raises:
        NotFound: no campaign of the store uses it.
    """
    from agent.resolved import campaign_of

    campaigns = [campaign_of(store, entry.id).execution for entry in store.entries()]
    named = {name for one in campaigns for name in one.instruments_named}
    names = sorted({*store.instruments(), *named})
    if name not in names:
        hint = f"there is: {', '.join(names)}" if names else "no campaign is in this store"
        raise NotFound(f"no campaign uses an instrument {name!r}", hint)
