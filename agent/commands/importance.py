"""`athanor importance`: what the objectives depend on, as the model sees it."""

from rich.markup import escape

from agent.commands.common import (
    JsonOption,
    NameArgument,
    StoreOption,
    console,
    existing,
    show_json,
    table,
)
from agent.core.importance import Importance, Part
from agent.core.worded import percent


def importance(name: NameArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show which parameters matter, by the model of the last decision, and how sure that is."""
    from agent.importance import importance_of

    with existing(store) as opened:
        number, found = importance_of(opened, name)
    if as_json:
        told = [one.model_dump(mode="json") for one in found]
        show_json({"decision": number, "objectives": told})
        return
    for one in found:
        words = (
            f"{one.objective}, by the model of decision {number}: shares of its variance, with 90 %"
        )
        console.print(f"[bold]{escape(words)}[/bold]", highlight=False)
        console.print(table("", _COLUMNS, _rows(one)))


_COLUMNS = ("parameter", "share", "from", "to", "of that alone", "from", "to")


def _rows(one: Importance) -> list[tuple[str, ...]]:
    alone = {part.parameters: _shares(part) for part in one.alone}
    nothing = ("", "", "")
    totals = [
        (*part.parameters, *_shares(part), *alone.get(part.parameters, nothing))
        for part in one.totals
    ]
    together = [(" with ".join(part.parameters), *_shares(part), *nothing) for part in one.pairs]
    return totals + together


def _shares(part: Part) -> tuple[str, str, str]:
    return percent(part.share), percent(part.low), percent(part.high)
