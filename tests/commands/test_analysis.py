"""`athanor report --analysis ax`: Ax's cards of a campaign that anything has chosen."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from agent.core.analysis import Analysis
from agent.decide.situation import Situation
from agent.decide.strategies import analysed_by_ax
from agent.errors import ModelError
from tests.commands.conftest import QUICK, Athanor
from tests.decide.test_propose import POLICIES, UP
from tests.learn.spaces import SPACES, rows_of
from tests.report.pages import Page

pytestmark = pytest.mark.skipif(find_spec("ax") is None, reason="Ax is an extra")


def analysis(kind: str, count: int) -> Analysis:
    space = SPACES[kind]
    rows = rows_of(space, count)
    told = Situation(space, UP, POLICIES["ucb"], rows, seed=7, started=count)
    (found,) = analysed_by_ax(told)
    return found


def test_each_point_is_predicted_from_the_others() -> None:
    found = analysis("pool", 12)
    values = {row.trial: row.value for row in rows_of(SPACES["pool"], 12)}
    assert {one.trial: one.observed for one in found.held} == pytest.approx(values)
    assert all(one.sd > 0 and one.expected != one.observed for one in found.held)
    assert 0 < found.determination < 1


def test_what_a_choice_does_is_one_share() -> None:
    found = analysis("mixed", 14)
    assert {one.parameter for one in found.influences} == {"time", "solvent", "n"}
    assert sum(one.share for one in found.influences) == pytest.approx(1)
    assert {one.parameter: one.rises is None for one in found.influences}["solvent"]
    shares = [one.share for one in found.influences]
    assert shares == sorted(shares, reverse=True)


def test_the_same_results_are_analysed_alike() -> None:
    assert analysis("pool", 8) == analysis("pool", 8)


def test_of_too_few_results_nothing_is_said() -> None:
    with pytest.raises(ModelError):
        analysis("pool", 0)


def test_the_page_has_it_on_demand_and_stays_small(athanor: Athanor, tmp_path: Path) -> None:
    file, page = tmp_path / "more.yaml", tmp_path / "page.html"
    file.write_text(QUICK.replace("quick", "more").replace("experiments: 4", "experiments: 8"))
    athanor("run", str(file), "--direct")
    athanor("report", "more", "-o", str(page))
    before = page.read_text(encoding="utf-8")
    assert "analysis" not in Page(before).sections
    athanor("report", "more", "-o", str(page), "--analysis", "ax")
    after = page.read_text(encoding="utf-8")
    words = Page(after).words("analysis")
    assert "As Ax sees it" in words
    assert "of 8 inside their 95 % interval" in words
    assert "plotly" not in after
    assert len(after) - len(before) < 20_000
