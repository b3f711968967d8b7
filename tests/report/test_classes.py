"""Classes in the figures: by their names and colours, never by their numbers."""

from agent.core.campaign import Campaign
from agent.core.objective import Objective
from agent.report import render
from tests.report.pages import Page
from tests.report.worlds import World, alloy_campaign, alloy_pool, reactor

PHASE = Objective(name="phase", unit="1", goal="classify", classes=("cubic", "a long-named one"))


def page(world: World) -> Page:
    return Page(render(world.standing(), world.proposals, space=world.space))


def classes(found: Page, tag: str) -> set[str]:
    return {str(attrs.get("class")) for name, attrs in found.elements if name == tag}


def test_a_grid_of_candidates_has_their_names() -> None:
    campaign = alloy_campaign(objectives=(PHASE,))
    world = World(campaign, campaign.space.bound({"crystal": alloy_pool()}))
    for number, name in enumerate(("TaFe", "YPt", "ScCu")):
        world.measured({"crystal": f"{name} (B2)"}, float(number % 2))
    found = page(world)
    assert {"cell c0", "cell c1"} <= classes(found, "rect")
    assert "cubic" in found.sections["tried"]
    assert "a long…" in found.sections["tried"]  # as it fits into a cell
    assert "a long-named one" in found.sections["tried"]  # beneath, by its colour
    assert not any("ramp" in one for one in classes(found, "svg"))


def test_strips_and_scatters_have_their_names() -> None:
    parameters = reactor(0).campaign.space.parameters
    given = Campaign.model_validate(
        {
            **reactor(0).campaign.model_dump(),
            "parameters": parameters,
            "objectives": (PHASE,),
            "stop": {},
        }
    )
    world = World(given)
    for number, solvent in enumerate(("DMF", "EtOH", "DMF")):
        settings = {"temperature": 50.0 + number, "residence_time": 1.0, "equivalents": 2.0}
        world.measured({**settings, "solvent": solvent}, float(number % 2))
    found = page(world)
    assert {"label c0", "label c1"} <= classes(found, "circle")
    assert "a long-named …" in found.sections["tried"]  # at an axis, as it fits there
    assert not found.unbalanced
