"""`athanor stock …`: people say what is there; whoever waits for something is told what to do."""

import json
from pathlib import Path

import pytest

from agent.commands.stocks import amount_in
from agent.errors import IngestError, LifecycleError, NotFound, StoreError
from tests.commands.conftest import QUICK, Athanor

OPERATORS = """\
instruments:
  bench:
    stocks:
      tips: {uses: 8}
      water: {unit: mL, uses: 2.5}
"""


@pytest.fixture
def operators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operators' file in force."""
    path = tmp_path / "operators.yaml"
    path.write_text(OPERATORS)
    monkeypatch.setenv("ATHANOR_OPERATORS", str(path))
    return path


@pytest.fixture
def bench(tmp_path: Path, operators: Path) -> Path:
    """A campaign of people at a bench."""
    (tmp_path / "bench").mkdir()
    text = QUICK.replace(
        "execution: {adapter: function, settings: {function: branin}}",
        f"execution: {{adapter: files, instrument: bench, settings: {{folder: {tmp_path / 'bench'}}}}}",
    )
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    return path


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_what_is_there_is_counted_filled_and_listed(athanor: Athanor, bench: Path) -> None:
    athanor("store", "create")
    listed = one_line(athanor("stock", "list").output)
    assert "bench tips not counted 8 athanor stock count bench tips AMOUNT" in listed
    told = athanor("stock", "count", "bench", "tips", "20", "--by", "anna").output
    assert "bench: 20 tips now (+20)" in told
    athanor("stock", "count", "bench", "water", "0.5 L", "--by", "anna")
    told = athanor("stock", "fill", "bench", "tips", "96", "--reason", "a rack", "--by", "bert")
    assert "bench: 116 tips now (+96)" in told.output
    listed = one_line(athanor("stock", "list").output)
    assert "filled by bert: a rack" in listed
    assert "bench water 500 mL 2.5 mL" in listed
    left = {
        one["item"]: one["left"] for one in json.loads(athanor("stock", "list", "--json").output)
    }
    assert left == {"tips": 116, "water": 500}
    assert "116 tips, 500 mL of water" in one_line(athanor("instrument", "list").output)


def test_a_campaign_waits_and_says_what_mends_it(athanor: Athanor, bench: Path) -> None:
    athanor("run", str(bench), "--direct", "--no-wait", code=3)
    athanor("stock", "count", "bench", "tips", "3")
    athanor("stock", "count", "bench", "water", "100")
    athanor("review", "quick", "--approve", "all", "--by", "anna")
    said = one_line(athanor("run", "quick", "--direct", "--no-wait", code=3).output)
    mend = "3 tips left on bench, 8 needed: athanor stock fill bench tips AMOUNT"
    assert mend in said
    assert f"waits for a person: {mend}" in one_line(athanor("status", "quick").output)
    (told,) = json.loads(athanor("status", "quick", "--json").output)
    assert told["waits_for"] == "a person" and told["wanting"] == [mend]
    athanor("stock", "fill", "bench", "tips", "96")
    assert "tips left" not in athanor("status", "quick").output
    athanor("run", "quick", "--direct", "--no-wait", code=4)
    assert "91 tips, 97.5 mL of water" in one_line(athanor("instrument", "list").output)
    assert "is under way there" in one_line(athanor("stock", "count", "bench", "tips", "91").output)


def test_quiet_hours_are_shown(athanor: Athanor, bench: Path, operators: Path) -> None:
    athanor("run", str(bench), "--direct", "--no-wait", code=3)
    athanor("review", "quick", "--approve", "all", "--by", "anna")
    quiet = "{begin: '12:00', end: '12:00', reason: nobody hears the pump}"
    operators.write_text(f"instruments: {{bench: {{hours: [{quiet}]}}}}")
    said = one_line(athanor("run", "quick", "--direct", "--no-wait", code=4).output)
    assert "bench is quiet until" in said
    assert "waits for bench: quiet until" in one_line(athanor("status", "quick").output)
    assert "closed" in athanor("instrument", "list").output
    looked = one_line(athanor("check", "--operators", str(operators)).output)
    assert "12:00 to 12:00 UTC, for nobody nobody hears the pump" in looked


def test_a_broken_operators_file_hides_no_campaign(
    athanor: Athanor, bench: Path, operators: Path
) -> None:
    athanor("run", str(bench), "--direct", "--no-wait", code=3)
    athanor("review", "quick", "--approve", "all", "--by", "anna")
    operators.write_text("instruments: []")
    assert "cannot be used" in one_line(athanor("status", "quick").output)


def test_slips_are_refused(athanor: Athanor, bench: Path) -> None:
    athanor("store", "create")
    with pytest.raises(NotFound, match="there is: tips, water"):
        athanor("stock", "count", "bench", "tip", "8")
    with pytest.raises(NotFound, match="there is: bench"):
        athanor("stock", "count", "reader", "tips", "8")
    with pytest.raises(LifecycleError, match="nobody has counted the tips"):
        athanor("stock", "fill", "bench", "tips", "8")
    with pytest.raises(IngestError, match="cannot be converted"):
        athanor("stock", "count", "bench", "water", "3 kg")


def test_what_is_used_up_is_shown_with_the_operators_file(
    athanor: Athanor, operators: Path
) -> None:
    said = one_line(athanor("check", "--operators", str(operators)).output)
    assert "stock tips 8 each" in said and "stock water 2.5 mL each" in said


def test_an_amount_is_a_number_maybe_with_a_unit() -> None:
    assert amount_in("96", "1") == 96
    assert amount_in(" 1.5e2 mL", "L") == 0.15
    assert amount_in("2L", "mL") == 2000
    for text in ("many", "", "1 2 mL"):
        with pytest.raises(StoreError, match="is no amount"):
            amount_in(text, "1")
    with pytest.raises(IngestError, match="of different things: give it in mL, or in a unit of"):
        amount_in("5 kg", "mL")
