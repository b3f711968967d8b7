"""The results of a campaign of the store, as columns with units: what another one may learn from."""

from collections.abc import Sequence

from agent.core.history import TARGET, Row
from agent.core.pools import PoolColumn
from agent.core.space import SearchSpace
from agent.core.values import Point, Scalar
from agent.data.store import Store
from agent.load.results import Results
from agent.resolved import space_of
from agent.standing import Standing


def results_of(store: Store, standing: Standing, fidelity: str = TARGET) -> Results:
    """Settings, descriptors of candidates, circumstances and values of a campaign's results."""
    campaign, objective = standing.campaign, standing.campaign.objective
    space = space_of(store, campaign)
    rows, points = _placed(space, standing.rows_at(fidelity))
    columns: dict[str, list[Scalar]] = {
        name: [point[name] for point in points] for name in space.columns
    }
    for one in space.parameters:
        if isinstance(one, PoolColumn):
            pool = space.pool(one)
            places = pool.index()
            for name, told in pool.descriptors.items():
                columns.setdefault(name, [told[places[str(point[one.name])]] for point in points])
    for name, quantity in campaign.context.items():
        columns.setdefault(name, [quantity.value] * len(rows))
    columns[objective.name] = [row.value for row in rows]
    context = {name: one.unit for name, one in campaign.context.items() if one.unit}
    units = {**context, **space.units, objective.name: objective.unit}
    known = [row.sd for row in rows if row.sd is not None]
    return Results(columns, units, known if rows and len(known) == len(rows) else None)


def _placed(space: SearchSpace, rows: Sequence[Row]) -> tuple[list[Row], list[Point]]:
    """The rows that have a place in the space as it is by now, and their places: parameters may have
    been added since, and candidates taken out.
    """
    pools = {
        one.name: space.pool(one).index() for one in space.parameters if isinstance(one, PoolColumn)
    }
    found: list[Row] = []
    points: list[Point] = []
    for row in rows:
        point = space.completed(row.point)
        if point is not None and all(str(point[name]) in ids for name, ids in pools.items()):
            found.append(row)
            points.append(point)
    return found, points
