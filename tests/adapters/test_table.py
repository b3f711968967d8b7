"""Recorded tables: exact and nearest look-ups, replicates, gaps, and real data."""

import csv
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.recorded import NOUGHT, Recorded
from adapters.table import TableAdapter
from adapters.testing import job_for, job_of, plan_for
from agent.core.adapter import Outcome
from agent.core.values import Point

ROWS = """t,solvent,yield,purity,task
20,None,10,90,a
20,None,12,91,a
40,None,20,<0.5,a
40,THF,30,,a
0.30000000000000004,THF,5,void: spilt,b
1e2,THF,50,about 7,b
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, encoding="utf-8-sig")
    return path


def table(path: Path, **settings: object) -> TableAdapter:
    objectives = {"yield": {"unit": "%"}, "purity": {"unit": "%"}}
    given = {"file": path, "objectives": objectives, **settings}
    return TableAdapter(TableAdapter.Settings.model_validate(given))


def ask(adapter: TableAdapter, point: Point, *objectives: str, trial: str = "k-T0001") -> Outcome:
    asked = dict.fromkeys(objectives or ("yield",), "%")
    return adapter.collect(job_for(point, asked, trial=trial), {})


def value(outcome: Outcome) -> float | None:
    return outcome.measurements[0].value


@pytest.mark.parametrize("t", [40, 40.0, 40.00000000001, "40"])
def test_numbers_match_however_they_are_written(file: Path, t: float | str) -> None:
    assert value(ask(table(file), {"t": t, "solvent": "THF"})) == 30.0


def test_a_sum_that_is_not_quite_what_it_says(file: Path) -> None:
    assert value(ask(table(file), {"t": 0.3, "solvent": "THF"})) == 5.0
    assert value(ask(table(file), {"t": 100, "solvent": "THF"})) == 50.0


def test_what_arithmetic_leaves_of_a_nought(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x,yield\n0,1\n1,2\n")
    adapter = table(tmp_path / "x.csv", objectives={"yield": {"unit": "%"}})
    assert value(ask(adapter, {"x": 0.3 - 3 * 0.1})) == 1.0
    assert ask(adapter, {"x": 1e-6}).state == "failed"


def test_a_category_called_none_is_no_gap(file: Path) -> None:
    assert value(ask(table(file), {"t": 40, "solvent": "None"})) == 20.0


def test_gaps_bounds_and_voids(file: Path) -> None:
    adapter = table(file)
    gap = ask(adapter, {"t": 40, "solvent": "THF"}, "purity").measurements[0]
    assert (gap.value, gap.void) == (None, "not recorded")
    bound = ask(adapter, {"t": 40, "solvent": "None"}, "purity").measurements[0]
    assert (bound.value, bound.low, bound.high) == (None, None, 0.5)
    spilt = ask(adapter, {"t": 0.3, "solvent": "THF"}, "purity").measurements[0]
    assert spilt.void == "spilt"
    odd = ask(adapter, {"t": 100, "solvent": "THF"}, "purity").measurements[0]
    assert odd.void == "recorded as 'about 7'"


def test_replicates_are_drawn_whole_rows_at_a_time(file: Path) -> None:
    adapter, point = table(file), {"t": 20, "solvent": "None"}
    pairs = set()
    for i in range(50):
        drawn = ask(adapter, point, "yield", "purity", trial=f"k-T{i:04}")
        pairs.add(tuple(m.value for m in drawn.measurements))
    assert pairs == {(10.0, 90.0), (12.0, 91.0)}
    one, other = (ask(adapter, point, trial=f"{token}-T0007") for token in ("abc", "xyz"))
    assert value(one) == value(other)


def test_the_mean_of_replicates(file: Path) -> None:
    assert value(ask(table(file, replicates="mean"), {"t": 20, "solvent": "None"})) == 11.0


def test_a_point_that_is_not_recorded(file: Path) -> None:
    adapter = table(file)
    job = job_for({"t": 38, "solvent": "THF"}, {"yield": "%"})
    (reason,) = adapter.check(job.plans[0])
    assert reason == "rows.csv has no row at t=38, solvent=THF; the nearest recorded one is " + (
        "t=40, solvent=THF"
    )
    outcome = adapter.collect(job, {})
    assert (outcome.state, outcome.failure, outcome.message) == ("failed", "unclassified", reason)


def test_nearest_reports_what_was_executed(file: Path) -> None:
    adapter = table(file, match="nearest")
    job = job_for({"t": (62.0, "°C"), "solvent": "THF"}, {"yield": "%"})
    assert adapter.check(job.plans[0]) == ()
    (seen,) = adapter.collect(job, {}).measurements
    assert (seen.value, seen.executed) == (30.0, {"t": 40.0, "solvent": "THF"})
    (reason,) = adapter.check(job_for({"t": 40, "solvent": "DMF"}, {"yield": "%"}).plans[0])
    assert "solvent=DMF" in reason


def test_inputs_may_be_chosen_and_renamed(file: Path) -> None:
    adapter = table(file, inputs={"temperature": "t", "solvent": "solvent"}, where={"task": "b"})
    point = {"temperature": 100, "solvent": "THF", "molar mass": 72.1}
    assert value(ask(adapter, point)) == 50.0
    assert ask(adapter, {"temperature": 40, "solvent": "THF"}).state == "failed"
    assert adapter.check(job_for({"solvent": "THF"}, {"yield": "%"}).plans[0]) == (
        "the plan has no parameter 'temperature'",
    )


def test_where_that_keeps_nothing_is_a_fault(file: Path) -> None:
    health = table(file, where={"task": "c"}).health()
    assert health.state == "faulted"
    assert "no row of the table has task=c" in health.reason


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"file": Path("/nowhere/x.csv")}, "cannot be read"),
        ({"objectives": {"colour": {"unit": ""}}}, "no column 'colour'"),
        ({"inputs": ("t", "p")}, "no column 'p'"),
    ],
)
def test_a_table_that_cannot_be_used(file: Path, settings: dict[str, object], says: str) -> None:
    adapter = table(file, **settings)
    assert says in adapter.health().reason
    assert adapter.check(job_for({"t": 1}, {"yield": "%"}).plans[0])


def test_parquet_is_read_too(file: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [6, 8], "s": ["None", "x"], "yield": [1.5, None]})
    frame.to_parquet(tmp_path / "rows.parquet")
    adapter = table(tmp_path / "rows.parquet", objectives={"yield": {"unit": "%"}})
    assert value(ask(adapter, {"n": 6, "s": "None"})) == 1.5
    assert ask(adapter, {"n": 8.0, "s": "x"}).measurements[0].void == "not recorded"


def test_on_a_plate_only_the_missing_trial_is_void(file: Path) -> None:
    points = {"k-T0001": {"t": 40, "solvent": "THF"}, "k-T0002": {"t": 41, "solvent": "THF"}}
    plans = [plan_for(point, {"yield": "%"}, trial=trial) for trial, point in points.items()]
    outcome = table(file, max_trials_per_job=2).collect(job_of(*plans), {})
    assert outcome.state == "done"
    assert [m.value for m in outcome.measurements] == [30.0, None]
    assert "has no row" in (outcome.measurements[1].void or "")


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=20), st.data())
def test_every_recorded_point_is_found(numbers: list[float], data: st.DataObject) -> None:
    index = Recorded({"x": [repr(n) for n in numbers]}).index(("x",))
    asked = data.draw(st.sampled_from(numbers))
    found = index.exact({"x": asked * (1 + 2e-10)})
    assert found is not None
    within = NOUGHT * (max(numbers) - min(numbers) or 1.0)
    assert float(found.point["x"]) == pytest.approx(asked, rel=3e-9, abs=within)


def test_crossed_barrel(recorded: Callable[[str], Path]) -> None:
    file = recorded("crossed_barrel.csv")
    settings = TableAdapter.Settings(file=file, objectives={"toughness": {"unit": "J"}})
    adapter = TableAdapter(settings)
    points = {}
    with file.open() as lines:
        for row in csv.DictReader(lines):
            result = float(row.pop("toughness"))
            point = {name: float(text) for name, text in row.items()}
            points.setdefault(tuple(point.items()), []).append(result)
    assert len(points) == 600
    for point, results in points.items():
        job = job_for(dict(point), {"toughness": "J"})
        assert adapter.check(job.plans[0]) == ()
        (seen,) = adapter.collect(job, {}).measurements
        assert seen.value in results
    mean = TableAdapter(settings.model_copy(update={"replicates": "mean"}))
    point, results = max(points.items(), key=lambda item: statistics.fmean(item[1]))
    (seen,) = mean.collect(job_for(dict(point), {"toughness": "J"}), {}).measurements
    assert seen.value == pytest.approx(statistics.fmean(results))


def test_thousands_of_rows_are_looked_up_fast(recorded: Callable[[str], Path]) -> None:
    file = recorded("buchwald_hartwig.csv")
    adapter = TableAdapter(TableAdapter.Settings(file=file, objectives={"yield": {"unit": "%"}}))
    names = ("aryl_halide", "additive", "base", "ligand")
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    jobs = [job_for({n: row[n] for n in names}, {"yield": "%"}) for row in rows]
    adapter.collect(jobs[0], {})
    begun = time.process_time()
    values = [value(adapter.collect(job, {})) for job in jobs]
    spent = time.process_time() - begun
    assert values == [float(row["yield"]) for row in rows]
    # Ten times what it takes (see the docs' benchmarks), so that only a lost index fails it.
    assert spent / len(jobs) < 2e-3


def test_classes_are_recorded_by_their_names(tmp_path: Path) -> None:
    """Of a point that was recorded several times the most frequent class is the mean."""
    path = tmp_path / "phases.csv"
    path.write_text("x,phase\n1,cubic\n1,melt\n1,melt\n2,glass\n")
    adapter = table(path, objectives={"phase": {"unit": "1"}}, replicates="mean")
    found = []
    for x in (1, 2):
        job = job_for({"x": float(x)}, {"phase": "1"}, trial=f"k-T000{x}")
        plan = job.plans[0].model_copy(update={"classes": {"phase": ("cubic", "melt")}})
        job = job.model_copy(update={"plans": (plan,)})
        found.append(adapter.collect(job, adapter.prepare(job)).measurements[0])
    assert found[0].value == 1.0
    void = "recorded as 'glass', none of the classes cubic, melt"
    assert (found[1].value, found[1].void) == (None, void)


def test_a_recorded_class_that_was_not_named_is_told_before_anything_is_run(
    tmp_path: Path,
) -> None:
    path = tmp_path / "phases.csv"
    path.write_text("x,phase\n1,cubic\n2,glass\n3,void: lost\n4,\n")
    adapter = table(path, objectives={"phase": {"unit": "1"}})
    plan = job_for({"x": 1.0}, {"phase": "1"}).plans[0]
    named = {"phase": ("cubic", "glass")}
    assert adapter.check(plan.model_copy(update={"classes": named})) == ()
    (reason,) = adapter.check(plan.model_copy(update={"classes": {"phase": ("cubic", "melt")}}))
    assert "column 'phase' of phases.csv has 'glass', and the classes are cubic, melt" in reason
