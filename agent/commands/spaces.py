"""A campaign's space and what it is for, as `athanor check` shows them."""

from rich.markup import escape

from agent.commands.common import console, table
from agent.core.campaign import Campaign
from agent.core.compositions import CompositionParameter
from agent.core.parameters import ContinuousParameter, brief
from agent.core.pools import PoolColumn
from agent.core.source import TransferPrior
from agent.core.space import Parameter, SearchSpace


def show_space(campaign: Campaign, space: SearchSpace) -> None:
    """Print the objectives, the parameters, how many points there are, the priors and the constraints."""
    wanted = "; ".join(f"{one.name}, {one.wanted}" for one in campaign.objectives)
    traded = f" ({campaign.trade_off})" if len(campaign.aim.wanted) > 1 else ""
    console.print(f"[bold]{campaign.name}[/bold]: {escape(wanted)}{traded}")
    rows = [(p.name, p.type, _range(p), _resolution(p), p.unit) for p in space.parameters]
    console.print(table("", ("parameter", "type", "settings", "resolution", "unit"), rows))
    size = space.size()
    points = "a continuum" if size is None else f"{size:,}"
    console.print(f"points    {points}", highlight=False)
    for prior in campaign.priors:
        known = f"{prior.source.rows} rows" if prior.source else _later(prior)
        told = f"{prior.called}: {known}, trust {prior.trust}"
        console.print(f"prior     {escape(told)}", highlight=False)
    for constraint in space.constraints:
        console.print(f"where     {escape(str(constraint))}", highlight=False)


def _later(prior: TransferPrior) -> str:
    if prior.oracle is not None:
        return f"asked first, at {prior.oracle.experiments} points"
    return "looked for when it is run" if prior.alike else "read when it is run"


def _range(parameter: Parameter) -> str:
    match parameter:
        case ContinuousParameter():
            return f"{parameter.low:g} to {parameter.high:g} ({parameter.scale})"
        case CompositionParameter():
            parts = (f"{one.name} {one.low:g} to {one.high:g}" for one in parameter.components)
            return f"{brief(tuple(parts))}; they sum to {parameter.total:g}"
        case PoolColumn():
            return f"{parameter.pool.rows if parameter.pool else 0} candidates"
        case _:
            return brief(parameter.values)


def _resolution(parameter: Parameter) -> str:
    match parameter:
        case ContinuousParameter(scale="log"):
            return f"{parameter.digits or 3} digits"
        case ContinuousParameter():
            return f"{parameter.step:g}"
        case CompositionParameter():
            return f"{parameter.step:g}"
    return ""
