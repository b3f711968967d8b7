"""`athanor validate`: how well models predict what a campaign has measured."""

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
from agent.core.validation import Validation


def validate(name: NameArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show how far off models are at measured points that they are not shown, and which is best."""
    from agent.assemble import SystemClock
    from agent.validation import validation_of

    with existing(store) as opened:
        found = validation_of(opened, name, SystemClock().now())
    if as_json:
        show_json([_json(one) for one in found])
        return
    for one in found:
        console.print(f"[bold]{escape(_headline(one))}[/bold]", highlight=False)
        console.print(table("", _COLUMNS, _rows(one)))
        console.print(escape(_verdict(one)), highlight=False)


_COLUMNS = ("model", "combined", "within", "±", "beyond", "each left out", "rank correlation")


def _headline(one: Validation) -> str:
    return f"{one.objective}: root mean square errors at {one.points} points that were held out"


def _rows(one: Validation) -> list[tuple[object, ...]]:
    return [
        (
            f"{each.model} (used)" if each.model == one.used else each.model,
            _short(each.combined),
            _short(each.interpolation),
            _short(each.spread),
            _short(each.extrapolation),
            "–" if each.left_out is None else _short(each.left_out),
            "–" if each.rank is None or each.model == one.constant else f"{each.rank:.2f}",
        )
        for each in one.models
    ]


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def _verdict(one: Validation) -> str:
    best, own = one.models[0], one.of(one.used)
    if best.model == one.constant:
        return "No model is nearer than the mean of what was measured: nothing that they say can be relied on."
    if best.model == one.used:
        return f"The model that decides is the best of them: {best.model}."
    if one.beaten is None:
        return f"{best.model} is not told apart from the model that decides, {own.model}."
    return (
        f"{best.model} is nearer than the model that decides, by "
        f"{1 - best.combined / own.combined:.0%}: look at its predictions before trusting them."
    )


def _json(one: Validation) -> dict[str, object]:
    told = one.model_dump(mode="json")
    told["models"] = [
        {**each.model_dump(mode="json"), "combined": each.combined} for each in one.models
    ]
    return {**told, "best": one.models[0].model}
