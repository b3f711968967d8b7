"""Tables of candidates, descriptor files and materials: what they become, and what is wrong with them."""

# ruff: noqa: E501 - tables, a case a line

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from agent.core.pools import Pool
from agent.errors import CampaignError
from tests.load.files import Load, changed

TABLE = """\
id,n,theta,maker,yield
S10,6,0,acme,1
S2,6,25,acme,2
S1,8,0.5,bcme,3
"""


def candidates(**keys: Any) -> dict[str, Any]:
    entry = {"name": "p", "type": "candidates", "file": "t.csv", **keys}
    return changed(parameters=[{key: value for key, value in entry.items() if value is not None}])


def read_pool(load: Load, folder: Path, table: str, **keys: Any) -> Pool:
    (folder / "t.csv").write_text(table, encoding="utf-8")
    return load(candidates(**keys)).pools["p"]


def test_an_id_column_names_the_candidates_in_natural_order(load: Load, tmp_path: Path) -> None:
    pool = read_pool(load, tmp_path, TABLE, id_column="id", labels=["maker"])
    assert pool.ids == ("S1", "S2", "S10")
    assert pool.labels == {"maker": ("bcme", "acme", "acme")}
    assert pool.descriptors == {"n": (8.0, 6.0, 6.0), "theta": (0.5, 25.0, 0.0)}


def test_without_one_the_descriptors_do(load: Load, tmp_path: Path) -> None:
    table = "n,theta,r,t\n6,0,1.5,0.70\n6,0,1.5,0.7\n10,-0.0,1.50,0.7\n"
    pool = read_pool(load, tmp_path, table)
    assert pool.ids == ("n=6, theta=0, r=1.5, t=0.7", "n=10, theta=0, r=1.5, t=0.7")


def test_the_order_of_the_rows_changes_nothing(load: Load, tmp_path: Path) -> None:
    rows = [f"{a},{b * 0.1},{a * b}" for a in range(6) for b in range(6)] * 2
    found = set()
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        (tmp_path / "t.csv").write_text("a,b,c\n" + "\n".join(rows) + "\n")
        resolved = load(candidates())
        found.add(next(iter(resolved.blobs.items())))
        assert len(resolved.pools["p"].ids) == 36
    assert len(found) == 1


def test_rows_that_differ_beyond_the_tenth_digit_are_one(load: Load, tmp_path: Path) -> None:
    rows = ["0.123456789012,1", "0.123456789011,1"]
    pools = [
        read_pool(load, tmp_path, "a,b\n" + "\n".join(order) + "\n") for order in (rows, rows[::-1])
    ]
    assert pools[0] == pools[1]
    assert len(pools[0].ids) == 1


def test_parquet_is_read_like_csv(load: Load, tmp_path: Path) -> None:
    expected = read_pool(load, tmp_path, TABLE, id_column="id")
    pd.read_csv(tmp_path / "t.csv").to_parquet(tmp_path / "t.parquet")
    assert load(candidates(file="t.parquet", id_column="id")).pools["p"] == expected


def test_the_file_may_lie_where_the_environment_says(load: Load, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "t.csv").write_text(TABLE)
    document = candidates(file="${DATA}/t.csv", id_column="id")
    resolved = load(document, DATA=str(tmp_path / "elsewhere"))
    assert resolved.campaign.parameters[0].file == str(tmp_path / "elsewhere" / "t.csv")  # type: ignore[union-attr]


def test_constraints_and_units_may_speak_of_the_columns(load: Load, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    document = candidates(id_column="id", labels=["maker"], units={"theta": "degree"})
    document["constraints"] = [
        {"type": "expression", "expression": "theta < 20 or maker != 'acme'"},
        {"type": "exclude", "combination": {"p": "S10", "maker": "acme"}},
    ]
    space = load(document).space
    assert [p for p in ("S1", "S2", "S10") if {"p": p} in space] == ["S1"]


BROKEN = [
    ("", {}, "parameters.p.file", "is empty"),
    ("a,b\n", {}, "parameters.p.file", "has no rows"),
    ("a;b\n1;2\n", {}, "parameters.p.file", "separated by semicolons"),
    ("a,a\n1,2\n", {}, "parameters.p.file", "the column 'a' stands twice"),
    ("a,b\n1,2,3\n", {}, "parameters.p.file", "cannot be read"),
    (TABLE, {"id_column": "Id"}, "parameters.p.id_column", "did you mean 'id'?"),
    (TABLE, {"descriptors": ["n", "tehta"]}, "parameters.p.descriptors[1]", "no column 'tehta'; the columns are id, n"),
    (TABLE, {"labels": ["supplier"]}, "parameters.p.labels[0]", "the columns are id, n"),
    (TABLE, {"id_column": "id", "descriptors": ["n", "maker"]}, "parameters.p.descriptors[1]", "'acme', not a number, in rows 2, 3, 4"),
    ("id,n\nS1,1\nS2,\nS3,nan\n", {"id_column": "id"}, "parameters.p.descriptors", "has no number in rows 3, 4"),
    ("id,n\nS1,1\nS2,about 3\nS3,4\n", {"id_column": "id"}, "parameters.p.descriptors", "'about 3', not a number, in row 3"),
    ("id,n\nS1,1\nS1,2\n", {"id_column": "id"}, "parameters.p.file", "'S1' stands in rows 2, 3 with different contents"),
    ("id,n\nS1,1\n,2\n", {"id_column": "id"}, "parameters.p.id_column", "the id is empty in row 3"),
    ("id,x\nS1,a\nS2,b\n", {"id_column": "id"}, "parameters.p.descriptors", "no column of numbers"),
    (TABLE, {"id_column": "id", "units": {"thta": "degree"}}, "parameters.p.units.thta", "did you mean 'theta'?"),
    (TABLE, {"id_column": "id", "units": {"theta": "degrees C"}}, "parameters.p.units.theta", "write 'degC'"),
    (TABLE, {"file": "u.csv"}, "parameters.p.file", "beside it are t.csv"),
    (TABLE, {"file": "campaign.yaml"}, "parameters.p.file", "neither .csv nor .parquet"),
    (TABLE, {"file": "${NOWHERE}/t.csv"}, "parameters.p.file", "NOWHERE is not set"),
    (TABLE, {"file": None}, "parameters.p.file", "the key 'file' is missing"),
    (TABLE, {"id_column": "id", "name": "theta"}, "parameters.theta", "a column of its table, 'theta', is taken"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "keys", "path", "words"), BROKEN)
def test_a_broken_table_says_where(
    table: str, keys: dict[str, Any], path: str, words: str, load: Load, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(table)
    with pytest.raises(CampaignError) as caught:
        load(candidates(**keys))
    assert [str(fault) for fault in caught.value.faults if fault.path.split(" (")[0] == path]
    assert words in str(caught.value)
    assert len(caught.value.faults) == 1


def test_bytes_that_are_no_table(load: Load, tmp_path: Path) -> None:
    for name in ("t.csv", "t.parquet"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00\x01PAR1")
        with pytest.raises(CampaignError) as caught:
            load(candidates(file=name))
        assert caught.value.faults[0].path.startswith("parameters.p.file")


# ---- descriptors of choices


def solvent(**keys: Any) -> dict[str, Any]:
    entry = {"name": "s", "type": "categorical", "choices": ["DMF", "water"], **keys}
    return changed(parameters=[entry])


def test_a_descriptor_file_describes_the_choices(load: Load, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("solvent,polarity,logP\nwater,9,-1.4\nDMF,6.4,-1\nTHF,4,0.5\n")
    parameter = load(solvent(descriptor_file="d.csv")).campaign.parameters[0]
    assert parameter.descriptors == {  # type: ignore[union-attr]
        "DMF": {"polarity": 6.4, "logP": -1.0},
        "water": {"polarity": 9.0, "logP": -1.4},
    }
    assert parameter.descriptor_file == str(tmp_path / "d.csv")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("solvent,polarity\nDMF,1\n", "describes water"),
        ("solvent,polarity\nDMF,1\nwater,2\nwater,3\n", "water twice"),
        ("solvent,polarity\nDMF,1\nwater,high\n", "'high', not a number, in row 3"),
        ("solvent\nDMF\nwater\n", "no column of numbers"),
    ],
)
def test_a_broken_descriptor_file(table: str, words: str, load: Load, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(table)
    with pytest.raises(CampaignError, match=words):
        load(solvent(descriptor_file="d.csv"))


# ---- materials


def material(prototypes: object = None, **keys: Any) -> dict[str, Any]:
    sites = {"A": ["Sc", "Ti"], "B": ["Pt", "Ti"]}
    entry = {
        "name": "m",
        "type": "material",
        "prototypes": prototypes or [{"name": "B2", "sites": sites}],
    }
    return changed(parameters=[{**entry, **keys}])  # fmt: skip


def test_every_combination_is_a_candidate_but_for_an_element_with_itself(load: Load) -> None:
    pool = load(material()).pools["m"]
    assert pool.ids == ("ScTi (B2)", "ScPt (B2)", "TiPt (B2)")
    row = pool.row("ScPt (B2)")
    assert (row["prototype"], row["A"], row["B"]) == ("B2", "Sc", "Pt")
    assert (row["A_X"], row["B_X"], row["A_group"], row["B_row"]) == (1.36, 2.28, 3.0, 6.0)
    assert len(pool.descriptors) == 10


def test_prototypes_with_the_same_elements_are_told_apart(load: Load) -> None:
    sites = {"A": ["Sc"], "B": ["Pt"]}
    pool = load(material([{"name": "B2", "sites": sites}, {"name": "B1", "sites": sites}])).pools[
        "m"
    ]
    assert pool.ids == ("ScPt (B1)", "ScPt (B2)")
    assert pool.descriptors["prototype_B2"] == (0.0, 1.0)


def test_swapped_elements_are_pointed_out(load: Load) -> None:
    sites = {"A": ["Al", "Ni"], "B": ["Al", "Ni"]}
    resolved = load(material([{"name": "B2", "sites": sites}]))
    assert "AlNi and NiAl on B2 differ only in which site is whose" in resolved.warnings[0]


@pytest.mark.parametrize(
    ("prototypes", "keys", "path", "words"),
    [
        ([{"name": "B2", "sites": {"A": ["Sk"], "B": ["Pt"]}}], {}, "parameters.m.prototypes.B2.sites.A[0]", "'Sk' is not an element (did you mean 'S"),
        ([{"name": "B2", "sites": {"A": ["Scandium"], "B": ["Pt"]}}], {}, "parameters.m.prototypes.B2.sites.A[0]", "is not an element"),
        ([{"name": "B2", "sites": {"A": [], "B": ["Pt"]}}], {}, "parameters.m.prototypes.B2.sites.A", "no element may take this site"),
        ([{"name": "B2", "sites": {"A": ["Pt"], "B": ["Pt"]}}], {}, "parameters.m.prototypes", "no combination is left"),
        ([{"name": "B2", "sites": {"A": ["Sc", "Sc"], "B": ["Pt"]}}], {}, "parameters.m.prototypes.B2.sites.A[1]", "Sc stands twice"),
        ([{"name": "B2", "sites": {"A": ["Sc"], "B": ["Pt"]}}, {"name": "L2_1", "sites": {"A": ["Sc"]}}], {}, "parameters.m.prototypes.L2_1.sites", "every prototype needs the same sites"),
        ([{"name": "B2", "sites": {"A": ["NO"], "B": ["Pt"]}}], {}, "parameters.m.prototypes.B2.sites.A[0]", "not an element"),
        (None, {"properties": ["X", "atomic_raduis"]}, "parameters.m.properties[1]", "did you mean 'atomic_radius'?"),
        (None, {"properties": ["__class__"]}, "parameters.m.properties[0]", "is not an elemental property"),
        ([{"name": "B2", "sites": {"A": ["He"], "B": ["Pt"]}}], {}, "parameters.m.properties[0]", "pymatgen has no 'X' of He"),
    ],
)  # fmt: skip
def test_a_broken_material(
    prototypes: object, keys: dict[str, Any], path: str, words: str, load: Load
) -> None:
    with pytest.raises(CampaignError) as caught:
        load(material(prototypes, **keys))
    assert caught.value.faults[0].path.split(" (")[0] == path
    assert words in str(caught.value.faults[0])


def test_every_named_property_is_a_number_of_iron(load: Load) -> None:
    from agent.load.materials import PROPERTIES

    sites = {"A": ["Fe"], "B": ["Ni"]}
    wanted = [name for name in PROPERTIES if name not in {"metallic_radius"}]
    faulty = []
    for name in wanted:
        try:
            load(material([{"name": "B2", "sites": sites}], properties=[name]))
        except CampaignError as error:
            faulty.append((name, str(error.faults[0])))
    assert faulty == []
