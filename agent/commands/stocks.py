"""`athanor stock list | fill | count`: what instruments use up, and how much of it is left."""

import re
from collections.abc import Mapping
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
from agent.core.operators import Operators
from agent.core.stock import Movement, Stock, said, shown
from agent.core.values import Value
from agent.data.store import Store
from agent.errors import NotFound, StoreError

stock = typer.Typer(
    help="List, fill and count what instruments use up: tips, solvents, gases.",
    no_args_is_help=True,
)

InstrumentArgument = Annotated[
    str, typer.Argument(metavar="INSTRUMENT", help="As campaigns and the operators' file name it.")
]
ItemArgument = Annotated[
    str, typer.Argument(metavar="ITEM", help="As the operators' file names it: tips.")
]
WhyOption = Annotated[str, typer.Option("--reason", help="Why; whoever looks later reads it.")]

_AMOUNT = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*$")


class Left(Value):
    """How much of an item is left (None: nobody has counted it), and what one experiment uses."""

    instrument: str
    item: str
    left: float | None
    unit: str
    uses: float | str | None
    last: Movement | None = None

    def __str__(self) -> str:
        """`96 tips`, `tips not counted`."""
        if self.left is None:
            return f"{self.item} not counted"
        return said(self.left, self.unit, self.item)


def left_on(store: Store, allowed: Operators, name: str) -> list[Left]:
    """What is left on an instrument of each item, those that nobody has counted too."""
    declared = _declared(allowed, name)
    levels = store.levels(name)
    return [
        _left(name, item, declared.get(item), levels.get(item)) for item in {**declared, **levels}
    ]


def _left(name: str, item: str, says: Stock | None, last: Movement | None) -> Left:
    counted = last if last and (says is None or says.unit == last.unit) else None
    return Left(
        instrument=name,
        item=item,
        left=None if counted is None else counted.level,
        unit=says.unit if says else (last.unit if last else "1"),
        uses=None if says is None else says.uses,
        last=last,
    )


def _declared(allowed: Operators, name: str) -> Mapping[str, Stock]:
    return allowed.instruments[name].stocks if name in allowed.instruments else {}


@stock.command("list")
def list_(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List what is left on every instrument, and what one experiment uses of it."""
    from agent.allowed import operators

    allowed = operators()
    with existing(store) as opened:
        names = sorted({*opened.instruments(), *allowed.instruments})
        found = [one for name in names for one in left_on(opened, allowed, name)]
    if as_json:
        show_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        console.print("No stock is watched. The operators' file says what is: docs/operators.md")
        return
    rows = [(one.instrument, one.item, _shown(one), _uses(one), _last(one)) for one in found]
    console.print(
        table("", ("instrument", "item", "left", "an experiment uses", "last change (UTC)"), rows)
    )


def _shown(one: Left) -> str:
    return "not counted" if one.left is None else f"{one.left:g} {shown(one.unit)}".rstrip()


def _uses(one: Left) -> str:
    if one.uses is None:
        return "not said"
    uses = one.uses if isinstance(one.uses, str) else f"{one.uses:g}"
    return f"{uses} {shown(one.unit)}".rstrip()


def _last(one: Left) -> str:
    if one.last is None:
        return f"athanor stock count {one.instrument} {one.item} AMOUNT"
    reason = f": {one.last.reason}" if one.last.reason else ""
    who = one.last.job or one.last.by.name
    return f"{one.last.at:%Y-%m-%d %H:%M} {one.last.word} by {who}{reason}"


@stock.command()
def fill(
    name: InstrumentArgument,
    item: ItemArgument,
    amount: Annotated[str, typer.Argument(help="How much is added: 96, or '500 mL'.")],
    reason: WhyOption = "",
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """Say that so much was added; campaigns that wait for it go on when they are run."""
    _write("fill", name, item, amount, reason, store, by)


@stock.command()
def count(
    name: InstrumentArgument,
    item: ItemArgument,
    amount: Annotated[str, typer.Argument(help="How much is there now: 96, or '500 mL'.")],
    reason: WhyOption = "",
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """Say how much is there now, whatever was thought. Best while the instrument does nothing."""
    _write("count", name, item, amount, reason, store, by)


def _write(
    word: str, name: str, item: str, amount: str, reason: str, url: str | None, by: str | None
) -> None:
    from agent.allowed import operators
    from agent.assemble import SystemClock

    allowed = operators()
    with existing(url) as opened:
        unit = _unit(opened, allowed, name, item)
        value = amount_in(amount, unit)
        busy = opened.busy(name)
        with opened.write(person(by), SystemClock().now()) as tx:
            change = tx.fill if word == "fill" else tx.count
            made = change(name, item, value, unit, reason)
    console.print(escape(f"{name}: {made} now ({made.amount:+g})"), highlight=False)
    if word == "count" and busy:
        note = f"{busy[0].id} is under way there: what it still uses has been reckoned already, so count "
        note += "again when it has ended, or leave aside what it will use"
        console.print(f"[yellow]note[/yellow] {escape(note)}", highlight=False)


def _unit(store: Store, allowed: Operators, name: str, item: str) -> str:
    """The unit of an item, by the operators' file, or by what was said of it before.

    Raises:
        NotFound: neither knows it.
    """
    declared, levels = _declared(allowed, name), store.levels(name)
    if item in declared:
        return declared[item].unit
    if item in levels:
        return levels[item].unit
    known = sorted({*declared, *levels})
    if known:
        raise NotFound(f"{name} uses no {item!r}", f"there is: {', '.join(known)}")
    watched = sorted(one for one, rules in allowed.instruments.items() if rules.stocks)
    hint = f"there is: {', '.join(watched)}" if watched else "it says so under `stocks`"
    raise NotFound(f"the operators' file says of nothing that {name} uses it up", hint)


def amount_in(text: str, unit: str) -> float:
    """The amount that a person means, in `unit`; without a unit it is in that already.

    Raises:
        StoreError: it is no amount.
        IngestError: its unit cannot be converted.
    """
    found = _AMOUNT.match(text)
    if found is None:
        raise StoreError(f"'{text}' is no amount", "write a number, or one with its unit: '500 mL'")
    value = float(found[1])
    if not found[2]:
        return value
    from agent.core.units import convert

    return convert(value, found[2], unit)
