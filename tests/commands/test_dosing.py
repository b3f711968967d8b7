"""A systematic error of dosing is told in `status` and in the report."""

import json
from pathlib import Path

from tests.commands.conftest import Athanor
from tests.report.pages import Page

OVEN = """\
name: oven
parameters:
  - {name: temperature, type: continuous, unit: degC, low: 20, high: 110, resolution: 10}
objectives:
  - {name: yield, unit: percent, goal: maximise}
budget: {experiments: 6}
policy: {name: random, initial: {size: 6}}
review: {mode: none}
execution:
  adapter: table
  settings: {file: oven.csv, match: nearest, objectives: {yield: {unit: percent}}}
"""


def test_what_comes_out_lower_than_asked_is_told(athanor: Athanor, tmp_path: Path) -> None:
    path, page = tmp_path / "oven.yaml", tmp_path / "oven.html"
    path.write_text(OVEN)
    # An oven that is 2 K colder than it says, give or take a little.
    done = [asked - 2 + 0.1 * (-1) ** (asked // 10) for asked in range(20, 111, 10)]
    rows = [f"{at},{at / 2}" for at in done]
    (tmp_path / "oven.csv").write_text("\n".join(["temperature,yield", *rows]) + "\n")
    athanor("run", str(path), "--direct")
    words = "emperature comes out 2.0"
    assert words in athanor("status", "oven").output
    (one,) = json.loads(athanor("status", "oven", "--json").output)[0]["dosing"]
    assert (one["column"], one["pairs"], one["systematic"]) == ("temperature", 6, True)
    athanor("report", "oven", "-o", str(page))
    told = Page(page.read_text(encoding="utf-8")).words("dosing")
    assert f"T{words}" in told
    assert "K lower than asked" in told
