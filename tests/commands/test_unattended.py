"""`athanor check --unattended`: what a night would be like, and an exit code that says whether to go home."""

from pathlib import Path

import pytest

from agent.errors import StoreError
from tests.commands.conftest import Athanor

OPERATORS = """\
unattended: [reader]
instruments:
  reader:
    limits:
      volume: {low: 0, high: 100, unit: mL}
    signed: {by: M. Curie, at: 2026-03-01}
    stocks:
      tips: {uses: 8}
      buffer: {unit: mL, uses: 2 + 0.1 * volume}
"""

CAMPAIGN = """\
name: night
parameters:
  - {name: volume, type: continuous, low: 10, high: 50, resolution: 1, unit: mL}
objectives:
  - {name: growth, unit: "1", goal: maximise}
budget: {experiments: 30}
policy: {name: random}
execution: {adapter: files, instrument: reader, settings: {folder: sheets, settle_s: 0}}
review: {mode: none}
"""

NIGHT = ("--unattended", "12 h", "--each", "20 min")


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A campaign whose instrument runs unattended, under an operators' file with stocks."""
    (tmp_path / "operators.yaml").write_text(OPERATORS)
    monkeypatch.setenv("ATHANOR_OPERATORS", str(tmp_path / "operators.yaml"))
    (tmp_path / "sheets").mkdir()
    path = tmp_path / "night.yaml"
    path.write_text(CAMPAIGN)
    return path


def check(athanor: Athanor, *words: str, code: int = 0) -> str:
    return " ".join(athanor("check", *words, code=code).output.split())


def test_without_a_store_what_is_left_is_not_known(athanor: Athanor, night: Path) -> None:
    said = check(athanor, str(night), *NIGHT, code=1)
    assert "what is left, and how long jobs took, is not known" in said
    assert "nobody has counted the tips on reader: athanor stock count reader tips" in said


def test_what_is_approved_beforehand_is_counted(
    athanor: Athanor, reviewed: Path, tmp_path: Path
) -> None:
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    alone = check(athanor, str(reviewed), *NIGHT, code=1)
    assert "nothing is approved: then it waits for a review" in alone
    beforehand = ("--count", "4", "--until", "13 h", "--reason", "as usual")
    athanor("review", "reviewed", "--standing", "all", *beforehand)
    said = check(athanor, str(reviewed), *NIGHT)
    assert "4 experiments are approved beforehand" in said and "stops" not in said
    athanor("review", "reviewed", "--revoke", "1", "--reason", "no")
    few = ("--count", "4", "--until", "1 h", "--reason", "as usual")
    athanor("review", "reviewed", "--standing", "x1 9..10", *few)
    said = check(athanor, str(reviewed), *NIGHT, code=1)
    assert "is so until" in said
    assert "of the first proposals are not within" in said


def test_with_enough_of_everything_one_may_go_home(athanor: Athanor, night: Path) -> None:
    athanor("store", "create")
    athanor("stock", "count", "reader", "tips", "240")
    athanor("stock", "count", "reader", "buffer", "1 L")
    said = check(athanor, str(night), *NIGHT)
    assert "240 tips left on reader, 8 each: enough for 30 experiments" in said
    assert "the budget has room for 30 experiments: the campaign then ends, after 10 h" in said
    assert "stops" not in said and "not foreseen: failures" in said


def test_what_runs_out_is_told_with_the_hour_and_how_much_is_missing(
    athanor: Athanor, night: Path
) -> None:
    athanor("store", "create")
    athanor("stock", "count", "reader", "tips", "83")
    athanor("stock", "count", "reader", "buffer", "5 L")
    said = check(athanor, str(night), *NIGHT, code=1)
    assert "it ends after 10 of 30 experiments, after 3 h 20 min" in said
    assert "athanor stock fill reader tips 157" in said


def test_who_reviews_is_asleep(athanor: Athanor, night: Path) -> None:
    night.write_text(CAMPAIGN.replace("mode: none", "mode: required"))
    athanor("run", str(night), "--direct", "--no-wait", code=3)
    athanor("stock", "count", "reader", "tips", "400")
    athanor("stock", "count", "reader", "buffer", "5 L")
    assert "nothing is approved: then it waits for a review" in check(
        athanor, str(night), *NIGHT, code=1
    )
    athanor(
        "instrument", "hold", "reader", "--reason", "cleaning", "--until", "2 h", "--by", "anna"
    )
    athanor("review", "night", "--approve", "all", "--by", "anna")
    said = check(athanor, str(night), *NIGHT, code=1)
    assert "10 h of 12 h are left to send something" in said
    assert "1 experiment is approved: then it waits for a review, after 2 h 20 min" in said


def test_how_long_an_experiment_takes_is_said_or_remembered(athanor: Athanor, night: Path) -> None:
    athanor("store", "create")
    said = check(athanor, str(night), "--unattended", "12 h", code=1)
    assert "how long an experiment takes on reader is not known: say it: --each '20 min'" in said


def test_past_jobs_say_how_long_one_takes(athanor: Athanor, quick: Path) -> None:
    quick.write_text(
        quick.read_text().replace("function: branin", "function: branin, delay_s: 0.01")
    )
    athanor("run", str(quick), "--direct")
    said = check(athanor, str(quick), "--unattended", "1 min", code=1)
    assert "the median of the last 4 on function" in said


@pytest.mark.parametrize("span", ["twelve", "0 h", "12"])
def test_a_night_without_a_length_is_refused(athanor: Athanor, night: Path, span: str) -> None:
    with pytest.raises(StoreError, match="is no span of time"):
        athanor("check", str(night), "--unattended", span)


def test_a_night_of_no_campaign_is_a_wrong_use(athanor: Athanor, night: Path) -> None:
    operators = str(night.parent / "operators.yaml")
    assert (
        "give a campaign file"
        in athanor("check", "--operators", operators, "--unattended", "12 h", code=2).output
    )


def test_one_of_two_readers_without_tips_stops_no_night(
    athanor: Athanor, night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has enough for all; where it has not either, the night stops."""
    (night.parent / "other").mkdir()
    operators = night.parent / "operators.yaml"
    reader = OPERATORS.partition("instruments:\n")[2].replace("reader", "reader-2")
    operators.write_text(OPERATORS.replace("[reader]", "[reader, reader-2]") + reader)
    two = "instruments: {reader: {folder: sheets}, reader-2: {folder: other}}, settings: {settle_s: 0}}"
    night.write_text(
        CAMPAIGN.replace("instrument: reader, settings: {folder: sheets, settle_s: 0}}", two)
    )
    athanor("store", "create")
    for name, count in (("reader", "0"), ("reader-2", "240")):
        athanor("stock", "count", name, "tips", count)
        athanor("stock", "count", name, "buffer", "5 L")
    said = check(athanor, str(night), *NIGHT)
    assert "stops 0 tips left on reader, 8 each" in said
    assert "the night goes on without reader: reader-2 can do all of it" in said
    athanor("stock", "count", "reader-2", "tips", "80")
    assert "the night goes on" not in check(athanor, str(night), *NIGHT, code=1)
