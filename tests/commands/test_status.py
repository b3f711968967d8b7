"""`athanor status`: what results have shown of the predictions."""

import json

from tests.commands.conftest import QUICK

MODELLED = QUICK.replace("quick", "modelled").replace("name: random", "initial: {size: 3}")


def test_predictions_are_told_once_one_was_put_to_the_test(athanor, tmp_path):
    path = tmp_path / "modelled.yaml"
    path.write_text(MODELLED)
    athanor("run", str(path), "--direct")
    said = athanor("status", "modelled").output
    assert "predicted" in said
    assert "too few to judge by" in said
    (told,) = json.loads(athanor("status", "modelled", "--json").output)
    (one,) = told["calibration"]
    assert (one["objective"], one["tested"], one["verdict"]) == ("value", 1, "too few")
    assert [part["level"] for part in one["coverage"]] == [50, 80, 95]


def test_without_a_model_nothing_was_predicted(athanor, quick):
    athanor("run", str(quick), "--direct")
    assert "predicted" not in athanor("status", "quick").output
    (told,) = json.loads(athanor("status", "quick", "--json").output)
    assert told["calibration"] == []
