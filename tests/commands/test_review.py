"""A reviewer says yes or no in ten seconds, and knows why."""

import json

import pytest

from agent.errors import GateError, IngestError, NotFound, SpaceError


@pytest.fixture
def waiting(athanor, reviewed):
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    return json.loads(athanor("review", "reviewed", "--json").output)[0]


def test_a_proposal_says_what_and_why(athanor, waiting):
    said = athanor("review", "reviewed").output
    assert "mm" in said
    assert waiting["proposal"]["why"][:20] in said


def test_approved_is_run(athanor, waiting):
    athanor("review", "reviewed", "--approve", "1", "--by", "ada")
    athanor("run", "reviewed", "--direct", "--no-wait", code=3)
    (one,) = json.loads(athanor("status", "reviewed", "--json").output)
    assert one["measured"] == 1
    assert one["waits_for"] == "a review"


def test_edited_is_run_as_edited(athanor, waiting):
    athanor(
        "review", "reviewed", "--edit", "1", "--set", "x1=2.5", "--set", "x2=7", "--reason", "safer"
    )
    athanor("run", "reviewed", "--direct", "--no-wait", code=3)
    (one,) = json.loads(athanor("status", "reviewed", "--json").output)
    assert one["best_point"] == {"x1": 2.5, "x2": 7.0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("x1=99", "outside"),
        ("x1=2.3", "finer"),
        ("x9=1", "not a setting"),
        ("x1=hot", "not a number"),
        ("x1", "--set"),
    ],
)
def test_an_edit_that_cannot_be_sent_is_refused(athanor, waiting, change, words):
    with pytest.raises(SpaceError, match=words):
        athanor("review", "reviewed", "--edit", "1", "--set", change)


def test_rejected_does_not_come_again(athanor, waiting):
    athanor("review", "reviewed", "--reject", "all", "--reason", "too hot")
    athanor("run", "reviewed", "--direct", "--no-wait", code=3)
    (again,) = json.loads(athanor("review", "reviewed", "--json").output)
    assert again["trial"]["point"] != waiting["trial"]["point"]


def test_what_does_not_wait_cannot_be_reviewed(athanor, waiting):
    with pytest.raises(NotFound, match="waiting: 1"):
        athanor("review", "reviewed", "--approve", "7")


BENCH = """\
name: bench
parameters:
  - {name: temperature, type: continuous, low: 20, high: 100, resolution: 5, unit: degC}
objectives:
  - {name: yield, unit: "%", goal: maximise, plausible: [0, 100]}
budget: {experiments: 3}
policy: {initial: {size: 2}}
execution: {adapter: files, settings: {folder: sheets, settle_s: 0}}
"""


@pytest.fixture
def bench(athanor, tmp_path):
    (tmp_path / "sheets").mkdir()
    path = tmp_path / "bench.yaml"
    path.write_text(BENCH)
    athanor("run", str(path), "--direct", "--no-wait", code=3)
    athanor("review", "bench", "--approve", "all")
    athanor("run", "bench", "--direct", "--no-wait", code=4)
    return path


def test_a_person_at_the_bench_records_a_result(athanor, bench, tmp_path):
    (sheet,) = (tmp_path / "sheets" / "to_do").iterdir()
    assert "temperature [degC]" in sheet.read_text()
    said = athanor("record", "bench", "1", "yield=83 ± 2 %").output
    assert "yield: 83 ± 2 %" in said
    assert "is done" in said
    assert json.loads(athanor("status", "bench", "--json").output)[0]["best"] == 83


def test_a_result_may_be_corrected_and_the_old_one_stays(athanor, bench):
    athanor("record", "bench", "1", "yield=83")
    with pytest.raises(IngestError, match="--correct"):
        athanor("record", "bench", "1", "yield=38")
    athanor("record", "bench", "1", "yield=38", "--correct")
    assert json.loads(athanor("status", "bench", "--json").output)[0]["best"] == 38
    assert "chain holds" in athanor("store", "verify").output


@pytest.mark.parametrize("text", ["yield=lots", "yeild=3", "yield=120", "yield=3 kg", "83"])
def test_what_cannot_be_recorded_is_refused_whole(athanor, bench, text):
    with pytest.raises(IngestError):
        athanor("record", "bench", "1", text)
    assert json.loads(athanor("status", "bench", "--json").output)[0]["measured"] == 0


def test_void_is_recorded_with_its_reason(athanor, bench):
    assert "void, spilled" in athanor("record", "bench", "1", "yield=void: spilled").output
    assert json.loads(athanor("status", "bench", "--json").output)[0]["measured"] == 0


def test_a_physical_instrument_is_not_run_without_reviews_unless_its_operators_say_so(
    athanor, tmp_path
):
    (tmp_path / "sheets").mkdir()
    path = tmp_path / "bench.yaml"
    path.write_text(BENCH + "review: {mode: none}\n")
    with pytest.raises(GateError, match="not allowed"):
        athanor("run", str(path), "--direct", "--no-wait")
    assert json.loads(athanor("status", "--json").output) == []
