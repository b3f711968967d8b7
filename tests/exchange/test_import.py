"""Imports: what fits comes in once, as history; everything else is told with its row and its reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.core.campaign import Campaign
from agent.core.job import Observation
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import IngestError
from agent.exchange import apply_import, plan_import
from agent.standing import stand
from tests.exchange.world import ANNA, CAMPAIGN, NOW, POINT, add, decide, new_store

HEAD = "temperature [degC],solvent,passes,ratio,yield_ [%],purity [mg/mL]\n"
Write = Callable[..., Path]


def reasons(store: Store, path: Path) -> list[str]:
    return [str(fault) for fault in plan_import(store, "suzuki", path).faults]


def test_a_row_becomes_a_trial_that_is_done(store: Store, sheet: Write) -> None:
    plan = plan_import(store, "suzuki", sheet(HEAD + "80,DMF,2,1.5,61.5,3\n"))
    assert not plan.faults
    (name,) = apply_import(plan, store, ANNA, NOW)
    trial = store.trial(name)
    assert (trial.status, trial.batch, trial.decision) == (TrialStatus.DONE, 0, None)
    assert trial.point == POINT
    assert trial.origin == plan.origin
    assert trial.origin.startswith("imported:runs.csv#")
    one, other = store.observations_of(name)
    assert (one.objective, one.value, one.unit, one.by) == ("yield_", 61.5, "%", ANNA)
    assert (other.objective, other.value) == ("purity", 3.0)
    assert store.blob(str(one.raw)) == plan.content
    assert store.verify("c1") > 0


def test_imported_rows_teach_and_do_not_count(store: Store, sheet: Write) -> None:
    apply_import(
        plan_import(store, "suzuki", sheet(HEAD + "80,DMF,2,1.5,61,3\n")), store, ANNA, NOW
    )
    standing = stand(store, "suzuki", NOW)
    assert {row.trial for row in standing.rows} == {standing.trials[0].id}
    assert [row.objective for row in standing.rows] == list(standing.campaign.aim.names)
    assert standing.own_rows == ()
    assert standing.best is None
    assert standing.use.experiments == 0


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("101", "101 % is implausible: outside 0 to 100"),
        ("<-5", "<= -5.0 % is implausible: outside 0 to 100"),
        ("> 100.5", "is implausible"),
        ('"<0,5"', "'0,5' is not a number: write a decimal point"),
    ],
)
def test_what_cannot_be_a_result_is_told(store: Store, sheet: Write, cell: str, words: str) -> None:
    (told,) = reasons(store, sheet(HEAD + f"80,DMF,2,1.5,{cell},3\n"))
    assert words in told


def test_what_is_in_question_elsewhere_is_not_taken_in(store: Store, sheet: Write) -> None:
    head = HEAD.replace("\n", ",in question\n")
    told = reasons(store, sheet(head + "80,DMF,2,1.5,61,3,purity\n80,DMF,2,1.5,61,3,\n"))
    assert len(told) == 1
    assert "row 1: purity: it is in question where it was measured" in told[0]


def test_a_trial_without_every_objective_is_partial(store: Store, sheet: Write) -> None:
    plan = plan_import(store, "suzuki", sheet(HEAD + "80,DMF,2,1.5,61,\n"))
    (name,) = apply_import(plan, store, ANNA, NOW)
    assert store.trial(name).status is TrialStatus.PARTIAL


def test_units_are_converted(store: Store, sheet: Write) -> None:
    head = "temperature [K],solvent,passes [],ratio [1],yield_ [1],yield_ sd [1],yield_ n\n"
    plan = plan_import(store, "suzuki", sheet(head + "353.15,DMF,2,1.5,0.615,0.02,4\n"))
    assert plan.rows[0].point == POINT
    assert plan.rows[0].executed is None
    reading = plan.rows[0].readings[0]
    assert reading.value == pytest.approx(61.5)
    assert reading.sd == pytest.approx(1.0)
    assert "temperature [K] is temperature, converted from K to degC" in plan.lines()


def test_a_finer_setting_is_kept_as_executed(store: Store, sheet: Write) -> None:
    plan = plan_import(store, "suzuki", sheet(HEAD + "80.3,DMF,2,1.5,61,3\n"))
    (name,) = apply_import(plan, store, ANNA, NOW)
    assert store.trial(name).point["temperature"] == 80.5
    assert stand(store, "suzuki", NOW).rows[0].point["temperature"] == 80.3


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        ("<0.5", {"high": 0.5}),
        (">= 3", {"low": 3.0}),
        ("0.1 to 0.5", {"low": 0.1, "high": 0.5}),
        ("void: spilt", {"void": "spilt"}),
    ],
)
def test_bounds_and_void_results_are_read(
    store: Store, sheet: Write, cell: str, seen: dict[str, object]
) -> None:
    plan = plan_import(store, "suzuki", sheet(HEAD + f"80,DMF,2,1.5,{cell},3\n"))
    (name,) = apply_import(plan, store, ANNA, NOW)
    one: Observation = store.observations_of(name)[0]
    assert {key: getattr(one, key) for key in seen} == seen
    assert one.value is None


def test_choices_that_look_like_nothing_or_like_numbers_are_texts(
    store: Store, sheet: Write
) -> None:
    rows = "80,NA,2,1.5,1,1\n81,'=cmd(),2,1.5,1,1\n82,'-78,2,1.5,1,1\n83,-78,2,1.5,1,1\n"
    plan = plan_import(store, "suzuki", sheet(HEAD + rows))
    assert [row.point["solvent"] for row in plan.rows] == ["NA", "=cmd()", "-78", "-78"]


def test_the_same_file_twice_adds_nothing(store: Store, sheet: Write) -> None:
    path = sheet(HEAD + "80,DMF,2,1.5,61,3\n80,DMF,2,1.5,61,3\n81,DMF,2,1.5,<5,3\n")
    first = plan_import(store, "suzuki", path)
    assert len(apply_import(first, store, ANNA, NOW)) == 3
    again = plan_import(store, "suzuki", path)
    assert again.rows == ()
    assert [one.number for one in again.duplicates] == [1, 2, 3]
    assert apply_import(again, store, ANNA, NOW) == ()
    assert apply_import(first, store, ANNA, NOW) == ()
    assert len(store.trials("c1")) == 3


def test_a_file_that_goes_on_brings_only_what_is_new(store: Store, sheet: Write) -> None:
    old = HEAD + "80,DMF,2,1.5,61,3\n"
    apply_import(plan_import(store, "suzuki", sheet(old)), store, ANNA, NOW)
    plan = plan_import(store, "suzuki", sheet(old + "90,DMF,2,1.5,70,3\n"))
    assert [row.number for row in plan.rows] == [2]
    assert plan.duplicates == ((1, "c1-T0001"),)


def test_what_the_campaign_measured_itself_is_a_duplicate(store: Store, sheet: Write) -> None:
    add(store, 1, [{"objective": "yield_", "value": 61.0}, {"objective": "purity", "value": 3.0}])
    plan = plan_import(store, "suzuki", sheet(HEAD + "80,DMF,2,1.5,61,3\n"))
    assert plan.rows == ()
    assert plan.duplicates[0].trial == "c1-T0001"


def test_a_result_at_an_open_trials_point_is_flagged(store: Store, sheet: Write) -> None:
    decide(store)
    plan = plan_import(store, "suzuki", sheet(HEAD + "85,DMF,2,1.5,61,3\n80,DMF,2,1.5,61,3\n"))
    assert [row.leak for row in plan.rows] == ["c1-T0001", None]
    assert any("still open" in line for line in plan.lines())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("300,DMF,2,1.5,61,3", "row 1: temperature: 300 is outside 20 to 120 degC"),
        ("hot,DMF,2,1.5,61,3", "row 1: temperature: 'hot' is not a number"),
        ("1_0,DMF,2,1.5,61,3", "row 1: temperature: '1_0' is not a finite number"),
        ("inf,DMF,2,1.5,61,3", "row 1: temperature: 'inf' is not a finite number"),
        (",DMF,2,1.5,61,3", "row 1: temperature: missing"),
        ("80,THF,2,1.5,61,3", "row 1: solvent: 'THF' is not one of"),
        ("80,,2,1.5,61,3", "row 1: solvent: missing"),
        ("80,DMF,2.5,1.5,61,3", "row 1: passes: 2.5 is not a whole number"),
        ("80,DMF,9,1.5,61,3", "row 1: passes: 9 is outside 1 to 5"),
        ("80,DMF,2,1.7,61,3", "row 1: ratio: 1.7 is not one of the 3 levels"),
        ("80,DMF,2,1.5,a lot,3", "row 1: yield_: 'a lot' is not a number"),
        ("80,DMF,2,1.5,140,3", "row 1: yield_: 140 % is implausible"),
        ("80,DMF,2,1.5,5 to 1,3", "row 1: yield_: the lower bound is above"),
        ("80,DMF,2,1.5,,", "row 1: it has no result"),
    ],
)
def test_rows_that_do_not_fit_are_told(store: Store, sheet: Write, row: str, reason: str) -> None:
    told = reasons(store, sheet(HEAD + row + "\n"))
    assert len(told) == 1
    assert told[0].startswith(reason)


def test_a_faulty_row_does_not_hold_the_others_back(store: Store, sheet: Write) -> None:
    plan = plan_import(store, "suzuki", sheet(HEAD + "300,THF,2,1.5,61,3\n80,DMF,2,1.5,61,3\n"))
    assert [row.number for row in plan.rows] == [2]
    assert len(plan.faults) == 2


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("temperature,solvent,passes,ratio,yield_ [%]", "column 'temperature': it has no unit"),
        ("temperature [degC],solvent,passes,ratio,yield_", "column 'yield_': it has no unit"),
        ("temperature [bar],solvent,passes,ratio,yield_ [%]", "'bar' cannot be converted to"),
        ("temperature [blorp],solvent,passes,ratio,yield_ [%]", "'blorp' is not a unit"),
        ("temperature [degC],solvent [g],passes,ratio,yield_ [%]", "solvent has no unit"),
        ("temperature [degC],passes,ratio,yield_ [%]", "there is none for the parameter solvent"),
        ("temperature [degC],solvent,passes,ratio,colour", "there is none for an objective"),
        (
            "temperature [degC],temperature [K],solvent,passes,ratio,yield_ [%]",
            "temperature stands twice",
        ),
    ],
)
def test_columns_that_cannot_be_used_are_told(
    store: Store, sheet: Write, head: str, reason: str
) -> None:
    cells = ",".join(["1"] * (head.count(",") + 1))
    plan = plan_import(store, "suzuki", sheet(f"{head}\n{cells}\n"))
    assert plan.rows == ()
    assert any(reason in str(fault) for fault in plan.faults)


@pytest.mark.parametrize(
    ("columns", "cells", "reason"),
    [
        ("yield_ sd [%]", "-1", "its standard deviation is negative"),
        ("yield_ sd [%],yield_ n", "1,0", "its number of readings is below 1"),
        ("role", "king", "'king' is not one of"),
    ],
)
def test_side_columns_are_checked(
    store: Store, sheet: Write, columns: str, cells: str, reason: str
) -> None:
    text = HEAD.strip() + f",{columns}\n80,DMF,2,1.5,61,3,{cells}\n"
    assert any(reason in told for told in reasons(store, sheet(text)))


def test_columns_that_mean_nothing_are_named(store: Store, sheet: Write) -> None:
    plan = plan_import(store, "suzuki", sheet(HEAD.strip() + ",colour\n80,DMF,2,1.5,61,3,red\n"))
    assert plan.unused == ("colour",)
    assert "not used: colour" in plan.lines()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("runs.xlsx", "", "no known ending"),
        ("runs.csv", "", "cannot be read"),
        ("runs.csv", HEAD, "has no rows"),
        ("runs.json", "{", "cannot be read"),
        ("runs.parquet", "no", "cannot be read"),
    ],
)
def test_files_that_are_no_tables_are_refused(
    store: Store, sheet: Write, name: str, text: str, reason: str
) -> None:
    with pytest.raises(IngestError, match=reason):
        plan_import(store, "suzuki", sheet(text, name))


def test_a_german_spreadsheet_is_read(store: Store, sheet: Write) -> None:
    text = HEAD.replace(",", ";") + "80;DMF;2;1,5;61,5;<0,3\n"
    plan = plan_import(store, "suzuki", sheet(text))
    assert not plan.faults
    (row,) = plan.rows
    assert row.point == POINT
    assert [one.value for one in row.readings] == [61.5, None]


def test_cells_that_no_table_has_are_told(store: Store, sheet: Write) -> None:
    row = '{"temperature [degC]": [80, 90], "solvent": "DMF", "passes": 2, "ratio": 1.5, "yield_ [%]": 61.5}'
    assert "not a number" in reasons(store, sheet(f"[{row}]", "runs.json"))[0]
    with pytest.raises(IngestError, match="cannot be read"):
        plan_import(store, "suzuki", sheet("[" * 100_000, "deep.json"))


def test_a_file_that_is_not_there_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="cannot be read"):
        plan_import(store, "suzuki", tmp_path / "none.csv")


def test_a_plan_is_of_one_revision(store: Store, sheet: Write) -> None:
    plan = plan_import(store, "suzuki", sheet(HEAD + "80,DMF,2,1.5,61,3\n"))
    with store.write(ANNA, NOW) as tx:
        tx.revise(store.revision("c1").model_copy(update={"number": 2}))
    with pytest.raises(IngestError, match="revised"):
        apply_import(plan, store, ANNA, NOW)
    assert store.trials("c1") == []


def test_a_dry_run_writes_nothing(store: Store, sheet: Write) -> None:
    before = store.journal("c1")
    plan_import(store, "suzuki", sheet(HEAD + "80,DMF,2,1.5,61,3\n"))
    assert store.journal("c1") == before
    with new_store() as other:
        assert other.trials("c1") == []


def test_a_class_comes_in_by_its_name(sheet: Write) -> None:
    objective = {"name": "phase", "goal": "classify", "classes": ["cubic", "melt"]}
    changed = {**CAMPAIGN.model_dump(mode="json"), "objectives": [objective]}
    with new_store(Campaign.model_validate(changed)) as store:
        head = "temperature [degC],solvent,passes,ratio,phase\n"
        plan = plan_import(
            store, "suzuki", sheet(head + "80,DMF,2,1.5,melt\n90,DMF,2,1.5,void: lost\n")
        )
        assert not plan.faults
        first, _ = apply_import(plan, store, ANNA, NOW)
        assert store.observations_of(first)[0].value == 1.0
        (fault,) = reasons(store, sheet(head + "70,DMF,2,1.5,glas\n"))
        assert "'glas' is none of the classes cubic, melt" in fault


def test_a_class_comes_in_by_its_number_from_an_earlier_export(sheet: Write) -> None:
    objective = {"name": "phase", "goal": "classify", "classes": ["cubic", "melt"]}
    changed = {**CAMPAIGN.model_dump(mode="json"), "objectives": [objective]}
    with new_store(Campaign.model_validate(changed)) as store:
        head = "temperature [degC],solvent,passes,ratio,phase [1],phase sd [1],phase n\n"
        plan = plan_import(store, "suzuki", sheet(head + "80,DMF,2,1.5,1.0,,1\n"))
        assert not plan.faults
        (only,) = apply_import(plan, store, ANNA, NOW)
        assert store.observations_of(only)[0].value == 1.0
