"""Priors of a campaign file: tables of others, in this campaign's columns and units."""

import math
from pathlib import Path
from typing import Any

import pytest

from agent.core.source import Source
from agent.errors import CampaignError
from tests.load.files import Load, changed

TABLE = """\
temperature [K],time [h],passes,solvent,yield [percent]
333.15,1,2,DMF,12
353.15,4,2,DMSO,55
353.15,4,2,DMSO,
363.15,8,3,water,61
"""


def campaign(**keys: Any) -> dict[str, Any]:
    return changed(priors=[{"table": "old.csv", **keys}])


def read(load: Load, folder: Path, table: str = TABLE, **keys: Any) -> Source:
    (folder / "old.csv").write_text(table, encoding="utf-8")
    (source,) = load(campaign(**keys)).sources
    return source


def test_rows_come_in_the_campaigns_columns_and_units(load: Load, tmp_path: Path) -> None:
    source = read(load, tmp_path)
    assert (source.name, source.trust, source.comparable) == ("old.csv", "similar", True)
    assert [row.value for row in source.rows] == [12, 55, 61]
    assert source.rows[0].point == {
        "temperature": 60.0, "time": 1.0, "passes": 2.0, "solvent": "DMF",
    }  # fmt: skip


def test_the_campaign_names_the_rows_by_their_hash(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(TABLE)
    one, again = load(campaign()), load(campaign())
    (prior,) = one.campaign.priors
    assert prior.source is not None
    assert prior.source.rows == 3
    assert one.campaign.sources == again.campaign.sources == (prior.source.sha256,)
    assert prior.source.sha256 in one.blobs
    (tmp_path / "old.csv").write_text(TABLE.replace("61", "62"))
    assert load(campaign()).campaign.sources != one.campaign.sources


def test_other_names_are_mapped(load: Load, tmp_path: Path) -> None:
    table = "T,h,medium,Y [1]\n333.15,1,DMF,0.12\n353.15,4,DMSO,0.55\n"
    source = read(
        load,
        tmp_path,
        table,
        columns={"temperature": "T [K]", "time": "h [h]", "solvent": "medium"},
        fixed={"passes": 2},
        value="Y",
        name="paper",
        trust="maybe",
    )
    assert source.name == "paper"
    assert [row.value for row in source.rows] == pytest.approx([12, 55])
    assert source.rows[1].point == {
        "temperature": 80.0, "time": 4.0, "passes": 2, "solvent": "DMSO",
    }  # fmt: skip


def test_what_it_does_not_know_is_left_out_and_said(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("temperature [degC],yield [percent]\n60,1\n80,2\n")
    resolved = load(campaign())
    assert [set(row.point) for row in resolved.sources[0].rows] == [{"temperature"}] * 2
    assert any("does not know time, passes, solvent" in warning for warning in resolved.warnings)


def test_another_quantity_is_taken_when_it_is_named(load: Load, tmp_path: Path) -> None:
    table = TABLE.replace("yield [percent]", "energy [eV]")
    assert not read(load, tmp_path, table, value="energy").comparable


def test_choices_that_are_none_here_are_told(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(TABLE.replace("water", "lead"))
    assert any("has lead, no choice here" in warning for warning in load(campaign()).warnings)


def test_rows_beyond_the_bounds_are_told(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(TABLE.replace("[K]", "[degC]"))
    told = load(campaign()).warnings
    (what,) = [one for one in told if "outside the bounds of temperature" in one]
    assert "333.15 to 363.15, here 20 to 120 degC" in what


def test_a_number_that_nothing_measures_is_a_fault(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(TABLE.replace(",12", ",1e160"))
    with pytest.raises(CampaignError) as raised:
        load(campaign())
    (fault,) = raised.value.faults
    assert fault.what == "1e+160 in result 1 of old.csv is beyond what anything measures"


def test_what_a_logarithmic_scale_has_no_place_for_is_told(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(TABLE.replace(",1,2,DMF", ",0,2,DMF"))
    parameters = [dict(one) for one in changed()["parameters"]]
    time = next(one for one in parameters if one["name"] == "time")
    time |= {"type": "continuous", "low": 0.5, "high": 24, "scale": "log"}
    for key in ("levels", "step", "resolution"):
        time.pop(key, None)
    told = load({**campaign(), "parameters": parameters}).warnings
    assert any("1 of 3 rows of old.csv have time at or below 0" in one for one in told)


def test_groups_that_are_taken_together_are_told(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("time [h],salt,yield [percent]\n1,A,3\n2,A,4\n1,B,9\n2,B,8\n")
    only = [{"name": "time", "type": "discrete", "unit": "h", "levels": [1, 2, 4, 8]}]
    together = load(campaign() | {"parameters": only})
    assert any("rows of different salt (2 values)" in one for one in together.warnings)
    apart = load(campaign(where={"salt": "A"}) | {"parameters": only})
    assert not any("salt" in one for one in apart.warnings)


def test_a_unit_that_the_header_contradicts_is_a_fault(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("t [min],yield [percent]\n60,3\n120,4\n")
    only = [{"name": "time", "type": "discrete", "unit": "h", "levels": [1, 2, 4, 8]}]
    with pytest.raises(CampaignError) as caught:
        load(campaign(columns={"time": "t [s]"}) | {"parameters": only})
    assert "is in min, says old.csv itself" in str(caught.value)
    (same,) = load(campaign(columns={"time": "t [minute]"}) | {"parameters": only}).sources
    assert [row.point["time"] for row in same.rows] == [1, 2]


def test_two_columns_of_one_name_are_a_fault(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("time [h],yield [percent],yield [g]\n1,3,7\n2,4,6\n")
    only = [{"name": "time", "type": "discrete", "unit": "h", "levels": [1, 2, 4, 8]}]
    with pytest.raises(CampaignError) as caught:
        load(campaign() | {"parameters": only})
    assert "two columns named 'yield'" in str(caught.value)


def test_a_formula_that_cannot_be_computed_is_a_fault_with_its_place(load: Load) -> None:
    with pytest.raises(CampaignError) as caught:
        load(changed(priors=[{"formula": "min([temperature, time])"}]))
    assert "priors[0].formula" in str(caught.value)


def test_leaks_are_told(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("time [h],yield [percent]\n1,3\n2,4\n3,5\n")
    only = [{"name": "time", "type": "discrete", "unit": "h", "levels": [1, 2, 4, 8]}]
    resolved = load(campaign(trust="same") | {"parameters": only})
    assert any("2 of 3 rows of old.csv are settings" in warning for warning in resolved.warnings)


@pytest.mark.parametrize(
    ("keys", "table", "where", "what", "mend"),
    [
        ({"table": None}, TABLE, "priors[0]", "give one of table, campaign, formula", ""),
        ({"campaign": "other"}, TABLE, "priors[0]", "give one of table, campaign, formula", ""),
        ({"inputs": ["time"]}, TABLE, "priors[0]", "inputs belongs to a model", ""),
        ({"fidelity": "low"}, TABLE, "priors[0]", "fidelity belongs to a campaign", ""),
        ({"where": {"solvnt": "DMF"}}, TABLE, "priors[0].where.solvnt", "no column", "solvent"),
        ({"where": {"solvent": "lead"}}, TABLE, "priors[0].where.solvent", "no row has", "DMSO"),
        ({"table": "ald.csv"}, TABLE, "priors[0].table", "does not exist", "old.csv"),
        ({"trust": "much"}, TABLE, "priors[0].trust", "much", "same"),
        ({"colums": {}}, TABLE, "priors[0].colums", "no key", "columns"),
        ({"source": {}}, TABLE, "priors[0].source", "made by the loader", "leave"),
        ({"columns": {"temprature": "T"}}, TABLE, "priors[0].columns.temprature", "no column",
         "temperature"),
        ({"columns": {"time": "tme"}}, TABLE, "priors[0].columns.time", "no column 'tme'", "time"),
        ({"fixed": {"tim": 1}}, TABLE, "priors[0].fixed.tim", "no column", "time"),
        ({"fixed": {"time": 1}, "columns": {"time": "time"}}, TABLE, "priors[0].fixed.time",
         "mapped to a column too", "one of the two"),
        ({"value": "yeild"}, TABLE, "priors[0].value", "no column 'yeild'", "yield"),
        ({}, TABLE.replace("yield [percent]", "yield [eV]"), "priors[0].value", "converted", "value"),
        ({}, TABLE.replace("yield [percent]", "yield"), "priors[0].value", "no unit", "[percent]"),
        ({}, TABLE.replace("[K]", ""), "priors[0].columns.temperature", "no unit", "[degC]"),
        ({}, TABLE.replace("[K]", "[kg]"), "priors[0].columns.temperature", "converted", "degC"),
        ({}, TABLE.replace("353.15", "hot"), "priors[0].columns.temperature", "'hot'", "cell"),
        ({}, TABLE.replace("61", "lots"), "priors[0].value", "'lots' in result 4", "cell"),
        ({}, "a,yield [percent]\n1,2\n2,3\n", "priors[0].columns", "knows none", "name its"),
        ({}, "time [h],yield [percent]\n1,2\n2,2\n", "priors[0]", "two results that differ", "out"),
        ({}, "", "priors[0].table", "empty", "rows"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_the_mend(
    load: Load, tmp_path: Path, keys: dict[str, Any], table: str, where: str, what: str, mend: str
) -> None:
    (tmp_path / "old.csv").write_text(table)
    entry = {"table": "old.csv", **keys}
    document = changed(priors=[{key: value for key, value in entry.items() if value is not None}])
    with pytest.raises(CampaignError) as caught:
        load(document)
    (fault,) = caught.value.faults
    assert fault.path.startswith(where)
    assert what in fault.what
    assert mend in fault.mend


def test_of_a_table_some_rows_may_be_meant(load: Load, tmp_path: Path) -> None:
    table = TABLE + "343.15,4,2,DMSO,56\n"
    assert [row.value for row in read(load, tmp_path, table).rows] == [12, 55, 61, 56]
    some = read(load, tmp_path, table, where={"solvent": "DMSO", "time": 4})
    assert [row.value for row in some.rows] == [55, 56]


def test_circumstances_are_brought_along(load: Load, tmp_path: Path) -> None:
    table = "time [h],bath [K],glass,yield [percent]\n1,333.15,soda,3\n2,353.15,quartz,4\n"
    (tmp_path / "old.csv").write_text(table)
    context = {"bath": {"value": 70, "unit": "degC"}, "glass": {"value": "quartz"}}
    (source,) = load(campaign() | {"context": context}).sources
    assert source.context == {"bath": 70, "glass": "quartz"}
    assert source.rows[0].point == {"time": 1.0, "bath": 60.0, "glass": "soda"}
    mapped = {"columns": {"bath": "time [h]"}}
    with pytest.raises(CampaignError, match="it is needed in degC"):
        load(campaign(**mapped) | {"context": context})


def test_two_priors_have_two_names(load: Load, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(TABLE)
    twice = [{"table": "old.csv"}, {"table": "old.csv"}]
    with pytest.raises(CampaignError, match=r"two priors are called .old\.csv"):
        load(changed(priors=twice))
    load(changed(priors=[twice[0], {**twice[1], "name": "again"}]))


def test_other_candidates_are_known_by_their_descriptors(load: Load, tmp_path: Path) -> None:
    (tmp_path / "pool.csv").write_text("id,n,width\na,1,2.5\nb,2,3.5\nc,3,1.5\n")
    (tmp_path / "old.csv").write_text("n,width [nm],yield [percent]\n4,2500,10\n5,3500,20\n")
    pool = {
        "name": "p", "type": "candidates", "file": "pool.csv", "id_column": "id",
        "units": {"width": "um"},
    }  # fmt: skip
    resolved = load(campaign() | {"parameters": [pool]})
    (source,) = resolved.sources
    assert [row.point for row in source.rows] == [
        {"n": 4.0, "width": 2.5},
        {"n": 5.0, "width": 3.5},
    ]
    assert not any("does not know" in warning for warning in resolved.warnings)


def test_a_formula_is_a_source_of_what_physics_expects(load: Load) -> None:
    prior = {"formula": "60 * exp(-((temperature - 85) / 20)**2) * time", "trust": "simulation"}
    (source,) = load(changed(priors=[prior])).sources
    assert source.trust == "simulation"
    assert 350 < len(source.rows) <= 400
    for row in source.rows[:20]:
        temperature, time = float(row.point["temperature"]), float(row.point["time"])
        expected = 60 * math.exp(-(((temperature - 85) / 20) ** 2)) * time
        assert row.value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("formula", "what"),
    [
        ("temprature * 2", "no column 'temprature'"),
        ("solvent * 2", "is a name"),
        ("temperature > 2", "compares, and does not compute"),
        ("open('x')", "no function"),
        ("3 + 4", "the same everywhere"),
        ("sqrt(-temperature)", "computed nowhere"),
    ],
)
def test_a_formula_that_cannot_be_computed_is_told(load: Load, formula: str, what: str) -> None:
    with pytest.raises(CampaignError) as caught:
        load(changed(priors=[{"formula": formula}]))
    assert what in str(caught.value)
