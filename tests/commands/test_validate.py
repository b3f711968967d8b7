"""`athanor validate`: how well models predict what was measured."""

import json

import pytest

from agent.errors import ModelError
from tests.commands.conftest import QUICK


def test_models_are_compared_on_what_was_measured(athanor, tmp_path):
    path = tmp_path / "longer.yaml"
    path.write_text(QUICK.replace("quick", "longer").replace("experiments: 4", "experiments: 10"))
    athanor("run", str(path), "--direct")
    said = athanor("validate", "longer").output
    assert "value: root mean square errors at 10 points that were held out" in said
    assert "Matérn-5/2 (used)" in said
    (one,) = json.loads(athanor("validate", "longer", "--json").output)
    assert one["best"] == one["models"][0]["model"]
    combined = [each["combined"] for each in one["models"]]
    assert combined == sorted(combined)
    assert {"a constant", "a linear model", one["used"]} <= {
        each["model"] for each in one["models"]
    }


def test_few_results_cannot_be_held_out(athanor, quick):
    athanor("run", str(quick), "--direct")
    with pytest.raises(ModelError, match="4 measured points are too few"):
        athanor("validate", "quick")
