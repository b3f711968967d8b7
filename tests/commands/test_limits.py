"""What the operators allow is shown where people look, and refused where they approve."""

import json
import re

import pytest

from agent.errors import GateError, OperatorsError, OutsideLimits
from tests.commands.test_review import BENCH

OPERATORS = """\
adapters: {lab: "tests.lab.adapter:LabAdapter"}
instruments:
  files:
    limits: {temperature: {low: 20, high: 60, unit: degC}}
    rules: [{name: noise, never: temperature == 50, reason: the fan rattles there}]
    failures: [{code: E7, kind: infeasible, reason: it has gelled}]
    signed: {by: M. Curie, at: 2026-03-01}
"""


@pytest.fixture
def allowed(tmp_path, monkeypatch):
    """The operators' file in force."""
    path = tmp_path / "operators.yaml"
    path.write_text(OPERATORS)
    monkeypatch.setenv("ATHANOR_OPERATORS", str(path))
    return path


@pytest.fixture
def bench(tmp_path):
    """A campaign file whose space is wider than the limits."""
    (tmp_path / "sheets").mkdir()
    path = tmp_path / "bench.yaml"
    path.write_text(BENCH)
    return path


def test_an_operators_file_is_looked_over(athanor, allowed):
    said = " ".join(athanor("check", "--operators", str(allowed)).output.split())
    assert "temperature 20 to 60 degC" in said
    assert "noise never temperature == 50 the fan rattles there" in said
    assert "code E7 infeasible it has gelled" in said
    assert "signed M. Curie, 2026-03-01; seal of what is signed: " in said


def test_its_faults_are_told_together(athanor, allowed):
    allowed.write_text(OPERATORS.replace("high", "hihg").replace("E7", "''"))
    with pytest.raises(OperatorsError) as refused:
        athanor("check", "--operators", str(allowed))
    assert len(refused.value.faults) == 2


def test_a_check_of_nothing_is_a_wrong_use(athanor):
    assert "give a campaign file" in athanor("check", code=2).output


def test_a_campaign_is_checked_against_the_limits(athanor, allowed, bench):
    said = athanor("check", str(bench), "--points", "8").output
    assert "on cancel: the run sheet is moved to cancelled/" in said
    assert "emergency stop: STOP.txt tells whoever looks into the folder" in said
    assert "1 limit and 1 rule of files, signed by M. Curie, 2026-03-01" in said
    assert (
        "the space of temperature is wider than its limit (100 degC is not 20 to 60 degC): "
        "nothing is proposed beyond that"
    ) in said
    allowed.write_text(OPERATORS.replace("high: 60", "high: 100").replace("== 50", "== 51"))
    assert "wider" not in athanor("check", str(bench)).output
    allowed.write_text(OPERATORS.replace("degC", "mL"))
    said = athanor("check", str(bench), code=1).output
    assert "no temperature can be sent: its unit is 'degC', and that of its limit 'mL'" in said
    allowed.write_text(OPERATORS.replace("== 50", ">= 20"))
    said = athanor("check", str(bench), code=1).output
    assert "no point was found that keeps every constraint, and the operators' limits" in said


def test_another_operators_file_can_be_tried(athanor, allowed, bench, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(OPERATORS)
    allowed.write_text(OPERATORS.replace("degC", "mL"))
    athanor("check", str(bench), "--points", "8", code=1)
    athanor("check", str(bench), "--points", "8", "--operators", str(other))


def test_a_machine_without_limits_is_refused_and_told_what_to_write(athanor, allowed, tmp_path):
    path = tmp_path / "machine.yaml"
    settings = "{adapter: lab, settings: {url: 'http://127.0.0.1:9'}}"
    path.write_text(
        BENCH.replace("{adapter: files, settings: {folder: sheets, settle_s: 0}}", settings)
    )
    said = " ".join(athanor("check", str(path), code=1).output.split())
    assert "nothing is sent to lab: its effect is physical" in said
    assert "instruments: {lab: {limits: …, signed: …}}" in said
    with pytest.raises(GateError, match="have signed no limits of it"):
        athanor("run", str(path), "--direct", "--no-wait")
    assert json.loads(athanor("status", "--json").output) == []


def test_a_reviewer_sees_what_is_beyond_the_limits_and_cannot_approve_it(athanor, allowed, bench):
    said = athanor("run", str(bench), "--direct", "--no-wait", code=3).output
    assert "the space of temperature is wider than its limit" in said
    allowed.write_text(OPERATORS.replace("high: 60", "high: 21"))
    said = " ".join(athanor("review", "bench").output.split())
    assert "beyond the limits of files: temperature: " in said
    listed = json.loads(athanor("review", "bench", "--json").output)
    beyond = [one for one in listed if one["beyond_limits"]]
    assert beyond
    with pytest.raises(OutsideLimits, match="is not 20 to 21 degC"):
        athanor("review", "bench", "--approve", str(beyond[0]["trial"]["number"]))
    athanor(
        "review", "bench", "--edit", str(beyond[0]["trial"]["number"]), "--set", "temperature=20"
    )


def test_all_that_may_be_approved_is_and_the_others_are_named(athanor, allowed, bench):
    points = ", ".join(f"{{temperature: {at}}}" for at in (30, 20, 40))
    policy = f"policy: {{batch_size: 3, initial: {{design: points, points: [{points}]}}}}\n"
    bench.write_text(re.sub("policy: .*\n", policy, BENCH))
    athanor("run", str(bench), "--direct", "--no-wait", code=3)
    allowed.write_text(OPERATORS.replace("high: 60", "high: 21"))
    with pytest.raises(OutsideLimits, match=r"speak against \w+-T0003: temperature: 40 degC"):
        athanor("review", "bench", "--approve", "all")
    (told,) = json.loads(athanor("status", "bench", "--json").output)
    assert told["trials"] == {"proposed": 2, "approved": 1}


def test_a_region_beyond_the_limits_is_to_be_narrowed(athanor, allowed, bench):
    athanor("run", str(bench), "--direct", "--no-wait", code=3)
    standing = ("--standing", "temperature 20..99", "--count", "3", "--until", "12 h")
    with pytest.raises(OutsideLimits, match=r"against the region: .* \(narrow it\)"):
        athanor("review", "bench", *standing, "--reason", "as usual")


def test_editors_have_a_schema_of_it(athanor, tmp_path):
    assert "Athanor operators" in athanor("schema", "--operators").output
