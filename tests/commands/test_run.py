"""`athanor run` and what follows it, as somebody at a terminal meets it."""

import json

import pytest

from agent.errors import CampaignError, LifecycleError, NotFound


def test_a_campaign_from_file_to_report(athanor, quick, tmp_path):
    page = tmp_path / "quick.html"
    said = athanor("run", str(quick), "--direct", "--report", str(page)).output
    assert "registered as revision 1" in said
    assert "4 of 4 experiments are started" in said
    assert "best so far" in said
    assert "<html" in page.read_text()
    assert "4/4" in athanor("status").output
    assert "identical" in athanor("replay", "quick").output
    assert "the chain holds" in athanor("store", "verify").output


def test_running_it_again_says_that_it_is_finished(athanor, quick):
    athanor("run", str(quick), "--direct")
    said = athanor("run", str(quick), "--direct").output
    assert "finished" in said
    assert "budget" in said


def test_more_budget_is_a_revision_that_goes_on(athanor, quick):
    athanor("run", str(quick), "--direct")
    quick.write_text(quick.read_text().replace("experiments: 4", "experiments: 6"))
    said = athanor("run", str(quick), "--direct", "--yes").output
    assert "budget.experiments: 4 -> 6" in said
    assert "revised as revision 2" in said
    assert "6 of 6" in said


def test_a_revision_may_be_declined(athanor, quick):
    athanor("run", str(quick), "--direct")
    quick.write_text(quick.read_text().replace("experiments: 4", "experiments: 6"))
    athanor("run", str(quick), "--direct", stdin="n\n", code=2)
    assert "4/4" in athanor("status", "quick").output


def test_another_objective_is_another_campaign(athanor, quick):
    athanor("run", str(quick), "--direct")
    quick.write_text(quick.read_text().replace("minimise", "maximise"))
    with pytest.raises(CampaignError, match="new campaign"):
        athanor("run", str(quick), "--direct", "--yes")


def test_a_campaign_of_the_store_is_run_by_its_name(athanor, quick):
    athanor("run", str(quick), "--direct")
    assert "finished" in athanor("run", "quick", "--direct").output
    with pytest.raises(NotFound, match="there is: quick"):
        athanor("run", "quik", "--direct")


def test_pause_resume_stop(athanor, reviewed):
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    athanor("pause", "reviewed", "--reason", "lunch")
    athanor("run", "reviewed", "--direct", "--no-wait", code=7)
    athanor("resume", "reviewed")
    athanor("run", "reviewed", "--direct", "--no-wait", code=3)
    athanor("stop", "reviewed", "--reason", "enough")
    said = athanor("run", "reviewed", "--direct", "--no-wait").output
    assert "stopped: enough" in said


def test_status_speaks_json(athanor, quick):
    athanor("run", str(quick), "--direct")
    (one,) = json.loads(athanor("status", "--json").output)
    assert one["name"] == "quick"
    assert one["measured"] == 4
    assert one["budget"][0] == {"name": "experiments", "used": 4, "limit": 4, "unit": ""}


def test_check_sends_nothing(athanor, quick, store):
    said = athanor("check", str(quick)).output
    assert "a continuum" in said
    assert said.count("the adapter can do it") == 3
    with pytest.raises(Exception, match="no store"):
        athanor("status")


def test_check_shows_what_run_begins_with(athanor, quick):
    quick.write_text(quick.read_text().replace("{name: random}", "{initial: {size: 4}}"))
    said = athanor("check", str(quick), "--points", "4").output
    first = [line.split(":")[0].strip() for line in said.splitlines() if "can do it" in line]
    ran = athanor("run", str(quick), "--direct").output.splitlines()
    lines = [next(line for line in ran if line.startswith(f"{n:>4} ")) for n in (1, 2, 3, 4)]
    assert all(point in line for point, line in zip(first, lines, strict=True))


def test_check_says_by_its_code_that_nothing_can_be_done(athanor, quick):
    other = quick.read_text().replace("name: value", "name: weight")
    quick.write_text(other)
    athanor("check", str(quick), code=1)


def test_a_stopped_campaign_is_not_paused(athanor, reviewed):
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    athanor("stop", "reviewed", "--reason", "fire")
    with pytest.raises(LifecycleError, match="stopped: fire"):
        athanor("pause", "reviewed")
    said = athanor("run", "reviewed", "--direct", "--no-wait").output
    assert "stopped: fire" in said


def test_every_fault_of_a_file_at_once(athanor, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "name: Bad Name\nparameters: []\nobjectives: [{name: y}]\nbudget: {experiments: -1}\n"
    )
    with pytest.raises(CampaignError) as error:
        athanor("run", str(bad))
    places = {fault.path.split(" ")[0] for fault in error.value.faults}
    assert {"name", "parameters", "execution"} <= places
    assert len(error.value.faults) >= 6


def test_counterfactual_replay(athanor, quick):
    quick.write_text(quick.read_text().replace("name: random}", "name: ucb, initial: {size: 3}}"))
    athanor("run", str(quick), "--direct")
    said = athanor("replay", "quick", "--policy", "uncertainty").output
    assert "uncertainty would have chosen" in said


def test_export_and_import(athanor, quick, tmp_path):
    athanor("run", str(quick), "--direct")
    table = tmp_path / "out.csv"
    athanor("export", "quick", "-o", str(table))
    assert "x1 [mm]" in table.read_text().splitlines()[0]
    other = quick.read_text().replace("quick", "second").replace("experiments: 4", "experiments: 5")
    quick.write_text(other)
    athanor("run", str(quick), "--direct")
    said = athanor("import", "second", str(table), "--yes").output
    assert "to take in" in said
    assert json.loads(athanor("status", "second", "--json").output)[0]["measured"] == 5


def test_history_may_come_in_before_the_first_run(athanor, quick, tmp_path):
    table = tmp_path / "old.csv"
    table.write_text("x1 [mm],x2 [mm],value\n1,2,3.5\n4,5,2.5\n")
    said = athanor("import", str(quick), str(table), "--yes").output
    assert "registered as revision 1" in said
    assert "2 rows taken in" in said
    assert "4 of 4 experiments" in athanor("run", str(quick), "--direct").output


def test_what_has_ended_is_not_ended_again(athanor, quick):
    athanor("run", str(quick), "--direct")
    said = athanor("stop", "quick", "--reason", "bored").output
    assert "is finished already: 4 of 4 experiments are started" in said
    assert "bored" not in athanor("status", "quick").output


def test_a_reading_without_a_value_is_shown(athanor, quick):
    quick.write_text(quick.read_text().replace('"1", goal', '"1", plausible: [500, 501], goal'))
    said = athanor("run", str(quick), "--direct").output
    assert said.count("no value implausible") == 4


def test_schema_is_json(athanor):
    assert json.loads(athanor("schema").output)["additionalProperties"] is False


def test_backtest(athanor, quick, tmp_path):
    out = tmp_path / "result.json"
    said = athanor(
        "backtest", str(quick), "--policies", "random", "--seeds", "2", "-o", str(out)
    ).output
    assert "random" in said
    assert json.loads(out.read_text())["campaigns"][0]["campaign"] == "quick"
