"""`athanor importance`: which parameters matter, and how sure that is."""

import json

import pytest

from agent.errors import NotFound
from tests.commands.conftest import QUICK
from tests.report.pages import Page


def test_it_is_told_of_the_last_model(athanor, tmp_path):
    path = tmp_path / "modelled.yaml"
    path.write_text(
        QUICK.replace("quick", "modelled").replace("name: random", "initial: {size: 3}")
    )
    athanor("run", str(path), "--direct")
    said = athanor("importance", "modelled").output
    assert "value, by the model of decision 4" in said
    assert "x1 with x2" in said
    told = json.loads(athanor("importance", "modelled", "--json").output)
    assert told["decision"] == 4
    (one,) = told["objectives"]
    assert {tuple(part["parameters"]) for part in one["alone"]} == {("x1",), ("x2",)}
    page = tmp_path / "page.html"
    athanor("report", "modelled", "-o", str(page))
    assert "importance" not in Page(page.read_text(encoding="utf-8")).sections
    athanor("report", "modelled", "-o", str(page), "--importance")
    assert "decision 4" in Page(page.read_text(encoding="utf-8")).words("importance")
    assert {tuple(part["parameters"]) for part in one["totals"]} == {("x1",), ("x2",)}
    assert all(part["low"] <= part["share"] <= part["high"] for part in one["totals"])


def test_without_a_model_there_is_none(athanor, quick):
    athanor("run", str(quick), "--direct")
    with pytest.raises(NotFound, match="no model has made a decision"):
        athanor("importance", "quick")
