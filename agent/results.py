"""The results of a campaign of the store, as columns with units: what another one may learn from."""

from agent.core.history import TARGET
from agent.core.pools import PoolColumn
from agent.core.values import Scalar
from agent.data.store import Store
from agent.load.results import Results
from agent.standing import Standing, space_of


def results_of(store: Store, standing: Standing, fidelity: str = TARGET) -> Results:
    """Settings, descriptors of candidates, circumstances and values of a campaign's results."""
    campaign, rows = standing.campaign, standing.rows_at(fidelity)
    space, objective = space_of(store, campaign), campaign.objective
    columns: dict[str, list[Scalar]] = {
        name: [row.point[name] for row in rows] for name in space.columns
    }
    for one in space.parameters:
        if isinstance(one, PoolColumn):
            pool = space.pool(one)
            places = pool.index()
            for name, told in pool.descriptors.items():
                columns.setdefault(name, [told[places[str(row.point[one.name])]] for row in rows])
    for name, quantity in campaign.context.items():
        columns.setdefault(name, [quantity.value] * len(rows))
    columns[objective.name] = [row.value for row in rows]
    context = {name: one.unit for name, one in campaign.context.items() if one.unit}
    units = {**context, **space.units, objective.name: objective.unit}
    known = [row.sd for row in rows if row.sd is not None]
    return Results(columns, units, known if rows and len(known) == len(rows) else None)
