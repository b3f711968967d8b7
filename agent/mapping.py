"""Phase maps of a campaign, by everything that it has measured."""

from agent.core.phases import PhaseMap
from agent.data.store import Store
from agent.resolved import space_of
from agent.standing import Standing


def phase_maps_of(store: Store, standing: Standing) -> tuple[PhaseMap, ...]:
    """Where which class is likeliest; nothing where the campaign has no classes, or no two parameters
    that span a map (`agent.learn.phases`).

    Args:
        store: Where the campaign is.
        standing: The campaign at one moment.
    """
    if not standing.campaign.objective.classed:
        return ()
    # Imported here: a model is needed for classes only.
    from agent.learn.phases import phase_maps  # noqa: PLC0415

    classes = standing.campaign.objective.classes
    return phase_maps(space_of(store, standing.campaign), standing.rows, len(classes))
