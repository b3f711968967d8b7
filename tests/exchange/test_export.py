"""Exports: one row a trial, units in the headers, nothing that a spreadsheet would run."""

from pathlib import Path

import pandas as pd
import pytest

from agent.core.adapter import Measurement
from agent.core.job import Observation
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.errors import AthanorError, NotFound
from agent.exchange import export, frame
from agent.ingest.amend import correct as amended
from agent.judging import judge
from agent.resolved import campaign_of
from tests.exchange.world import ANNA, NOW, POINT, add, decide


def correct(store: Store, number: int, reading: dict[str, float]) -> dict[str, int]:
    trial = next(one for one in store.trials("c1") if one.number == number)
    measurement = Measurement(trial=trial.id, objective="yield_", unit="%", **reading)
    return amended(store, campaign_of(store, "c1"), trial, [measurement], ANNA, NOW)


def test_a_row_holds_what_became_of_a_trial(store: Store) -> None:
    decide(store)
    table = frame(store, "suzuki", NOW)
    row = table.iloc[0]
    assert row["trial"] == "c1-T0001"
    assert row["status"] == "approved"
    assert row["temperature [degC]"] == 85.0
    assert row["passes [1]"] == 2
    assert row["solvent"] == "DMF"
    assert row["predicted yield_ [%]"] == 50.0
    assert row["predicted yield_ sd [%]"] == 5.0
    assert (row["acquisition"], row["score"], row["why"]) == ("logei", 0.25, "=promising")
    assert (row["reviewer"], row["verdict"]) == ("person:anna", "edit")
    assert row["proposed at"] == "2026-03-01T12:00:00+00:00"
    assert row["revision"] == 1
    assert pd.isna(row["yield_ [%]"])


def test_an_objective_is_the_mean_of_its_values(store: Store) -> None:
    values = [
        {"objective": "yield_", "value": v, "replicate": i} for i, v in ((1, 60.0), (2, 70.0))
    ]
    add(store, 1, [*values, {"objective": "purity", "value": 3.0, "sd": 0.25}])
    row = frame(store, "suzuki", NOW).iloc[0]
    assert row["yield_ [%]"] == 65.0
    assert row["yield_ sd [%]"] == pytest.approx(50**0.5)
    assert row["yield_ n"] == 2
    assert (row["purity [mg/mL]"], row["purity sd [mg/mL]"], row["purity n"]) == (3.0, 0.25, 1)


def test_bounds_and_void_results_are_told_in_words(store: Store) -> None:
    add(store, 1, [{"objective": "yield_", "high": 0.5}, {"objective": "purity", "void": "spilt"}])
    row = frame(store, "suzuki", NOW).iloc[0]
    assert row["yield_ note"] == "<= 0.5"
    assert row["purity note"] == "void: spilt"


def test_a_bound_is_told_whatever_a_correction_has_left_over(store: Store) -> None:
    """Two readings, in whose place one bound came; beside a value a bound is told, too."""
    add(
        store, 1, [{"objective": "yield_", "value": v, "replicate": n} for n, v in ((1, 3), (2, 4))]
    )
    correct(store, 1, {"high": 0.5})
    add(store, 2, [{"objective": "yield_", "value": 3.0}, {"objective": "yield_", "high": 1.0}])
    first, second = (row for _, row in frame(store, "suzuki", NOW).iterrows())
    assert first["yield_ note"] == "<= 0.5"
    assert (second["yield_ [%]"], second["yield_ note"]) == (3.0, "<= 1.0")


def test_a_correction_counts_what_it_replaces(store: Store) -> None:
    add(
        store, 1, [{"objective": "yield_", "value": v, "replicate": n} for n, v in ((1, 3), (2, 4))]
    )
    assert correct(store, 1, {"value": 5.0}) == {"yield_": 2}
    assert correct(store, 1, {"value": 6.0}) == {"yield_": 1}
    assert len(store.observations("c1")) == 5
    assert frame(store, "suzuki", NOW).iloc[0]["yield_ [%]"] == 6.0


def test_what_people_said_of_a_trial_is_told(store: Store) -> None:
    trial = add(store, 1, [{"objective": "yield_", "void": "nothing in the vial"}])
    judge(store, "suzuki", trial, "infeasible", "it burns", ANNA, NOW)
    assert frame(store, "suzuki", NOW).iloc[0]["judged"] == "infeasible: it burns"


def test_predictions_stand_together_before_what_became_of_a_trial(store: Store) -> None:
    """Also where the first trial has none."""
    add(store, 2, [{"objective": "yield_", "value": 1.0}])
    decide(store)
    heads = list(frame(store, "suzuki", NOW))
    assert heads.index("predicted yield_ [%]") < heads.index("acquisition")


def test_executed_settings_have_columns_of_their_own(store: Store) -> None:
    add(store, 1, [{"objective": "yield_", "value": 1.0, "executed": {"temperature": 80.3}}])
    add(store, 2, [{"objective": "yield_", "value": 2.0}])
    table = frame(store, "suzuki", NOW)
    assert table["executed temperature [degC]"].tolist()[0] == 80.3
    assert pd.isna(table["executed temperature [degC]"].tolist()[1])


def test_a_superseded_value_does_not_count(store: Store) -> None:
    add(store, 1, [{"objective": "yield_", "value": 60.0}])
    old: Observation = store.observations("c1")[0]
    newer = old.model_copy(update={"id": "c1-O0009", "value": 61.0, "supersedes": old.id})
    with store.write(old.by, NOW) as tx:
        tx.observe(newer)
    assert frame(store, "suzuki", NOW).iloc[0]["yield_ [%]"] == 61.0


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_pandas_reads_every_kind(store: Store, tmp_path: Path, ending: str) -> None:
    add(store, 1, [{"objective": "yield_", "value": 1 / 3}])
    add(store, 2, [{"objective": "purity", "void": "lost"}], status=TrialStatus.PARTIAL)
    path = tmp_path / f"out.{ending}"
    assert export(store, "suzuki", path, NOW) == 2
    reader = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[ending]
    table = reader(path)
    assert table["yield_ [%]"][0] == pytest.approx(1 / 3, rel=1e-14)
    assert pd.api.types.is_numeric_dtype(table["temperature [degC]"])
    assert table["status"].tolist() == ["done", "partial"]


def test_text_that_looks_like_a_formula_is_escaped_and_numbers_are_not(
    store: Store, tmp_path: Path
) -> None:
    add(store, 1, [{"objective": "yield_", "value": -1.5}], point={**POINT, "solvent": "=cmd()"})
    add(store, 2, [{"objective": "yield_", "value": 2.0}], point={**POINT, "solvent": "-78"})
    export(store, "suzuki", tmp_path / "out.csv", NOW)
    text = (tmp_path / "out.csv").read_text()
    assert "'=cmd()" in text
    assert "'-78" in text
    assert ",-1.5," in text


def test_an_empty_campaign_is_a_table_without_rows(store: Store, tmp_path: Path) -> None:
    assert export(store, "suzuki", tmp_path / "out.csv", NOW) == 0


def test_other_endings_and_missing_folders_are_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(AthanorError, match="no known ending"):
        export(store, "suzuki", tmp_path / "out.xlsx", NOW)
    with pytest.raises(AthanorError, match="cannot be written"):
        export(store, "suzuki", tmp_path / "nowhere" / "out.csv", NOW)
    with pytest.raises(NotFound):
        export(store, "other", tmp_path / "out.csv", NOW)
