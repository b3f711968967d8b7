"""What a file says of confirming the winner has to fit its budget and its objectives."""

import pytest

from agent.errors import CampaignError
from tests.load.files import Load, changed

HOURS = {"wall_time": {"limit": 3, "unit": "h"}}


def test_it_is_read_and_left_out_where_it_is_not_said(load: Load) -> None:
    assert load(changed(stop={"confirm": 3})).campaign.stop.confirm == 3
    said_nothing = load(changed()).campaign.stop
    assert said_nothing.confirm is None
    assert "confirm" not in said_nothing.model_dump(mode="json")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"budget": {"experiments": 3}}, "the budget pays for 3 experiments, and 3 are kept"),
        (
            {
                "objectives": [
                    {"name": "yield", "unit": "percent", "goal": "maximise"},
                    {"name": "cost", "unit": "EUR", "goal": "minimise"},
                ]
            },
            "of several objectives the front is not confirmed yet",
        ),
    ],
)
def test_what_cannot_be_done_is_a_fault(load: Load, parts: dict[str, object], words: str) -> None:
    with pytest.raises(CampaignError) as caught:
        load(changed(stop={"confirm": 3}, **parts))
    (fault,) = caught.value.faults
    assert fault.path.startswith("stop.confirm")
    assert words in str(fault)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"budget": HOURS}, "is not known before"),
        (
            {"budget": {"experiments": 6}, "policy": {"initial": {"size": 5}}},
            "3 of 6 experiments are kept for the winner: the design is cut short",
        ),
    ],
)
def test_what_may_be_meant_is_a_warning(load: Load, parts: dict[str, object], words: str) -> None:
    (warning,) = load(changed(stop={"confirm": 3}, **parts)).warnings
    assert words in warning


def test_a_budget_that_fits_needs_no_word(load: Load) -> None:
    assert load(changed(stop={"confirm": 3, "target": 95})).warnings == ()
