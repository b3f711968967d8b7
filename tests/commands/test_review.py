"""A reviewer says yes or no in ten seconds, and knows why."""

import json

import pytest

from agent.errors import GateError, IngestError, LifecycleError, NotFound, SpaceError
from tests.commands.conftest import QUICK


@pytest.fixture
def waiting(athanor, reviewed):
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    return json.loads(athanor("review", "reviewed", "--json").output)[0]


def test_a_proposal_says_what_and_why(athanor, waiting):
    said = athanor("review", "reviewed").output
    assert "mm" in said
    assert waiting["proposal"]["why"][:20] in said


def test_a_model_s_proposal_says_what_it_rests_on(athanor, tmp_path):
    path = tmp_path / "modelled.yaml"
    text = QUICK.replace("name: random", "initial: {size: 3}, batch_size: 3")
    path.write_text(text.replace("quick", "modelled") + "review: {mode: required}\n")
    athanor("run", str(path), "--direct", "--no-wait", code=3)
    athanor("review", "modelled", "--approve", "all")
    athanor("run", "modelled", "--direct", "--no-wait", code=3)
    said = " ".join(athanor("review", "modelled").output.split())
    assert "better than the best known with" in said
    assert "nearest measured: trial " in said
    assert "prediction moved most by trial " in said
    assert "rather than x" in said
    first = json.loads(athanor("review", "modelled", "--json").output)[0]
    grounds = first["proposal"]["grounds"]
    assert len(grounds["neighbours"]) == len(grounds["influences"]) == 3
    assert 0 < grounds["probability_of_improvement"] < 1


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


@pytest.mark.parametrize(
    "text",
    [
        "yield=lots",
        "yeild=3",
        "yield=120",
        "yield=3 kg",
        "83",
        "yield=<0,5",
        "yield=3..7",
        "yield=<-5",
        "yield=5 ± -1",
    ],
)
def test_what_cannot_be_recorded_is_refused_whole(athanor, bench, text):
    with pytest.raises(IngestError):
        athanor("record", "bench", "1", text)
    assert json.loads(athanor("status", "bench", "--json").output)[0]["measured"] == 0


@pytest.mark.parametrize("sign", ["<", "<=", "≤", " < "])
def test_a_bound_is_written_as_people_write_it(athanor, bench, sign):
    assert "yield: < 0.5 %" in athanor("record", "bench", "1", f"yield={sign}0.5").output


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


def test_a_correction_takes_the_place_of_all_readings(athanor, bench):
    def values():
        table = athanor("status", "bench", "--json").output
        return json.loads(table)[0]["best"], json.loads(table)[0]["measured"]

    athanor("record", "bench", "1", "yield=50", "yield=60")
    assert values() == (55, 2)
    said = athanor("record", "bench", "1", "yield=70", "--correct").output
    assert "in place of 2 readings" in said
    assert values() == (70, 1)
    athanor("record", "bench", "1", "yield=71", "yield=73", "yield=75", "--correct")
    assert values() == (73, 3)
    assert "chain holds" in athanor("store", "verify").output


def test_a_number_beyond_all_numbers_is_refused(athanor, bench):
    with pytest.raises(IngestError, match="larger than a number"):
        athanor("record", "bench", "1", "yield=1e999")


def test_a_sheet_that_is_still_out_is_spoken_of_and_withdrawn(athanor, bench, tmp_path):
    said = athanor("record", "bench", "1", "yield=83", "--withdraw").output
    assert "still has it" in said
    assert "withdrawing it: confirmed" in said
    assert not list((tmp_path / "sheets" / "to_do").iterdir())


def test_a_sheet_that_is_left_out_is_spoken_of(athanor, bench, tmp_path):
    assert "nothing from there is taken in" in athanor("record", "bench", "1", "yield=83").output
    assert len(list((tmp_path / "sheets" / "to_do").iterdir())) == 1


def test_a_campaign_is_found_by_name_beside_a_folder_of_that_name(
    athanor, bench, tmp_path, monkeypatch
):
    (tmp_path / "bench").mkdir()
    monkeypatch.chdir(tmp_path)
    athanor("run", "bench", "--direct", "--no-wait", code=4)


def test_a_bound_that_what_is_under_way_breaks_is_told_of(athanor, bench):
    bench.write_text(bench.read_text().replace("low: 20, high: 100", "low: 20, high: 25"))
    said = athanor("run", str(bench), "--direct", "--no-wait", "--yes", code=4).output
    assert "is at files already, and is not taken back" in " ".join(said.split())


def test_words_in_brackets_are_only_words(athanor, waiting):
    athanor("pause", "reviewed", "--reason", "[/dev/ttyUSB0] is [bold")
    assert "[/dev/ttyUSB0] is [bold" in athanor("status", "reviewed").output


def test_two_verdicts_on_one_trial_are_none(athanor, waiting):
    with pytest.raises(GateError, match="two verdicts"):
        athanor("review", "reviewed", "--approve", "all", "--reject", "1")
    assert json.loads(athanor("status", "--json").output)[0]["trials"] == {"proposed": 1}


def test_a_reviewer_sees_what_the_priors_have_moved(athanor, tmp_path):
    rows = "\n".join(f"{20 + 5 * k},{k * (16 - k)}" for k in range(17))
    (tmp_path / "old.csv").write_text(f"temperature [degC],yield [percent]\n{rows}\n")
    (tmp_path / "sheets").mkdir()
    path = tmp_path / "bench.yaml"
    path.write_text(BENCH + "priors:\n  - {table: old.csv, trust: same}\n")
    athanor("run", str(path), "--direct", "--no-wait", code=3)
    assert "sources believed 80%" in athanor("review", "bench").output
    for number, reading in enumerate((64, 9), start=1):
        athanor("review", "bench", "--approve", "all")
        athanor("run", "bench", "--direct", "--no-wait", code=4)
        athanor("record", "bench", str(number), f"yield={reading}")
        athanor("run", "bench", "--direct", "--no-wait", code=3)
    assert "without the priors:" in athanor("review", "bench").output
    assert "priors    old.csv is believed" in athanor("status", "bench").output


BEFOREHAND = ("--count", "3", "--until", "12 h", "--reason", "as usual", "--by", "ada")


def test_what_is_approved_beforehand_runs_without_anybody(athanor, reviewed):
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    said = athanor("review", "reviewed", "--standing", "all", *BEFOREHAND).output
    assert "standing approval 1: 3 trials on function until" in said
    assert "athanor review reviewed --revoke 1" in said
    for told in (athanor("review", "reviewed"), athanor("status", "reviewed")):
        assert "standing approval 1: 3 of 3 left until" in told.output
        assert "anywhere (ada)" in told.output
    athanor("run", "reviewed", "--direct", "--no-wait", code=3)
    (summary,) = json.loads(athanor("status", "reviewed", "--json").output)
    assert summary["trials"] == {"done": 3, "proposed": 1}
    assert summary["standing"] == []
    athanor("review", "reviewed", "--approve", "all")
    athanor("run", "reviewed", "--direct", "--no-wait")


def test_within_a_region_and_taken_back(athanor, reviewed):
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    athanor("review", "reviewed", "--standing", "x1 -5..0, x2 ..0.5 cm", *BEFOREHAND)
    assert "x1 -5 to 0 mm, x2 at most 0.5 cm" in athanor("review", "reviewed").output
    with pytest.raises(LifecycleError, match="not said why"):
        athanor("review", "reviewed", "--revoke", "1")
    said = athanor("review", "reviewed", "--revoke", "1", "--reason", "no lot left").output
    assert "standing approval 1 is revoked" in said
    assert "standing approval" not in athanor("review", "reviewed").output
    with pytest.raises(NotFound, match="there is no standing approval 2"):
        athanor("review", "reviewed", "--revoke", "2", "--reason", "no")


def test_one_that_the_world_has_left_behind_says_so(athanor, reviewed):
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    athanor("review", "reviewed", "--standing", "all", *BEFOREHAND)
    reviewed.write_text(reviewed.read_text().replace("high: 15", "high: 14"))
    athanor("run", str(reviewed), "--direct", "--no-wait", "--yes", code=3)
    for told in (athanor("review", "reviewed"), athanor("status", "reviewed")):
        said = " ".join(told.output.split())
        assert "standing approval 1 (ada): lets nothing through: the space" in said
        assert "3 of 3 left" not in said
    (summary,) = json.loads(athanor("status", "reviewed", "--json").output)
    assert len(summary["standing"]) == 1 and "revoke it" in summary["standing"][0]


def test_a_standing_approval_says_how_many_until_when_and_why(athanor, reviewed):
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    review = ("review", "reviewed")
    assert "needs --count and --until" in athanor(*review, "--standing", "all", code=2).output
    assert "say within which region" in athanor(*review, "--count", "3", code=2).output
    with pytest.raises(LifecycleError, match="not said why"):
        athanor(*review, "--standing", "all", "--count", "3", "--until", "12 h")
    with pytest.raises(LifecycleError, match="is over"):
        athanor(*review, "--standing", "all", *BEFOREHAND[:3], "2020-01-01 08:00", "--reason", "x")
    with pytest.raises(SpaceError, match="is no part of a region"):
        athanor(*review, "--standing", "x3 1..2", *BEFOREHAND)
